package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/xheaders"
	"github.com/gorilla/handlers"
	"github.com/labstack/echo/v5"
)

// reader is one way to find out who the client is.
type reader struct {
	who  string
	like string
	// prepare returns what is timed for a request, and the text of what that found. rfc asks for Forwarded.
	prepare func(trust []string, rfc bool, r *http.Request) (do func(), found func() string)
}

const (
	resolve     = "xheaders Resolve"
	resolveText = "xheaders Resolve, as text"
	wrapKeep    = "xheaders Wrap, KeepHeaders"
	wrap        = "xheaders Wrap"
	chiXFF      = "chi ClientIPFromXFF"
	ginIP       = "gin ClientIP"
	echoIP      = "echo RealIP"
	gorillaIP   = "gorilla ProxyHeaders"
	leftmost    = "leftmost, by hand"
)

// Like for like, functions that return the address as text and middleware that hands a request on are compared with ours of
// that form. Ours do more meanwhile, they also decide on scheme and host; and Wrap, unless it keeps them, cleans the headers.
var readers = []reader{
	{resolve, "", func(trust []string, rfc bool, r *http.Request) (func(), func() string) {
		x := resolver(trust, rfc, false)
		var info xheaders.Info
		return func() { info = x.Resolve(r) }, func() string { return info.ClientIP() }
	}},
	{resolveText, "", func(trust []string, rfc bool, r *http.Request) (func(), func() string) {
		x := resolver(trust, rfc, false)
		var ip string
		return func() { ip = x.Resolve(r).ClientIP() }, func() string { return ip }
	}},
	{wrapKeep, "", func(trust []string, rfc bool, r *http.Request) (func(), func() string) {
		return wrapped(resolver(trust, rfc, true), r)
	}},
	{wrap, "", func(trust []string, rfc bool, r *http.Request) (func(), func() string) {
		return wrapped(resolver(trust, rfc, false), r)
	}},
	{chiXFF, wrapKeep, func(trust []string, _ bool, r *http.Request) (func(), func() string) {
		var addr netip.Addr
		h := chimiddleware.ClientIPFromXFF(trust...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			addr = chimiddleware.GetClientIPAddr(r.Context())
		}))
		return func() { addr = netip.Addr{}; h.ServeHTTP(nil, r) }, func() string { return addressText(addr) }
	}},
	{ginIP, resolveText, func(trust []string, _ bool, r *http.Request) (func(), func() string) {
		gin.SetMode(gin.ReleaseMode)
		engine := gin.New()
		must(engine.SetTrustedProxies(trust))
		c := gin.CreateTestContextOnly(nil, engine)
		c.Request = r
		var ip string
		return func() { ip = c.ClientIP() }, func() string { return ip }
	}},
	{echoIP, resolveText, func(trust []string, _ bool, r *http.Request) (func(), func() string) {
		options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
		for _, cidr := range trust {
			_, network, err := net.ParseCIDR(cidr)
			must(err)
			options = append(options, echo.TrustIPRange(network))
		}
		e := echo.New()
		e.IPExtractor = echo.ExtractIPFromXFFHeader(options...)
		c := e.NewContext(r, nil)
		var ip string
		return func() { ip = c.RealIP() }, func() string { return ip }
	}},
	{gorillaIP, wrapKeep, func(_ []string, _ bool, r *http.Request) (func(), func() string) {
		// It writes into the request that it is given.
		r = r.Clone(r.Context())
		peer := r.RemoteAddr
		var address string
		h := handlers.ProxyHeaders(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { address = r.RemoteAddr }))
		return func() { r.RemoteAddr = peer; h.ServeHTTP(nil, r) }, func() string { return address }
	}},
	{leftmost, resolveText, func(_ []string, _ bool, r *http.Request) (func(), func() string) {
		var ip string
		return func() {
			if list := r.Header.Get("X-Forwarded-For"); list != "" {
				first, _, _ := strings.Cut(list, ",")
				ip = strings.TrimSpace(first)
				return
			}
			ip, _, _ = net.SplitHostPort(r.RemoteAddr)
		}, func() string { return ip }
	}},
}

func ours(who string) bool { return strings.HasPrefix(who, "xheaders ") }

func resolver(trust []string, rfc, keep bool) *xheaders.Resolver {
	config := xheaders.Config{Trust: trust, KeepHeaders: keep}
	if rfc {
		config.Headers = []string{"Forwarded"}
	}
	x, err := xheaders.New(config)
	must(err)
	return x
}

func wrapped(x *xheaders.Resolver, r *http.Request) (func(), func() string) {
	var addr netip.Addr
	h := x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		addr = info.Client
	}))
	return func() { addr = netip.Addr{}; h.ServeHTTP(nil, r) }, func() string { return addressText(addr) }
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// cdn is a list of 25 networks as a CDN publishes them, and the addresses in front of the app.
var cdn = []string{
	"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
	"108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
	"162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
	"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32",
	"2a06:98c0::/29", "2c0f:f248::/32", "10.0.0.0/8", "192.168.0.0/16", "127.0.0.1/32",
}

var ten = []string{"10.0.0.0/8"}

// job is a request and who it came from.
type job struct {
	name  string
	trust []string
	peer  string
	head  string // header lines, beside a browser's
	want  string
	says  map[string]string // who cannot do it, and what they answer
}

const proxyPeer = "10.0.0.1:40312"

// Who asks nobody, or reads from the left.
var (
	forged    = map[string]string{gorillaIP: "6.6.6.6", leftmost: "6.6.6.6"}
	rfcForged = map[string]string{chiXFF: "", ginIP: "10.0.0.1", echoIP: "10.0.0.1", gorillaIP: "6.6.6.6", leftmost: "10.0.0.1"}
	rfcOnly   = map[string]string{chiXFF: "", ginIP: "10.0.0.1", echoIP: "10.0.0.1", leftmost: "10.0.0.1"}
)

var jobs = []job{
	{"1 hop", ten, proxyPeer, "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https", "203.0.113.9", nil},
	{"3 hops", ten, proxyPeer, "X-Forwarded-For: 203.0.113.9, 10.0.0.3, 10.0.0.2\nX-Forwarded-Proto: https", "203.0.113.9", nil},
	{"1 hop, IPv6", []string{"2001:db8::/32"}, "[2001:db8::1]:40312", "X-Forwarded-For: 2a00:1450:4026:805::200e\nX-Forwarded-Proto: https", "2a00:1450:4026:805::200e", nil},
	{"50 forged entries", ten, proxyPeer, withForged(50), "203.0.113.9", forged},
	{"25 CIDRs", cdn, proxyPeer, "X-Forwarded-For: 203.0.113.9, 172.70.1.2\nX-Forwarded-Proto: https", "203.0.113.9", nil},
	{"25 CIDRs, IPv6", cdn, proxyPeer, "X-Forwarded-For: 2a00:1450:4026:805::200e, 2606:4700:10::6814:507\nX-Forwarded-Proto: https", "2a00:1450:4026:805::200e", nil},
	{"peer not trusted", ten, "198.51.100.7:40312", "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https", "198.51.100.7", forged},
	{"Forwarded, 1 hop", ten, proxyPeer, "Forwarded: for=203.0.113.9;proto=https", "203.0.113.9", rfcOnly},
	{"Forwarded, 3 hops", ten, proxyPeer, "Forwarded: for=203.0.113.9;proto=https, for=10.0.0.3, for=10.0.0.2", "203.0.113.9", rfcOnly},
	{"Forwarded, 50 forged entries", ten, proxyPeer, "Forwarded: " + strings.Repeat("for=6.6.6.6, ", 50) + "for=203.0.113.9;proto=https", "203.0.113.9", rfcForged},
}

func withForged(n int) string {
	return "X-Forwarded-For: " + strings.Repeat("6.6.6.6, ", n) + "203.0.113.9\nX-Forwarded-Proto: https"
}

// xheadersRows are the jobs, and one row with what forged entries cost.
func xheadersRows() (all []row) {
	properties := map[string][]string{}
	for _, w := range readers {
		properties[w.who] = w.properties()
	}
	for _, j := range jobs {
		r := row{name: j.name}
		for _, w := range readers {
			t := j.try(w)
			t.marks = properties[w.who]
			// The promise: the fastest of those that check the peer and walk from the right.
			t.slower = !ours(w.who) && t.marks[0] == "yes" && t.marks[1] == "yes"
			r.tries = append(r.tries, t)
		}
		all = append(all, r)
	}
	growth := row{name: "growth with forged entries at the left"}
	for _, w := range readers {
		for _, n := range []int{0, 50, 1000} {
			if _, no := forged[w.who]; no || w.who == resolveText {
				continue
			}
			t := job{trust: ten, peer: proxyPeer, head: withForged(n), want: "203.0.113.9"}.try(w)
			t.marks = properties[w.who]
			t.who, t.against, t.like = fmt.Sprintf("%s, %d", w.who, n), fmt.Sprintf("%s, 0", w.who), ""
			if n == 0 {
				t.against = ""
			} else if w.who == resolve || w.who == wrapKeep {
				t.atMost = 1.15 // a few ns to find the comma are no growth
			}
			growth.tries = append(growth.tries, t)
		}
	}
	return append(all, growth)
}

func (j job) try(w reader) try {
	rfc := strings.HasPrefix(j.head, "Forwarded")
	do, found := w.prepare(j.trust, rfc, arrived(j.peer, j.head))
	t := try{who: w.who, like: w.like, do: do, want: j.want}
	if w.who != resolve {
		t.against = resolve
	}
	t.answer = func() string { do(); return found() }
	if says, ok := j.says[w.who]; ok {
		if says == "" {
			says = unknown
			t.answer = func() string { do(); return orUnknown(found()) }
		}
		t.says = says
	}
	return t
}

const unknown = "unknown"

func orUnknown(text string) string {
	if text == "" {
		return unknown
	}
	return text
}

// properties are what a reader shows of itself: whether a stranger is believed, and whether an entry that the client wrote is.
func (w reader) properties() []string {
	yesNo := func(peer, head, want string) string {
		do, found := w.prepare(ten, false, arrived(peer, head))
		if do(); found() == want {
			return "yes"
		}
		return "no"
	}
	return []string{
		yesNo("198.51.100.7:40312", "X-Forwarded-For: 6.6.6.6", "198.51.100.7"),
		yesNo(proxyPeer, "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
	}
}

// browser is what a request has besides.
const browser = "GET / HTTP/1.1\nHost: app.example\nAccept: */*\nAccept-Encoding: gzip\nAccept-Language: en\nUser-Agent: x\nCookie: a=b\nReferer: https://app.example/\n"

// arrived is such a request from a peer, with further header lines.
func arrived(peer, head string) *http.Request { return received(peer, browser+head+"\n") }
