package legacy

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// maxNesting is how often texts in texts are looked into: JSON in a field of JSON in a form. What is deeper is masked as a whole.
const maxNesting = 4

// value masks in a value that is no secret itself what in it is one: JSON in it, URLs in it. A request's value in which a word
// such as "password" is followed by something that cannot be read is masked as a whole.
func (k *masking) value(place, s string, depth int) string {
	if isJSON([]byte(s)) {
		if depth == maxNesting {
			return k.mask(place, s)
		}
		return string(k.json(place, []byte(s), depth+1))
	}
	out := k.links(place, s)
	if k.side == "request" && k.assigns(out) {
		return k.mask(place, s)
	}
	return out
}

// isJSON tells objects and arrays.
func isJSON(b []byte) bool { return looksLikeJSON(b) && json.Valid(b) }

func looksLikeJSON(b []byte) bool {
	for _, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{' || c == '['
		}
	}
	return false
}

// linkPair is a parameter of a URL in a text; in HTML its name begins with "amp;".
var linkPair = regexp.MustCompile(`[?&#]([^\s=?&#"'<>\\]{1,100})=([^\s&#"'<>\\)]+)`)

// links masks secret parameters, and passwords, of the URLs in a text.
func (k *masking) links(place, s string) string {
	if strings.Contains(s, "://") {
		s = replaceGroups(userInfo, s, func(g []string) string { return k.mask(place+" user", lenientUnescape(g[0])) })
	}
	return replaceGroups(linkPair, s, func(g []string) string { return k.parameter(place, g[0], g[1]) })
}

// userInfo is "user:password" of a URL.
var userInfo = regexp.MustCompile(`://([^/?#@\s"'<>]+)@`)

// fieldPair is a parameter of a header field: "attachment; token=a".
var fieldPair = regexp.MustCompile(`(?:^|[;,\s])([^\s=?&#;,"'<>]{1,100})=("[^"]*"|[^\s&#;,"'<>]+)`)

// parameters masks secret parameters of a header field.
func (k *masking) parameters(place, s string) string {
	return replaceGroups(fieldPair, s, func(g []string) string { return k.parameter(place, g[0], g[1]) })
}

// parameter is the value of name=value, masked if the name is secret.
func (k *masking) parameter(place, name, value string) string {
	if name = lenientUnescape(name); value == "" || !k.names.isSecret(name) {
		return value
	}
	return k.mask(place+" "+name, lenientUnescape(unquoted(value)))
}

// replaceGroups replaces the last group of each match by what f makes of all groups.
func replaceGroups(re *regexp.Regexp, s string, f func(groups []string) string) string {
	var b strings.Builder
	done := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		groups := make([]string, 0, 2)
		for i := 2; i < len(m); i += 2 {
			groups = append(groups, s[m[i]:m[i+1]])
		}
		last := m[len(m)-2:]
		b.WriteString(s[done:last[0]])
		b.WriteString(f(groups))
		done = last[1]
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// assignment is a word and what says that something follows which it names: "password: x", <Password>x, \"token\":1.
var assignment = regexp.MustCompile(`([0-9A-Za-z_.\-\[\]]{1,100})["'\\]*\s*[:=>]\s*["'\\]*`)

// assigns tells texts that may hold a secret whose end nobody knows.
func (k *masking) assigns(s string) bool {
	for _, m := range assignment.FindAllStringSubmatchIndex(s, -1) {
		rest := s[m[1]:]
		if k.names.isUnmistakable(s[m[2]:m[3]]) && rest != "" && !strings.HasPrefix(rest, placeholder) {
			return true
		}
	}
	return false
}

// lenientUnescape is url.QueryUnescape that leaves a bad escape as it stands, like Python's.
func lenientUnescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s):
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
			fallthrough
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
