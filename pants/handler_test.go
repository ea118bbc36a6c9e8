package pants_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// fetch gets a URL over a connection of its own.
func fetch(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v after %q", url, err, content)
	}
	return res, string(content)
}

func newServer(t *testing.T, c pants.Config) *pants.Server {
	t.Helper()
	if c.Log == nil {
		c.Log = discard()
	}
	s, err := pants.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What becomes of a response, however its handler ends. aborted means that the client sees the connection break before the
// end of the response.
func TestHowAResponseEnds(t *testing.T) {
	tests := []struct {
		name    string
		handler pants.HandlerFunc
		status  int
		content string
		aborted bool
	}{
		{"answer in the handler", func(r *pants.Request) { _ = r.SendResponse("now") }, 200, "now", false},
		{"answer from a goroutine", func(r *pants.Request) {
			r.Go(func() { time.Sleep(20 * time.Millisecond); _ = r.SendResponse("later") })
		}, 200, "later", false},
		{"answer from a timer", func(r *pants.Request) {
			time.AfterFunc(20*time.Millisecond, func() { _ = r.SendResponse("later") })
		}, 200, "later", false},
		{"half in the handler, half later", func(r *pants.Request) {
			_ = r.Send("half ")
			r.Go(func() { time.Sleep(20 * time.Millisecond); _ = r.Send("later"); _ = r.Finish() })
		}, 200, "half later", false},
		{"finish alone", func(r *pants.Request) { _ = r.Finish() }, 200, "", false},
		{"status, then finish later", func(r *pants.Request) {
			_ = r.SendStatus(404)
			r.Go(func() { _ = r.Finish() })
		}, 404, "", false},
		{"panic before the first byte", func(*pants.Request) { panic("boom") }, 500, "500 Internal Server Error", false},
		{"panic after a pending status", func(r *pants.Request) { _ = r.SendStatus(201); panic("boom") }, 500, "500 Internal Server Error", false},
		{"panic after the first byte", func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"Content-Length": {"8"}})
			_ = r.Send("half")
			_ = flush(r)
			panic("boom")
		}, 200, "half", true},
		{"panic while the first bytes are still buffered", func(r *pants.Request) { _ = r.Send("half"); panic("boom") }, 0, "", true},
		{"panic in the middle of chunks", func(r *pants.Request) { _ = r.Send("half"); _ = flush(r); panic("boom") }, 200, "half", true},
		{"panic after the end", func(r *pants.Request) { _ = r.SendResponse("done"); panic("boom") }, 200, "done", false},
		{"panic in Go before the first byte", func(r *pants.Request) { r.Go(func() { panic("boom") }) }, 500, "500 Internal Server Error", false},
		{"panic in Go after the first byte", func(r *pants.Request) {
			_ = r.Send("half")
			_ = flush(r)
			r.Go(func() { panic("boom") })
		}, 200, "half", true},
		{"abort", func(*pants.Request) { panic(http.ErrAbortHandler) }, 0, "", true},
		{"abort in Go", func(r *pants.Request) { r.Go(func() { panic(http.ErrAbortHandler) }) }, 0, "", true},
		{"connection closed", func(r *pants.Request) { _ = r.Connection().Close() }, 0, "", true},
		{"never finished", func(*pants.Request) {}, 504, "504 Gateway Timeout", false},
		{"never finished, half sent", func(r *pants.Request) { _ = r.Send("half"); _ = flush(r) }, 200, "half", true},
		{"head sent, never finished", func(r *pants.Request) { _ = r.SendHeaders(nil) }, 0, "", true},
		{"refused and given up", func(r *pants.Request) { _ = r.SendHeaders(http.Header{"A": {"b\r\nc"}}) }, 500, "500 Internal Server Error", false},
		{"refused, then mended later", func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"A": {"b\r\nc"}})
			r.Go(func() { time.Sleep(20 * time.Millisecond); _ = r.SendResponse("mended") })
		}, 200, "mended", false},
		{"refused in Go", func(r *pants.Request) {
			r.Go(func() { _ = r.SendResponse("x", pants.Code(99)) })
		}, 500, "500 Internal Server Error", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			s := newServer(t, pants.Config{FinishTimeout: 150 * time.Millisecond})
			ts := httptest.NewServer(s.Handler(test.handler))
			ts.Config.ErrorLog = nil
			res, err := http.Get(ts.URL)
			var content []byte
			status := 0
			if err == nil {
				status = res.StatusCode
				content, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if status != test.status || string(content) != test.content || (err != nil) != test.aborted {
				t.Errorf("got %d %q, %v; want %d %q, aborted %v", status, content, err, test.status, test.content, test.aborted)
			}
			if status >= 500 && res.Header.Get("Connection") != "close" && !res.Close {
				t.Errorf("%d without Connection: close", status)
			}
			ts.Close()
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			waitForGoroutines(t, before)
		})
	}
}

func flush(r *pants.Request) error { return http.NewResponseController(r.Writer).Flush() }

// waitForGoroutines fails when there are more goroutines than there were.
func waitForGoroutines(t *testing.T, before int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d at the start:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

// A client that leaves ends the wait at once.
func TestClientLeaves(t *testing.T) {
	before := runtime.NumGoroutine()
	s := newServer(t, pants.Config{FinishTimeout: time.Minute})
	served, began := make(chan time.Time, 1), make(chan *pants.Request, 1)
	h := s.Handler(func(r *pants.Request) { began <- r })
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		h.ServeHTTP(w, hr)
		served <- time.Now()
	}))
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"); err != nil {
		t.Fatal(err)
	}
	r := <-began
	conn.Close()
	select {
	case <-served:
	case <-time.After(5 * time.Second):
		t.Fatal("ServeHTTP is still waiting for a client that left")
	}
	if err := r.SendResponse("late"); !errors.Is(err, pants.ErrFinished) {
		t.Errorf("SendResponse after the client left = %v, want ErrFinished", err)
	}
	if got := string(r.Body()); got != "ab" {
		t.Errorf("Body after the end = %q", got)
	}
	ts.Close()
	waitForGoroutines(t, before)
}

// A deadline that a middleware put on the context is answered, not left as an empty 200.
func TestContextDeadline(t *testing.T) {
	s := newServer(t, pants.Config{})
	h := s.Handler(func(*pants.Request) {})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if w.Code != http.StatusGatewayTimeout {
		t.Errorf("status = %d, want 504", w.Code)
	}
	ctx, cancelNow := context.WithCancel(context.Background())
	cancelNow()
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if w.Code == http.StatusOK {
		t.Error("status = 200 for a client that left and a response nobody wrote")
	}
}

// A hijacked connection belongs to the handler, in whichever way it was taken.
func TestHijack(t *testing.T) {
	s := newServer(t, pants.Config{})
	take := map[string]func(*pants.Request) (net.Conn, *bufio.ReadWriter, error){
		"Connection": func(r *pants.Request) (net.Conn, *bufio.ReadWriter, error) { return r.Connection().Hijack() },
		"Hijacker":   func(r *pants.Request) (net.Conn, *bufio.ReadWriter, error) { return r.Writer.(http.Hijacker).Hijack() },
		"controller": func(r *pants.Request) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(r.Writer).Hijack()
		},
	}
	for name, hijack := range take {
		for _, early := range []bool{false, true} {
			ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
				conn, rw, err := hijack(r)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				serve := func() {
					defer conn.Close()
					line, _ := rw.ReadString('\n')
					_, _ = rw.WriteString("echo " + line)
					_ = rw.Flush()
					if err := r.SendResponse("no"); !errors.Is(err, http.ErrHijacked) || !errors.Is(err, pants.ErrFinished) {
						t.Errorf("%s: SendResponse after Hijack = %v, want http.ErrHijacked and ErrFinished", name, err)
					}
				}
				if early {
					r.Go(serve) // the handler returns before
				} else {
					serve()
				}
			}))
			conn, err := net.Dial("tcp", ts.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\nhello\n")
			got, _ := io.ReadAll(conn)
			if string(got) != "echo hello\n" {
				t.Errorf("%s, early return %v: got %q", name, early, got)
			}
			conn.Close()
			ts.Close()
		}
	}
	w := httptest.NewRecorder()
	s.Handler(func(r *pants.Request) {
		if _, _, err := r.Connection().Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack on a writer without = %v, want http.ErrNotSupported", err)
		}
		_ = r.SendResponse("still here")
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Body.String() != "still here" {
		t.Errorf("after a refused Hijack: %q", w.Body)
	}
}

func TestZeroServer(t *testing.T) {
	var s pants.Server
	w := httptest.NewRecorder()
	s.Handler(func(r *pants.Request) { _ = r.SendResponse(r.RemoteIP()) }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 200 || w.Body.String() != "192.0.2.1" {
		t.Errorf("zero Server answered %d %q", w.Code, w.Body)
	}
}

// Drained, deferred requests are told with 503 and Retry-After.
func TestListenDrains(t *testing.T) {
	s := newServer(t, pants.Config{})
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	parked := make(chan struct{}, 1)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Listen(ctx, address, s.Handler(func(r *pants.Request) {
			if r.Path() == "/park" {
				parked <- struct{}{}
				return
			}
			_ = r.SendResponse("up")
		}))
	}()
	var content string
	for range 100 {
		if res, err := http.Get("http://" + address + "/"); err == nil {
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			content = string(b)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if content != "up" {
		t.Fatalf("Listen serves %q", content)
	}
	answered := make(chan *http.Response, 1)
	go func() {
		res, err := http.Get("http://" + address + "/park")
		if err != nil {
			t.Error(err)
			res = nil
		}
		answered <- res
	}()
	<-parked
	stop()
	if res := <-answered; res != nil {
		if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
			t.Errorf("parked request: %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
		}
		res.Body.Close()
	}
	if err := <-ended; err != nil {
		t.Errorf("Listen = %v, want nil after a drain", err)
	}
	if err := newServer(t, pants.Config{}).Listen(context.Background(), "127.0.0.1:nope", http.NotFoundHandler()); err == nil || !strings.Contains(err.Error(), "nope") {
		t.Errorf("Listen at a bad port = %v", err)
	}
}
