package xheaders_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/go-pants/kit/xheaders"
)

// from sends a request to h, as the given peer would.
func from(peer string, h http.Handler, headers ...string) {
	r := httptest.NewRequest("GET", "http://app.example/", nil)
	r.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// client is a handler that prints who asks.
var client = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
	info, _ := xheaders.FromContext(r.Context())
	fmt.Printf("%q %s\n", info.ClientIP(), info.Scheme)
})

func Example() {
	x, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	if err != nil {
		log.Fatal(err)
	}
	handler := x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		fmt.Println(info.ClientIP(), info.Scheme, info.Host)
	}))

	// nginx on the same machine; the client sent 127.0.0.1 itself, nginx added the rest.
	from("127.0.0.1:40312", handler,
		"X-Forwarded-For", "127.0.0.1, 203.0.113.9", "X-Forwarded-Proto", "https")
	// Output: 203.0.113.9 https app.example
}

// No proxy: the zero Config believes nobody.
func ExampleConfig_direct() {
	x, _ := xheaders.New(xheaders.Config{})
	from("203.0.113.9:51112", x.Wrap(client), "X-Forwarded-For", "127.0.0.1")
	// Output: "203.0.113.9" http
}

// One nginx on the same machine that sets X-Forwarded-For by $proxy_add_x_forwarded_for,
// and X-Forwarded-Proto by $scheme.
func ExampleConfig_oneProxy() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	from("127.0.0.1:51112", x.Wrap(client),
		"X-Forwarded-For", "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto", "https")
	// Output: "203.0.113.9" https
}

// nginx speaks to the app over a UNIX socket.
func ExampleConfig_unixSocket() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"unix"}})
	from("@", x.Wrap(client), "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https")
	// Output: "203.0.113.9" https
}

// A CDN in front of a load balancer: the CDN's published networks, and one's own.
func ExampleConfig_cdn() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"10.0.0.0/16", "198.51.100.0/24"}})
	from("10.0.3.4:51112", x.Wrap(client),
		"X-Forwarded-For", "6.6.6.6, 203.0.113.9, 198.51.100.17", "X-Forwarded-Proto", "https, http")
	// Output: "203.0.113.9" https
}

// Two proxies without fixed addresses. The platform lets nobody else in.
func ExampleConfig_hops() {
	x, _ := xheaders.New(xheaders.Config{Hops: 2})
	handler := x.Wrap(client)
	from("192.0.2.44:51112", handler, "X-Forwarded-For", "6.6.6.6, 203.0.113.9, 192.0.2.80", "X-Forwarded-Proto", "https")
	// Somebody who found a way round the first proxy is not believed.
	from("192.0.2.44:51112", handler, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https")
	// Output:
	// "203.0.113.9" https
	// "" http
}

// A tunnel or a CDN with one header, and a firewall that lets nobody else in.
func ExampleConfig_singleHeader() {
	x, _ := xheaders.New(xheaders.Config{
		Trust:   []string{"any"},
		Headers: []string{"CF-Connecting-IP", "X-Forwarded-Proto"},
	})
	from("198.51.100.17:51112", x.Wrap(client), "CF-Connecting-IP", "203.0.113.9", "X-Forwarded-Proto", "https")
	// Output: "203.0.113.9" https
}

// A proxy that speaks RFC 7239.
func ExampleConfig_forwarded() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"10.0.0.0/16"}, Headers: []string{"Forwarded"}})
	from("10.0.3.4:51112", x.Wrap(client), "Forwarded", `for=6.6.6.6, for="[2001:db8::9]:4711";proto=https`)
	// Output: "2001:db8::9" https
}

// A proxy that also sets host, port and prefix. List only what it sets or strips on
// every request.
func ExampleConfig_hostAndPrefix() {
	x, _ := xheaders.New(xheaders.Config{
		Trust:   []string{"10.0.0.0/16"},
		Headers: []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix"},
	})
	handler := x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		fmt.Println(info.Scheme + "://" + info.Host + info.Prefix + r.URL.Path)
	}))
	from("10.0.3.4:51112", handler, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https",
		"X-Forwarded-Host", "shop.example", "X-Forwarded-Port", "8443", "X-Forwarded-Prefix", "/eu/")
	// Output: https://shop.example:8443/eu/
}

// Code that reads r.RemoteAddr and r.Host, and cannot be changed.
func ExampleConfig_rewrite() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}, Rewrite: true})
	old := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { fmt.Printf("%q\n", r.RemoteAddr) })
	from("127.0.0.1:51112", x.Wrap(old), "X-Forwarded-For", "203.0.113.9")
	from("127.0.0.1:51112", x.Wrap(old)) // unknown: not the proxy's address
	// Output:
	// "203.0.113.9:0"
	// ""
}

// The mistake behind most advisories: the leftmost entry is what the client wrote.
func ExampleConfig_incorrect() {
	naive := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("leftmost entry:", r.Header.Get("X-Forwarded-For")[:9])
	})
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})

	forged := []string{"X-Forwarded-For", "127.0.0.1, 203.0.113.9"}
	from("127.0.0.1:51112", naive, forged...)
	from("127.0.0.1:51112", x.Wrap(client), forged...)
	// Output:
	// leftmost entry: 127.0.0.1
	// "203.0.113.9" http
}

// Trusting every private address because the proxies are private: a client inside the
// company is taken for a proxy, and then nobody is left to be the client.
func ExampleConfig_tooWide_incorrect() {
	wide, _ := xheaders.New(xheaders.Config{Trust: []string{"private"}})
	exact, _ := xheaders.New(xheaders.Config{Trust: []string{"10.0.3.0/24"}})
	for _, x := range []*xheaders.Resolver{wide, exact} {
		from("10.0.3.4:51112", x.Wrap(client), "X-Forwarded-For", "10.20.30.40")
	}
	// Output:
	// "" http
	// "10.20.30.40" http
}

// A mistake in a Config is found when the program starts, all mistakes at once.
func ExampleNew_errors() {
	_, err := xheaders.New(xheaders.Config{
		Trust:   []string{"10.0.0.0/33", "nginx"},
		Headers: []string{"X-Forwarded-For", "X-Real-IP"},
	})
	fmt.Println(err)
	// Output:
	// xheaders: invalid Headers ["X-Forwarded-For" "X-Real-IP"]: ["X-Forwarded-For" "X-Real-Ip"] all carry the client's address, choose one
	// xheaders: invalid Trust "10.0.0.0/33": not a CIDR
	// xheaders: invalid Trust "nginx": neither an address, a CIDR, nor one of loopback, private, linklocal, unix, any
}

func ExampleFromContext() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	admin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := xheaders.FromContext(r.Context())
		// An unknown client has an invalid address, which is not private.
		if !ok || !info.Client.IsPrivate() {
			fmt.Printf("refused: %q\n", info.ClientIP())
			return
		}
		fmt.Println("welcome")
	})
	from("127.0.0.1:51112", x.Wrap(admin), "X-Forwarded-For", "10.20.30.40")
	from("127.0.0.1:51112", x.Wrap(admin), "X-Forwarded-For", "10.20.30.40, 203.0.113.9")
	from("127.0.0.1:51112", x.Wrap(admin))
	// Output:
	// welcome
	// refused: "203.0.113.9"
	// refused: ""
}

// Resolve needs no middleware.
func ExampleResolver_Resolve() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	from("127.0.0.1:51112", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		info := x.Resolve(r)
		fmt.Println(info.Client, info.Port, info.Peer, info.Trusted)
	}), "X-Forwarded-For", "203.0.113.9:4431")
	// Output: 203.0.113.9 4431 127.0.0.1 true
}

func ExampleResolver_Explain() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"10.0.0.0/8", "172.18.0.0/16"}})
	from("172.18.0.2:51112", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Print(x.Explain(r))
	}), "X-Forwarded-For", "6.6.6.6, 203.0.113.9:4431, 10.0.0.7",
		"X-Forwarded-Proto", "https, http", "X-Forwarded-Host", "evil.example")
	// Output:
	// peer   172.18.0.2:51112               trusted: 172.18.0.0/16
	// XFF 3  10.0.0.7                       trusted: 10.0.0.0/8
	// XFF 2  203.0.113.9:4431               client: outside Trust (port 4431 noted)
	// XFF 1  6.6.6.6                        not read: left of the client, anybody can write it
	// X-Forwarded-Proto "https, http"       entry 1 of 2 (2 trusted hops) -> https
	// X-Forwarded-Host  "evil.example"      not read: not in Headers
	// client=203.0.113.9 scheme=https host=app.example (Host)
}

// Containers: the proxy's address is another one than last time.
func ExampleResolver_Explain_notes() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"172.17.0.0/16"}})
	from("172.18.0.2:51112", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(x.Explain(r).Notes[0])
	}), "X-Forwarded-For", "203.0.113.9")
	// Output: peer 172.18.0.2 is private but not in Trust: add "172.18.0.0/16" if that is your proxy
}

// A CDN publishes new networks while the program runs.
func ExampleResolver_SetTrust() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"198.51.100.0/24"}})
	handler := x.Wrap(client)
	ask := func() { from("192.0.2.17:51112", handler, "X-Forwarded-For", "203.0.113.9") }

	ask()
	if err := x.SetTrust("198.51.100.0/24", "192.0.2.0/24"); err != nil {
		log.Print(err) // the old list stays
	}
	ask()
	// Output:
	// "192.0.2.17" http
	// "203.0.113.9" http
}

// One route behind another proxy than the rest: the inner Wrap decides anew.
func ExampleResolver_Wrap_nested() {
	site, _ := xheaders.New(xheaders.Config{})
	hooks, _ := xheaders.New(xheaders.Config{Trust: []string{"198.51.100.0/24"}})

	mux := http.NewServeMux()
	mux.Handle("/", hooks.Wrap(client))
	from("198.51.100.17:51112", site.Wrap(mux), "X-Forwarded-For", "203.0.113.9")
	// Output: "203.0.113.9" http
}

// A gateway that passes headers on to an app which believes them all: what nobody believed here stays here.
func ExampleClean() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}, KeepHeaders: true})
	from("203.0.113.66:51112", x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		passed := xheaders.Clean(r)
		fmt.Printf("%q %q %q\n", r.Header.Get("X-Real-IP"), passed.Get("X-Real-IP"), passed.Get("Accept"))
	})), "X-Real-IP", "127.0.0.1", "Accept", "text/html")
	// Output: "127.0.0.1" "" "text/html"
}

// ClientIP is text for a log; for decisions there is Client.
func ExampleInfo_ClientIP() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	visitors := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		fmt.Printf("%q %t\n", info.ClientIP(), info.Client.IsValid())
	})
	from("127.0.0.1:51112", x.Wrap(visitors), "X-Forwarded-For", "2001:DB8:0::9")
	from("127.0.0.1:51112", x.Wrap(visitors)) // the proxy did not say
	// Output:
	// "2001:db8::9" true
	// "" false
}

// A debug route for the people who run the proxies.
func ExampleTrace_String() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	from("127.0.0.1:51112", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace := x.Explain(r)
		fmt.Print(trace.String())
	}), "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https")
	// Output:
	// peer   127.0.0.1:51112                trusted: 127.0.0.0/8 (loopback)
	// XFF 1  203.0.113.9                    client: outside Trust
	// X-Forwarded-Proto "https"             entry 1 of 1 (1 trusted hop) -> https
	// client=203.0.113.9 scheme=https host=app.example (Host)
}
