package pants_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// A write that is stuck in a client that does not read must not keep the end away: not below another gate, not when it got stuck
// before the handler returned, and not from a drain.
func TestTheEndComesWhileAWriteIsStuck(t *testing.T) {
	flood := func(r *pants.Request) {
		r.Go(func() {
			for chunk := strings.Repeat("x", 1<<20); r.Send(chunk) == nil; {
			}
		})
	}
	tests := []struct {
		name    string
		handler func(*pants.Server) http.Handler
		drain   bool
	}{
		{"below Handler", func(s *pants.Server) http.Handler { return s.Handler(flood) }, false},
		{"below Wrap and Handler", func(s *pants.Server) http.Handler { return s.Wrap(s.Wrap(s.Handler(flood))) }, false},
		{"stuck before the handler returns", func(s *pants.Server) http.Handler {
			return s.Handler(func(r *pants.Request) { flood(r); time.Sleep(300 * time.Millisecond) })
		}, false},
		{"while the server drains", func(s *pants.Server) http.Handler { return s.Handler(flood) }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, pants.Config{FinishTimeout: 200 * time.Millisecond})
			served := make(chan struct{})
			h := test.handler(s)
			ts := httptest.NewUnstartedServer(nil)
			ts.Config = s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
				defer close(served)
				h.ServeHTTP(w, hr)
			}))
			ts.Start()
			defer ts.Close()
			conn, err := net.Dial("tcp", ts.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if test.drain {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
				defer cancel()
				_ = ts.Config.Shutdown(ctx)
			}
			select {
			case <-served:
			case <-time.After(10 * time.Second):
				t.Fatal("ServeHTTP is stuck with its client")
			}
		})
	}
}

// Somebody who only looks at the request for a moment is not a stuck write: a whole response must arrive whole.
func TestABusyLockIsNotAStuckWrite(t *testing.T) {
	s := newServer(t, pants.Config{})
	ts := httptest.NewServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		for range 3 {
			go func() {
				for r.SendStatus(200) == nil || r.Connection().CurrentRequest() != nil {
				}
			}()
		}
		_, _ = io.WriteString(w, "hello")
	})))
	defer ts.Close()
	for range 100 {
		if res, content := fetch(t, ts.URL); res.StatusCode != 200 || content != "hello" {
			t.Fatalf("%d %q", res.StatusCode, content)
		}
	}
}

// A late Close, from several goroutines, must not touch the deadlines of the next request on the connection.
func TestLateCloseSparesTheNextRequest(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s := newServer(t, pants.Config{})
		stop := make(chan struct{})
		var late sync.WaitGroup
		var first sync.Once
		ts := httptest.NewUnstartedServer(s.Handler(func(r *pants.Request) {
			first.Do(func() {
				for range 3 {
					late.Add(1)
					r.Go(func() {
						defer late.Done()
						<-r.Context().Done()
						for {
							select {
							case <-stop:
								return
							default:
								_ = r.Connection().Close()
								_ = r.ParseBody()
							}
						}
					})
				}
			})
			_ = r.SendResponse("hello")
		}))
		ts.EnableHTTP2 = http2
		if http2 {
			ts.StartTLS()
		} else {
			ts.Start()
		}
		for i := range 100 {
			res, err := ts.Client().Get(ts.URL)
			if err != nil {
				t.Fatalf("HTTP/2 %v, request %d: %v", http2, i, err)
			}
			content, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || string(content) != "hello" {
				t.Fatalf("HTTP/2 %v, request %d: %q, %v", http2, i, content, err)
			}
		}
		close(stop)
		late.Wait()
		ts.Close()
	}
}

// Under Wrap a body that is first asked for after the end is not read: the connection is another request's.
func TestLateParseBodyUnderWrap(t *testing.T) {
	s := newServer(t, pants.Config{})
	for _, http2 := range []bool{false, true} {
		result := make(chan error, 1)
		ts := httptest.NewUnstartedServer(s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
			r := pants.FromContext(hr.Context())
			go func() {
				<-r.Context().Done()
				time.Sleep(20 * time.Millisecond)
				_ = r.String()
				result <- r.ParseBody()
			}()
		})))
		ts.EnableHTTP2 = http2
		if http2 {
			ts.StartTLS()
		} else {
			ts.Start()
		}
		res, err := ts.Client().Post(ts.URL, "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if err := <-result; !errors.Is(err, pants.ErrFinished) {
			t.Errorf("HTTP/2 %v: late ParseBody = %v, want ErrFinished", http2, err)
		}
		ts.Close()
	}
}

// panicky is a middleware's writer that panics at one status.
type panicky struct {
	http.ResponseWriter
	status int
}

func (w panicky) WriteHeader(status int) {
	if status == w.status {
		panic("writer")
	}
	w.ResponseWriter.WriteHeader(status)
}

// When ServeHTTP ends by a panic of the writer below, the gate is closed all the same; in Go such a panic stays in its goroutine.
func TestTheGateClosesWhenTheWriterPanics(t *testing.T) {
	s := newServer(t, pants.Config{FinishTimeout: 30 * time.Millisecond})
	tests := map[string]struct {
		status  int
		handler pants.HandlerFunc
	}{
		"time-out":     {504, func(*pants.Request) {}},
		"panic":        {500, func(*pants.Request) { panic("handler") }},
		"panic in Go":  {500, func(r *pants.Request) { r.Go(func() { panic("task") }) }},
		"own response": {200, func(r *pants.Request) { _ = r.SendResponse("x") }},
		"refused":      {500, func(r *pants.Request) { _ = r.SendHeaders(http.Header{"A": {"\n"}}) }},
	}
	for name, test := range tests {
		var kept *pants.Request
		h := s.Handler(func(r *pants.Request) {
			kept = r
			test.handler(r)
		})
		func() {
			defer func() { _ = recover() }()
			h.ServeHTTP(panicky{httptest.NewRecorder(), test.status}, httptest.NewRequest(http.MethodGet, "/", nil))
		}()
		if err := kept.Send("late"); !errors.Is(err, pants.ErrFinished) {
			t.Errorf("%s: late Send = %v, want ErrFinished", name, err)
		}
	}
}

// The kit's own answers must not look at CookiesOut while the handler's goroutine fills it: that would end the process.
func TestCookiesOutIsTheHandlersAlone(t *testing.T) {
	s := newServer(t, pants.Config{FinishTimeout: 5 * time.Millisecond})
	var filling sync.WaitGroup
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		filling.Add(1)
		r.Go(func() {
			defer filling.Done()
			for i := range 20_000 {
				r.CookiesOut().Set(fmt.Sprint("c", i%40), "v")
				if i%40 == 39 {
					clear(r.CookiesOut())
				}
			}
		})
	}))
	defer ts.Close()
	for range 20 {
		res, _ := fetch(t, ts.URL)
		if res.StatusCode != 504 || len(res.Header["Set-Cookie"]) != 0 {
			t.Fatalf("%d with cookies %q", res.StatusCode, res.Header["Set-Cookie"])
		}
	}
	filling.Wait()
}

// A time-out of the handler's own that answers while a file is being sent: one of them wins, whole.
func TestSendFileAgainstATimer(t *testing.T) {
	s := newServer(t, pants.Config{})
	want, err := os.ReadFile("end_test.go")
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		time.AfterFunc(time.Millisecond, func() { _ = r.SendResponse("too slow", pants.Code(504)) })
		r.Go(func() {
			time.Sleep(time.Millisecond)
			_ = r.SendFile("end_test.go", nil)
		})
	}))
	defer ts.Close()
	for range 200 {
		res, content := fetch(t, ts.URL)
		switch {
		case res.StatusCode == 200 && content == string(want) && res.Header.Get("Etag") != "":
		case res.StatusCode == 504 && content == "too slow" && res.Header.Get("Etag") == "" && res.ContentLength == 8:
		default:
			t.Fatalf("%d, %d bytes, %v", res.StatusCode, len(content), res.Header)
		}
	}
}

// What was given up must not look finished: under Wrap, and on HTTP/1.0, where the end of the connection is the end of the
// content.
func TestGivenUpIsNotWhole(t *testing.T) {
	s := newServer(t, pants.Config{FinishTimeout: 50 * time.Millisecond})
	wrap := func(f func(*pants.Request)) http.Handler {
		return s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) { f(pants.FromContext(hr.Context())) }))
	}
	half := func(r *pants.Request) { _ = r.Send("half of it"); _ = flush(r) }
	tests := []struct {
		name    string
		handler http.Handler
	}{
		{"Close under Wrap", wrap(func(r *pants.Request) { _ = r.Connection().Close() })},
		{"Close under Wrap, half sent", wrap(func(r *pants.Request) { half(r); _ = r.Connection().Close() })},
		{"panic in Go under Wrap", wrap(func(r *pants.Request) {
			half(r)
			r.Go(func() { panic("boom") })
			for r.Connection().CurrentRequest() != nil {
				time.Sleep(time.Millisecond)
			}
		})},
		{"panic", s.Handler(func(r *pants.Request) { half(r); panic("boom") })},
		{"never finished", s.Handler(half)},
		{"bad trailer", s.Handler(func(r *pants.Request) {
			r.Writer.Header().Set("Trailer", "X-T")
			half(r)
			r.Writer.Header()["X-T"] = []string{"a\nb"}
			_ = r.Finish()
		})},
	}
	for _, test := range tests {
		for _, proto := range []string{"HTTP/1.0", "HTTP/1.1"} {
			t.Run(test.name+" "+proto, func(t *testing.T) {
				ts := httptest.NewServer(test.handler)
				defer ts.Close()
				conn, err := net.Dial("tcp", ts.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "GET / "+proto+"\r\nHost: a\r\n\r\n")
				raw, err := io.ReadAll(conn)
				whole := bytes.HasSuffix(raw, []byte("\r\n0\r\n\r\n"))
				if proto == "HTTP/1.0" {
					whole = err == nil && len(raw) > 0
				}
				if whole {
					t.Errorf("it looks whole: %q, %v", raw, err)
				}
			})
		}
	}
}

// The 413 of a handler below Wrap reaches a client that still sends: net/http is told, through both gates.
func TestTooLargeBelowWrap(t *testing.T) {
	s := newServer(t, pants.Config{MaxRequest: 1000})
	ts := httptest.NewServer(s.Wrap(s.Wrap(s.Handler(func(*pants.Request) { t.Error("called") }))))
	defer ts.Close()
	for range 5 {
		conn, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "POST / HTTP/1.0\r\nContent-Length: 204800\r\n\r\n"+strings.Repeat("x", 204800))
		raw, err := io.ReadAll(conn)
		if err != nil || !bytes.HasPrefix(raw, []byte("HTTP/1.0 413 ")) {
			t.Fatalf("%q, %v", raw, err)
		}
		conn.Close()
	}
}

// A body that nobody reads under Wrap must not hold the connection when its client does not send it.
func TestUnreadBodyUnderWrap(t *testing.T) {
	s := newServer(t, pants.Config{})
	ts := httptest.NewServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })))
	defer ts.Close()
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	raw, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(raw), "HTTP/1.1 200 OK") {
		t.Errorf("%q, %v; want an answer, and the end of the connection", raw, err)
	}
}
