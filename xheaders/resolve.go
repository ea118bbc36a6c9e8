package xheaders

import (
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
)

// Resolver is a Config in use. The zero Resolver is that of the zero Config and believes
// nobody; so does nil. Its methods may be called from several goroutines at once.
type Resolver struct {
	set   *settings
	trust atomic.Pointer[trust] // nil: the peer is not examined
}

// Info is what one request says of its origin, as far as it can be believed. Two Infos
// may be compared with ==.
type Info struct {
	Client  netip.Addr // who asked; invalid when unknown
	Port    uint16     // the client's port; 0 when not told
	Peer    netip.Addr // who connected; invalid for a unix socket
	Scheme  string     // http or https
	Host    string     // the Host header, or the forwarded one, port included; clients may write any
	Prefix  string     // path that a proxy stripped, "" or like "/app"
	Trusted bool       // the peer was allowed to speak, and its list as long as Hops

	hasRaw, pants bool   // here they cost no room
	raw           string // DangerouslyTrustAll: what Pants would have said
}

// ClientIP returns the client's address as text, "" when it is unknown: never the address
// of a proxy. With DangerouslyTrustAll it is the text from the header, whatever it is.
func (i Info) ClientIP() string {
	if i.hasRaw {
		return i.raw
	}
	if !i.Client.IsValid() {
		return ""
	}
	return i.Client.String()
}

// verdict says how the client was found, or why not.
type verdict uint8

const (
	unasked    verdict = iota // the peer is not trusted, and the client itself
	found                     // in the header
	absent                    // no header, or an empty one
	allTrusted                // every entry is a proxy
	tooShort                  // fewer entries than Hops
	unreadable                // the entry that decides is no address
	malformed                 // the Forwarded element that decides is broken
)

// outcome is Info and how it came about.
type outcome struct {
	info     Info
	peer     peer
	verdict  verdict
	passed   int    // entries of proxies on the way to the client
	hops     int    // trusted proxies: how far values are believed
	schemeBy string // header that decided, "" for the transport
	hostBy   string // header that decided, "" for Host
}

// input is what is looked at of a request.
type input struct {
	header  http.Header
	remote  string
	host    string
	local   net.Addr
	tls     bool
	arrived *http.Request // what all this is from; not r behind a Wrap
	rewrote bool          // an outer Wrap has set RemoteAddr and Host
}

func (in *input) transport() string {
	if in.tls {
		return "https"
	}
	return "http"
}

// Resolve reports where r came from. It does not change r, and it allocates nothing in
// the usual cases. Behind a Wrap it resolves the request as that Wrap received it.
//
// It has no error: what cannot be known is left out. A Client that is unknown is never the
// proxy's address and never the leftmost entry, because a check like "may come from 10/8"
// would let that pass; IsPrivate, Contains and the like are false for it.
func (x *Resolver) Resolve(r *http.Request) Info {
	var in input
	in.take(r)
	var o outcome
	x.settings().resolve(x.currentTrust(), &in, &o)
	return o.info
}

// take fills in with the request as it arrived: an outer Wrap may have cleaned it since.
func (in *input) take(r *http.Request) {
	ctx := r.Context()
	in.arrived, in.header, in.remote, in.host, in.tls = r, r.Header, r.RemoteAddr, r.Host, r.TLS != nil
	in.local, _ = ctx.Value(http.LocalAddrContextKey).(net.Addr)
	if c := resolvedIn(ctx); c != nil {
		in.arrived, in.header, in.remote, in.rewrote = c.arrived, c.arrived.Header, c.arrived.RemoteAddr, c.rewrote
		if c.rewrote && r.Host == c.info.Host {
			in.host = c.host
		}
	}
}

func (x *Resolver) settings() *settings {
	if x == nil || x.set == nil {
		return defaults
	}
	return x.set
}

func (x *Resolver) currentTrust() *trust {
	if x == nil {
		return nil
	}
	return x.trust.Load()
}

// resolve is the whole decision, a function of values. It fills o, which is zero: an
// outcome is too large to be handed up by value on every request.
func (s *settings) resolve(t *trust, in *input, o *outcome) {
	o.peer = peerOf(in.remote, in.local)
	if s.pants {
		o.info = resolvePants(in, o.peer)
		return
	}
	o.hops = 1
	o.info.Peer, o.info.Scheme, o.info.Host = o.peer.addr, in.transport(), in.host
	if !s.accepts(t, &o.peer) {
		o.info.Client, o.info.Port = o.peer.addr, o.peer.port
		return
	}
	o.info.Trusted = true

	lines := in.header[s.source]
	switch {
	case s.forwarded:
		s.resolveForwarded(t, lines, o)
		return
	case s.single:
		s.readSingle(lines, o)
		o.hops = max(1, s.hops)
	default:
		s.readChain(t, lines, o)
		o.hops += o.passed
	}
	if o.verdict == tooShort {
		// Somebody came in behind one of the proxies, and wrote the rest as well.
		o.info.Trusted = false
		return
	}
	if scheme, by := s.readScheme(in.header, o.hops); scheme != "" {
		// Also http over a TLS connection: the proxy encrypts towards us, and says
		// that the client did not.
		o.info.Scheme, o.schemeBy = scheme, by
	}
	if s.host || s.port {
		o.info.Host, o.hostBy = s.readHost(in.header, o.hops, o.info.Scheme, in.host)
	}
	if s.prefix {
		o.info.Prefix = s.readPrefix(in.header, o.hops)
	}
}

// resolveForwarded is the rest of resolve for Forwarded, which says everything itself.
func (s *settings) resolveForwarded(t *trust, lines []string, o *outcome) {
	var said element
	s.readForwarded(t, lines, o, &said)
	if o.verdict == tooShort {
		o.info.Trusted = false
		return
	}
	if said.hasProto {
		if scheme := schemeOf(said.proto); scheme != "" {
			o.info.Scheme, o.schemeBy = scheme, hForwarded
		}
	}
	if said.hasHost {
		if _, _, ok := splitHost(said.host); ok {
			o.info.Host, o.hostBy = said.host, hForwarded
		}
	}
}
