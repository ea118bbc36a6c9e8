package xheaders_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// A place is a Config to fuzz, with a peer that it believes. In all of them 10.0.0.0/8,
// 2001:db8::/32 and sockets are the proxies, and 198.51.100.7 is none.
type place struct {
	x       *xheaders.Resolver
	peer    string
	chain   bool // the client is never inside Trust
	unasked bool // every peer is believed
}

var inside = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}

func places(t testing.TB) []place {
	proxies := trust("10.0.0.0/8", "2001:db8::/32", "unix")
	counted := headers(proxies, every.Headers...)
	counted.Hops = 2
	return []place{
		{must(t, headers(proxies, every.Headers...)), "10.0.0.1:9", true, false},
		{must(t, headers(proxies, "Forwarded")), "[2001:db8::1]:9", true, false},
		{must(t, headers(proxies, append([]string{"X-Real-IP"}, every.Headers[1:]...)...)), "@", false, false},
		{must(t, counted), "10.0.0.1:9", false, false},
		{must(t, headers(hops(2), "Forwarded")), "10.0.0.1:9", false, true},
		{must(t, headers(trust("any"), "X-Real-IP", "X-Forwarded-Proto")), "192.0.2.1:9", false, true},
		{must(t, proxies), "10.0.0.1:9", true, false},
	}
}

// invariants hold for every request.
func invariants(t *testing.T, p place, r *http.Request) {
	t.Helper()
	before := lines(r.Header)
	info := p.x.Resolve(r)

	if a := info.Client; a.IsValid() {
		if b, err := netip.ParseAddr(info.ClientIP()); err != nil || b != a || a.Is4In6() || a.IsUnspecified() {
			t.Errorf("client %v is not canonical", a)
		}
		for _, prefix := range inside {
			if p.chain && info.Trusted && prefix.Contains(a.WithZone("")) {
				t.Errorf("client %v is a proxy", a)
			}
		}
	}
	if info.Scheme != "http" && info.Scheme != "https" {
		t.Errorf("scheme %q", info.Scheme)
	}
	if info.Host != r.Host {
		if u, err := url.Parse("http://" + info.Host + "/x"); err != nil || u.Host != info.Host || u.Path != "/x" || u.User != nil {
			t.Errorf("host %q is none: %v", info.Host, err)
		}
	}
	if info.Prefix != "" {
		if u, err := url.Parse(info.Prefix + "/x"); err != nil || u.Host != "" || u.EscapedPath() != info.Prefix+"/x" || u.JoinPath().EscapedPath() != info.Prefix+"/x" {
			t.Errorf("prefix %q is no path: %v", info.Prefix, err)
		}
	}

	trace := p.x.Explain(r)
	if trace.Info != info {
		t.Errorf("Explain says %+v, Resolve %+v", trace.Info, info)
	}
	if text := trace.String(); strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\n' || c > '~' }) {
		t.Errorf("Explain lets through what a terminal obeys: %q", text)
	}

	// What the handlers behind see says the same, also to somebody who trusts as we do.
	seen := behind(r, p.x.Wrap)
	if got, _ := xheaders.FromContext(seen.Context()); got != info {
		t.Errorf("Wrap says %+v, Resolve %+v", got, info)
	}
	if info.Trusted && info.Client.IsValid() {
		again := request(r.RemoteAddr, "")
		again.Host, again.TLS, again.Header = r.Host, r.TLS, seen.Header
		got := p.x.Resolve(again)
		got.Port = info.Port
		if got != info {
			t.Errorf("cleaned headers\n%s\nsay %+v, not %+v", lines(seen.Header), got, info)
		}
	}
	if !info.Trusted {
		for key := range seen.Header {
			if strings.Contains(strings.ToLower(key), "forwarded") {
				t.Errorf("%s survived", key)
			}
		}
	}
	if after := lines(r.Header); after != before {
		t.Errorf("the headers were changed: %s", after)
	}

	// A stranger says nothing.
	if !p.unasked {
		stranger := r.Clone(r.Context())
		stranger.RemoteAddr = "198.51.100.7:9"
		bare := r.Clone(r.Context())
		bare.RemoteAddr, bare.Header = "198.51.100.7:9", http.Header{}
		if a, b := p.x.Resolve(stranger), p.x.Resolve(bare); a != b || a.ClientIP() != "198.51.100.7" {
			t.Errorf("with headers %+v, without %+v", a, b)
		}
	}

	// What a client puts to the left of a chain changes nothing once the client is found.
	if info.Client.IsValid() && info.Trusted {
		for name, forgeries := range map[string][]string{
			"X-Forwarded-For": {"6.6.6.6, ", "unknown, ", ", , ", "10.0.0.9,", "\","},
			"Forwarded":       {"for=6.6.6.6, ", `for="6.6.6.6, `, `for="6.6.6.6\, `, `", `, "for=10.0.0.9;proto=https;host=evil.example,", `x="`},
		} {
			if len(r.Header[name]) == 0 {
				continue
			}
			for _, forgery := range forgeries {
				for _, own := range []bool{true, false} {
					forged := r.Clone(r.Context())
					if own {
						forged.Header[name] = append([]string{forgery}, forged.Header[name]...)
					} else if strings.Contains(forgery, ",") {
						forged.Header[name][0] = forgery + forged.Header[name][0]
					}
					if got := p.x.Resolve(forged); got != info {
						t.Errorf("%q on the left: %+v, was %+v", forgery, got, info)
					}
				}
			}
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add(uint8(0), "", "6.6.6.6, 203.0.113.9:4431", "10.0.0.7", "https, http", "a.example, b.example", "443", "/app/")
	f.Add(uint8(0), "10.0.0.1", "[2001:db8::1%eth0]:80,,", "unknown", "WSS", "[::1]:8443", "8080", "//evil.example")
	f.Add(uint8(0), "[fe80::1%eth0]:9", "::ffff:203.0.113.9", "::ffff:10.0.0.1, 2001:db8::9%x", "on", "a/b", "0", "/a/../b")
	f.Add(uint8(1), "", `for="[2001:db8::9]:_x";proto=https;host="a.example:1"`, `for="6.6.6.6, for=10.0.0.2`, "", "", "", "")
	f.Add(uint8(2), "@", "203.0.113.9", "1.1.1.1, 2.2.2.2", "http", "app.example:9000", "9000", "/%2e%2e/")
	f.Add(uint8(3), "", "1.2.3.4", "10.0.0.2", ",https,", "A.example", "65535", "/a%20b")
	f.Add(uint8(3), "", "", "1.2.3.4", "https", "a.example", "443", "/x")
	f.Add(uint8(4), "", "for=_hidden", "for=unknown;proto=wss, for=1.1.1.1", "https", "", "", "")
	f.Add(uint8(5), "", "0177.0.0.1", "1.2.3.4:00080", "ftp", "", "", "")
	f.Add(uint8(6), "::", " 010.0.0.1 ", "0.0.0.0", "HTTPS\t", "", "", "")
	all := places(f)
	f.Fuzz(func(t *testing.T, which uint8, remote, first, second, proto, host, port, prefix string) {
		p := all[int(which)%len(all)]
		r := request(p.peer, "")
		if remote != "" {
			r.RemoteAddr = remote
		}
		for _, h := range []struct{ name, value string }{
			{"X-Forwarded-For", first}, {"X-Forwarded-For", second}, {"Forwarded", first}, {"Forwarded", second},
			{"X-Real-Ip", first}, {"X-Real-Ip", second}, {"X-Forwarded-Proto", proto}, {"X-Forwarded-Ssl", proto},
			{"X-Forwarded-Host", host}, {"X-Forwarded-Port", port}, {"X-Forwarded-Prefix", prefix},
		} {
			if h.value != "" {
				r.Header[h.name] = append(r.Header[h.name], h.value)
			}
		}
		if port != "" {
			r.Host = host // also a Host header that nobody checked
		}
		invariants(t, p, r)
	})
}

func FuzzForwarded(f *testing.F) {
	for _, seed := range [][2]string{
		{`for="_gazonk"`, `For="[2001:db8:cafe::17]:4711"`},
		{"for=192.0.2.60;proto=http;by=203.0.113.43", "for=192.0.2.43, for=198.51.100.17"},
		{`for="6.6.6.6, for=203.0.113.9`, "for=10.0.0.2"},
		{`for="\\\\, for="\"1.1.1.1`, `for="a\", for=1.1.1.1", for=10.0.0.2`},
		{`x=";";for="1.1.1.\1" ; host="a\.b"`, ";;proto=https;,, for=10.0.0.2;host=b:80"},
		{"for=1.1.1.1;for=2.2.2.2", `for="[::ffff:1.2.3.4%z]:1"`},
	} {
		f.Add(seed[0], seed[1], true)
		f.Add(seed[1], seed[0], false)
	}
	all := places(f)
	f.Fuzz(func(t *testing.T, first, second string, counted bool) {
		p := all[1]
		if counted {
			p = all[4]
		}
		r := request(p.peer, "")
		r.Header["Forwarded"] = []string{first, second}
		invariants(t, p, r)

		// Two lines are one list, unless one of them has an open quote.
		if joined := first + ", " + second; strings.Count(joined, `"`) == 0 {
			r2 := request(p.peer, "")
			r2.Header["Forwarded"] = []string{joined}
			if a, b := p.x.Resolve(r), p.x.Resolve(r2); a != b {
				t.Errorf("two lines %+v, one line %+v", a, b)
			}
		}
	})
}

// FuzzAddress: we read the addresses that net/netip reads, and no others.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"1.2.3.4", "1.2.3.4:80", "::1", "[::1]:80", "::ffff:1.2.3.4", "01.2.3.4", "fe80::1%eth0", "1.2.3", "::", "1:2:3:4:5:6:7:8", "64:ff9b::1.2.3.4", "[::]", "1.2.3.4 "} {
		f.Add(seed)
	}
	x := must(f, realX)
	f.Fuzz(func(t *testing.T, text string) {
		r := request("10.0.0.1:9", "")
		r.Header["X-Real-Ip"] = []string{text}
		got := x.Resolve(r)
		text = strings.Trim(text, " \t")
		want, err := netip.ParseAddr(text)
		if err != nil {
			ap, err2 := netip.ParseAddrPort(text)
			want, err = ap.Addr(), err2
		}
		want = want.Unmap().WithZone("")
		if port := text[strings.LastIndexByte(text, ':')+1:]; err == nil && len(port) > 5 && !strings.HasSuffix(want.String(), port) {
			return // RFC 7239 section 6: a port has five digits at the most; netip takes more zeros
		}
		if err == nil && !want.IsUnspecified() && !(strings.HasPrefix(text, "[") && strings.Contains(text, "%")) {
			if got.Client != want {
				t.Errorf("%q: %v, netip says %v", text, got.Client, want)
			}
		}
		if got.Client.IsValid() && err != nil && !strings.ContainsAny(text, "[%:") {
			t.Errorf("%q: %v, netip says %v", text, got.Client, err)
		}
	})
}

// FuzzNew: a Config is refused or works.
func FuzzNew(f *testing.F) {
	f.Add("10.0.0.1/8", "private", "X-Forwarded-For", "X-Forwarded-Host", 0)
	f.Add("::ffff:10.0.0.0/104", "any", "X-Real-IP", "Forwarded", -1)
	f.Add("fe80::%x/10", "10.0.0.0/33", "X_Forwarded_For", "x y", 3)
	f.Fuzz(func(t *testing.T, a, b, name1, name2 string, n int) {
		x, err := xheaders.New(xheaders.Config{Trust: []string{a, b}, Hops: n, Headers: []string{name1, name2}})
		if (x == nil) != (err != nil) {
			t.Fatalf("New = %v, %v", x, err)
		}
		r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nForwarded: for=203.0.113.9")
		r.Header[http.CanonicalHeaderKey(name1)] = []string{"203.0.113.9"}
		_ = behind(r, x.Wrap)
		if text := x.Explain(r).String(); text == "" {
			t.Error("Explain is empty")
		}
	})
}
