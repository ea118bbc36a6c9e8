package adapter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// option is one of a converter's options: "4", "min=2", "'call me'".
type option struct {
	key   string
	value any // string, int, float64, bool or nil
}

// scanOptions reads options up to their closing parenthesis. Pants skips what it does not know between options, and cuts words
// where a number or "none" ends; a rule that needs this is refused.
func scanOptions(s string) (options []option, rest string, err error) {
	between := true
	for s != "" {
		switch c := s[0]; {
		case c == ')':
			return options, s[1:], nil
		case c == ' ' || c == ',':
			between, s = true, s[1:]
			continue
		case !between:
			return nil, "", fmt.Errorf("options are separated by blanks: %q", s)
		}
		var o option
		if word, after := cutWord(s); word != "" && strings.HasPrefix(after, "=") {
			o.key, s = word, after[1:]
		}
		if o.value, s, err = scanOption(s); err != nil {
			return nil, "", err
		}
		options, between = append(options, o), false
	}
	return nil, "", errors.New(`there is no ")"`)
}

// scanOption reads a value: a word, a number, or anything in quotes.
func scanOption(s string) (value any, rest string, err error) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		return scanQuoted(s)
	}
	word, rest := cutWord(s)
	if strings.HasPrefix(rest, ".") && isDigits(word) {
		fraction, after := cutWord(rest[1:])
		word, rest = word+"."+fraction, after
	}
	value, err = wordValue(word)
	if err != nil {
		return nil, "", err
	}
	if rest != "" && !strings.ContainsRune(" ,)", rune(rest[0])) {
		return nil, "", fmt.Errorf("for Pants the option %q ends before %q: write it in double quotes", word, rest[:1])
	}
	return value, rest, nil
}

// scanQuoted reads an option in quotes. In single quotes Pants does not get over characters that end options or variables.
func scanQuoted(s string) (value any, rest string, err error) {
	quote := s[:1]
	text, rest, ok := strings.Cut(s[1:], quote)
	switch {
	case !ok:
		return nil, "", fmt.Errorf("the option %s has no second quote", s)
	case text == "":
		return nil, "", errors.New("an option is empty")
	case quote == "'" && strings.ContainsAny(text, `:>)"`):
		return nil, "", fmt.Errorf("'%s' has one of : > ) in single quotes: write it in double quotes", text)
	}
	return text, rest, nil
}

// wordValue is what Pants makes of an option without quotes.
func wordValue(word string) (any, error) {
	lower := strings.ToLower(word)
	switch lower {
	case "":
		return nil, errors.New("an option is empty, or it has a sign that needs double quotes")
	case "none":
		return nil, nil
	case "true", "false":
		return lower == "true", nil
	case "nan", "inf", "infinity":
		return nil, fmt.Errorf("the option %s is a number to Python: write it in double quotes", word)
	}
	whole, fraction, isFloat := strings.Cut(word, ".")
	switch {
	case isDigits(whole) && isFloat && (fraction == "" || isDigits(fraction)):
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, fmt.Errorf("the option %s is too large", word)
		}
		return f, nil
	case isDigits(word):
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("the option %s is too large", word)
		}
		return n, nil
	case isDigit(word[0]), strings.HasPrefix(lower, "none"), strings.HasPrefix(lower, "true"), strings.HasPrefix(lower, "false"):
		return nil, fmt.Errorf("the option %s is cut in two by Pants: write it in double quotes", word)
	}
	return word, nil
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// bind gives options their names: those without a key by their place. Pants calls a Python method with them, so that what is
// too much, unknown or there twice is an error.
func bind(options []option, names ...string) (map[string]any, error) {
	bound := map[string]any{}
	place := 0
	for _, o := range options {
		key := o.key
		if key == "" {
			if place == len(names) {
				return nil, fmt.Errorf("it takes %d options at most", len(names))
			}
			key = names[place]
			place++
		}
		known := false
		for _, name := range names {
			known = known || name == key
		}
		if !known {
			return nil, fmt.Errorf("it has no option %q", key)
		}
		if _, twice := bound[key]; twice {
			return nil, fmt.Errorf("option %q is there twice", key)
		}
		bound[key] = o.value
	}
	return bound, nil
}

// whole is an option that is a whole number; ok is false if it is not given, or none.
func whole(bound map[string]any, name string) (n int, ok bool, err error) {
	switch v := bound[name].(type) {
	case nil:
		return 0, false, nil
	case int:
		return v, true, nil
	default:
		return 0, false, fmt.Errorf("its option %s is %v, not a whole number", name, v)
	}
}
