package pants_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// Other faults are tested where they belong: a full disk in spool_test.go, no descriptors in descriptors_test.go, panics in
// handler_test.go, broken TLS files in startssl_test.go, clients that do not read at all in wirewriter_test.go.

// A handler that blocks for ever costs its goroutine and its connection, and nothing else: it can know that its client is gone,
// others are served, the drain ends in time, and what it says at last reaches nobody.
func TestHandlerThatBlocks(t *testing.T) {
	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
	s := newServer(t, pants.Config{DrainTimeout: time.Second})
	const n = 5
	entered, gone, release := make(chan struct{}, n), make(chan struct{}, n), make(chan struct{})
	late := make(chan error, n)
	mux := http.NewServeMux()
	mux.Handle("/", hello(s))
	mux.Handle("/block", s.Handler(func(r *pants.Request) {
		entered <- struct{}{}
		go func() {
			<-r.Context().Done()
			gone <- struct{}{}
		}()
		<-release
		_ = r.SendResponse("late")
		late <- r.SendResponse("and again")
	}))
	address := freeAddress(t)
	stop := listening(t, s, address, mux)
	for range n {
		conn := dialUntil(t, "tcp", address)
		_, _ = io.WriteString(conn, "GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
		<-entered
		conn.Close()
	}
	for range n {
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			t.Fatal("the handlers do not learn that their clients are gone")
		}
	}
	if got := get(t, "tcp", address); got != "hello 127.0.0.1" {
		t.Errorf("another client gets %q", got)
	}
	start := time.Now()
	if err := stop(); err == nil || !strings.Contains(err.Error(), "not finished after 1s") {
		t.Errorf("Listen = %v", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the drain took %v", took)
	}
	close(release)
	for range n {
		if err := <-late; !errors.Is(err, pants.ErrFinished) {
			t.Errorf("a second response = %v, want ErrFinished", err)
		}
	}
	waitForGoroutines(t, goroutines)
	waitFor(t, func() bool { return openFiles(t) <= descriptors })
}

// A client that reads a byte now and then gets a small answer, for which the server does not wait. In a large one it does not
// keep up: it is given up, with its file and its goroutine.
func TestClientReadsAByteAtATime(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "big"), make([]byte, 64<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{Root: root}})
	pants.SetWriteIdle(s, 300*time.Millisecond)
	tests := []struct {
		name    string
		handler func(*pants.Request) error
		large   bool
	}{
		{"small", func(r *pants.Request) error { return r.SendResponse("small") }, false},
		{"file", func(r *pants.Request) error { return r.SendFile("big", nil) }, true},
		{"content", func(r *pants.Request) error { return r.SendResponse(strings.Repeat("x", 64<<20)) }, true},
		{"stream", func(r *pants.Request) error {
			for {
				if err := r.Send(strings.Repeat("x", 1000)); err != nil {
					return err
				}
			}
		}, true},
	}
	for _, test := range tests {
		served := make(chan error, 1)
		ts := onHTTPServer(t, s, s.Handler(func(r *pants.Request) { served <- test.handler(r) }), false)
		goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
		conn, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		var read atomic.Int64
		var content strings.Builder
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for b := make([]byte, 1); ; {
				if _, err := conn.Read(b); err != nil {
					return
				}
				read.Add(1)
				content.Write(b)
				time.Sleep(time.Millisecond)
			}
		}()
		start := time.Now()
		select {
		case err := <-served:
			if (err != nil) != test.large {
				t.Errorf("%s: the handler is told %v", test.name, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: the handler waits for the client, which has read %d bytes", test.name, read.Load())
		}
		if took := time.Since(start); took > 5*time.Second || !test.large && took > 200*time.Millisecond {
			t.Errorf("%s: the handler had to wait %v", test.name, took)
		}
		if !test.large {
			<-ended
			if got := content.String(); !strings.HasSuffix(got, "\r\n\r\nsmall") {
				t.Errorf("%s: the client gets %q", test.name, got)
			}
		}
		waitFor(t, func() bool { return openFiles(t) <= descriptors+1 }) // the client's
		conn.Close()
		<-ended
		waitForGoroutines(t, goroutines)
	}
}

// A client that sends its headers a byte at a time never pauses, and is closed all the same; on a kept connection too.
func TestHeadersAByteAtATime(t *testing.T) {
	s := newServer(t, pants.Config{})
	const limit = 300 * time.Millisecond
	ts := httptest.NewUnstartedServer(nil)
	var served atomic.Int64
	ts.Config = s.HTTPServer(s.Handler(func(r *pants.Request) {
		served.Add(1)
		_ = r.SendResponse("served")
	}))
	ts.Config.ReadHeaderTimeout = limit // of 10 s, which TestHTTPServer knows
	ts.Start()
	defer ts.Close()
	for _, before := range []int{0, 1} {
		goroutines := runtime.NumGoroutine()
		conn, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		served.Store(0)
		for range before {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if _, err := conn.Read(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * limit) // an idle connection may be
		}
		start := time.Now()
		go func() {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nX: ")
			for {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
				time.Sleep(limit / 20)
			}
		}()
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		content, err := io.ReadAll(conn)
		if errors.Is(err, os.ErrDeadlineExceeded) || len(content) > 0 {
			t.Errorf("after %d requests: %q, %v; want an end", before, content, err)
		}
		if took := time.Since(start); took < limit/2 || took > 10*limit {
			t.Errorf("after %d requests: closed after %v", before, took)
		}
		if got := served.Load(); got != int64(before) {
			t.Errorf("%d requests were served, %d were sent", got, before)
		}
		conn.Close()
		waitForGoroutines(t, goroutines)
	}
}

// What the clock of the machine does to secure cookies, forth and back: they are over when it says so, and good again when it does.
func TestClockStepsAndCookies(t *testing.T) {
	type step struct {
		to   time.Duration // from the time of signing
		want error
	}
	const lifetime = time.Hour
	tests := map[string][]step{
		"own": {
			{0, nil}, {-4 * time.Minute, nil}, {-6 * time.Minute, pants.ErrBadCookie}, {-20 * 365 * 24 * time.Hour, pants.ErrBadCookie},
			{59 * time.Minute, nil}, {61 * time.Minute, pants.ErrExpiredCookie}, {20 * 365 * 24 * time.Hour, pants.ErrExpiredCookie}, {0, nil},
		},
		"Pants": { // which takes a cookie from the future as long as it would last
			{0, nil}, {-4 * time.Minute, nil}, {-59 * time.Minute, nil}, {-61 * time.Minute, pants.ErrBadCookie},
			{59 * time.Minute, nil}, {61 * time.Minute, pants.ErrExpiredCookie}, {20 * 365 * 24 * time.Hour, pants.ErrExpiredCookie}, {0, nil},
		},
	}
	for name, steps := range tests {
		s := newServer(t, formats[name])
		clock := noon
		pants.SetClock(s, func() time.Time { return clock })
		header, err := setSecure(t, s, &http.Cookie{Name: "user", MaxAge: int(lifetime / time.Second)}, "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			clock = noon.Add(step.to)
			var got string
			err := getSecure(s, header, "user", &got)
			if !errors.Is(err, step.want) || (err == nil) != (step.want == nil) || err == nil && got != "ada" {
				t.Errorf("%s, the clock at %v: %q, %v; want %v", name, step.to, got, err, step.want)
			}
			// One that is signed now is good now, whatever time it is.
			fresh, err := setSecure(t, s, &http.Cookie{Name: "user"}, "grace")
			if err == nil {
				err = getSecure(s, fresh, "user", &got)
			}
			if err != nil || got != "grace" {
				t.Errorf("%s, signed at %v: %q, %v", name, step.to, got, err)
			}
		}
	}
}

// No time that is waited depends on the clock, nor does Request.Time.
func TestClockStepsAndTimes(t *testing.T) {
	s := newServer(t, pants.Config{FinishTimeout: 200 * time.Millisecond, CookieSecrets: [][]byte{secretA}})
	var calls atomic.Int64
	pants.SetClock(s, func() time.Time { // a year back, a year forth
		return noon.AddDate(1-2*int(calls.Add(1)%2), 0, 0)
	})
	times := make(chan time.Duration, 2)
	h := s.Handler(func(r *pants.Request) {
		_ = r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")
		times <- r.Time()
		time.AfterFunc(100*time.Millisecond, func() {
			_ = r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")
			times <- r.Time()
		})
	})
	w := httptest.NewRecorder()
	start := time.Now()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if took := time.Since(start); w.Code != http.StatusGatewayTimeout || took < 190*time.Millisecond || took > 5*time.Second {
		t.Errorf("%d after %v, want 504 after 200 ms", w.Code, took)
	}
	if first, second := <-times, <-times; first < 0 || first > 50*time.Millisecond || second < 100*time.Millisecond || second > 5*time.Second {
		t.Errorf("Time = %v, and %v after 100 ms", first, second)
	}
	if calls.Load() == 0 {
		t.Error("the clock was not asked: nothing is shown")
	}
}
