package xheaders_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// cdn is a list as CDNs publish them.
var cdn = []string{
	"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
	"108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
	"162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
	"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32",
	"2a06:98c0::/29", "2c0f:f248::/32", "10.0.0.0/8", "192.168.0.0/16", "127.0.0.1",
}

// loads are the requests whose cost is promised.
var loads = []struct {
	name       string
	config     xheaders.Config
	peer, head string
}{
	{"1 hop", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https"},
	{"3 hops", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 10.0.0.3, 10.0.0.2\nX-Forwarded-Proto: https, http, http"},
	{"3 lines", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-For: 10.0.0.3\nX-Forwarded-For: 10.0.0.2\nX-Forwarded-Proto: https"},
	{"IPv6", trust("2001:db8::/32"), "[2001:db8::1]:9", "X-Forwarded-For: 2a00:1450:4026:805::200e\nX-Forwarded-Proto: https"},
	{"50 forged", ten, "10.0.0.1:9", "X-Forwarded-For: " + strings.Repeat("6.6.6.6, ", 50) + "203.0.113.9\nX-Forwarded-Proto: https"},
	{"5000 forged", ten, "10.0.0.1:9", "X-Forwarded-For: " + strings.Repeat("6.6.6.6, ", 5000) + "203.0.113.9\nX-Forwarded-Proto: https"},
	{"25 CIDRs", trust(cdn...), "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 172.70.1.2\nX-Forwarded-Proto: https"},
	{"Forwarded", rfc, "10.0.0.1:9", "Forwarded: for=203.0.113.9;proto=https"},
	{"Forwarded, 3 hops", rfc, "10.0.0.1:9", `Forwarded: for="[2001:db8::9]";proto=https;host=a.example, for=10.0.0.3, for=10.0.0.2`},
	{"Forwarded, 50 forged", rfc, "10.0.0.1:9", "Forwarded: " + strings.Repeat(`for="6.6.6.6", `, 50) + "for=203.0.113.9;proto=https"},
	{"single header", realX, "10.0.0.1:9", "X-Real-IP: 203.0.113.9"},
	{"Hops", hops(2), "192.0.2.1:9", "X-Forwarded-For: 203.0.113.9, 198.51.100.1\nX-Forwarded-Proto: https"},
	{"garbage", ten, "10.0.0.1:9", "X-Forwarded-For: unknown"},
	{"all that is read", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Host: a.example\nX-Forwarded-Port: 443\nX-Forwarded-Prefix: /app"},
	{"untrusted peer", ten, "203.0.113.9:4431", ""},
	{"nobody trusted", xheaders.Config{}, "203.0.113.9:4431", ""},
	{"DangerouslyTrustAll", pants, "192.0.2.1:9", "X-Real-IP: 203.0.113.9\nX-Forwarded-Proto: https"},
}

// browser is what a request has besides.
const browser = "Accept: */*\nAccept-Encoding: gzip\nAccept-Language: en\nUser-Agent: x\nCookie: a=b\nConnection: close\nReferer: x\nListen: tcp\n"

func TestResolveAllocatesNothing(t *testing.T) {
	for _, l := range loads {
		t.Run(l.name, func(t *testing.T) {
			x, r := must(t, l.config), request(l.peer, browser+l.head)
			if n := testing.AllocsPerRun(100, func() { x.Resolve(r) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// TestWrapAllocatesTwice: the context and the copy of the request, when no header has to
// be cleaned.
func TestWrapAllocatesTwice(t *testing.T) {
	for _, l := range loads {
		if strings.Contains(l.name, "forged") || strings.Contains(l.name, "hops") || strings.Contains(l.name, "lines") || l.name == "garbage" {
			continue // these are cleaned
		}
		t.Run(l.name, func(t *testing.T) {
			x, r, w := must(t, l.config), request(l.peer, browser+l.head), httptest.NewRecorder()
			var kept bool
			h := x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r2 *http.Request) { kept = len(r2.Header) == len(r.Header) }))
			if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 2 {
				t.Errorf("%v allocations", n)
			}
			if !kept {
				t.Error("headers were removed")
			}
		})
	}
}

func BenchmarkResolve(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			x, r := must(b, l.config), request(l.peer, browser+l.head)
			b.ReportAllocs()
			for b.Loop() {
				x.Resolve(r)
			}
		})
	}
}

func BenchmarkWrap(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			x, r, w := must(b, l.config), request(l.peer, browser+l.head), httptest.NewRecorder()
			h := x.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
