package legacy_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
)

func upgrade(target, more string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n" + more
}

// tunnel opens one and returns both its ends, and what is on its way to the client.
func tunnel(t *testing.T, address, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c := dial(t, address)
	_, _ = io.WriteString(c, request)
	in := bufio.NewReader(c)
	got := readReply(in, "GET")
	if got.status != 101 || got.header.Get("Upgrade") != "WebSocket" || strings.Join(got.header["X-Dup"], "") != "ab" || got.header["Keep-Alive"] != nil ||
		got.header["Content-Length"] != nil || got.header["Content-Type"] != nil {
		t.Fatalf("got %v %v, %v", got, got.header, got.err)
	}
	return c, in
}

func expect(t *testing.T, in *bufio.Reader, want string) {
	t.Helper()
	p := make([]byte, len(want))
	if _, err := io.ReadFull(in, p); err != nil || string(p) != want {
		t.Errorf("got %q, %v, want %q", p, err, want)
	}
}

func expectEnd(t *testing.T, in *bufio.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(in); err != nil && !strings.Contains(err.Error(), "reset") || len(rest) > 0 {
		t.Errorf("then %q, %v, want the end", rest, err)
	}
}

// After an upgrade both sides talk, and when one ends, both ends are closed and nothing is left.
func TestTunnel(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	leavesNothing(t)
	appIsRid := func(t *testing.T) {
		eventually(t, "the app has no connection", func() bool { _, open := app.connections(); return open == 0 })
	}
	t.Run("both ways", func(t *testing.T) {
		c, in := tunnel(t, address, upgrade("/upgrade", ""))
		if r := app.last(); r.get("connection") != "Upgrade" || r.get("upgrade") != "WebSocket" || r.address != "127.0.0.1" {
			t.Errorf("the app got %v", r.header)
		}
		expect(t, in, "hello\n")
		_, _ = io.WriteString(c, "a\n")
		expect(t, in, "A\n")
		_, _ = io.WriteString(c, strings.Repeat("b", 1<<20)+"\n")
		expect(t, in, strings.Repeat("B", 1<<20)+"\n")
		c.Close()
		appIsRid(t)
	})
	t.Run("golang/go#80875 the client is ahead", func(t *testing.T) {
		_, in := tunnel(t, address, upgrade("/upgrade", "ahead\nof\n"))
		expect(t, in, "hello\nAHEAD\nOF\n")
	})
	t.Run("golang/go#75807 the app closes", func(t *testing.T) {
		c, in := tunnel(t, address, upgrade("/upgrade", ""))
		expect(t, in, "hello\n")
		_, _ = io.WriteString(c, "quit\n")
		expectEnd(t, in) // although the client does not close
		appIsRid(t)
	})
	t.Run("caddyserver/caddy#8026 the client sends no more", func(t *testing.T) {
		c, in := tunnel(t, address, upgrade("/upgrade?slow", ""))
		_ = c.(*net.TCPConn).CloseWrite()
		expect(t, in, "hello\nlast words\n")
		expectEnd(t, in)
		appIsRid(t)
	})
	t.Run("the client resets", func(t *testing.T) {
		c, in := tunnel(t, address, upgrade("/upgrade", ""))
		expect(t, in, "hello\n")
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
		appIsRid(t)
	})
	t.Run("no upgrade after all", func(t *testing.T) {
		c := dial(t, address)
		in := bufio.NewReader(c)
		for _, target := range []string{"/a", "/b"} { // oauth2-proxy/oauth2-proxy#1347: the next request is one like any other
			_, _ = io.WriteString(c, upgrade(target, ""))
			if got := readReply(in, "GET"); got.status != 200 || !strings.HasPrefix(got.content, "GET "+target) || app.last().address != "127.0.0.1" {
				t.Errorf("got %v, %v", got, got.err)
			}
		}
	})
}

// An app that does not notice that the client has gone is left in the end.
func TestTunnelToDeafApp(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url()})
	legacy.SetTunnelGrace(proxy, 50*time.Millisecond)
	address := front(t, proxy)
	leavesNothing(t)
	c, in := tunnel(t, address, upgrade("/upgrade?deaf", ""))
	expect(t, in, "hello\n")
	_ = c.(*net.TCPConn).CloseWrite()
	expectEnd(t, in)
	close(app.wait)
}

// These do not change the protocol: they are requests like others.
func TestNoTunnel(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	for name, request := range map[string]string{
		"golang/go#80416 h2c": "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
		"a choice":            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket, h2c\r\n\r\n",
		"two":                 "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n",
		"not announced":       "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n",
		"HTTP/1.0":            "GET /a HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		got := ask(t, address, request)
		if r := app.last(); got.status != 200 || r.get("connection") != "close" || r.header["upgrade"] != nil || r.header["http2-settings"] != nil {
			t.Errorf("%s: got %v, %v; the app got %v", name, got, got.err, r.header)
		}
	}
	// envoyproxy/envoy#44525: an upgrade does not bring in what a client calls headers of its connection.
	ask(t, address, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, X-Auth, X-Real-IP\r\nUpgrade: websocket\r\nX-Auth: 1\r\n\r\nquit\n")
	if r := app.last(); r.header["x-auth"] != nil || r.address != "127.0.0.1" || r.get("connection") != "Upgrade" {
		t.Errorf("the app got %v", r.header)
	}
}

// A writer that cannot give its connection away.
func TestTunnelWithoutConnection(t *testing.T) {
	app := newStandIn(t)
	var log logged
	proxy := newProxy(t, legacy.Config{Backend: app.url(), Log: log.logger()})
	r := httptest.NewRequest(http.MethodGet, "/upgrade", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	w := httptest.NewRecorder()
	proxy.ServeHTTP(w, r)
	if w.Code != 502 || !strings.Contains(log.String(), "no way to change the protocol") {
		t.Errorf("got %d, logged %s", w.Code, log.String())
	}
	eventually(t, "the app has no connection", func() bool { _, open := app.connections(); return open == 0 })
}

// A server that is shut down has forgotten the connections that were taken over, as net/http's does; Close of the app's side
// ends them.
func TestTunnelOutlivesShutdown(t *testing.T) {
	app := newStandIn(t)
	server := newServer(t, pants.Config{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server.HTTPServer(newProxy(t, legacy.Config{Backend: app.url(), Server: server}))
	go s.Serve(l)
	leavesNothing(t)
	c, in := tunnel(t, l.Addr().String(), upgrade("/upgrade", ""))
	expect(t, in, "hello\n")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	_, _ = io.WriteString(c, "quit\n")
	expectEnd(t, in)
}
