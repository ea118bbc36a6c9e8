// Package xheaders finds out who a request really came from: the client's address, the
// scheme, the host and the path prefix, behind any number of proxies, from one decision
// about whom to trust.
//
//	x, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}}) // nginx on this machine
//	http.ListenAndServe("localhost:8080", x.Wrap(mux))
//
//	info, _ := xheaders.FromContext(r.Context()) // in a handler
//	info.ClientIP()                              // "203.0.113.9", or "" when it is unknown
//
// Every proxy appends the address that it was called from, so an entry is as good as the
// proxies on its right, and what stands on the left was written by the client. We start
// with the one thing that cannot be forged, the peer of the connection. While it is a
// trusted proxy, the next entry from the right is believed; the first address that is no
// proxy is the client. When this does not lead to one (no header, garbage, every entry a
// proxy) the client is unknown: an invalid [net/netip.Addr] and "", never a guess.
//
//	no proxy                                  Config{}
//	nginx, Apache, Caddy on this machine      Config{Trust: {"loopback"}}
//	the same over a unix socket               Config{Trust: {"unix"}}
//	proxies with known networks, CDNs         Config{Trust: {"10.0.3.0/24", ...}}
//	n proxies without fixed addresses         Config{Hops: n}, and a firewall
//	a tunnel, a CDN with a header of its own  Config{Trust: {"any"}, Headers: {"CF-Connecting-IP"}}, and a firewall
//	RFC 7239                                  Config{Trust: ..., Headers: {"Forwarded"}}
//	as Pants did, from anybody                Config{DangerouslyTrustAll: true}
//
// To be safe, trust the proxies and nobody else, list in Headers only what they set or strip
// on every request, and ask [FromContext] instead of reading r.RemoteAddr or a header. If
// the answer is not what you expect, print [Resolver.Explain].
package xheaders

// The rooms of this package:
//
//	config.go     Config, and New, which finds all mistakes
//	family.go     the names of forwarding headers, and their aliases
//	trust.go      Config.Trust, and SetTrust
//	peer.go       who connected
//	node.go       one address text
//	chain.go      X-Forwarded-For, Hops, and single-address headers
//	forwarded.go  Forwarded, RFC 7239
//	scheme.go, host.go, prefix.go
//	pants.go      DangerouslyTrustAll
//	resolve.go    Info, and Resolve: the decision as a function of values
//	wrap.go       the middleware and its context
//	hygiene.go    the headers that handlers behind Wrap see
//	explain.go    Explain
