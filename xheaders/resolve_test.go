package xheaders_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// situation is a request and what we make of it.
type situation struct {
	name   string
	config xheaders.Config
	peer   string // RemoteAddr

	// Header lines. "TLS" alone, "Host: x" and "Listen: network" describe the rest of the
	// request; the host is app.example otherwise.
	head string

	// Client ("-" for unknown), scheme, host, prefix; what is left out is http,
	// app.example and none.
	want string
}

// check runs every situation through Resolve, and its invariants past it.
func check(t *testing.T, situations []situation) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range situations {
		if seen[s.name] {
			t.Errorf("two cases are called %q", s.name)
		}
		seen[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			x := must(t, s.config)
			r := request(s.peer, s.head)
			before := r.Header.Clone()
			info := x.Resolve(r)
			if got := summary(info); got != full(s.want) {
				t.Errorf("got %q, want %q", got, full(s.want))
			}
			if len(before) != len(r.Header) || r.RemoteAddr != s.peer {
				t.Errorf("Resolve changed the request: %v, was %v", r.Header, before)
			}
			if trace := x.Explain(r); trace.Info != info {
				t.Errorf("Explain says %+v, Resolve %+v", trace.Info, info)
			}
			x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if got, ok := xheaders.FromContext(r.Context()); !ok || got != info {
					t.Errorf("Wrap says %+v, Resolve %+v", got, info)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
		})
	}
}

func must(t testing.TB, c xheaders.Config) *xheaders.Resolver {
	t.Helper()
	x, err := xheaders.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

type address string

func (a address) Network() string { return string(a) }
func (a address) String() string  { return "" }

// request makes a request as net/http would hand it to a handler.
func request(peer, head string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Host, r.RemoteAddr = "app.example", peer
	for line := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "":
		case "TLS":
			r.TLS = &tls.ConnectionState{}
		case "Host":
			r.Host = strings.TrimSpace(value)
		case "Listen":
			var a net.Addr = address(strings.TrimSpace(value))
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, a))
		default:
			key := http.CanonicalHeaderKey(name)
			r.Header[key] = append(r.Header[key], strings.Trim(value, " \t"))
		}
	}
	return r
}

func summary(i xheaders.Info) string {
	client := i.ClientIP()
	if client == "" {
		client = "-"
	}
	return client + " " + i.Scheme + " " + i.Host + " " + i.Prefix
}

// full adds what a want left out.
func full(want string) string {
	fields := append(strings.Fields(want), "", "", "")[:4]
	if fields[1] == "" {
		fields[1] = "http"
	}
	if fields[2] == "" {
		fields[2] = "app.example"
	}
	return strings.Join(fields, " ")
}

// trust, hops and headers make the Configs of the tables.
func trust(list ...string) xheaders.Config { return xheaders.Config{Trust: list} }
func hops(n int) xheaders.Config           { return xheaders.Config{Hops: n} }

func headers(c xheaders.Config, names ...string) xheaders.Config {
	c.Headers = names
	return c
}

var (
	ten   = trust("10.0.0.0/8")
	realX = headers(ten, "X-Real-IP")
	rfc   = headers(ten, "Forwarded")
	every = headers(ten, "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Ssl", "Front-End-Https",
		"X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix")
)

// TestWounds: what went wrong in other projects, by the names it was published under.
func TestWounds(t *testing.T) {
	check(t, []situation{
		{"GHSA-9g5q-2w5x-hmxf leftmost entry", ten, "10.0.0.1:9", "X-Forwarded-For: 192.0.2.2, 192.0.2.1", "192.0.2.1"},
		{"GHSA-rjr7-jggh-pgcp loopback forged on the left", ten, "10.0.0.1:9", "X-Forwarded-For: 127.0.0.1, 99.99.99.99", "99.99.99.99"},
		{"GHSA-rjr7-jggh-pgcp only the configured header is read", realX, "10.0.0.1:9",
			"True-Client-IP: 1.1.1.1\nX-Forwarded-For: 2.2.2.2\nX-Real-IP: 203.0.113.7", "203.0.113.7"},
		{"GHSA-3fxj-6jh8-hvhx admin address from anybody", xheaders.Config{}, "99.99.99.99:1234", "X-Forwarded-For: 1.2.3.4, 5.6.7.8", "99.99.99.99"},
		{"GHSA-3fxj-6jh8-hvhx admin address behind a proxy", ten, "10.0.0.1:9", "X-Forwarded-For: 1.2.3.4, 99.99.99.99", "99.99.99.99"},
		{"GHSA-j6qf-3m9c-vwj3 the peer is checked before the list", ten, "198.51.100.7:9", "X-Forwarded-For: 1.2.3.4, 10.0.0.1", "198.51.100.7"},
		{"realclientip PR 11 the peer is checked before the list", ten, "9.9.9.9:1234", "X-Forwarded-For: 1.2.3.4, 10.0.0.1", "9.9.9.9"},
		{"CVE-2020-28483 nobody is trusted by default", xheaders.Config{}, "203.0.113.5:9", "X-Forwarded-For: 127.0.0.1", "203.0.113.5"},
		{"CVE-2020-28483 not even the private peer", xheaders.Config{}, "10.0.0.5:9", "X-Forwarded-For: 127.0.0.1", "10.0.0.5"},
		{"CVE-2023-26125 prefix leads to another site", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Prefix: //evil.example", "203.0.113.9"},
		{"CVE-2023-26125 prefix with a backslash", every, "10.0.0.1:9", `X-Forwarded-For: 203.0.113.9
X-Forwarded-Prefix: /\evil.example`, "203.0.113.9"},
		{"CVE-2026-45045 the proxy added a second X-Real-IP", realX, "10.0.0.1:9", "X-Real-IP: 6.6.6.6\nX-Real-IP: 203.0.113.9", "203.0.113.9"},
		{"GHSA-gcfq-8gqf-4876 two lines of a list", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6\nX-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"CVE-2024-45410 the proxy dropped its own header", ten, "10.0.0.1:9", "Connection: X-Forwarded-For", "-"},
		{"GHSA-62c8-mh53-4cqv the proxy dropped every header", every, "10.0.0.1:9", "Connection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host", "-"},
		{"CVE-2025-48865 dropped from the middle of the chain", trust("loopback", "10.0.0.0/8"), "127.0.0.1:9", "X-Forwarded-For: 10.0.0.7", "-"},
		{"CVE-2022-31813 no header does not mean the peer", trust("loopback"), "127.0.0.1:9", "", "-"},
		{"GHSA-5m6w-wvh7-57vm underscore alias of the scheme", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX_Forwarded_Proto: https", "203.0.113.9"},
		{"CVE-2025-64484 underscore alias of the address", ten, "10.0.0.1:9", "X_Forwarded_For: 127.0.0.1", "-"},
		{"GHSA-vjrc-mh2v-45x6 underscore alias beside the real one", ten, "10.0.0.1:9", "X_Forwarded_For: 127.0.0.1\nX-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"CVE-2026-52845 mixed alias", realX, "10.0.0.1:9", "X_Real-IP: 127.0.0.1", "-"},
		{"GHSA-f59h-q822-g45g underscore alias of the host", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX_Forwarded_Host: evil.example", "203.0.113.9"},
		{"GHSA-49wc-4hcv-v58q dot alias", ten, "10.0.0.1:9", "X.Forwarded.For: 127.0.0.1", "-"},
		{"GHSA-7x63-xv5r-3p2x 0.0.0.0/0 leaves no client, not a forged one", trust("0.0.0.0/0"), "203.0.113.9:9", "X-Forwarded-For: 127.0.0.1", "-"},
		{"GHSA-7x63-xv5r-3p2x X-Forwarded-Uri is not read", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Uri: /admin", "203.0.113.9"},
		{"CVE-2026-32762 parameters smuggled inside quotes", rfc, "10.0.0.1:9", `Forwarded: for="1.2.3.4;proto=https;host=evil.example"`, "-"},
		{"CVE-2026-32762 a comma inside quotes", rfc, "10.0.0.1:9", `Forwarded: for="6.6.6.6, for=127.0.0.1"`, "-"},
		{"CVE-2026-34835 illegal characters in the host", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: good.example/../evil.example", "203.0.113.9"},
		{"CVE-2026-34835 user information in the host", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: good.example@evil.example", "203.0.113.9"},
		{"aspnetcore PR 61530 scheme and host from an unknown peer", every, "198.51.100.7:9",
			"X-Forwarded-Proto: https\nX-Forwarded-Host: evil.example\nX-Forwarded-Prefix: /x", "198.51.100.7"},
		{"aspnetcore announcement 517 no address, still an unknown peer", every, "198.51.100.7:9", "X-Forwarded-Proto: https", "198.51.100.7"},
		{"aspnetcore 67816 a peer without address bypasses no list", ten, "", "X-Forwarded-For: 11.111.111.11:12345", "-"},
		{"aspnetcore 67817 a socket bypasses no list", ten, "@", "X-Forwarded-For: 11.111.111.11:12345", "-"},
		{"CVE-2018-0787 X-Forwarded-Host is opt-in", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: evil.example", "203.0.113.9"},
		{"CVE-2011-4139 markup in the host", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: evil.example\"><script>", "203.0.113.9"},
		{"CVE-2021-29923 leading zeros", ten, "10.0.0.1:9", "X-Forwarded-For: 0127.0.0.1", "-"},
		{"CVE-2021-29923 leading zeros do not make a proxy", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 010.0.0.7", "-"},
		{"CVE-2017-16118 a long run of blanks", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6," + strings.Repeat(" ", 50000) + "203.0.113.9", "203.0.113.9"},
		{"symfony 20597 a browser's Forwarded is no conflict", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nForwarded: for=6.6.6.6;proto=https", "203.0.113.9"},
		{"symfony 25543 a client's X-Forwarded-For is no conflict", rfc, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6\nForwarded: for=203.0.113.9", "203.0.113.9"},
		{"symfony 28279 both garbage, one configured", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nForwarded: ;;;=", "203.0.113.9"},
		{"caddy and rails skip garbage", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, garbage, 10.0.0.7", "-"},
		{"gin and echo fall back to the trusted peer", trust("127.0.0.1"), "127.0.0.1:9", "X-Forwarded-For: garbage", "-"},
	})
}

// TestDisagreements: the questions that well-known libraries answer differently, and
// our answer.
func TestDisagreements(t *testing.T) {
	unix := trust("unix", "10.0.0.0/8")
	check(t, []situation{
		{"trusted peer, header missing", ten, "10.0.0.1:9", "", "-"},
		{"trusted peer, header empty", ten, "10.0.0.1:9", "X-Forwarded-For:", "-"},
		{"trusted peer, header of commas", ten, "10.0.0.1:9", "X-Forwarded-For: , ,,", "-"},
		{"every hop trusted", ten, "10.0.0.1:9", "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "-"},
		{"socket, unix not in Trust", ten, "@", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https", "-"},
		{"socket, unix in Trust", unix, "@", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https", "203.0.113.9 https"},
		{"socket by path, unix in Trust", unix, "/run/app.sock", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"socket by the listener, unix in Trust", unix, "", "Listen: unix\nX-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"peer that cannot be read", unix, "pipe", "X-Forwarded-For: 203.0.113.9", "-"},
		{"list shorter than Hops", hops(2), "192.0.2.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https", "-"},
		{"garbage decides", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, unknown", "-"},
		{"garbage decides, scheme still believed", ten, "10.0.0.1:9", "X-Forwarded-For: unknown\nX-Forwarded-Proto: https", "- https"},
		{"port in the list", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9:4431", "203.0.113.9"},
		{"brackets in the list", ten, "10.0.0.1:9", "X-Forwarded-For: [2001:db8::9]", "2001:db8::9"},
		{"brackets and port in the list", ten, "10.0.0.1:9", "X-Forwarded-For: [2001:db8::9]:4431", "2001:db8::9"},
		{"port in a single header", realX, "10.0.0.1:9", "X-Real-IP: 203.0.113.9:4431", "203.0.113.9"},
		{"brackets in a single header", realX, "10.0.0.1:9", "X-Real-IP: [2001:db8::9]", "2001:db8::9"},
		{"port out of range", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9:65536", "-"},
		{"empty elements are skipped", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, , 10.0.0.2,,", "203.0.113.9"},
		{"zone in a header is cut", ten, "10.0.0.1:9", "X-Forwarded-For: fe80::1%eth0", "fe80::1"},
		{"zone of the peer is kept", ten, "[fe80::1%eth0]:9", "", "fe80::1%eth0"},
		{"0.0.0.0 is nobody", ten, "10.0.0.1:9", "X-Forwarded-For: 0.0.0.0", "-"},
		{":: is nobody", ten, "10.0.0.1:9", "X-Forwarded-For: ::", "-"},
		{"X-Real-IP twice, the last counts", realX, "10.0.0.1:9", "X-Real-IP: 203.0.113.8\nX-Real-IP: 203.0.113.9", "203.0.113.9"},
		{"X-Real-IP twice, the last is garbage", realX, "10.0.0.1:9", "X-Real-IP: 203.0.113.8\nX-Real-IP: x", "-"},
		{"scheme list, one hop", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https, http", "203.0.113.9 http"},
		{"scheme list, two hops", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Proto: https, http", "203.0.113.9 https"},
		{"host list, one hop", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example, b.example", "203.0.113.9 http b.example"},
		{"host list, two hops", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Host: a.example, b.example", "203.0.113.9 http a.example"},
		{"ws is http", ten, "10.0.0.1:9", "TLS\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: ws", "203.0.113.9 http"},
		{"wss is https", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: wss", "203.0.113.9 https"},
		{"other scheme is refused", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: ftp", "203.0.113.9 http"},
		{"other scheme over TLS is refused", ten, "10.0.0.1:9", "TLS\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: ftp", "203.0.113.9 https"},
		{"proto on is refused", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: on", "203.0.113.9 http"},
		{"proto ssl is refused", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: ssl", "203.0.113.9 http"},
		{"proto 1 is refused", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: 1", "203.0.113.9 http"},
		{"port in host and in port header", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example:8080\nX-Forwarded-Port: 9090", "203.0.113.9 http a.example:8080"},
		{"Ssl against Proto", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: http\nX-Forwarded-Ssl: on", "203.0.113.9 http"},
		{"both lists sent, X-Forwarded-For configured", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nForwarded: for=6.6.6.6", "203.0.113.9"},
		{"both lists sent, Forwarded configured", rfc, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6\nForwarded: for=203.0.113.9", "203.0.113.9"},
		{"configured list missing, the other one sent", ten, "10.0.0.1:9", "Forwarded: for=6.6.6.6", "-"},
		{"duplicate for", rfc, "10.0.0.1:9", "Forwarded: for=203.0.113.9;for=203.0.113.9", "-"},
		{"element without for", rfc, "10.0.0.1:9", "Forwarded: for=6.6.6.6, proto=https", "- https"},
		{"empty pairs", rfc, "10.0.0.1:9", "Forwarded: ;;for=203.0.113.9;;proto=https;", "203.0.113.9 https"},
		{"white space around separators", rfc, "10.0.0.1:9", "Forwarded: for=6.6.6.6 ,\tfor=203.0.113.9 ; proto=https ", "203.0.113.9 https"},
		{"unquoted IPv6", rfc, "10.0.0.1:9", "Forwarded: for=[2001:db8::9]:4431", "2001:db8::9"},
		{"bare quoted IPv6", rfc, "10.0.0.1:9", `Forwarded: for="2001:db8::9"`, "2001:db8::9"},
		{"open quote left of ours", rfc, "10.0.0.1:9", `Forwarded: for="6.6.6.6, for=203.0.113.9`, "203.0.113.9"},
		{"trailing slash of the prefix", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Prefix: /app/", "203.0.113.9 http app.example /app"},
		{"TLS to us, http to the proxy", ten, "10.0.0.1:9", "TLS\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: http", "203.0.113.9 http"},
	})
}

// TestInfo: the fields that the tables do not show.
func TestInfo(t *testing.T) {
	x := must(t, ten)
	got := x.Resolve(request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9:4431"))
	if got.Port != 4431 || got.Peer.String() != "10.0.0.1" || !got.Trusted {
		t.Errorf("behind a proxy: %+v", got)
	}
	got = x.Resolve(request("198.51.100.7:51112", "X-Forwarded-For: 203.0.113.9:4431"))
	if got.Port != 51112 || got.Peer != got.Client || got.Trusted {
		t.Errorf("without a proxy: %+v", got)
	}
	got = must(t, hops(2)).Resolve(request("198.51.100.7:51112", "X-Forwarded-For: 203.0.113.9"))
	if got.Trusted {
		t.Errorf("round a proxy: %+v", got)
	}
	got = must(t, trust("unix")).Resolve(request("@", "X-Forwarded-For: 203.0.113.9"))
	if got.Peer.IsValid() || !got.Trusted {
		t.Errorf("socket: %+v", got)
	}
}

// TestNobody: nil, the zero Resolver and the zero Config believe nobody.
func TestNobody(t *testing.T) {
	for name, x := range map[string]*xheaders.Resolver{"nil": nil, "zero": new(xheaders.Resolver), "zero config": must(t, xheaders.Config{})} {
		r := request("192.0.2.1:9", "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https\nX-Real-IP: 6.6.6.6")
		if got := summary(x.Resolve(r)); got != full("192.0.2.1") {
			t.Errorf("%s: Resolve = %q", name, got)
		}
		if x.Explain(r).String() == "" {
			t.Errorf("%s: Explain is empty", name)
		}
		x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if len(r.Header) != 0 {
				t.Errorf("%s: Wrap left %v", name, r.Header)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	var x *xheaders.Resolver
	if err := x.SetTrust("loopback"); err == nil {
		t.Error("SetTrust on nil: no error")
	}
}
