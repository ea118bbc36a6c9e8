package xheaders

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
)

// clean returns the header map of r for the handlers behind: itself when it says nothing
// but what was believed, else a copy. With restore, what an outer Wrap removed and this one
// believes comes back.
func (s *settings) clean(r *http.Request, in *input, restore bool, o *outcome) http.Header {
	now, nested := r.Header, in.arrived != r
	out, copied := now, false
	set := func(key string, values []string) {
		if !copied {
			out, copied = maps.Clone(now), true
		}
		if values == nil {
			delete(out, key)
		} else {
			out[key] = values
		}
	}
	var buf [256]byte
	// values are what r has now, if it is there; lines are what arrived.
	visit := func(key string, values []string, there bool, lines []string) {
		name, alias, ok := s.member(key)
		if !ok {
			return
		}
		if alias || !o.info.Trusted || !slices.Contains(s.listed, name) {
			if there {
				set(key, nil)
			}
			return
		}
		if slices.Contains(carried, name) {
			if !slices.Equal(values, lines) {
				set(key, slices.Clone(lines))
			}
			return
		}
		text := s.appendBelieved(buf[:0], name, lines, o)
		switch {
		case len(text) == 0 || len(lines) == 0:
			if there {
				set(key, nil)
			}
		case len(values) != 1 || values[0] != string(text):
			set(key, []string{string(text)})
		}
	}
	for key, values := range now {
		lines := values
		if nested {
			lines = in.header[key]
		}
		visit(key, values, true, lines)
	}
	if nested && restore {
		for key, lines := range in.header {
			if _, seen := now[key]; !seen {
				visit(key, nil, false, lines)
			}
		}
	}
	return out
}

// appendBelieved writes the header name as a proxy that tells the truth, and knows no
// more than we believed, would have sent it. Nothing means that it would not.
func (s *settings) appendBelieved(b []byte, name string, lines []string, o *outcome) []byte {
	info := &o.info
	switch name {
	case hForwarded:
		return s.appendForwarded(b, lines, o)
	case hFor:
		return s.appendChain(b, lines, o)
	case hProto:
		return append(b, info.Scheme...)
	case hSSL, hFrontEnd:
		if info.Scheme == "https" {
			return append(b, "on"...)
		}
		return append(b, "off"...)
	case hHost:
		// Host itself is not checked by anybody: "a,b" would be a list here.
		if _, _, ok := splitHost(info.Host); ok {
			return append(b, info.Host...)
		}
		return b
	case hPort:
		_, port, ok := splitHost(info.Host)
		switch {
		case !ok || !isHostPort(pick(lines, o.hops)):
			return b
		case port != "":
			return append(b, port...)
		}
		return append(b, defaultPort(info.Scheme)...)
	case hPrefix:
		return append(b, info.Prefix...)
	}
	// The single address.
	if !info.Client.IsValid() {
		return b
	}
	return info.Client.AppendTo(b)
}

// appendChain writes the client and the proxies that were passed to find it. A client
// that is unknown stays unknown: no header.
func (s *settings) appendChain(b []byte, lines []string, o *outcome) []byte {
	if !o.info.Client.IsValid() {
		return b
	}
	var buf [8]netip.Addr
	passed := buf[:0]
	for l := (list{lines: lines}); len(passed) < o.passed; {
		text, _ := l.next()
		addr, _, _ := parseNode(text, false)
		passed = append(passed, addr)
	}
	b = o.info.Client.AppendTo(b)
	for _, addr := range slices.Backward(passed) {
		b = append(b, ", "...)
		b = appendAddr(b, addr)
	}
	return b
}

func (s *settings) appendForwarded(b []byte, lines []string, o *outcome) []byte {
	known := o.info.Client.IsValid()
	if !known && o.schemeBy == "" && o.hostBy == "" {
		return b
	}
	b = appendFor(b, o.info.Client)
	if o.schemeBy != "" {
		b = append(b, ";proto="...)
		b = append(b, o.info.Scheme...)
	}
	if o.hostBy != "" {
		b = append(b, ";host="...)
		b = appendValue(b, o.info.Host)
	}
	if !known {
		return b
	}
	var buf [8]netip.Addr
	passed := buf[:0]
	for l := (elements{lines: lines}); len(passed) < o.passed; {
		text, _ := l.next()
		e, _ := parseElement(text)
		addr, _, _ := parseNode(e.node, true)
		passed = append(passed, addr)
	}
	for _, addr := range slices.Backward(passed) {
		b = append(b, ", "...)
		b = appendFor(b, addr)
	}
	return b
}

// appendFor writes a for parameter. RFC 7239 section 6: IPv6 in brackets and quotes.
func appendFor(b []byte, a netip.Addr) []byte {
	b = append(b, "for="...)
	if a.Is6() {
		b = append(b, `"[`...)
		b = a.AppendTo(b)
		return append(b, `]"`...)
	}
	return appendAddr(b, a)
}

// appendAddr writes an address; with Hops a proxy in the middle may have none that can
// be read.
func appendAddr(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(b, "unknown"...)
	}
	return a.AppendTo(b)
}

// appendValue quotes what is no token. A host that was believed holds nothing to escape.
func appendValue(b []byte, text string) []byte {
	if isToken(text) {
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}
