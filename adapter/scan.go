package adapter

import (
	"errors"
	"fmt"
	"strings"
)

// part is a piece of a rule: a text, or a variable.
type part struct {
	text     string
	variable *written
	prepared *variable // of the path, once its expression is made
}

// written is a variable as a rule has it: "<int(digits=4):id=2000>".
type written struct {
	converter  string // "" if none is named
	options    []option
	name       string
	standard   string // the default
	hasDefault bool
}

// scan cuts a rule into texts and variables.
func scan(rule string) ([]part, error) {
	var parts []part
	for rule != "" {
		i := strings.IndexByte(rule, '<')
		if i < 0 {
			i = len(rule)
		}
		if i > 0 {
			parts = append(parts, part{text: rule[:i]})
			rule = rule[i:]
			continue
		}
		v, rest, err := scanVariable(rule)
		if err != nil {
			whole, _, closed := strings.Cut(rule, ">")
			if closed {
				whole += ">"
			}
			return nil, fmt.Errorf("%q is no variable to Pants: %w", whole, err)
		}
		parts = append(parts, part{variable: v})
		rule = rest
	}
	return parts, nil
}

// scanVariable reads the variable that s begins with.
func scanVariable(s string) (*written, string, error) {
	v := &written{}
	word, rest := cutWord(s[1:])
	named := strings.HasPrefix(rest, "(")
	if named {
		var err error
		if v.options, rest, err = scanOptions(rest[1:]); err != nil {
			return nil, "", err
		}
		if !strings.HasPrefix(rest, ":") {
			return nil, "", errors.New(`after the options of a converter comes ":" and a name`)
		}
	}
	if strings.HasPrefix(rest, ":") {
		if !isName(word) {
			return nil, "", fmt.Errorf("%q is no name of a converter", word)
		}
		v.converter = word
		word, rest = cutWord(rest[1:])
	}
	if !isName(word) {
		return nil, "", fmt.Errorf("%q is no name: it takes two or more letters, digits or _", word)
	}
	v.name = word
	if strings.HasPrefix(rest, "=") {
		v.hasDefault = true
		i := strings.IndexByte(rest, '>')
		if i < 0 {
			return nil, "", errors.New(`there is no ">"`)
		}
		v.standard, rest = rest[1:i], rest[i:]
	}
	if !strings.HasPrefix(rest, ">") {
		return nil, "", fmt.Errorf(`after its name comes "=" and a default, or ">"`)
	}
	return v, rest[1:], nil
}

// cutWord cuts off the letters, digits and underscores that s begins with.
func cutWord(s string) (word, rest string) {
	i := 0
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isWord(c byte) bool { return isDigit(c) || c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isName(word string) bool { return len(word) >= 2 && !isDigit(word[0]) }

// split parts the domain from the path: the first slash in a text ends it.
func split(parts []part) (domain, path []part, err error) {
	for i, p := range parts {
		slash := strings.IndexByte(p.text, '/')
		if slash < 0 {
			continue
		}
		domain = parts[:i:i]
		if slash > 0 {
			domain = append(domain, part{text: p.text[:slash]})
		}
		return domain, append([]part{{text: p.text[slash:]}}, parts[i+1:]...), nil
	}
	return nil, nil, errors.New("its only slash is inside a variable: Pants takes the rule for a domain")
}
