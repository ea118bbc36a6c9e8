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
	Peer    netip.Addr // who connected; invalid for a UNIX socket
	Scheme  string     // http or https
	Host    string     // the Host header, or the forwarded one, port included
	Prefix  string     // path that a proxy stripped, "" or like "/app"
	Trusted bool       // the peer was allowed to speak, and its list as long as Hops

	raw           string // DangerouslyTrustAll: what Pants would have said
	hasRaw, pants bool
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
	nested  bool // taken from an outer Wrap
	rewrote bool // which has set RemoteAddr and Host
}

func (in *input) transport() string {
	if in.tls {
		return "https"
	}
	return "http"
}

// Resolve reports where r came from. It does not change r, and it allocates nothing in
// the usual cases. Behind a Wrap it resolves the request as that Wrap received it.
func (x *Resolver) Resolve(r *http.Request) Info {
	in := inputOf(r)
	return x.resolve(&in).info
}

// inputOf takes the request as it arrived: an outer Wrap may have cleaned it since.
func inputOf(r *http.Request) input {
	in := input{header: r.Header, remote: r.RemoteAddr, host: r.Host, local: localAddr(r), tls: r.TLS != nil}
	if c := resolvedIn(r.Context()); c != nil {
		in.header, in.remote, in.nested, in.rewrote = c.header, c.remote, true, c.rewrote
		if c.rewrote && r.Host == c.info.Host {
			in.host = c.host
		}
	}
	return in
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

func (x *Resolver) resolve(in *input) outcome {
	return x.settings().resolve(x.currentTrust(), in)
}

// resolve is the whole decision, a function of values.
func (s *settings) resolve(t *trust, in *input) outcome {
	p := peerOf(in.remote, in.local)
	if s.pants {
		return outcome{peer: p, info: resolvePants(in, p)}
	}
	o := outcome{peer: p, hops: 1}
	o.info = Info{Client: p.addr, Port: p.port, Peer: p.addr, Scheme: in.transport(), Host: in.host}
	if !s.accepts(t, p) {
		return o
	}
	o.info.Client, o.info.Port, o.info.Trusted = netip.Addr{}, 0, true

	var said element
	lines := in.header[s.source]
	switch {
	case s.single:
		s.readSingle(lines, &o)
		o.hops = max(1, s.hops)
	case s.source == hForwarded:
		said = s.readForwarded(t, lines, &o)
	default:
		s.readChain(t, lines, &o)
		o.hops += o.passed
	}
	if o.verdict == tooShort {
		// Somebody came in behind one of the proxies, and wrote the rest as well.
		o.info.Trusted = false
		return o
	}

	scheme := ""
	if said.hasProto {
		scheme, o.schemeBy = schemeOf(said.proto), hForwarded
	} else {
		scheme, o.schemeBy = s.readScheme(in.header, o.hops)
	}
	if scheme != "" {
		// Also http over a TLS connection: the proxy encrypts towards us, and says
		// that the client did not.
		o.info.Scheme = scheme
	} else {
		o.schemeBy = ""
	}
	if said.hasHost {
		if _, _, ok := splitHost(said.host); ok {
			o.info.Host, o.hostBy = said.host, hForwarded
		}
	} else {
		o.info.Host, o.hostBy = s.readHost(in.header, o.hops, o.info.Scheme, in.host)
	}
	o.info.Prefix = s.readPrefix(in.header, o.hops)
	return o
}
