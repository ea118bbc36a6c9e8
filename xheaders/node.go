package xheaders

import (
	"net/netip"
	"strings"
)

// parseNode reads one address text as proxies write it: v4, v4:port, v6, [v6] or
// [v6]:port. With obfuscated, the port may also be RFC 7239's "_name". The address comes
// without zone, and as IPv4 if it was a mapped one. 0.0.0.0 and :: are nobody's address.
func parseNode(s string, obfuscated bool) (addr netip.Addr, port uint16, ok bool) {
	s = trimOWS(s)
	// Most are IPv4, and one pass over the text settles it.
	if a, rest, ok := cut4(s); ok && (rest == "" || rest[0] == ':') {
		if a.IsUnspecified() {
			return netip.Addr{}, 0, false
		}
		if rest != "" && !(obfuscated && isObfuscated(rest[1:])) {
			if port, ok = parsePort(rest[1:]); !ok {
				return netip.Addr{}, 0, false
			}
		}
		return a, port, true
	}
	portText, hasPort := "", false
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, 0, false
		}
		if rest := s[end+1:]; rest != "" {
			if rest[0] != ':' {
				return netip.Addr{}, 0, false
			}
			portText, hasPort = rest[1:], true
		}
		addr, ok = parse6(s[1:end])
	} else {
		addr, ok = parse6(s)
	}
	if !ok || addr.IsUnspecified() {
		return netip.Addr{}, 0, false
	}
	if hasPort && !(obfuscated && isObfuscated(portText)) {
		if port, ok = parsePort(portText); !ok {
			return netip.Addr{}, 0, false
		}
	}
	return addr, port, true
}

// cut4 reads a dotted quad at the beginning of s. Leading zeros are refused, because C
// libraries take them for octal (CVE-2021-29923).
func cut4(s string) (addr netip.Addr, rest string, ok bool) {
	var b [4]byte
	i := 0
	for part := 0; ; part++ {
		if i == len(s) {
			return netip.Addr{}, "", false
		}
		n := uint(s[i] - '0')
		if n > 9 {
			return netip.Addr{}, "", false
		}
		i++
		for first := n; i < len(s) && s[i]-'0' <= 9; i++ {
			if n = n*10 + uint(s[i]-'0'); first == 0 || n > 255 {
				return netip.Addr{}, "", false
			}
		}
		b[part] = byte(n)
		if part == 3 {
			return netip.AddrFrom4(b), s[i:], true
		}
		if i == len(s) || s[i] != '.' {
			return netip.Addr{}, "", false
		}
		i++
	}
}

// parse6 reads an IPv6 address. The zone is cut off first: netip keeps every zone it
// meets in a global table, and here the text is an attacker's. netip.ParseAddr would
// also make an error value for garbage; FuzzParse6 holds the two together.
func parse6(s string) (netip.Addr, bool) {
	var b [16]byte
	at, gap := 0, -1 // bytes written, and where "::" stands among them
	i := 0
	if len(s) >= 2 && s[0] == ':' && s[1] == ':' {
		gap, i = 0, 2
	}
	for i < len(s) && s[i] != '%' {
		if at == 16 {
			return netip.Addr{}, false
		}
		n, start := uint(0), i
		for i < len(s) {
			digit := hexValue[s[i]]
			if digit > 15 {
				break
			}
			n = n<<4 | uint(digit)
			i++
		}
		switch {
		case i == start || i-start > 4:
			return netip.Addr{}, false
		case i < len(s) && s[i] == '.':
			// A dotted quad at the end.
			quad, rest, ok := cut4(s[start:])
			if !ok || at > 12 || at < 12 && gap < 0 || rest != "" && rest[0] != '%' {
				return netip.Addr{}, false
			}
			four := quad.As4()
			copy(b[at:], four[:])
			if rest == "%" {
				return netip.Addr{}, false
			}
			return finish6(&b, at+4, gap)
		}
		b[at], b[at+1] = byte(n>>8), byte(n)
		at += 2
		if i == len(s) || s[i] == '%' {
			break
		}
		if s[i] != ':' || i+1 == len(s) {
			return netip.Addr{}, false
		}
		switch i++; s[i] {
		case '%':
			return netip.Addr{}, false
		case ':':
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap = at
			i++
		}
	}
	if i == len(s)-1 { // "%" without a zone
		return netip.Addr{}, false
	}
	return finish6(&b, at, gap)
}

// finish6 moves what stands behind "::" to the end.
func finish6(b *[16]byte, at, gap int) (netip.Addr, bool) {
	if at < 16 {
		if gap < 0 {
			return netip.Addr{}, false
		}
		tail := at - gap
		copy(b[16-tail:], b[gap:at])
		clear(b[gap : 16-tail])
	} else if gap >= 0 {
		return netip.Addr{}, false // "::" stands for one group at least
	}
	return netip.AddrFrom16(*b).Unmap(), true
}

var hexValue = func() (v [256]byte) {
	for c := range v {
		switch {
		case '0' <= c && c <= '9':
			v[c] = byte(c - '0')
		case 'a' <= c && c <= 'f':
			v[c] = byte(c - 'a' + 10)
		case 'A' <= c && c <= 'F':
			v[c] = byte(c - 'A' + 10)
		default:
			v[c] = 0xff
		}
	}
	return v
}()

// parsePort reads 0..65535. RFC 7239 section 6: port = 1*5DIGIT.
func parsePort(s string) (uint16, bool) {
	if s == "" || len(s) > 5 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return uint16(n), n <= 65535
}

// isObfuscated: RFC 7239 section 6: obfport = "_" 1*(ALPHA / DIGIT / "." / "_" / "-").
func isObfuscated(s string) bool {
	if len(s) < 2 || s[0] != '_' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// trimOWS removes the white space that RFC 9110 section 5.6.3 allows, and no other.
func trimOWS(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
