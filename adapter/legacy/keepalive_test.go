package legacy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

// connectionsOf tells over which connection to the app each request came.
func connectionsOf(app *standIn) []int {
	var list []int
	for _, r := range app.seen() {
		list = append(list, r.conn)
	}
	return list
}

// Which requests share a connection to the app.
func TestKeepAlive(t *testing.T) {
	tests := []struct {
		name     string
		requests []string // method and target
		conns    []int
	}{
		{"GET", []string{"GET /a", "GET /b", "OPTIONS /c", "GET /d?e"}, []int{1, 1, 1, 1}},
		{"POST", []string{"GET /a", "POST /b", "GET /c", "DELETE /d"}, []int{1, 1, 1, 1}},
		{"what Pants answers with too much is the last", []string{"GET /a", "HEAD /b", "GET /c", "GET /204", "GET /d", "GET /304", "GET /e"}, []int{1, 2, 1, 1, 3, 3, 4}},
		{"an answer of HTTP/1.0 is the last", []string{"GET /http10", "GET /b"}, []int{1, 2}},
		{"an error of the app is the last", []string{"GET /500", "GET /b"}, []int{1, 2}},
		{"half an answer is the last", []string{"GET /half", "GET /b"}, []int{1, 2}},
		{"5 MiB", []string{"GET /big?5242880", "GET /b"}, []int{1, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			app := newStandIn(t)
			proxy := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: true})
			defer legacy.DropIdle(proxy)
			address := front(t, proxy)
			for _, r := range test.requests {
				method, target, _ := strings.Cut(r, " ")
				got := ask(t, address, request(method, target))
				if got.status < 200 || got.err != nil && target != "/half" || strings.Contains(got.content, "late") {
					t.Errorf("%s: %v, %v", r, got, got.err)
				}
				eventually(t, "the proxy is done", func() bool { _, open := app.connections(); return open <= legacy.Idle(proxy) })
			}
			got := connectionsOf(app)
			for i, conn := range test.conns {
				if i >= len(got) || got[i] != conn {
					t.Fatalf("the app got the requests over connections %v, want %v", got, test.conns)
				}
			}
		})
	}
}

// Without KeepAlive each request has its own connection, and the app is told so.
func TestOneConnectionEach(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	for range 3 {
		ask(t, address, request("GET", "/a"))
	}
	if got := connectionsOf(app); len(got) != 3 || got[2] != 3 || app.last().get("connection") != "close" {
		t.Errorf("connections %v, %v", got, app.last().header)
	}
}

// A kept connection that the app closed meanwhile costs no request its answer (caddyserver/caddy#6452).
func TestStaleConnection(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: true})
	defer legacy.DropIdle(proxy)
	address := front(t, proxy)
	for _, r := range []string{request("GET", "/a"), post("/b", "x"), request("GET", "/c"), request("HEAD", "/d")} {
		legacy.DropIdle(proxy)
		ask(t, address, request("GET", "/first"))
		eventually(t, "a connection waits", func() bool { return legacy.Idle(proxy) == 1 })
		app.mu.Lock()
		for c := range app.open {
			c.Close()
		}
		app.mu.Unlock()
		before := len(app.seen())
		if got := ask(t, address, r); got.status != 200 || got.err != nil {
			t.Errorf("got %v, %v", got, got.err)
		}
		if n := len(app.seen()) - before; n != 1 {
			t.Errorf("%.10q reached the app %d times", r, n)
		}
	}
}

// An app that closes at the very moment a request comes: whatever may be repeated is, and nothing else reaches it twice.
func TestConnectionClosedUnderRequest(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var mu sync.Mutex
	came := map[string]int{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for i := range 2 {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					mu.Lock()
					came[r.Method+" "+r.URL.Path]++
					mu.Unlock()
					if i == 1 || r.URL.Path == "/dies" {
						return // without an answer
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
		}
	}()
	proxy := newProxy(t, legacy.Config{Backend: "http://" + l.Addr().String(), KeepAlive: true})
	defer legacy.DropIdle(proxy)
	address := front(t, proxy)
	for _, test := range []struct {
		request string
		status  int
		came    string
		times   int
	}{
		{request("GET", "/a"), 200, "GET /a", 2}, // over the kept one, and again
		{post("/b", "x"), 502, "POST /b", 1},     // it came: whatever it did, it must not do again
		{request("DELETE", "/c"), 502, "DELETE /c", 1},
		{request("GET", "/d", "Content-Length: 0"), 502, "GET /d", 1},
		{request("HEAD", "/e"), 200, "HEAD /e", 1}, // on its own
		{request("GET", "/dies"), 502, "GET /dies", 2},
	} {
		legacy.DropIdle(proxy)
		ask(t, address, request("GET", "/first"))
		eventually(t, "a connection waits", func() bool { return legacy.Idle(proxy) == 1 })
		if got := ask(t, address, test.request); got.status != test.status {
			t.Errorf("%s: got %v, %v", test.came, got, got.err)
		}
		mu.Lock()
		if came[test.came] != test.times {
			t.Errorf("%s came %d times, want %d", test.came, came[test.came], test.times)
		}
		mu.Unlock()
	}
}

// What an app sends unasked is nobody's answer.
func TestUnaskedAnswer(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: true})
	defer legacy.DropIdle(proxy)
	address := front(t, proxy)
	for range 20 {
		if got := ask(t, address, request("GET", "/late")); got.content != "ok" {
			t.Errorf("got %v, %v", got, got.err)
		}
		receive(t, "the app has sent more", app.gone)
		if got := ask(t, address, request("GET", "/a")); !strings.HasPrefix(got.content, "GET /a\n") {
			t.Errorf("got %v, %v", got, got.err)
		}
	}
}

// Connections are kept for a while, and not without number.
func TestIdleConnectionsEnd(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: true})
	defer legacy.DropIdle(proxy)
	address := front(t, proxy)
	var all sync.WaitGroup
	for range 30 {
		all.Add(1)
		go func() {
			defer all.Done()
			ask(t, address, request("GET", "/wait"))
		}()
	}
	eventually(t, "thirty requests wait", func() bool { return len(app.seen()) == 30 })
	close(app.wait)
	all.Wait()
	eventually(t, "sixteen connections are kept", func() bool { _, open := app.connections(); return open == 16 && legacy.Idle(proxy) == 16 })
	legacy.Sweep(proxy, 10)
	eventually(t, "the older ones are closed", func() bool { _, open := app.connections(); return open == 6 && legacy.Idle(proxy) == 6 })
	ask(t, address, request("GET", "/a"))
	legacy.Sweep(proxy, 6)
	eventually(t, "all are closed", func() bool { _, open := app.connections(); return open == 0 })
}

// The app may listen on a socket.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	app := serveStandIn(t, l)
	for _, keep := range []bool{false, true} {
		proxy := newProxy(t, legacy.Config{Backend: "unix://" + path, KeepAlive: keep})
		address := front(t, proxy)
		for range 2 {
			if got := ask(t, address, post("/a", "hello")); got.status != 200 || app.last().body != "hello" || app.last().get("host") != "app.example:81" {
				t.Errorf("got %v, %v", got, got.err)
			}
			if got := ask(t, address, request("GET", "/a")); got.status != 200 {
				t.Errorf("got %v, %v", got, got.err)
			}
		}
		legacy.DropIdle(proxy)
	}
	_, in := tunnel(t, front(t, newProxy(t, legacy.Config{Backend: "unix://" + path})), upgrade("/upgrade", "quit\n"))
	expect(t, in, "hello\n")
	expectEnd(t, in)
}
