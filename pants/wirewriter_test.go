package pants_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// onHTTPServer serves h as HTTPServer configures it.
func onHTTPServer(t *testing.T, s *pants.Server, h http.Handler, http2 bool) *httptest.Server {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = s.HTTPServer(h)
	ts.EnableHTTP2 = http2
	if http2 {
		ts.StartTLS()
	} else {
		ts.Start()
	}
	t.Cleanup(ts.Close)
	return ts
}

// A client that stops reading is given up after the time for one write, whatever way the handler writes.
func TestStuckClientIsGivenUp(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "big"), make([]byte, 64<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{Root: root}})
	pants.SetWriteIdle(s, 300*time.Millisecond)
	block := make([]byte, 1<<20)
	tests := map[string]func(result chan<- error) http.Handler{
		"Write": func(result chan<- error) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				var err error
				for err == nil {
					_, err = w.Write(block)
				}
				result <- err
			})
		},
		"Send": func(result chan<- error) http.Handler {
			return s.Handler(func(r *pants.Request) {
				var err error
				for err == nil {
					err = r.Send(string(block))
				}
				result <- err
			})
		},
		"SendFile": func(result chan<- error) http.Handler {
			return s.Handler(func(r *pants.Request) { result <- r.SendFile("big", nil) })
		},
	}
	for name, handler := range tests {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", name, http2), func(t *testing.T) {
				result := make(chan error, 1)
				ts := onHTTPServer(t, s, handler(result), http2)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				hr, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				res, err := ts.Client().Do(hr)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				select {
				case err := <-result:
					if err == nil {
						t.Error("everything was written")
					}
					if took := time.Since(start); took < 250*time.Millisecond {
						t.Errorf("given up after %v already", took)
					}
				case <-time.After(10 * time.Second):
					t.Fatal("the handler is stuck with its client")
				}
			})
		}
	}
}

// A slow client gets all of it, in whatever way it is written: the time is one for each piece, not for the whole.
func TestSlowClientIsServed(t *testing.T) {
	root := t.TempDir()
	content := numberedLines(24 << 20)
	if err := os.WriteFile(filepath.Join(root, "big"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{Root: root}})
	pants.SetWriteIdle(s, 300*time.Millisecond)
	for name, handler := range map[string]http.Handler{
		"SendFile":     s.Handler(func(r *pants.Request) { _ = r.SendFile("big", nil) }),
		"SendResponse": s.Handler(func(r *pants.Request) { _ = r.SendResponse(content) }),
		"Write":        http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(content)) }),
	} {
		ts := onHTTPServer(t, s, handler, false)
		start := time.Now()
		if body := readSlowly(t, ts.Listener.Addr(), len(content), 256<<10, 10*time.Millisecond); body != content {
			t.Errorf("%s: %d bytes of %d, or others", name, len(body), len(content))
		}
		if took := time.Since(start); took < 600*time.Millisecond {
			t.Errorf("%s: it took only %v: nothing is shown", name, took)
		}
	}
}

// numberedLines is a content in which every line is at one place only.
func numberedLines(size int) string {
	var all strings.Builder
	for i := range size / 16 {
		_, _ = fmt.Fprintf(&all, "%15d\n", i)
	}
	return all.String()
}

// readSlowly asks for "/" and reads what is answered, size bytes and a head, piece by piece, with a pause after each. Nothing but
// the pauses is to take time.
func readSlowly(t *testing.T, server net.Addr, size, piece int, pause time.Duration) string {
	t.Helper()
	conn, err := net.Dial(server.Network(), server.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(64 << 10)
	}
	_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	got := make([]byte, 0, size+1<<20)
	for {
		n, err := io.ReadFull(conn, got[len(got):min(len(got)+piece, cap(got))])
		if got = got[:len(got)+n]; err != nil {
			break
		}
		time.Sleep(pause)
	}
	_, body, _ := strings.Cut(string(got), "\r\n\r\n")
	return body
}

// A pause between two writes is no stuck write, and no rest of one request's deadline ends the next on the connection.
func TestPausesAreNoStuckWrites(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 100*time.Millisecond)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			time.Sleep(250 * time.Millisecond)
			content, err := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %v", content, err)
			return
		}
		for range 3 {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(250 * time.Millisecond)
		}
		_, _ = io.WriteString(w, "end")
	})
	for _, http2 := range []bool{false, true} {
		ts := onHTTPServer(t, s, h, http2)
		for range 2 {
			res, err := ts.Client().Get(ts.URL)
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || string(content) != "xxxend" {
				t.Errorf("HTTP/2 %v: %q, %v", http2, content, err)
			}
			time.Sleep(250 * time.Millisecond)
			hr, _ := http.NewRequest(http.MethodPost, ts.URL, strings.NewReader("body"))
			hr.Header.Set("Expect", "100-continue")
			if res, err = ts.Client().Do(hr); err != nil {
				t.Fatal(err)
			}
			content, err = io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || string(content) != "body <nil>" {
				t.Errorf("HTTP/2 %v, after a pause: %q, %v", http2, content, err)
			}
		}
	}
}

// A handler's own write deadline is left alone; the zero time brings the server's back.
func TestOwnWriteDeadline(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 100*time.Millisecond)
	block := make([]byte, 1<<20)
	for _, test := range []struct {
		name     string
		deadline func() time.Time
		least    time.Duration
	}{
		{"own", func() time.Time { return time.Now().Add(700 * time.Millisecond) }, 600 * time.Millisecond},
		{"none", func() time.Time { return time.Time{} }, 50 * time.Millisecond},
	} {
		took := make(chan time.Duration, 1)
		ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			start := time.Now()
			if err := http.NewResponseController(w).SetWriteDeadline(test.deadline()); err != nil {
				t.Error(err)
			}
			var err error
			for err == nil {
				_, err = w.Write(block)
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", test.name, err)
			}
			took <- time.Since(start)
		}), false)
		conn, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if d := <-took; d < test.least || d > 5*time.Second {
			t.Errorf("%s: the write failed after %v", test.name, d)
		}
	}
}

// slowDeadline is a writer of HTTP/2 whose write ends just when its time is over. Moving the deadline takes a while.
type slowDeadline struct {
	http.ResponseWriter
	fired chan struct{}
	moved atomic.Bool
}

func (w *slowDeadline) Write(p []byte) (int, error) {
	<-w.fired
	return len(p), nil
}

func (w *slowDeadline) SetWriteDeadline(t time.Time) error {
	if t.Before(time.Now()) {
		close(w.fired)
		time.Sleep(100 * time.Millisecond)
		w.moved.Store(true)
	}
	return nil
}

// The timer of a write never reaches the writer of a request that is over: on HTTP/2 that would be a panic, in a goroutine where
// nothing recovers it.
func TestTimerEndsWithItsWrite(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 10*time.Millisecond)
	w := &slowDeadline{ResponseWriter: httptest.NewRecorder(), fired: make(chan struct{})}
	hr := httptest.NewRequest(http.MethodGet, "/", nil)
	hr.ProtoMajor = 2
	s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })).Handler.ServeHTTP(w, hr)
	if !w.moved.Load() {
		t.Error("ServeHTTP returned while the timer was moving the deadline")
	}
}

// A WriteTimeout that the user of an HTTPServer sets is kept: "change what you like".
func TestWriteTimeoutIsKept(t *testing.T) {
	s := newServer(t, pants.Config{})
	for _, http2 := range []bool{false, true} {
		for _, body := range []string{"", "body"} {
			ended := make(chan error, 1)
			ts := httptest.NewUnstartedServer(nil)
			ts.Config = s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				var err error
				for start := time.Now(); err == nil && time.Since(start) < 3*time.Second; time.Sleep(10 * time.Millisecond) {
					_, _ = w.Write([]byte("x"))
					err = http.NewResponseController(w).Flush()
				}
				ended <- err
			}))
			ts.Config.WriteTimeout = 300 * time.Millisecond
			ts.EnableHTTP2 = http2
			if http2 {
				ts.StartTLS()
			} else {
				ts.Start()
			}
			t.Cleanup(ts.Close)
			res, err := ts.Client().Post(ts.URL, "text/plain", strings.NewReader(body))
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Errorf("HTTP/2 %v, body %q: the response is whole", http2, body)
			}
			if err := <-ended; err == nil {
				t.Errorf("HTTP/2 %v, body %q: it could be written for 3 s", http2, body)
			}
		}
	}
}

// One large write has its time for each piece of it: a slow client gets all of what a handler hands over at once.
func TestSlowClientIsServedALargeWrite(t *testing.T) {
	const size = 24 << 20
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 400*time.Millisecond)
	tests := map[string]func(r *pants.Request) error{
		"SendResponse": func(r *pants.Request) error { return r.SendResponse(strings.Repeat("x", size)) },
		"Write": func(r *pants.Request) error {
			n, err := r.Write(bytes.Repeat([]byte("x"), size))
			if n != size {
				t.Errorf("Write = %d of %d", n, size)
			}
			return err
		},
	}
	for name, handler := range tests {
		for _, http2 := range []bool{false, true} {
			ts := onHTTPServer(t, s, s.Handler(func(r *pants.Request) {
				if err := handler(r); err != nil {
					t.Errorf("%s, HTTP/2 %v: %v", name, http2, err)
				}
				_ = r.Finish()
			}), http2)
			res, err := ts.Client().Get(ts.URL)
			if err != nil {
				t.Fatal(err)
			}
			start, total := time.Now(), 0
			for buffer := make([]byte, 256<<10); err == nil; time.Sleep(8 * time.Millisecond) {
				var n int
				n, err = io.ReadFull(res.Body, buffer)
				total += n
			}
			res.Body.Close()
			if total != size {
				t.Errorf("%s, HTTP/2 %v: %d bytes of %d, %v", name, http2, total, size, err)
			}
			if took := time.Since(start); took < 600*time.Millisecond {
				t.Errorf("%s, HTTP/2 %v: it took only %v: nothing is shown", name, http2, took)
			}
		}
	}
}

// A 413 over http.MaxBytesReader reaches a client that still sends and closes afterwards, as nginx speaks HTTP/1.0 to its upstream:
// net/http lingers for it, which the wrapper has to ask for.
func TestTooLargeBelowHTTPServer(t *testing.T) {
	s := newServer(t, pants.Config{})
	ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		if _, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, 1000)); err == nil {
			t.Error("the body is within the limit")
		}
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}), false)
	for _, head := range []string{"POST / HTTP/1.0\r\n", "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"} {
		for range 5 {
			conn, err := net.Dial("tcp", ts.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, head+"Content-Length: 204800\r\n\r\n"+strings.Repeat("x", 204800))
			raw, err := io.ReadAll(conn)
			conn.Close()
			if err != nil || !strings.Contains(string(raw), " 413 ") || !strings.HasSuffix(string(raw), "too large\n") {
				t.Fatalf("%q: %q, %v", head, raw, err)
			}
		}
	}
}

// A client that takes longer for a long piece than one write may is gone on with, at the right place, as long as it reads.
func TestWriteOfAFileGoesOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	checkSlowFile(t, smallBuffers{l, 64 << 10})
}

// smallBuffers has the kernel keep little of what is written: a writer hears of its client's pace, not of the buffer's.
type smallBuffers struct {
	net.Listener
	size int
}

func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		_ = conn.(*net.TCPConn).SetWriteBuffer(l.size)
	}
	return conn, err
}

// A proxy on a unix socket that reads at its client's pace gets all of a file: no kernel sends that straight, and each piece has its time.
func TestSlowClientOnAUnixSocket(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip("no unix sockets here: ", err)
	}
	checkSlowFile(t, l)
}

// checkSlowFile has a client of l read a file where a write may take 300 ms: 128 KiB in 60 ms, and 1 MiB in half a second.
func checkSlowFile(t *testing.T, l net.Listener) {
	t.Helper()
	root, content := t.TempDir(), numberedLines(4<<20)
	if err := os.WriteFile(filepath.Join(root, "big"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{Root: root}})
	pants.SetWriteIdle(s, 300*time.Millisecond)
	srv := s.HTTPServer(s.Handler(func(r *pants.Request) { _ = r.SendFile("big", nil) }))
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	if body := readSlowly(t, l.Addr(), len(content), 64<<10, 30*time.Millisecond); body != content {
		t.Errorf("%d bytes of %d, or others", len(body), len(content))
	}
}

// A connection that was taken over has no deadlines but its handler's, also when that removes one by the writer.
func TestNoDeadlineAfterHijack(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 100*time.Millisecond)
	ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		conn, _, err := c.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if err := c.SetWriteDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
		time.Sleep(300 * time.Millisecond)
		_, _ = io.WriteString(conn, "late")
	}), false)
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if got, err := io.ReadAll(conn); err != nil || string(got) != "late" {
		t.Errorf("%q, %v", got, err)
	}
}

// A client that does not send the body it has announced is not waited for without end: net/http reads what a handler has not,
// before the head of the answer and when the handler has returned.
func TestBodyThatDoesNotCome(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	long := numberedLines(1 << 20)
	if err := os.WriteFile(name, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 600*time.Millisecond)
	short := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "short") }
	flushed := func(w http.ResponseWriter, r *http.Request) {
		short(w, r)
		_ = http.NewResponseController(w).Flush()
	}
	for _, test := range []struct {
		name    string
		handler http.Handler
		content string
	}{
		{"nothing written", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ""},
		{"short", http.HandlerFunc(short), "short"},
		{"long", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) }), long},
		{"flushed", http.HandlerFunc(flushed), "short"},
		{"flushed under Wrap", s.Wrap(http.HandlerFunc(flushed)), "short"},
		{"a file", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) }), long},
		{"not found", http.NotFoundHandler(), "404 page not found\n"},
	} {
		ts := onHTTPServer(t, s, test.handler, false)
		for _, body := range []string{"Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"} {
			t.Run(fmt.Sprintf("%s, %q", test.name, body), func(t *testing.T) {
				t.Parallel()
				conn, err := net.Dial("tcp", ts.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\n"+body)
				_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
				in := bufio.NewReader(conn)
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(res.Body)
				if err != nil || string(content) != test.content {
					t.Errorf("%.100q, %v, want %.100q", content, err, test.content)
				}
				if _, err := in.ReadByte(); err != io.EOF {
					t.Errorf("the connection ends with %v", err)
				}
			})
		}
	}
}

// The time for the rest of a body is over when that has come: a stream goes on, and the connection serves the next request.
func TestBodyThatNobodyReads(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 800*time.Millisecond)
	for name, handler := range map[string]http.HandlerFunc{
		"stream": func(w http.ResponseWriter, r *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(300 * time.Millisecond)
			}
			if err := r.Context().Err(); err != nil {
				t.Error(err)
			}
		},
		"late": func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(500 * time.Millisecond)
			_, _ = io.WriteString(w, "xxx")
		},
		"read": func(w http.ResponseWriter, r *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, "x") // before it has read
			}
			_, _ = io.Copy(io.Discard, r.Body)
			time.Sleep(500 * time.Millisecond)
			if err := r.Context().Err(); err != nil {
				t.Error(err)
			}
		},
		"a deadline of its own": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(w, "xxx")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts := onHTTPServer(t, s, handler, false)
			conn, err := net.Dial("tcp", ts.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for range 2 {
				_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
				time.Sleep(50 * time.Millisecond)
				_, _ = io.WriteString(conn, "67890")
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if content, err := io.ReadAll(res.Body); err != nil || string(content) != "xxx" || res.Close {
					t.Errorf("%q, %v, close %v", content, err, res.Close)
				}
				time.Sleep(500 * time.Millisecond)
			}
		})
	}
}

// A client that reads a long answer slowly is not taken for one that does not send: what it has sent was read.
func TestSlowClientThatHasSentItsBody(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, time.Second)
	block := make([]byte, 128<<10)
	const n = 256
	for name, write := range map[string]func(w http.ResponseWriter, content []byte){
		"Write": func(w http.ResponseWriter, content []byte) { _, _ = w.Write(content) },
		"small writes": func(w http.ResponseWriter, content []byte) {
			_, _ = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{bytes.NewReader(content)}, make([]byte, 1000))
		},
		"http.Flusher": func(w http.ResponseWriter, content []byte) { _, _ = w.Write(content); w.(http.Flusher).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := make(chan error, 1)
			ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				for range n {
					write(w, block)
				}
				result <- r.Context().Err()
			}), false)
			res, err := http.Post(ts.URL, "text/plain", strings.NewReader("12345"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			time.Sleep(750 * time.Millisecond)
			if got, err := io.Copy(io.Discard, res.Body); err != nil || got != n*int64(len(block)) {
				t.Errorf("%d bytes, %v", got, err)
			}
			if err := <-result; err != nil {
				t.Error(err)
			}
		})
	}
}

// The same where the kernel keeps little: already the first write waits for the client then.
func TestSlowClientWithSmallBuffers(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetWriteIdle(s, 4*time.Second)
	content := make([]byte, 128<<10)
	result := make(chan error, 1)
	srv := s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(content)
		result <- r.Context().Err()
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(smallBuffers{l, 16 << 10}) }()
	defer srv.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(16 << 10)
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345")
	time.Sleep(2500 * time.Millisecond)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.Copy(io.Discard, res.Body); err != nil || got != int64(len(content)) {
		t.Errorf("%d bytes, %v", got, err)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
}
