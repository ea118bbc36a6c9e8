package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/xheaders"
)

func TestBehindProxy(t *testing.T) {
	const (
		loopback = "loopback"  // the test itself is a trusted proxy
		other    = "192.0.2.1" // the proxy is somewhere else, the test is anybody
	)
	tests := []struct {
		name, trust, path, host, header, value string
		status                                 int
		want                                   string
	}{
		{"trusted peer is believed", loopback, "/", "", "X-Forwarded-For", "203.0.113.9", 200, "<td>203.0.113.9"},
		{"forged entry left of the client", loopback, "/", "", "X-Forwarded-For", "6.6.6.6, 203.0.113.9", 200, "<td>203.0.113.9"},
		{"trusted peer says https", loopback, "/", "", "X-Forwarded-Proto", "https", 200, "<td>https"},
		{"forged from an untrusted peer", other, "/", "", "X-Forwarded-For", "203.0.113.9", 200, "<td>127.0.0.1"},
		{"https from an untrusted peer", other, "/", "", "X-Forwarded-Proto", "https", 200, "<td>http\n"},
		{"trusted peer says nothing", loopback, "/", "", "", "", 200, "<td>unknown"},
		{"host as asked", loopback, "/", "app.example", "", "", 200, "<td>app.example"},
		{"markup as host", loopback, "/", "", "X-Forwarded-Host", "<b>", 200, "<td>127.0.0.1:"},

		{"explained here", loopback, "/explain", "", "", "", 200, "trusted: 127.0.0.0/8 (loopback)"},
		{"explained here, not a proxy", other, "/explain", "", "", "", 200, "client: not in Trust"},
		{"explained with the nginx lines", loopback, "/explain", "", "", "", 200, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"},
		{"explained at localhost", loopback, "/explain", "localhost:8080", "", "", 200, "scheme=http"},
		{"refused to a forwarded client", loopback, "/explain", "", "X-Forwarded-For", "203.0.113.9", 403, "only for visitors at the server itself"},
		{"refused to one that forges loopback", loopback, "/explain", "", "X-Forwarded-For", "127.0.0.1, 203.0.113.9", 403, ""},
		{"refused when only proxies are named", loopback, "/explain", "", "X-Forwarded-For", "127.0.0.1", 403, ""},
		{"refused through a proxy that is not trusted", other, "/explain", "", "X-Forwarded-For", "127.0.0.1", 403, ""},
		{"refused with garbage", loopback, "/explain", "", "X-Forwarded-For", "unknown", 403, ""},
		{"refused with Forwarded", loopback, "/explain", "", "Forwarded", "for=203.0.113.9", 403, ""},
		{"refused with Via", loopback, "/explain", "", "Via", "1.1 proxy", 403, ""},
		{"refused with a CDN's header", loopback, "/explain", "", "CF-Connecting-IP", "203.0.113.9", 403, ""},
		{"refused with an alias", loopback, "/explain", "", "X_Forwarded_For", "203.0.113.9", 403, ""},
		{"refused by another name: DNS rebinding", loopback, "/explain", "evil.example:8080", "", "", 403, ""},
		{"nothing else", loopback, "/nowhere", "", "", "", 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := start(t, test.trust)
			req, err := http.NewRequest(http.MethodGet, base+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = test.host
			if test.header != "" {
				req.Header.Set(test.header, test.value)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			content, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != test.status || !strings.Contains(string(content), test.want) {
				t.Errorf("got %d %q, %v; want %d with %q", res.StatusCode, content, err, test.status, test.want)
			}
		})
	}
}

// start serves until the test ends.
func start(t *testing.T, trust string) (base string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- serve(ctx, listener, []string{trust}) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("serve did not return")
		}
	})
	return "http://" + listener.Addr().String()
}

// TestOwnAddressOfTheProxy: a proxy with a loopback address of its own can say that its client is at this machine.
func TestOwnAddressOfTheProxy(t *testing.T) {
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"127.0.0.2"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, peer, chain, proto string
		status                   int
	}{
		{"client at this machine", "127.0.0.2:9", "127.0.0.1", "HTTP/1.0", 200},
		{"client elsewhere", "127.0.0.2:9", "203.0.113.9", "HTTP/1.0", 403},
		{"forged by a neighbour", "127.0.0.3:9", "127.0.0.1", "HTTP/1.1", 403},
		{"proxy on another machine", "10.0.0.2:9", "127.0.0.1", "HTTP/1.1", 403},
		{"bare proxy_pass", "127.0.0.1:9", "", "HTTP/1.0", 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/explain", nil)
			r.RemoteAddr, r.Host = test.peer, "localhost"
			r.Proto = test.proto
			r.ProtoMajor, r.ProtoMinor, _ = http.ParseHTTPVersion(test.proto)
			if test.chain != "" {
				r.Header.Set("X-Forwarded-For", test.chain)
			}
			routes(proxies).ServeHTTP(w, r)
			if w.Code != test.status {
				t.Errorf("status = %d, want %d", w.Code, test.status)
			}
		})
	}
}

// TestRecent: what a client behind the proxy asked for is explained at the server, and markup in it is text.
func TestRecent(t *testing.T) {
	base := start(t, "loopback")
	for range 12 {
		req, _ := http.NewRequest(http.MethodGet, base, nil)
		req.Header.Set("X-Forwarded-For", "<script>, 203.0.113.9")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	res, err := http.Get(base + "/explain")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, _ := io.ReadAll(res.Body)
	page := string(content)
	if n := strings.Count(page, "client=203.0.113.9 scheme=http"); n != 10 {
		t.Errorf("%d requests explained, want the last 10", n)
	}
	if strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("markup from a header: %s", page)
	}
}
