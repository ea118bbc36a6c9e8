package legacy_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// forged is what a client may send to be somebody else.
var forged = []string{
	"X-Real-IP: 6.6.6.6", "x-real-ip: 6.6.6.7", "X_Real_IP: 6.6.6.6", "X-Real_IP: 6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X_Forwarded_For: 6.6.6.6",
	"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Port: 666", "X-Forwarded-Prefix: /evil", "X-Forwarded-Ssl: on",
	"Front-End-Https: on", "Forwarded: for=6.6.6.6;proto=https;host=evil.example", "X-Forwarded-User: root", "X-Client-IP: 6.6.6.6",
	"True-Client-IP: 6.6.6.6", "CF-Connecting-IP: 6.6.6.6", "X-Sendfile-Type: X-Accel-Redirect", "X-Accel-Mapping: /=/",
}

// told is what the app was told about the client.
func told(r seen) string {
	return strings.Join([]string{r.address, r.get("x-real-ip"), r.get("x-forwarded-for"), r.get("x-forwarded-proto"), r.get("x-forwarded-host"), r.get("host")}, " ")
}

// The app, which believes everything, hears what xheaders believed and nothing else.
func TestClient(t *testing.T) {
	trusting := xheaders.Config{Trust: []string{"loopback"}, Headers: []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-User", "X-Forwarded-Port"}}
	keeping := trusting
	keeping.KeepHeaders = true
	rewriting := trusting
	rewriting.Rewrite = true
	single := xheaders.Config{Trust: []string{"any"}, Headers: []string{"CF-Connecting-IP"}}
	unsafe := xheaders.Config{DangerouslyTrustAll: true}
	const proxied = "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\nX-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6"
	tests := []struct {
		name   string
		server xheaders.Config
		wrap   *xheaders.Config
		header string
		want   string
	}{
		{"nobody in front", xheaders.Config{}, nil, "", "127.0.0.1 127.0.0.1 127.0.0.1 http app.example:81 app.example:81"},
		{"nobody in front, forged", xheaders.Config{}, nil, strings.Join(forged, "\r\n"), "127.0.0.1 127.0.0.1 127.0.0.1 http app.example:81 app.example:81"},
		{"a trusted proxy", trusting, nil, proxied, "203.0.113.9 203.0.113.9 203.0.113.9 https a.example app.example:81"},
		{"a trusted proxy that says nothing", trusting, nil, "", "unknown unknown unknown http app.example:81 app.example:81"},
		{"a trusted proxy, every entry one", trusting, nil, "X-Forwarded-For: 127.0.0.1", "unknown unknown unknown http app.example:81 app.example:81"},
		{"a trusted proxy, garbage", trusting, nil, "X-Forwarded-For: 127.0.0.1, x", "unknown unknown unknown http app.example:81 app.example:81"},
		{"IPv6", trusting, nil, "X-Forwarded-For: [2001:DB8::9]:80", "2001:db8::9 2001:db8::9 2001:db8::9 http app.example:81 app.example:81"},
		{"too few hops", xheaders.Config{Hops: 2}, nil, "X-Forwarded-For: 10.0.0.1", "unknown unknown unknown http app.example:81 app.example:81"},
		{"a single header", single, nil, "CF-Connecting-IP: 203.0.113.9\r\nX-Real-IP: 6.6.6.6", "203.0.113.9 203.0.113.9 203.0.113.9 http app.example:81 app.example:81"},
		{"a single header that is not there", single, nil, "X-Real-IP: 6.6.6.6", "unknown unknown unknown http app.example:81 app.example:81"},
		{"an outer Wrap decides", xheaders.Config{}, &trusting, proxied, "203.0.113.9 203.0.113.9 203.0.113.9 https a.example app.example:81"},
		{"an outer Wrap decides against the Server", trusting, &xheaders.Config{}, proxied, "127.0.0.1 127.0.0.1 127.0.0.1 http app.example:81 app.example:81"},
		{"an outer Wrap with KeepHeaders", xheaders.Config{}, &keeping, proxied, "203.0.113.9 203.0.113.9 203.0.113.9 https a.example app.example:81"},
		{"an outer Wrap with Rewrite", xheaders.Config{}, &rewriting, proxied, "203.0.113.9 203.0.113.9 203.0.113.9 https a.example a.example"},
		{"as Pants did", unsafe, nil, "X-Real-IP: 6.6.6.6\r\nX-Forwarded-Proto: https", "6.6.6.6 6.6.6.6 6.6.6.6 https app.example:81 app.example:81"},
		{"as Pants did, no address", unsafe, nil, "X-Real-IP: a b", "a b a b a b http app.example:81 app.example:81"},
		{"CVE-2022-31813 the client drops what we write", trusting, nil, proxied + "\r\nConnection: X-Real-IP, x-forwarded-for, X-Forwarded-Proto, X-Forwarded-Host, Host",
			"203.0.113.9 203.0.113.9 203.0.113.9 https a.example app.example:81"},
		{"CVE-2021-33197 behind an empty Connection", xheaders.Config{}, nil, "Connection:\r\nConnection: close, X-Real-IP\r\nX-Real-IP: 6.6.6.6",
			"127.0.0.1 127.0.0.1 127.0.0.1 http app.example:81 app.example:81"},
	}
	app := newStandIn(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var h http.Handler = newProxy(t, legacy.Config{Backend: app.url(), Server: newServer(t, pants.Config{XHeaders: test.server})})
			if test.wrap != nil {
				x, err := xheaders.New(*test.wrap)
				if err != nil {
					t.Fatal(err)
				}
				h = x.Wrap(h)
			}
			header := strings.Split(test.header, "\r\n")
			if test.header == "" {
				header = nil
			}
			if got := ask(t, front(t, h), request("GET", "/a", header...)); got.status != 200 {
				t.Fatalf("got %v, %v", got, got.err)
			}
			r := app.last()
			if got := told(r); got != test.want {
				t.Errorf("the app was told %q, want %q", got, test.want)
			}
			for name := range r.header {
				folded := strings.ReplaceAll(name, "_", "-")
				switch {
				case name == "x-real-ip" || name == "x-forwarded-for" || name == "x-forwarded-proto" || name == "x-forwarded-host":
					if len(r.header[name]) != 1 {
						t.Errorf("%s came %d times", name, len(r.header[name]))
					}
				case name == "cf-connecting-ip" && r.get(name) == "203.0.113.9": // believed
				case strings.HasPrefix(folded, "x-forwarded") || folded == "forwarded" || folded == "x-real-ip" || strings.Contains(folded, "client-ip") ||
					strings.Contains(folded, "connecting-ip") || folded == "front-end-https" || strings.HasPrefix(folded, "x-sendfile") || strings.HasPrefix(folded, "x-accel"):
					t.Errorf("%s: %q reached the app", name, r.header[name])
				}
			}
		})
	}
}

// What a trusted proxy is believed to say about the user goes on, if an xheaders.Wrap lists it; nobody else's does.
func TestUserOfTheProxy(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url()})
	for _, test := range []struct{ trust, want string }{{"loopback", "alice"}, {"192.0.2.1", ""}} {
		x, err := xheaders.New(xheaders.Config{Trust: []string{test.trust}, Headers: []string{"X-Forwarded-For", "X-Forwarded-User"}})
		if err != nil {
			t.Fatal(err)
		}
		ask(t, front(t, x.Wrap(proxy)), request("GET", "/a", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-User: alice"))
		if got := app.last().get("x-forwarded-user"); got != test.want {
			t.Errorf("trusting %s: the user is %q, want %q", test.trust, got, test.want)
		}
	}
}

// A client on a socket has no address, and must not get the Proxy's.
func TestClientOnSocket(t *testing.T) {
	app := newStandIn(t)
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{}).HTTPServer(newProxy(t, legacy.Config{Backend: app.url()}))
	go s.Serve(l)
	defer s.Shutdown(context.Background())
	if got := ask(t, socket, request("GET", "/a", "X-Real-IP: 127.0.0.1")); got.status != 200 || app.last().address != "unknown" {
		t.Errorf("got %v, %v; the app takes the client for %q", got, got.err, app.last().address)
	}
}
