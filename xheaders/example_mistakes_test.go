package xheaders_test

import (
	"fmt"
	"net"
	"net/http"

	"github.com/go-pants/kit/xheaders"
)

// Behind a proxy r.RemoteAddr is the proxy's: a check of it lets everybody in, a rate limit by it shuts everybody out. Ask FromContext,
// or set Rewrite for code that cannot be changed.
func ExampleInfo_incorrect() {
	x, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	from("127.0.0.1:51112", x.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Println("wrong:", net.ParseIP(host).IsLoopback())
		info, _ := xheaders.FromContext(r.Context())
		fmt.Println("right:", info.Client.IsLoopback())
	})), "X-Forwarded-For", "203.0.113.9")
	// Output:
	// wrong: true
	// right: false
}

// "any" is for a port that only the proxy can reach. Where a client can reach it too, on the cloud's public address of the machine
// perhaps, the client says who it is. List the proxy's networks, and the stranger is seen for what it is.
func ExampleConfig_any_incorrect() {
	headers := []string{"CF-Connecting-IP", "X-Forwarded-Proto"}
	wrong, _ := xheaders.New(xheaders.Config{Trust: []string{"any"}, Headers: headers})
	right, _ := xheaders.New(xheaders.Config{Trust: []string{"198.51.100.0/24"}, Headers: headers})
	for _, x := range []*xheaders.Resolver{wrong, right} {
		from("203.0.113.66:51112", x.Wrap(client), "CF-Connecting-IP", "127.0.0.1")
	}
	// Output:
	// "127.0.0.1" http
	// "203.0.113.66" http
}

// In a list of addresses "any" would believe every entry, and so the leftmost: New refuses it.
func ExampleConfig_anyInList_incorrect() {
	_, err := xheaders.New(xheaders.Config{Trust: []string{"any"}})
	fmt.Println(err)
	// Output: xheaders: invalid Trust "any": it needs a header with a single address, not the list "X-Forwarded-For"
}

// A header that the proxy passes through is the client's, whatever Trust says. nginx sets X-Forwarded-Host only if it is told to, so
// without proxy_set_header it does not belong into Headers.
func ExampleConfig_unsetHeader_incorrect() {
	host := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		fmt.Println(info.Host)
	})
	wrong, _ := xheaders.New(xheaders.Config{
		Trust:   []string{"loopback"},
		Headers: []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"},
	})
	right, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	for _, x := range []*xheaders.Resolver{wrong, right} {
		from("127.0.0.1:51112", x.Wrap(host), "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Host", "evil.example")
	}
	// Output:
	// evil.example
	// app.example
}

// What Pants' xheaders=True did, to compare with: whoever asks chooses who it is. Use it to reproduce old behaviour, never to serve.
func ExampleConfig_dangerouslyTrustAll_incorrect() {
	wrong, _ := xheaders.New(xheaders.Config{DangerouslyTrustAll: true})
	right, _ := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	for _, x := range []*xheaders.Resolver{wrong, right} {
		from("203.0.113.66:51112", x.Wrap(client), "X-Real-IP", "127.0.0.1")
	}
	// Output:
	// "127.0.0.1" http
	// "203.0.113.66" http
}
