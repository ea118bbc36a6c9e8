package pants_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// dial opens a connection to a test server and writes a request.
func dial(t *testing.T, ts *httptest.Server, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

// A handler that returns while another goroutine still reads the body, as http.TimeoutHandler makes it: neither waits for the
// other for ever.
func TestWrapReturnsWhileTheBodyIsRead(t *testing.T) {
	s := newServer(t, pants.Config{})
	served, loaded := make(chan struct{}), make(chan error, 1)
	h := s.Wrap(http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		loaded <- pants.FromContext(hr.Context()).ParseBody()
	}), 50*time.Millisecond, "slow"))
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		defer close(served)
		h.ServeHTTP(w, hr)
	}))
	defer ts.Close()
	dial(t, ts, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
	select {
	case <-served:
	case <-time.After(5 * time.Second):
		t.Fatal("ServeHTTP hangs")
	}
	select {
	case err := <-loaded:
		if err == nil {
			t.Error("ParseBody of half a body reports no error")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("ParseBody hangs")
	}
}

// An upgrade through a reverse proxy inside: it writes the head of the 101 from the writer's header map, after Hijack.
func TestUpgradeThroughAReverseProxy(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: xyz\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString("echo " + line)
		_ = rw.Flush()
	}))
	defer backend.Close()
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	s := newServer(t, pants.Config{})
	for name, h := range map[string]http.Handler{
		"Wrap": s.Wrap(proxy), "Wrap twice": s.Wrap(s.Wrap(proxy)), "Serve": s.Handler(func(r *pants.Request) { r.Serve(proxy) }),
	} {
		ts := httptest.NewServer(h)
		conn := dial(t, ts, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		in := bufio.NewReader(conn)
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Accept") != "xyz" || res.Header.Get("Upgrade") != "websocket" {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		_, _ = io.WriteString(conn, "hello\n")
		if line, err := in.ReadString('\n'); line != "echo hello\n" {
			t.Errorf("%s: %q, %v", name, line, err)
		}
		ts.Close()
	}
}

// A function of Go that starts after the end does not take an open file away.
func TestLateGoLeavesOpenFiles(t *testing.T) {
	content, contentType := upload(t, "first", "second")
	s := newServer(t, pants.Config{MemoryLimit: -1})
	hr := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(content))
	hr.Header.Set("Content-Type", contentType)
	var late *pants.Request
	var f io.ReadSeekCloser
	s.Handler(func(r *pants.Request) {
		late = r
		var err error
		if f, err = r.Files()["f"][0].Open(); err != nil {
			t.Error(err)
		}
		_ = r.Finish()
	}).ServeHTTP(httptest.NewRecorder(), hr)
	done := make(chan struct{})
	late.Go(func() { close(done) })
	<-done
	time.Sleep(20 * time.Millisecond)
	if got, err := io.ReadAll(f); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// A body that an ordinary handler read to its end leaves no deadline on the connection: the next request's context is alive.
func TestWrapLeavesNoDeadline(t *testing.T) {
	s := newServer(t, pants.Config{})
	var contextErr error
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		_, _ = io.Copy(io.Discard, hr.Body)
		contextErr = hr.Context().Err()
		_, _ = io.WriteString(w, "ok")
	}))
	first := true
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		h.ServeHTTP(w, hr)
		if first {
			first = false
			time.Sleep(1200 * time.Millisecond) // a slow access log, longer than the linger time
		}
	}))
	defer ts.Close()
	for range 2 {
		res, err := ts.Client().Post(ts.URL, "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	if contextErr != nil {
		t.Errorf("the second request begins with %v", contextErr)
	}
}

// A refusal is not forgotten by what succeeds after it, unless that mends it.
func TestInvalidStatusIsNotForgotten(t *testing.T) {
	s := newServer(t, pants.Config{})
	for name, call := range map[string]func(*pants.Request) error{
		"SendCookies": func(r *pants.Request) error { return r.SendCookies() },
		"SendHeaders": func(r *pants.Request) error { return r.SendHeaders(http.Header{"A": {"b"}}, pants.EndHeaders(false)) },
	} {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			r.Writer.WriteHeader(0)
			_ = call(r)
			if err := r.Send("content"); err == nil {
				t.Errorf("%s: Send reports no error", name)
			}
		})
		if w.Code != 500 {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
	w := respond(s, http.MethodGet, func(r *pants.Request) {
		r.Writer.WriteHeader(0)
		_ = r.SendStatus(404)
		_ = r.SendResponse("mended")
	})
	if w.Code != 404 || w.Body.String() != "mended" {
		t.Errorf("mended: %d %q", w.Code, w.Body)
	}
}

// When the writer below panics while a panic in Go is answered, the request is aborted: not an empty 200.
func TestWriterPanicsUnderATask(t *testing.T) {
	s := newServer(t, pants.Config{})
	for range 50 {
		aborted := false
		func() {
			defer func() { aborted = recover() == http.ErrAbortHandler }()
			h := s.Handler(func(r *pants.Request) { r.Go(func() { panic("task") }) })
			h.ServeHTTP(panicky{httptest.NewRecorder(), 500}, httptest.NewRequest(http.MethodGet, "/", nil))
		}()
		if !aborted {
			t.Fatal("ServeHTTP returned as if all were well")
		}
	}
}

// What SendFile says when it comes too late goes nowhere.
func TestSendFileComesTooLate(t *testing.T) {
	var late *pants.Request
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{ContentType: func(string) string {
		_ = late.SendHeaders(nil) // somebody else begins a response just now
		return "bad\n"
	}}})
	w := respond(s, http.MethodGet, func(r *pants.Request) {
		late = r
		if err := r.SendFile("send_test.go", nil); !errors.Is(err, pants.ErrHeadersSent) {
			t.Errorf("SendFile = %v, want ErrHeadersSent", err)
		}
		_ = r.Send("stream")
		_ = r.Finish()
	})
	if w.Body.String() != "stream" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// Half a response on HTTP/1.0 over TLS must not end with TLS's goodbye.
func TestGivenUpOverTLS(t *testing.T) {
	s := newServer(t, pants.Config{FinishTimeout: 50 * time.Millisecond})
	ts := httptest.NewTLSServer(s.Handler(func(r *pants.Request) { _ = r.Send("half"); _ = flush(r) }))
	defer ts.Close()
	conn, err := tls.Dial("tcp", ts.Listener.Addr().String(), ts.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	if content, err := io.ReadAll(conn); err == nil {
		t.Errorf("it looks whole: %q", content)
	}
}

// A header that a middleware in front sets while the handler runs is not lost when the handler's own are published.
func TestOuterHeaderSetMeanwhile(t *testing.T) {
	s := newServer(t, pants.Config{})
	w := httptest.NewRecorder()
	w.Header().Set("X-Before", "1")
	s.Handler(func(r *pants.Request) {
		r.Writer.Header().Set("X-Own", "2")
		r.Writer.Header().Del("X-Before")
		w.Header().Set("X-Session", "3") // a session saver in a closure, say
		_ = r.SendResponse("")
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	h := w.Result().Header
	if h.Get("X-Own") != "2" || h.Get("X-Session") != "3" || h.Get("X-Before") != "" {
		t.Errorf("%v", h)
	}
}

// A form that a function of Go had net/http parse after the end of the response leaves no file either.
func TestFormInATaskLeavesNoFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	content, contentType := upload(t, strings.Repeat("x", 1000), "second")
	s := newServer(t, pants.Config{})
	hr := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(content))
	hr.Header.Set("Content-Type", contentType)
	parse, parsed := make(chan struct{}), make(chan struct{})
	s.Handler(func(r *pants.Request) {
		r.Go(func() {
			defer close(parsed)
			<-parse
			if err := r.HTTP.ParseMultipartForm(1); err != nil {
				t.Error(err)
			}
		})
		_ = r.SendResponse("")
	}).ServeHTTP(httptest.NewRecorder(), hr)
	close(parse)
	<-parsed
	waitFor(t, func() bool { left, _ := os.ReadDir(dir); return len(left) == 0 })
}
