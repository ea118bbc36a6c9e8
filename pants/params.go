package pants

import (
	"strings"
	"unicode/utf8"
)

// params are the parameters of a Content-Type or Content-Disposition value, names in lower case, in order.
type params []struct{ name, value string }

// get is the first parameter of that name; "" if there is none.
func (p params) get(name string) string {
	value, _ := p.lookup(name)
	return value
}

func (p params) lookup(name string) (string, bool) {
	for _, param := range p {
		if param.name == name {
			return param.value, true
		}
	}
	return "", false
}

// anyForm tells whether there is a parameter of that name, be it extended or in pieces.
func (p params) anyForm(name string) bool {
	for _, param := range p {
		if param.name == name || strings.HasPrefix(param.name, name+"*") {
			return true
		}
	}
	return false
}

// parseParams splits `type; name=value; name="quoted value"` (RFC 9110 section 5.6.6). It is lenient where clients are:
// blanks around '=', empty parameters, bytes above 127 and special characters without quotes are taken; a parameter without
// '=' is left out. It cannot fail.
func parseParams(s string) (value string, p params) {
	value, rest, more := strings.Cut(s, ";")
	value = strings.ToLower(trimBlanks(value))
	for more {
		rest = strings.TrimLeft(rest, " \t;")
		if rest == "" {
			break
		}
		end := strings.IndexAny(rest, "=;")
		if end < 0 {
			break // a last word without '='
		}
		name := strings.ToLower(trimBlanks(rest[:end]))
		if rest[end] == ';' {
			rest = rest[end+1:]
			continue
		}
		rest = strings.TrimLeft(rest[end+1:], " \t")
		var text string
		if strings.HasPrefix(rest, `"`) {
			text, rest = unquoteString(rest)
			_, rest, more = strings.Cut(rest, ";") // what stands between the quote and ';' is nobody's
		} else {
			text, rest, more = strings.Cut(rest, ";")
			text = trimBlanks(text)
		}
		if name != "" {
			p = append(p, struct{ name, value string }{name, text})
		}
	}
	return value, p
}

// unquoteString reads the quoted string that s begins with and returns what follows it. A backslash quotes only a special
// character: old browsers send file names as "C:\dir\file".
func unquoteString(s string) (text, rest string) {
	var out []byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			if out == nil {
				return s[1:i], s[i+1:]
			}
			return string(out), s[i+1:]
		case c == '\\' && i+1 < len(s) && isSpecial(s[i+1]):
			if out == nil {
				out = append(out, s[1:i]...) // no more than is there: s may hold many strings
				if out == nil {
					out = []byte{}
				}
			}
			i++
			out = append(out, s[i])
		case out != nil:
			out = append(out, c)
		}
	}
	if out == nil {
		return s[1:], "" // no closing quote
	}
	return string(out), ""
}

// isSpecial tells the tspecials of RFC 2045 section 5.1.
func isSpecial(c byte) bool { return strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 }

// decodeExtended decodes an extended value of RFC 8187 section 3.2, charset'language'percent-encoded. ok is false when it is
// none, or not in UTF-8 or ISO-8859-1.
func decodeExtended(s string) (text string, ok bool) {
	charset, rest, ok := strings.Cut(s, "'")
	if !ok {
		return "", false
	}
	_, coded, ok := strings.Cut(rest, "'")
	if !ok {
		return "", false
	}
	out := make([]byte, 0, len(coded))
	for i := 0; i < len(coded); i++ {
		switch c := coded[i]; {
		case c != '%':
			out = append(out, c)
		case i+2 < len(coded) && isHex(coded[i+1]) && isHex(coded[i+2]):
			out = append(out, unhex(coded[i+1])<<4|unhex(coded[i+2]))
			i += 2
		default:
			return "", false
		}
	}
	switch strings.ToLower(charset) {
	case "utf-8", "us-ascii":
		return string(out), utf8.Valid(out)
	case "iso-8859-1":
		runes := make([]rune, len(out))
		for i, c := range out {
			runes[i] = rune(c)
		}
		return string(runes), true
	}
	return "", false
}
