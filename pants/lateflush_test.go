package pants_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// contentOf is the content of an answer, or what went wrong. A stream of HTTP/2 ends with the handler only: it does not wait for that.
func contentOf(client *http.Client, url string) string {
	res, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	content := make([]byte, res.ContentLength)
	if _, err := io.ReadFull(res.Body, content); err != nil {
		return err.Error()
	}
	return string(content)
}

// A client has the whole answer while the handler goes on, whoever sent it and however.
func TestHandlerGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(r *pants.Request){
		"SendResponse": func(r *pants.Request) { _ = r.SendResponse("hello") },
		"SendFile":     func(r *pants.Request) { _ = r.SendFile(file, nil) },
		"Finish": func(r *pants.Request) {
			r.Writer.Header().Set("Content-Length", "5")
			_ = r.Send("hello")
			_ = r.Finish()
		},
		"Go":          func(r *pants.Request) { r.Go(func() { _ = r.SendResponse("hello") }) },
		"a goroutine": func(r *pants.Request) { go func() { _ = r.SendResponse("hello") }() },
	}
	for name, send := range tests {
		t.Run(name, func(t *testing.T) {
			var s pants.Server
			answered := make(chan struct{})
			handler := func(r *pants.Request) {
				send(r)
				<-answered
			}
			wrapped := s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) { handler(pants.FromContext(hr.Context())) }))
			hidden := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
				s.Handler(handler).ServeHTTP(unwrapping{w}, hr)
			})
			for mount, h := range map[string]http.Handler{"Handler": s.Handler(handler), "Wrap": wrapped, "Unwrap": hidden, "Handler in Wrap": s.Wrap(s.Handler(handler))} {
				for _, version := range []int{1, 2} {
					t.Run(fmt.Sprint(mount, ", HTTP/", version), func(t *testing.T) {
						ts := onHTTPServer(t, &s, h, version == 2)
						got := make(chan string, 1)
						go func() { got <- contentOf(ts.Client(), ts.URL) }()
						select {
						case content := <-got:
							if content != "hello" {
								t.Errorf("got %q", content)
							}
							answered <- struct{}{}
						case <-time.After(10 * time.Second):
							t.Error("the client waits for the handler's return")
							answered <- struct{}{}
							<-got
						}
					})
				}
			}
		})
	}
}

// unwrapping is a writer that can do nothing but say who can.
type unwrapping struct{ w http.ResponseWriter }

func (u unwrapping) Header() http.Header         { return u.w.Header() }
func (u unwrapping) Write(p []byte) (int, error) { return u.w.Write(p) }
func (u unwrapping) WriteHeader(status int)      { u.w.WriteHeader(status) }
func (u unwrapping) Unwrap() http.ResponseWriter { return u.w }

// There may be more handlers that go on than have room to wait.
func TestManyHandlersGoOn(t *testing.T) {
	const many = 300
	var s pants.Server
	answered := make(chan struct{})
	release := sync.OnceFunc(func() { close(answered) })
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		_ = r.SendResponse(r.Path())
		<-answered
	}))
	defer ts.Close()
	var clients sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no request waits for the handler of another
	for i := range many {
		clients.Add(1)
		go func() {
			defer clients.Done()
			if path := fmt.Sprint("/", i); contentOf(client, ts.URL+path) != path {
				t.Errorf("wrong answer to %s", path)
			}
		}()
	}
	late := time.AfterFunc(20*time.Second, func() {
		t.Error("clients wait for the handlers' return")
		release()
	})
	clients.Wait()
	late.Stop()
	release()
}

// flushed is a writer that notes when it is used.
type flushed struct {
	httptest.ResponseRecorder
	flush   func() error
	flushes atomic.Int32
}

func (f *flushed) FlushError() error {
	f.flushes.Add(1)
	return f.flush()
}

func newFlushed(flush func() error) *flushed {
	return &flushed{ResponseRecorder: *httptest.NewRecorder(), flush: flush}
}

// A response whose handler returns is left to net/http, and is never touched when ServeHTTP has returned.
func TestNoFlushAfterServeHTTP(t *testing.T) {
	var s pants.Server
	quick := newFlushed(func() error { return nil })
	h := s.Handler(func(r *pants.Request) { _ = r.SendResponse("hello") })
	h.ServeHTTP(quick, httptest.NewRequest(http.MethodGet, "/", nil))
	time.Sleep(30 * time.Millisecond)
	if n := quick.flushes.Load(); n != 0 {
		t.Errorf("%d flushes for a handler that returned at once", n)
	}
	// Handlers that return at about the time when a flush would come.
	var early, late atomic.Int32
	var clients sync.WaitGroup
	for range 100 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for range 10 {
				var returned atomic.Bool
				w := newFlushed(func() error {
					early.Add(1)
					time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
					if returned.Load() {
						late.Add(1)
					}
					return nil
				})
				s.Handler(func(r *pants.Request) {
					_ = r.SendResponse("hello")
					time.Sleep(time.Duration(rand.IntN(10000)) * time.Microsecond)
				}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				returned.Store(true)
			}
		}()
	}
	clients.Wait()
	if late.Load() > 0 || early.Load() == 0 {
		t.Errorf("%d flushes, of which %d lasted longer than ServeHTTP", early.Load(), late.Load())
	}
}

// Clients that do not read keep no other waiting, and a writer that panics ends no process.
func TestLateFlushFails(t *testing.T) {
	log := new(logged)
	s := newServer(t, pants.Config{Log: slog.New(slog.NewTextHandler(log, nil))})
	stuck, free := make(chan struct{}), make(chan struct{}, 20)
	writers := []*flushed{
		newFlushed(func() error { free <- struct{}{}; panic("of the writer") }),
		newFlushed(func() error { free <- struct{}{}; return errors.New("gone") }),
	}
	for range 8 {
		writers = append(writers, newFlushed(func() error { free <- struct{}{}; <-stuck; return nil }))
	}
	goOn := make(chan struct{})
	var handlers sync.WaitGroup
	for _, w := range writers {
		handlers.Add(1)
		go func() {
			defer handlers.Done()
			s.Handler(func(r *pants.Request) {
				_ = r.SendResponse("hello") // reports an error if there was no room to wait, and it was flushed at once
				<-goOn
			}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		}()
	}
	for range writers {
		select {
		case <-free:
		case <-time.After(10 * time.Second):
			t.Fatal("a response is not flushed")
		}
	}
	close(goOn)
	close(stuck)
	handlers.Wait()
	waitFor(t, func() bool { return log.count("of the writer") > 0 })
}

// What is answered is sent also when the handler does not return: net/http throws away what it has not sent.
func TestHandlerDoesNotReturn(t *testing.T) {
	var s pants.Server
	abort := func(r *pants.Request) { _ = r.SendResponse("hello"); panic(http.ErrAbortHandler) }
	exit := func(r *pants.Request) { _ = r.SendResponse("hello"); runtime.Goexit() }
	wrap := func(h pants.HandlerFunc) http.Handler {
		return s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) { h(pants.FromContext(hr.Context())) }))
	}
	for name, h := range map[string]http.Handler{"panic under Wrap": wrap(abort), "Goexit under Wrap": wrap(exit), "Goexit": s.Handler(exit)} {
		ts := httptest.NewServer(h)
		if got := contentOf(ts.Client(), ts.URL); got != "hello" {
			t.Errorf("%s: got %q", name, got)
		}
		ts.Close()
	}
}

// net/http's first flush reads some of a body that is left: it comes before the handler goes on to read that, never beside it.
func TestNoFlushBesideTheBody(t *testing.T) {
	var s pants.Server
	for _, test := range []struct {
		body    io.Reader
		read    bool
		flushes int32
	}{{strings.NewReader("abc"), false, 1}, {strings.NewReader("abc"), true, 0}, {nil, false, 0}} {
		w := newFlushed(func() error { return nil })
		s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
			if test.read {
				_, _ = io.Copy(io.Discard, hr.Body)
			}
			_ = pants.FromContext(hr.Context()).SendResponse("hello")
			if n := w.flushes.Load(); n != test.flushes {
				t.Errorf("body %v, read %v: %d flushes, want %d", test.body != nil, test.read, n, test.flushes)
			}
		})).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", test.body))
	}
}
