package xheaders

import (
	"net/netip"
	"strings"
)

// element is one entry of a Forwarded header (RFC 7239): what one proxy says.
type element struct {
	node, proto, host         string // values, quotes and escapes undone
	hasFor, hasProto, hasHost bool
}

// elements reads a Forwarded header from the right, line by line. Reading from the left
// would let a client open a quote that swallows what our own proxies appended.
type elements struct {
	lines []string
	rest  string
	open  bool
}

// next returns the text of the next element on the left. Where quotes do not match,
// ok is true and text is malformed, so that parseElement refuses it.
func (e *elements) next() (text string, ok bool) {
	for {
		if !e.open {
			last := len(e.lines) - 1
			if last < 0 {
				return "", false
			}
			e.rest, e.lines, e.open = e.lines[last], e.lines[:last], true
		}
		if i := lastComma(e.rest); i >= 0 {
			text, e.rest = e.rest[i+1:], e.rest[:i]
		} else {
			text, e.open = e.rest, false
		}
		if text = trimOWS(text); text != "" {
			return text, true
		}
	}
}

// lastComma returns the index of the last comma outside of quotes, -1 if there is none.
func lastComma(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ',':
			return i
		case '"':
			// The end of a quoted string: go on before its beginning. If there is no
			// beginning the rest is one element that cannot be read.
			for i--; i >= 0 && (s[i] != '"' || escaped(s, i)); i-- {
			}
		}
	}
	return -1
}

// escaped reports whether s[i] has an odd number of backslashes before it.
func escaped(s string, i int) bool {
	n := 0
	for i--; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// maxPairs bounds the work on one element; RFC 7239 knows four parameters.
const maxPairs = 16

// parseElement reads forwarded-pairs (RFC 7239 section 4). Empty pairs and white space
// around ";" are allowed, and ":", "[" and "]" outside of quotes, because proxies send
// them. White space around "=" and a repeated parameter are not.
func parseElement(s string) (e element, ok bool) {
	var names [maxPairs]string
	n := 0
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return e, n > 0
		}
		if s[0] == ';' {
			s = s[1:]
			continue
		}
		end := 0
		for end < len(s) && isTchar(s[end]) {
			end++
		}
		if end == 0 || end == len(s) || s[end] != '=' || n == maxPairs {
			return element{}, false
		}
		name := s[:end]
		for _, earlier := range names[:n] {
			if strings.EqualFold(earlier, name) {
				return element{}, false
			}
		}
		names[n] = name
		n++
		value, rest, ok := cutValue(s[end+1:])
		if !ok {
			return element{}, false
		}
		switch {
		case strings.EqualFold(name, "for"):
			e.node, e.hasFor = value, true
		case strings.EqualFold(name, "proto"):
			e.proto, e.hasProto = value, true
		case strings.EqualFold(name, "host"):
			e.host, e.hasHost = value, true
		}
		s = strings.TrimLeft(rest, " \t")
		if s != "" && s[0] != ';' {
			return element{}, false
		}
	}
}

// cutValue reads a token or a quoted string at the beginning of s.
func cutValue(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		end := 0
		for end < len(s) && (isTchar(s[end]) || s[end] == ':' || s[end] == '[' || s[end] == ']') {
			end++
		}
		return s[:end], s[end:], end > 0
	}
	pairs := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			value = s[1:i]
			if pairs {
				value = unescape(value)
			}
			return value, s[i+1:], true
		case c == '\\':
			pairs = true
			if i++; i == len(s) || isControl(s[i]) {
				return "", "", false
			}
		case isControl(c):
			return "", "", false
		}
	}
	return "", "", false
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// unescape undoes quoted-pairs. RFC 9110 section 5.6.4.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// readForwarded finds the client in Forwarded, and what the trusted elements say of
// scheme and host: those up to and including the client's, because a trusted proxy wrote
// them. The leftmost of them decides. Elements further left are not even parsed.
func (s *settings) readForwarded(t *trust, lines []string, o *outcome, said *element) {
	l := elements{lines: lines}
	for {
		text, ok := l.next()
		if !ok {
			o.verdict = s.exhausted(o.passed)
			return
		}
		e, ok := parseElement(text)
		if !ok {
			o.verdict = malformed
			return
		}
		if e.hasProto {
			said.proto, said.hasProto = e.proto, true
		}
		if e.hasHost {
			said.host, said.hasHost = e.host, true
		}
		if !e.hasFor {
			o.verdict = malformed
			return
		}
		if s.hops > 0 && o.passed < s.hops-1 {
			o.passed++
			continue
		}
		var addr netip.Addr
		var port uint16
		if addr, port, ok = parseNode(e.node, true); !ok {
			o.verdict = unreadable
			return
		}
		if s.hops == 0 && t.contains(addr) {
			o.passed++
			continue
		}
		o.info.Client, o.info.Port, o.verdict = addr, port, found
		return
	}
}
