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
	host, portText, hasPort := s, "", false
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, 0, false
		}
		host = s[1:end]
		if rest := s[end+1:]; rest != "" {
			if rest[0] != ':' {
				return netip.Addr{}, 0, false
			}
			portText, hasPort = rest[1:], true
		}
		addr, ok = parse6(host)
	} else if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') >= 0 {
		addr, ok = parse6(s)
	} else {
		if i >= 0 {
			host, portText, hasPort = s[:i], s[i+1:], true
		}
		addr, ok = parse4(host)
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

// parse4 reads a dotted quad. Leading zeros are refused, because C libraries take them
// for octal (CVE-2021-29923).
func parse4(s string) (netip.Addr, bool) {
	var b [4]byte
	for i := range b {
		n, digits := 0, 0
		for digits < len(s) && isDigit(s[digits]) {
			n = n*10 + int(s[digits]-'0')
			digits++
			if n > 255 || digits > 1 && n < 10 {
				return netip.Addr{}, false
			}
		}
		if digits == 0 {
			return netip.Addr{}, false
		}
		b[i], s = byte(n), s[digits:]
		if i < 3 {
			if s == "" || s[0] != '.' {
				return netip.Addr{}, false
			}
			s = s[1:]
		}
	}
	return netip.AddrFrom4(b), s == ""
}

// longest6 is the length of the longest IPv6 text, a full one with a dotted quad.
const longest6 = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// parse6 reads an IPv6 address. The zone is cut off first: netip keeps every zone it
// meets in a global table, and here the text is an attacker's. The look at the
// characters spares the error value that netip makes for garbage.
func parse6(s string) (netip.Addr, bool) {
	if i := strings.IndexByte(s, '%'); i >= 0 {
		if i == len(s)-1 {
			return netip.Addr{}, false
		}
		s = s[:i]
	}
	if len(s) > longest6 || strings.IndexByte(s, ':') < 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isHex(c) && c != ':' && c != '.' {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil
}

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
