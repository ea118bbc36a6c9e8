package adapter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Route is a rule of pants.web.Application, translated.
type Route struct {
	rule      string
	domain    *regexp.Regexp // nil: every host
	path      *regexp.Regexp
	prefix    string // the text before the path's first variable
	variables []variable
	patterns  []string
}

// Variable is a variable of a rule: "<int:id=5>".
type Variable struct {
	Name       string
	Converter  string // any, domainpart, float, int, path, regex or string
	Default    string // what stands in when the path ends before the variable
	HasDefault bool
}

// variable is a Variable with what it matches.
type variable struct {
	Variable
	converter
	standIn string // the part of Default that its value is made of
}

// Rule translates a rule of pants.web.Application. It has the same meaning here, to the byte:
//
//	/welcome                          a text; a rule without a slash gets one in front
//	/user/<name>                      a text without a slash; so is <string:name>, <str:name>, <string(min=2 max=9):name>
//	/user/<int:id>                    digits, maybe with a minus; <int(digits=4):id>, <integer(min=1 max=99):id>
//	/price/<float(max=10):euro>       digits, maybe with a minus and a fraction
//	/<any(call "text me"):action>     one of these
//	/files/<path:name>                any text without a line break, slashes too
//	/tel/<regex("(\d{3}-\d{4})"):no>  a regular expression of Python, with one group: the value
//	/page/<path:slug=welcome>         a value for when the path ends here, at /page/
//	<user>.example.com/blog           a domain in front of the first slash, with any variables; .example.com is each subdomain
//
// Blanks or commas separate a converter's options, which go by name or in this order: digits, min, max of int; min, max of float;
// min, max, length of string, in bytes. Without a min, numbers may have a minus. A path is compared when it is decoded, "+" to a
// blank and "%2F" to a slash: "/x%2Fy" fits the rule /<first>/<second>.
//
// An error names the rule and the reason. Refused is what Pants refuses; what it reads in another way than it looks, since "<x>"
// is no variable (a name has two letters) and any(a-b) is a choice of two; what can never match or never give a value; and what
// has no exact counterpart on chi and in Go: a default inside a domain, a name that two variables have, converters of the app's
// own, and regular expressions with lookaround, back references, flags, anchors, or a number of groups that is not one.
func Rule(rule string) (*Route, error) {
	route, err := translate(rule)
	if err != nil {
		return nil, fmt.Errorf("adapter: rule %q: %w", rule, err)
	}
	return route, nil
}

// String is the rule as it was written, with a slash in front if it had none.
func (t *Route) String() string { return t.rule }

// Patterns are the patterns of chi that together find every path of the rule; Match has the last word on what they find. A rule
// has one more than it has defaults. chi does not decode a path before it looks: see Router.Rule.
func (t *Route) Patterns() []string { return slices.Clone(t.patterns) }

// Variables are the rule's variables in their order, those of the domain first.
func (t *Route) Variables() []Variable {
	out := make([]Variable, len(t.variables))
	for i, v := range t.variables {
		out[i] = v.Variable
	}
	return out
}

// Match tells whether the rule is for a host and a path, and gives the values of its variables: int, float64 or string. The host
// is one in lower case without a port (Request.Hostname), the path is decoded. An err beside a match says that a value is out of
// its converter's range, too large for an int, or missing; there are no values then, and Pants answered 400.
func (t *Route) Match(host, path string) (values []any, ok bool, err error) {
	texts, ok := t.find(host, path)
	if !ok {
		return nil, false, nil
	}
	_, values, err = t.convert(texts)
	return values, true, err
}

// find gives the texts that the variables match. They are empty from the first default on that is used.
func (t *Route) find(host, path string) (texts []string, ok bool) {
	if !strings.HasPrefix(path, t.prefix) {
		return nil, false
	}
	if t.domain != nil {
		found := t.domain.FindStringSubmatch(widen(host))
		if found == nil {
			return nil, false
		}
		texts = append(texts, found[1:]...)
	}
	found := t.path.FindStringSubmatch(widen(path))
	if found == nil {
		return nil, false
	}
	texts = append(texts, found[1:]...)
	for i, text := range texts {
		texts[i] = narrow(text)
	}
	return texts, true
}

// convert makes values of texts, and puts in the defaults.
func (t *Route) convert(texts []string) ([]string, []any, error) {
	values := make([]any, len(texts))
	for i, v := range t.variables {
		if texts[i] == "" {
			if !v.HasDefault {
				return nil, nil, fmt.Errorf("%s is missing", v.Name)
			}
			texts[i] = v.standIn
		}
		value, err := v.value(texts[i])
		if err != nil {
			return nil, nil, fmt.Errorf("%s %w", v.Name, err)
		}
		values[i] = value
	}
	return texts, values, nil
}

func translate(rule string) (*Route, error) {
	if !utf8.ValidString(rule) {
		return nil, errors.New("it is not UTF-8")
	}
	if !strings.Contains(rule, "/") {
		rule = "/" + rule
	}
	parts, err := scan(rule)
	if err != nil {
		return nil, err
	}
	domain, path, err := split(parts)
	if err != nil {
		return nil, err
	}
	t := &Route{rule: rule, prefix: path[0].text}
	if len(domain) > 0 {
		expr, err := t.domainExpr(domain)
		if err != nil {
			return nil, err
		}
		if t.domain, err = regexp.Compile(expr); err != nil {
			return nil, err
		}
	}
	expr, err := t.pathExpr(path)
	if err != nil {
		return nil, err
	}
	if t.path, err = regexp.Compile(expr); err != nil {
		return nil, err
	}
	for i, v := range t.variables {
		if slices.ContainsFunc(t.variables[:i], func(w variable) bool { return w.Name == v.Name }) {
			return nil, fmt.Errorf("two variables are named %q", v.Name)
		}
	}
	t.patterns = patterns(path)
	return t, nil
}

// domainExpr is what a host must match: the whole of it, but with a dot in front any one label before.
func (t *Route) domainExpr(parts []part) (string, error) {
	var b strings.Builder
	b.WriteString("^")
	if strings.HasPrefix(parts[0].text, ".") {
		b.WriteString("[^./]+?")
	}
	for _, p := range parts {
		if p.variable == nil {
			if i := strings.IndexFunc(p.text, notInHost); i >= 0 {
				return "", fmt.Errorf("the domain has %q: a host is compared in lower case and without a port", p.text[i:])
			}
			b.WriteString(regexp.QuoteMeta(p.text))
			continue
		}
		v, err := p.variable.prepare(true)
		switch {
		case err != nil:
			return "", err
		case v.HasDefault:
			return "", fmt.Errorf("variable %q of the domain has a default: Pants makes the whole domain optional then", v.Name)
		case v.slash:
			return "", fmt.Errorf("variable %q of the domain may match a slash", v.Name)
		}
		t.variables = append(t.variables, v)
		b.WriteString(v.expr)
	}
	b.WriteString("$")
	return b.String(), nil
}

func notInHost(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
}

// pathExpr is what a path must match. It may end before each default. parts get their variables prepared.
func (t *Route) pathExpr(parts []part) (string, error) {
	var b strings.Builder
	b.WriteString("^")
	defaults := 0
	for i, p := range parts {
		if p.variable == nil {
			b.WriteString(regexp.QuoteMeta(widen(p.text)))
			continue
		}
		v, err := p.variable.prepare(false)
		if err != nil {
			return "", err
		}
		if v.HasDefault {
			b.WriteString("(?:")
			defaults++
		}
		b.WriteString(v.expr)
		t.variables = append(t.variables, v)
		parts[i].prepared = &v
	}
	b.WriteString(strings.Repeat(")?", defaults))
	b.WriteString(pythonEnd)
	return b.String(), nil
}

// pythonEnd is "$" in Python: there may be a line break after the end.
const pythonEnd = `\n?$`

// widen makes a rune of each byte, narrow bytes again: Pants' regular expressions count bytes, Go's runes.
func widen(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			runes := make([]rune, len(s))
			for i := 0; i < len(s); i++ {
				runes[i] = rune(s[i])
			}
			return string(runes)
		}
	}
	return s
}

func narrow(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			out := make([]byte, 0, len(s))
			for _, c := range s {
				out = append(out, byte(c))
			}
			return string(out)
		}
	}
	return s
}
