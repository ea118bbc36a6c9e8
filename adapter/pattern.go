package adapter

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// patterns are chi's patterns for a path: one for each default, where the path may end, and one for all of it.
func patterns(path []part) []string {
	var out []string
	for i, p := range path {
		if p.variable != nil && p.prepared.HasDefault {
			out = append(out, pattern(path[:i]))
		}
	}
	out = append(out, pattern(path))
	slices.Sort(out)
	return slices.Compact(out)
}

// pattern is one pattern. chi's own wildcard is the last thing in a pattern; what may match a slash is left to it, with all that
// follows.
func pattern(path []part) string {
	var b strings.Builder
	var s segment
	for _, p := range path {
		if p.variable != nil {
			if p.prepared.slash {
				if text, ok := s.plain(); ok {
					b.WriteString(text)
				}
				b.WriteByte('*')
				return b.String()
			}
			s.variables = append(s.variables, p.prepared)
			s.parts = append(s.parts, p)
			continue
		}
		for i, text := range strings.Split(p.text, "/") {
			if i > 0 {
				b.WriteString(s.pattern())
				b.WriteByte('/')
				s = segment{place: s.place + 1}
			}
			if text != "" {
				s.parts = append(s.parts, part{text: text})
			}
		}
	}
	b.WriteString(s.pattern())
	return b.String()
}

// segment is what stands between two slashes.
type segment struct {
	place     int
	parts     []part
	variables []*variable
}

// plain is the segment's text, if it is one that clients send as it is.
func (s *segment) plain() (string, bool) {
	if len(s.variables) > 0 {
		return "", false
	}
	var text string
	for _, p := range s.parts {
		text += p.text
	}
	return text, strings.IndexFunc(text, isEscaped) < 0
}

func (s *segment) pattern() string {
	if text, ok := s.plain(); ok {
		return text
	}
	if len(s.variables) == 1 && len(s.parts) == 1 {
		v := s.variables[0]
		if v.wire == "" {
			return "{" + v.Name + "}"
		}
		return "{" + v.Name + ":" + v.wire + "}"
	}
	// chi's keys are unique; a number is no name of a variable.
	key := strconv.Itoa(s.place)
	if len(s.variables) > 0 {
		names := make([]string, len(s.variables))
		for i, v := range s.variables {
			names[i] = v.Name
		}
		key = strings.Join(names, "-")
	}
	var expr strings.Builder
	anything := false // the part before is a variable for any text
	for _, p := range s.parts {
		again := anything
		anything = p.variable != nil && p.prepared.wire == ""
		switch {
		case p.variable == nil:
			expr.WriteString(spellings(p.text))
		case !anything:
			expr.WriteString(p.prepared.wire)
		case !again: // variables count bytes, and chi letters: one may be enough for two variables
			expr.WriteString("[^/]+")
		}
	}
	return "{" + key + ":" + expr.String() + "}"
}

// isEscaped tells whether clients may send a character in another spelling. RFC 3986 section 2.3: those that are not reserved
// are not to be escaped.
func isEscaped(c rune) bool {
	return !(c < 0x80 && isWord(byte(c)) || c == '-' || c == '.' || c == '~')
}

// spellings is a regular expression for a text as it may stand in a path, decoded or not. In a path of Pants "+" is a blank.
func spellings(text string) string {
	var b strings.Builder
	for _, c := range text {
		if !isEscaped(c) {
			b.WriteString(regexp.QuoteMeta(string(c)))
			continue
		}
		var escaped strings.Builder
		for _, octet := range []byte(string(c)) {
			escaped.WriteByte('%')
			for _, digit := range fmt.Sprintf("%02X", octet) {
				if digit >= 'A' {
					fmt.Fprintf(&escaped, "[%c%c]", digit, digit|0x20)
				} else {
					escaped.WriteRune(digit)
				}
			}
		}
		switch {
		case c == '+':
			b.WriteString(escaped.String())
		case c == ' ':
			fmt.Fprintf(&b, `(?: |\+|%s)`, &escaped)
		case c < ' ' || strings.ContainsRune("{}\x7f", c): // chi counts braces
			fmt.Fprintf(&b, `(?:\x%02x|%s)`, c, &escaped)
		default:
			fmt.Fprintf(&b, `(?:%s|%s)`, regexp.QuoteMeta(string(c)), &escaped)
		}
	}
	return b.String()
}
