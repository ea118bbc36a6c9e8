package pants_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// What becomes of requests of each kind when the server is told to stop.
func TestDrain(t *testing.T) {
	s := newServer(t, pants.Config{DrainTimeout: 5 * time.Second})
	entered := make(chan struct{}, 10)
	mux := http.NewServeMux()
	mux.Handle("/hello", hello(s))
	mux.Handle("/deferred", s.Handler(func(r *pants.Request) { entered <- struct{}{} }))
	mux.Handle("/working", s.Handler(func(r *pants.Request) {
		entered <- struct{}{}
		<-s.Draining()
		time.Sleep(300 * time.Millisecond)
		_ = r.SendResponse("whole")
	}))
	mux.Handle("/begun", s.Handler(func(r *pants.Request) {
		_ = r.Send("begun ")
		_ = flush(r)
		r.Go(func() {
			<-s.Draining()
			time.Sleep(300 * time.Millisecond)
			_ = r.Send("ended")
			_ = r.Finish()
		})
		entered <- struct{}{}
	}))
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-s.Draining()
		time.Sleep(300 * time.Millisecond)
		_, _ = io.WriteString(w, "plain")
	})
	address := freeAddress(t)
	stop := listening(t, s, address, mux)
	tests := []struct {
		path, content string
		status        int
	}{{"/deferred", "503 Service Unavailable", 503}, {"/working", "whole", 200}, {"/begun", "begun ended", 200}, {"/plain", "plain", 200}}
	conns := make([]*bufio.Reader, len(tests))
	for i, test := range tests {
		conn := dialUntil(t, "tcp", address)
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET "+test.path+" HTTP/1.1\r\nHost: a\r\n\r\n")
		conns[i] = bufio.NewReader(conn)
		<-entered
	}
	kept := dialUntil(t, "tcp", address) // an idle one that has more to ask
	defer kept.Close()
	keptReader := bufio.NewReader(kept)
	ask := func() (*http.Response, error) {
		_, _ = io.WriteString(kept, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
		res, err := http.ReadResponse(keptReader, nil)
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		return res, err
	}
	if res, err := ask(); err != nil || res.Close {
		t.Fatalf("before the drain: %v, %v", res, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	<-s.Draining()
	if res, err := ask(); err != nil || res.StatusCode != 200 || !res.Close {
		t.Errorf("the last request of a kept connection: %v, %v; want an answer that says so", res, err)
	}
	for i, test := range tests {
		res, err := http.ReadResponse(conns[i], nil)
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		content, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != test.status || string(content) != test.content {
			t.Errorf("%s: %d %q, %v; want %d %q", test.path, res.StatusCode, content, err, test.status, test.content)
		}
		if test.status == 503 && res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: a 503 without Retry-After", test.path)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("Listen = %v", err)
	}
}

// A connection that is idle when the drain begins is closed, and not waited for.
func TestDrainClosesIdleConnections(t *testing.T) {
	s := newServer(t, pants.Config{})
	address := freeAddress(t)
	stop := listening(t, s, address, hello(s))
	conn := dialUntil(t, "tcp", address)
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(res.Body)
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the drain of an idle connection took %v", took)
	}
	if n, err := reader.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the idle connection: %d, %v", n, err)
	}
}

// What does not end within DrainTimeout is closed, and Listen says so.
func TestDrainTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	tests := map[string]func(*pants.Request){
		"a handler that blocks": func(r *pants.Request) { _ = r.Send("x"); _ = flush(r); <-release },
		"a stream that goes on": func(r *pants.Request) {
			r.Go(func() {
				for r.Send("x") == nil && flush(r) == nil {
					time.Sleep(time.Millisecond)
				}
			})
		},
		"a hijacked connection": func(r *pants.Request) {
			conn, _, err := r.Connection().Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "x")
		},
	}
	for name, handler := range tests {
		s := newServer(t, pants.Config{DrainTimeout: 700 * time.Millisecond})
		address := freeAddress(t)
		stop := listening(t, s, address, s.Handler(handler))
		conn := dialUntil(t, "tcp", address)
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := stop()
		if took := time.Since(start); took < 600*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s: the drain took %v", name, took)
		}
		if err == nil || !strings.Contains(err.Error(), "not finished after 700ms") {
			t.Errorf("%s: Listen = %v", name, err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection is still open", name)
		}
	}
}

// Hijacked connections are told, and waited for; also those of handlers that know nothing of the kit.
func TestDrainWaitsForHijacked(t *testing.T) {
	s := newServer(t, pants.Config{})
	serve := func(conn net.Conn) {
		_, _ = io.WriteString(conn, "hello ")
		<-s.Draining()
		time.Sleep(200 * time.Millisecond)
		_, _ = io.WriteString(conn, "bye")
		conn.Close()
		conn.Close() // a second time, as deferred calls do
	}
	mux := http.NewServeMux()
	mux.Handle("/pants", s.Handler(func(r *pants.Request) {
		conn, _, err := r.Connection().Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go serve(conn)
	}))
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if _, ok := conn.(interface{ CloseWrite() error }); !ok {
			t.Error("a hijacked connection lost CloseWrite")
		}
		serve(conn)
	})
	mux.Handle("/wrap", s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		serve(conn)
	})))
	address := freeAddress(t)
	stop := listening(t, s, address, mux)
	var conns []net.Conn
	for _, path := range []string{"/pants", "/plain", "/wrap"} {
		conn := dialUntil(t, "tcp", address)
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := io.ReadFull(conn, make([]byte, len("hello "))); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	if err := stop(); err != nil {
		t.Errorf("Listen = %v", err)
	}
	for _, conn := range conns {
		if content, err := io.ReadAll(conn); err != nil || string(content) != "bye" {
			t.Errorf("%q, %v; want a goodbye", content, err)
		}
	}
}

// Drain is for an http.Server of one's own.
func TestDrainOfAnotherServer(t *testing.T) {
	s := newServer(t, pants.Config{})
	entered := make(chan struct{}, 1)
	srv := &http.Server{Handler: s.Handler(func(*pants.Request) { entered <- struct{}{} })}
	srv.RegisterOnShutdown(s.Drain)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	status := make(chan int, 1)
	go func() {
		res, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		res.Body.Close()
		status <- res.StatusCode
	}()
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := <-status; got != 503 {
		t.Errorf("status %d, want 503", got)
	}
	s.Drain() // again is nothing
}

// A unix socket loses its name first, so that what waits in the kernel is answered and nothing new comes.
func TestDrainAcceptsWhatWaits(t *testing.T) {
	path := filepath.Join(shortDir(t), "app.sock")
	for range 20 {
		s := newServer(t, pants.Config{})
		stop := listening(t, s, "unix://"+path, hello(s))
		dialUntil(t, "unix", path).Close()
		const n = 20
		results := make(chan error, n)
		begin := make(chan struct{})
		for range n {
			go func() {
				<-begin
				conn, err := net.Dial("unix", path)
				if err != nil {
					results <- nil // refused: it can try elsewhere
					return
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err == nil {
					_, err = io.ReadAll(res.Body)
				}
				results <- err
			}()
		}
		close(begin)
		if err := stop(); err != nil {
			t.Error(err)
		}
		for range n {
			if err := <-results; err != nil {
				t.Errorf("a connection that was made is cut: %v", err)
			}
		}
	}
}

// slowConn takes its time.
type slowConn struct {
	net.Conn
	closing, closed chan struct{}
}

func (c *slowConn) Close() error {
	close(c.closing)
	<-c.closed
	return nil
}

// slowHijacker has let go of its connection before it returns it, as net/http has.
type slowHijacker struct {
	http.ResponseWriter
	conn             *slowConn
	taken, handedOut chan struct{}
}

func (w *slowHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	close(w.taken)
	<-w.handedOut
	return w.conn, nil, nil
}

// The drain misses no connection while it changes hands, and none that is being closed.
func TestDrainWaitsForHijacking(t *testing.T) {
	s := newServer(t, pants.Config{})
	address := freeAddress(t)
	stop := listening(t, s, address, http.NotFoundHandler())
	dialUntil(t, "tcp", address).Close()
	conn := &slowConn{closing: make(chan struct{}), closed: make(chan struct{})}
	w := &slowHijacker{httptest.NewRecorder(), conn, make(chan struct{}), make(chan struct{})}
	h := s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})).Handler
	go h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	<-w.taken
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for _, step := range []struct {
		name string
		next func()
	}{
		{"is taken over", func() { close(w.handedOut); <-conn.closing }},
		{"is being closed", func() { close(conn.closed) }},
	} {
		select {
		case err := <-ended:
			t.Fatalf("Listen returned %v while a connection %s", err, step.name)
		case <-time.After(300 * time.Millisecond):
		}
		step.next()
	}
	if err := <-ended; err != nil {
		t.Errorf("Listen = %v", err)
	}
}

// An accept loop that is late, on a busy machine, still takes in what waits.
func TestDrainAcceptsLate(t *testing.T) {
	below, err := net.Listen("unix", filepath.Join(shortDir(t), "app.sock"))
	if err != nil {
		t.Fatal(err)
	}
	l, stop := pants.Stoppable(below)
	const n = 5
	for range n {
		conn, err := net.Dial("unix", below.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	ended := make(chan struct{})
	go func() {
		stop()
		close(ended)
	}()
	time.Sleep(100 * time.Millisecond)
	for i := range n {
		conn, err := l.Accept()
		if err != nil {
			t.Fatalf("after %d of %d connections: %v", i, n, err)
		}
		conn.Close()
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept = %v, want net.ErrClosed", err)
	}
	<-ended
}

// Over HTTP/2 the first response of a server that drains sends its client elsewhere, and what has begun is finished.
func TestDrainHTTP2(t *testing.T) {
	s := newServer(t, pants.Config{})
	cert, key := writePair(t, t.TempDir(), "app")
	if err := s.StartSSL(cert, key); err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/hello", hello(s))
	mux.Handle("/working", s.Handler(func(r *pants.Request) {
		_ = r.Send("whole ")
		_ = flush(r)
		close(entered)
		<-s.Draining()
		time.Sleep(400 * time.Millisecond)
		_ = r.Send("answer")
		_ = r.Finish()
	}))
	address := freeAddress(t)
	stop := listening(t, s, address, mux)
	dialUntil(t, "tcp", address).Close()
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport}
	ask := func(path string) (string, error) {
		res, err := client.Get("https://" + address + path)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		content, err := io.ReadAll(res.Body)
		return res.Proto + " " + string(content), err
	}
	working := make(chan string, 1)
	go func() {
		content, err := ask("/working")
		if err != nil {
			t.Error(err)
		}
		working <- content
	}()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	<-s.Draining()
	if got, err := ask("/hello"); err != nil || got != "HTTP/2.0 hello 127.0.0.1" {
		t.Errorf("the last request: %q, %v", got, err)
	}
	time.Sleep(100 * time.Millisecond)
	if got, err := ask("/hello"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the next: %q, %v; want a new connection, which is refused", got, err)
	}
	if got := <-working; got != "HTTP/2.0 whole answer" {
		t.Errorf("what had begun: %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Listen = %v", err)
	}
}

// Half a response on HTTP/1.0 ends with a reset, over TLS too, and its connection is nothing that the drain has to wait for.
func TestDrainAfterAReset(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newServer(t, pants.Config{DrainTimeout: 2 * time.Second})
		if secure {
			cert, key := writePair(t, t.TempDir(), "app")
			if err := s.StartSSL(cert, key); err != nil {
				t.Fatal(err)
			}
		}
		address := freeAddress(t)
		stop := listening(t, s, address, s.Handler(func(r *pants.Request) {
			_ = r.Send("half")
			_ = flush(r)
			panic(http.ErrAbortHandler)
		}))
		conn := dialUntil(t, "tcp", address)
		if secure {
			conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		if content, err := io.ReadAll(conn); err == nil {
			t.Errorf("TLS %v: it looks whole: %q", secure, content)
		}
		if err := stop(); err != nil {
			t.Errorf("TLS %v: Listen = %v", secure, err)
		}
	}
}

// What a handler says with 101 is about the protocol that follows, and stays as it is in a drain.
func TestDrainLeaves101(t *testing.T) {
	s := newServer(t, pants.Config{})
	s.Drain()
	ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "echo")
		conn.Close()
	}), false)
	conn := dial(t, ts, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	defer conn.Close()
	raw, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(raw), "\r\nConnection: Upgrade\r\n") || !strings.HasSuffix(string(raw), "\r\n\r\necho") {
		t.Errorf("%q, %v", raw, err)
	}
}

// Who takes a connection over may keep the header map: nothing is written to it when the handler returns.
func TestDrainLeavesTheHeaderOfAHijacker(t *testing.T) {
	s := newServer(t, pants.Config{})
	kept, returned := make(chan http.Header, 1), make(chan struct{})
	h := s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		kept <- w.Header()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})).Handler
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		h.ServeHTTP(w, hr)
		close(returned)
	}))
	defer ts.Close()
	s.Drain()
	conn := dial(t, ts, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	defer conn.Close()
	<-returned
	if got := (<-kept).Get("Connection"); got != "Upgrade" {
		t.Errorf("Connection = %q in the map of the hijacker", got)
	}
}

// Who has connected before the end gets an answer, though the way of the request is long; who says nothing is not waited for.
func TestDrainWaitsForFirstRequests(t *testing.T) {
	for _, test := range []struct {
		name    string
		request string
		most    time.Duration
	}{{"late", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 3 * time.Second}, {"never", "", 8 * time.Second}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, pants.Config{})
			address := freeAddress(t)
			stop := listening(t, s, address, hello(s))
			conn := dialUntil(t, "tcp", address)
			defer conn.Close()
			start := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- stop() }()
			<-s.Draining()
			time.Sleep(1200 * time.Millisecond)
			_, _ = io.WriteString(conn, test.request)
			content, err := io.ReadAll(conn)
			if got := strings.Contains(string(content), "hello"); err != nil || got != (test.request != "") {
				t.Errorf("the client gets %q, %v", content, err)
			}
			if err := <-ended; err != nil {
				t.Errorf("Listen = %v", err)
			}
			if took := time.Since(start); took > test.most {
				t.Errorf("the drain took %v", took)
			}
		})
	}
}

// odd is a connection that cannot be the key of a map, as some listeners make them.
type odd struct {
	net.Conn
	_ []byte
}

type oddListener struct{ net.Listener }

func (l oddListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return odd{Conn: conn}, err
}

func TestConnectionsOfAnyType(t *testing.T) {
	s := newServer(t, pants.Config{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := s.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hijack" {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
			conn.Close()
			return
		}
		_, _ = io.WriteString(w, "hello")
	}))
	go func() { _ = srv.Serve(oddListener{l}) }()
	defer srv.Close()
	for _, path := range []string{"/", "/hijack"} {
		if _, content := fetch(t, "http://"+l.Addr().String()+path); content != "hello" {
			t.Errorf("%s: %q", path, content)
		}
	}
}
