package xheaders

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Config says three things about the proxies in front: who they are (Trust), how many
// they are (Hops), and which headers they set or strip on every request (Headers).
// The zero Config believes nobody: the client is whoever connected.
//
// Only list in Headers what the proxies really overwrite or remove. A header that they
// pass through is written by the client, whatever Trust says: nginx, for one, hands
// X-Forwarded-Host, X-Forwarded-Prefix and Forwarded on untouched unless told otherwise.
//
// For the default the proxy has to be told, as in nginx:
//
//	proxy_set_header X-Forwarded-For   $proxy_add_x_forwarded_for;
//	proxy_set_header X-Forwarded-Proto $scheme;
//	proxy_set_header Host              $host;
type Config struct {
	// Trust lists the proxies to believe: addresses ("192.0.2.1"), CIDRs
	// ("10.1.0.0/16"; host bits are ignored), or the words
	//
	//	loopback   127.0.0.0/8 and ::1
	//	private    10/8, 172.16/12, 192.168/16 and fc00::/7
	//	linklocal  169.254/16 and fe80::/10
	//	unix       whoever connects to a unix socket
	//	any        everybody
	//
	// ::ffff:a.b.c.d/n means the IPv4 network; zones are refused. The word any says
	// "only my proxy can reach this port": a firewall has to make that true. It goes
	// with a single-address header only, because in a list it would trust every entry.
	Trust []string

	// Hops is the number of proxies that append to the list of addresses; the client
	// is the Hops-th entry from the right. Without Trust the peer is not examined, so
	// a firewall has to keep strangers out; with Trust it must be in Trust as well.
	Hops int

	// Headers are the headers that the proxies set or strip on every request; nil
	// means X-Forwarded-For and X-Forwarded-Proto. Exactly one must carry the client's
	// address: Forwarded, X-Forwarded-For, or one with a name of its own (X-Real-IP,
	// CF-Connecting-IP ...) that holds a single address. The others that are read are
	// X-Forwarded-Proto, -Ssl, -Host, -Port and -Prefix, and Front-End-Https; Forwarded
	// excludes them all. Names like X-Forwarded-User or X-Forwarded-Uri are not read,
	// but Wrap lets them pass when they are listed here.
	Headers []string

	// DangerouslyTrustAll is the behaviour of Pants' xheaders=True: X-Real-IP, else the
	// leftmost entry of X-Forwarded-For, and X-Forwarded-Proto, from anybody and
	// unchecked. Every client can choose its own address with it. It excludes Trust,
	// Hops and Headers; Wrap leaves the headers alone.
	DangerouslyTrustAll bool

	// Rewrite also sets RemoteAddr and Host of the request that Wrap hands on, for code
	// that reads those and knows nothing of FromContext. RemoteAddr is host:port then
	// (port 0 if it is not known), or "" for an unknown client.
	Rewrite bool

	// KeepHeaders makes Wrap leave the forwarding headers as they came. Otherwise it
	// removes those that were not believed, and their underscore aliases.
	KeepHeaders bool
}

// The headers that are read besides the one with the address.
const (
	hForwarded = "Forwarded"
	hFor       = "X-Forwarded-For"
	hProto     = "X-Forwarded-Proto"
	hSSL       = "X-Forwarded-Ssl"
	hFrontEnd  = "Front-End-Https"
	hHost      = "X-Forwarded-Host"
	hPort      = "X-Forwarded-Port"
	hPrefix    = "X-Forwarded-Prefix"
	hRealIP    = "X-Real-Ip"
)

// settings is a checked Config, in the form that requests need. It never changes.
type settings struct {
	source    string // canonical name of the header with the address
	single    bool   // source holds one address, not a list
	forwarded bool   // source is Forwarded
	hops      int
	pants     bool
	rewrite   bool
	keep      bool
	listed    []string // canonical names of all Headers

	proto, ssl, frontEnd, host, port, prefix bool // in Headers
}

var defaultHeaders = []string{hFor, hProto}

// defaults are the settings of the zero Config, of the zero Resolver and of nil.
var defaults = &settings{source: hFor, proto: true, listed: defaultHeaders}

// New checks c and returns a Resolver for it. The error names every mistake in c.
func New(c Config) (*Resolver, error) {
	s := &settings{hops: c.Hops, pants: c.DangerouslyTrustAll, rewrite: c.Rewrite, keep: c.KeepHeaders}
	var errs []error
	if c.Hops < 0 {
		errs = append(errs, fmt.Errorf("xheaders: invalid Hops %d: the number of proxies cannot be negative", c.Hops))
	}
	if !c.DangerouslyTrustAll {
		errs = append(errs, s.readHeaders(c.Headers)...)
	} else {
		// Pants' mode has fixed headers and asks nobody: a Trust beside it would look
		// like protection and be none.
		if len(c.Trust) > 0 {
			errs = append(errs, fmt.Errorf("xheaders: Trust %q has no effect with DangerouslyTrustAll", c.Trust))
		}
		if c.Hops > 0 {
			errs = append(errs, fmt.Errorf("xheaders: Hops %d has no effect with DangerouslyTrustAll", c.Hops))
		}
		if len(c.Headers) > 0 {
			errs = append(errs, fmt.Errorf("xheaders: Headers %q has no effect with DangerouslyTrustAll", c.Headers))
		}
	}
	t, trustErrs := parseTrust(c.Trust)
	errs = append(errs, trustErrs...)
	if t.any && !s.single && s.source != "" {
		errs = append(errs, errAny(s.source))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	x := &Resolver{set: s}
	if len(c.Trust) > 0 {
		x.trust.Store(t)
	}
	return x, nil
}

// errAny: with any in Trust every entry of a list is a trusted one, and no client is left.
func errAny(source string) error {
	return fmt.Errorf(`xheaders: invalid Trust "any": it needs a header with a single address, not the list %q`, source)
}

// readHeaders sorts the names by what they are for.
func (s *settings) readHeaders(names []string) (errs []error) {
	if names == nil {
		names = defaultHeaders
	}
	var sources, xfamily []string
	for _, name := range names {
		if !isToken(name) {
			errs = append(errs, fmt.Errorf("xheaders: invalid header name %q in Headers", name))
			continue
		}
		key := http.CanonicalHeaderKey(name)
		if slices.Contains(s.listed, key) {
			continue
		}
		if known, alias, ok := family(key); ok && alias {
			errs = append(errs, fmt.Errorf("xheaders: invalid header %q in Headers: an alias of %q", name, known))
			continue
		}
		if hint, ok := unread[key]; ok {
			errs = append(errs, fmt.Errorf("xheaders: unsupported header %q in Headers: %s", name, hint))
			continue
		}
		s.listed = append(s.listed, key)
		if strings.HasPrefix(key, "X-Forwarded-") || key == hFrontEnd {
			xfamily = append(xfamily, key)
		}
		switch key {
		case hProto:
			s.proto = true
		case hSSL:
			s.ssl = true
		case hFrontEnd:
			s.frontEnd = true
		case hHost:
			s.host = true
		case hPort:
			s.port = true
		case hPrefix:
			s.prefix = true
		default:
			if !slices.Contains(carried, key) {
				sources = append(sources, key)
			}
		}
	}
	switch {
	case len(sources) > 1:
		errs = append(errs, fmt.Errorf("xheaders: invalid Headers %q: %q all carry the client's address, choose one", names, sources))
	case len(sources) == 1:
		s.source = sources[0]
		s.forwarded = s.source == hForwarded
		s.single = s.source != hFor && !s.forwarded
	case len(errs) == 0:
		errs = append(errs, fmt.Errorf("xheaders: invalid Headers %q: none carries the client's address", names))
	}
	if slices.Contains(s.listed, hForwarded) && len(xfamily) > 0 {
		errs = append(errs, fmt.Errorf("xheaders: invalid Headers %q: %q cannot be combined with %q", names, hForwarded, xfamily))
	}
	return errs
}

// isToken reports whether s is a header name. RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isTchar(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTchar(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
