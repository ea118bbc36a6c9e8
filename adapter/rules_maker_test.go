package adapter_test

import (
	"math/rand"
	"net/url"
	"slices"
	"strings"
)

// maker makes up apps.
type maker struct{ *rand.Rand }

func (m maker) pick(list ...string) string { return list[m.Intn(len(list))] }

func (m maker) app() *app {
	a := &app{}
	for range 1 + m.Intn(4) {
		rule := &appRule{Rule: m.rule()}
		if m.Intn(3) == 0 {
			rule.Methods = [][]string{{"GET"}, {"POST"}, {"PUT", "GET"}, {"OPTIONS"}, {"HEAD", "DELETE"}}[m.Intn(5)]
		}
		if !slices.ContainsFunc(a.Rules, func(r *appRule) bool { return r.Rule == rule.Rule }) {
			a.Rules = append(a.Rules, rule)
		}
	}
	for range 12 {
		q := m.request(a.Rules[m.Intn(len(a.Rules))].Rule)
		if _, err := url.ParseRequestURI(q.Target); err == nil && strings.HasPrefix(q.Target, "/") {
			a.Requests = append(a.Requests, q)
		}
	}
	return a
}

func (m maker) rule() string {
	var b strings.Builder
	if m.Intn(4) == 0 {
		for range 1 + m.Intn(2) {
			b.WriteString(m.pick("api", "<sub>", "<int:nr>", ".", "<any(www api):sub>", "<string(length=3):sub>", "<>"))
			b.WriteString(m.pick(".", ".", ""))
		}
		b.WriteString(m.pick("example.com", "com", ""))
	}
	names := []string{"aa", "bb", "cc", "dd", "ee", "ff"}
	for i := range 1 + m.Intn(4) {
		if i == 0 || m.Intn(4) > 0 {
			b.WriteString("/")
		}
		for range 1 + m.Intn(2) {
			if m.Intn(2) == 0 || len(names) == 0 {
				b.WriteString(m.pick("a", "user", "x.y", "a-b", ".html", "~", "%", "+", "a b", "é", "@me", "a,b", "{x}", "*", "",
					"-", "7", "!", "(", "%2F", ":"))
				continue
			}
			b.WriteString(m.variable(names[0]))
			names = names[1:]
		}
	}
	rule := b.String()
	if m.Intn(12) == 0 && rule != "" { // a slip of the pen
		i := m.Intn(len(rule))
		rule = rule[:i] + m.pick("<", ">", "/", "'", `"`, "(", ")", " ", ":", "=", "x", "5", "é", "",
			".") + rule[i+m.Intn(2):]
	}
	return strings.ToValidUTF8(rule, "")
}

func (m maker) variable(name string) string {
	converter := m.pick("", "", "", "str:", "string:", "String(min=2 max=4):", "string(length=3):", "string(2):",
		"domainpart:",
		"int:", "int:", "integer:", "int(digits=4):", "int(2):", "int(min=3 max=70):", "int(min=-5):", "int(max=7):",
		"int():", "int(digits=none, max=50):",
		"float:", "float:", "float(min=1.5):", "float(max=10):", "float(1 2.5):",
		"path:", "path:", "path:", "any(call text):", "any(a ab abc):", "any('a b', c):", "any(x/y z):", "any(1 2):",
		`any("é" ü):`, "any(a.b c-d):", "any('a.b' '*'):", "any(no none):",
		`regex("(\d{3}-\d{4})"):`, `regex('([a-z]+)'):`, `regex("v(\d*)"):`, `regex("(.+)"):`, `regex("([^/]+?)(?:\.x)?"):`,
		`regex("(\w+|-)"):`, `regex("(a|b|)"):`, `regex("(\S{2,3})"):`,
		`regex("(é+)"):`, `regex("([\s\S]+)"):`, `regex("([^\s-]+)"):`, `regex("x|(y)"):`, `regex("(?i)(a)"):`,
		`regex("(?:a|b)+(.)"):`, `regex("([]a-c-]+)"):`, `regex("(a+)(b)"):`, `regex("([\x41-C:>])"):`,
		`regex("(?:(a)b)*c"):`,
		"any(call text):", "int:", "", "float:", "path:", "string:", m.pick("date:", "string(max=3):", "any(1):", "int(x):",
			"path(2):", "float(true):", "int(2 3 4 5):", "int(size=3):", "int(2 digits=2):", "regex():", "any():", "Int:"))
	if m.Intn(8) == 0 {
		converter = `regex("` + m.regex() + `"):`
	}
	standard := ""
	if m.Intn(5) == 0 {
		standard = "=" + m.pick("5", "a", "welcome", "call", "", "1.5", "a/b", "é", "C", "555-1234", "1234", "v7", "x=y")
	}
	return "<" + converter + name + standard + ">"
}

// regex makes up a regular expression with a group.
func (m maker) regex() string {
	return m.sequence(0) + "(" + m.sequence(2) + m.pick("", "", "|"+m.sequence(1)) + ")" + m.sequence(0)
}

func (m maker) sequence(depth int) string {
	text := ""
	for range m.Intn(2 + depth) {
		atom := m.pick("a", "b", "-", "5", ".", "\\.", "\\d", "\\w", "\\s", "\\S", "\\D", "\\W", "[a-c]", "[^a]", "[^/]",
			"[\\d-]", "[]a-]", "[a-c-5]", "[\\w.]", "[^\\s/]",
			"é", "[é-]", "\\x41", "/", "[+--]", "\\-", "\\t", "~", " ")
		if depth > 0 && m.Intn(4) == 0 {
			atom = "(?:" + m.sequence(depth-1) + m.pick("", "|"+m.sequence(depth-1)) + ")"
		}
		text += atom + m.pick("", "", "", "+", "*", "?", "{2}", "{1,3}", "{2,}", "+?", "*?", "??", "{1,2}?")
	}
	return text
}

// request makes up a request that the rule may be for.
func (m maker) request(rule string) *appRequest {
	q := &appRequest{Method: m.pick("", "", "", "", "HEAD", "POST", "OPTIONS", "DELETE")}
	var b strings.Builder
	for rule != "" {
		text, rest, found := strings.Cut(rule, "<")
		b.WriteString(text)
		rule = ""
		if found {
			variable, rest, _ := strings.Cut(rest, ">")
			b.WriteString(m.value(variable))
			rule = rest
		}
	}
	whole := b.String()
	if m.Intn(6) == 0 && whole != "" {
		i := m.Intn(len(whole))
		whole = whole[:i] + m.pick("/", "a", "", "\n", ".", "é", "5", "-", "+", " ", "%", "\xff", ":") + whole[i+m.Intn(2):]
	}
	if m.Intn(6) == 0 {
		whole = whole[:strings.LastIndexAny("/"+whole, "/-.")]
	}
	host, path, _ := strings.Cut(whole, "/")
	q.Target = "/" + m.escape(path)
	if host != "" || m.Intn(4) == 0 {
		q.Host = m.pick(host, host, strings.ToUpper(host), host+":8080", "api.example.com", "x."+host, "www.com", "[::1]:80")
		if host == "" || host[0] == ':' || strings.Trim(strings.ToLower(q.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
			q.Host = "example.com"
		}
	}
	return q
}

func (m maker) value(variable string) string {
	if i := strings.IndexByte(variable, '='); i >= 0 && m.Intn(4) == 0 {
		return variable[i+1:]
	}
	switch {
	case strings.HasPrefix(variable, "int") && m.Intn(4) > 0:
		return m.pick("5", "-5", "0", "1234", "71", "007", "3", "70", "12", "-0", "99999999999999999999",
			"9223372036854775807")
	case strings.HasPrefix(variable, "float") && m.Intn(4) > 0:
		return m.pick("5", "-5.25", "1.5", "2.50", "10.01", "1.", ".5", "1e3", "0.1", "123456789012345678901234567890.5")
	case strings.HasPrefix(variable, "any") && m.Intn(4) > 0:
		return m.pick("call", "text", "a", "ab", "abc", "a b", "c", "x/y", "z", "é", "ü", "*", "a.b", "no", "C")
	case strings.HasPrefix(variable, "regex") && m.Intn(4) > 0:
		return m.pick("ab5", "a-b", "aéb", "aa", "bab5", "5a", "ba.a", "a5 b", "A", "555-1234", "abc", "v7", "v", "x.x",
			"a", "b", "-", "é", "éé", "ab/c", "a]c", "y", "A", "B", ">", ":", "aab", "a c", "c", "abc")
	}
	return m.pick("ada", "a", "ab", "abcd", "é", "éa", "a b", "a/b", "", "a.b", "a-b", "x.html", "a+b", "\n", "a\nb",
		"100%", "call", "\xff\xfe", "5", "~", "a%2Fb", "!*'()")
}

// escape spells a path as some client might.
func (m maker) escape(path string) string {
	style := m.Intn(4)
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i : i+1]
		must := url.PathEscape(c) != c && !strings.Contains("/!'()*;,", c) || strings.Contains("+?#", c)
		switch {
		case c == " " && m.Intn(2) == 0:
			b.WriteString("+")
		case must && style == 1, style == 2 && m.Intn(8) == 0, style == 3 && url.QueryEscape(c) != c && c != "/":
			b.WriteString(strings.ToLower(hex(c)))
		case must:
			b.WriteString(hex(c))
		default:
			b.WriteString(c)
		}
	}
	return b.String()
}

func hex(c string) string {
	const digits = "0123456789ABCDEF"
	return "%" + digits[c[0]>>4:c[0]>>4+1] + digits[c[0]&15:c[0]&15+1]
}
