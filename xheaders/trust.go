package xheaders

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// trust is a parsed Config.Trust. It never changes; SetTrust replaces it.
type trust struct {
	spans4  []span4 // sorted, disjoint
	spans6  []span6
	entries []entry
	unix    bool
	any     bool
}

// span is a range of addresses, both ends included.
type span struct{ first, last netip.Addr }

// span4 and span6 are spans as numbers, which compare in a step or two.
type (
	span4 struct{ first, last uint32 }
	span6 struct{ first, last number6 }

	number6 struct{ high, low uint64 }
)

func (n number6) less(m number6) bool {
	return n.high < m.high || n.high == m.high && n.low < m.low
}

func number4Of(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func number6Of(a netip.Addr) number6 {
	b := a.As16()
	return number6{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// entry remembers for Explain how a network came into the list.
type entry struct {
	prefix netip.Prefix
	text   string // as written in Trust
}

var words = map[string][]netip.Prefix{
	"loopback": {netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	"private": {netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7")},
	"linklocal": {netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10")},
}

// SetTrust replaces the list of trusted proxies while requests are served, for example
// when a CDN publishes new networks. A request sees the old list or the new one, never
// a mixture. On error the old list stays. From the first call on the peer must be in
// the list: an empty one trusts nobody, also with Hops.
func (x *Resolver) SetTrust(list ...string) error {
	if x == nil {
		return errors.New("xheaders: SetTrust on a nil Resolver")
	}
	s := x.settings()
	if s.pants {
		return errors.New("xheaders: SetTrust has no effect with DangerouslyTrustAll")
	}
	t, errs := parseTrust(list)
	if t.any && !s.single {
		errs = append(errs, errAny(s.source))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	x.trust.Store(t)
	return nil
}

func parseTrust(list []string) (*trust, []error) {
	t := new(trust)
	var errs []error
	for _, text := range list {
		switch text {
		case "unix":
			t.unix = true
			continue
		case "any":
			t.any = true
			continue
		}
		if prefixes, ok := words[text]; ok {
			for _, p := range prefixes {
				t.entries = append(t.entries, entry{p, text})
			}
			continue
		}
		p, err := parsePrefix(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("xheaders: invalid Trust %q: %w", text, err))
			continue
		}
		t.entries = append(t.entries, entry{p, text})
	}
	for _, s := range spansOf(t.entries) {
		if s.first.Is4() {
			t.spans4 = append(t.spans4, span4{number4Of(s.first), number4Of(s.last)})
		} else {
			t.spans6 = append(t.spans6, span6{number6Of(s.first), number6Of(s.last)})
		}
	}
	return t, errs
}

func parsePrefix(text string) (netip.Prefix, error) {
	if text == "" {
		return netip.Prefix{}, errors.New("empty")
	}
	address, _, isPrefix := strings.Cut(text, "/")
	if strings.Contains(address, "%") {
		// A zone names an interface of this machine, and none is seen in a header.
		return netip.Prefix{}, errors.New("a zone is not allowed")
	}
	if !isPrefix {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, errors.New("neither an address, a CIDR, nor one of loopback, private, linklocal, unix, any")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errors.New("not a CIDR")
	}
	if p.Addr().Is4In6() {
		// ::ffff:10.0.0.0/104 is 10.0.0.0/8 for the peers of a dual-stack socket. A
		// shorter one also covers addresses that are no mapped ones.
		if p.Bits() < 96 {
			return netip.Prefix{}, errors.New("an IPv4-mapped CIDR needs 96 bits or more")
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// spansOf returns the networks as sorted ranges without overlap, so that one binary
// search finds an address.
func spansOf(entries []entry) []span {
	spans := make([]span, 0, len(entries))
	for _, e := range entries {
		spans = append(spans, span{e.prefix.Addr(), lastOf(e.prefix)})
	}
	slices.SortFunc(spans, func(a, b span) int { return a.first.Compare(b.first) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.first.Compare(out[n-1].last) <= 0 {
			if out[n-1].last.Less(s.last) {
				out[n-1].last = s.last
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// lastOf returns the highest address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// contains reports whether a, which has no zone and is not a mapped one, is trusted.
func (t *trust) contains(a netip.Addr) bool {
	low := 0
	if a.Is4() {
		n := number4Of(a)
		for high := len(t.spans4); low < high; {
			if middle := (low + high) / 2; t.spans4[middle].last < n {
				low = middle + 1
			} else {
				high = middle
			}
		}
		return low < len(t.spans4) && t.spans4[low].first <= n
	}
	n := number6Of(a)
	for high := len(t.spans6); low < high; {
		if middle := (low + high) / 2; t.spans6[middle].last.less(n) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low < len(t.spans6) && !n.less(t.spans6[low].first)
}
