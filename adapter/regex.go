package adapter

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// regexOf takes the regular expressions that Python and Go read in the same way.
func regexOf(options []option) (converter, error) {
	c := converter{value: textValue}
	bound, err := bind(options, "match", "namegen") // namegen is for URLs that are written
	if err != nil {
		return c, err
	}
	match, ok := bound["match"].(string)
	if !ok {
		return c, errors.New("it takes a regular expression in quotes")
	}
	if c.expr, err = pythonRegex(match); err != nil {
		return c, fmt.Errorf("the regular expression %q: %w", match, err)
	}
	tree, err := syntax.Parse(c.expr, syntax.Perl)
	if err != nil {
		return c, fmt.Errorf("the regular expression %q: %w", match, err)
	}
	if err = checkTree(tree); err != nil {
		return c, fmt.Errorf("the regular expression %q %w", match, err)
	}
	c.slash = matches(tree, func(low, high rune) bool { return low <= '/' && '/' <= high })
	if !matches(tree, func(low, high rune) bool { return !allSent(low, high) }) {
		c.wire = c.expr
	}
	return c, nil
}

// pythonRegex writes a regular expression of Python for Go. It passes what means the same in both and refuses the rest.
func pythonRegex(s string) (string, error) {
	var b strings.Builder
	for s != "" {
		n := 1
		switch c := s[0]; {
		case c == '\\':
			text, length, err := pythonEscape(s, false)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			n = length
		case c == '[':
			text, length, err := pythonClass(s)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			n = length
		case strings.HasPrefix(s, "(?:"):
			b.WriteString("(?:")
			n = 3
		case strings.HasPrefix(s, "(?"):
			return "", fmt.Errorf("%q is more than a group", s[:min(3, len(s))])
		case c == '^' || c == '$':
			return "", fmt.Errorf("%q is an anchor", s[:1])
		case c == '{':
			length := strings.IndexByte(s, '}') + 1
			low, high, hasHigh := strings.Cut(s[1:max(1, length-1)], ",")
			if !isDigits(low) || hasHigh && high != "" && !isDigits(high) {
				return "", errors.New(`"{" begins no repetition: write "\{"`)
			}
			b.WriteString(s[:length])
			n = length
		case strings.IndexByte("().*+?|", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString(quoteByte(c, false))
		}
		s = s[n:]
	}
	return b.String(), nil
}

// quoteByte is a byte that stands for itself, as widen has it.
func quoteByte(c byte, inClass bool) string {
	switch {
	case c <= ' ' || c >= 0x7f:
		return fmt.Sprintf(`\x%02x`, c)
	case inClass && !isWord(c):
		return `\` + string(c)
	}
	return regexp.QuoteMeta(string(c))
}

// pythonEscape reads an escape, of which s[0] is the backslash.
func pythonEscape(s string, inClass bool) (text string, length int, err error) {
	if len(s) < 2 {
		return "", 0, errors.New("it ends with a backslash")
	}
	switch c := s[1]; {
	case strings.IndexByte("dDwWnrtfva", c) >= 0:
		return s[:2], 2, nil
	case c == 's' && inClass: // Go's \s has no vertical tab
		return `\s\v`, 2, nil
	case c == 's':
		return `[\s\v]`, 2, nil
	case c == 'S' && !inClass:
		return `[^\s\v]`, 2, nil
	case c == 'x' && len(s) >= 4 && isHex(s[2]) && isHex(s[3]):
		return s[:4], 4, nil
	case !isWord(c) && c < 0x80 || c == '_':
		return quoteByte(c, inClass), 2, nil
	}
	return "", 0, fmt.Errorf("%q is an escape of Python's", s[:2])
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// pythonClass reads a class, of which s[0] is the bracket.
func pythonClass(s string) (text string, length int, err error) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		b.WriteByte('^')
		i++
	}
	first, set := i, false // set: what came last is a set, which no range can begin with
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == ']' && i > first:
			b.WriteByte(']')
			return b.String(), i + 1, nil
		case c == '\\':
			text, length, err := pythonEscape(s[i:], true)
			if err != nil {
				return "", 0, err
			}
			b.WriteString(text)
			set = strings.IndexByte("dDwWs", s[i+1]) >= 0
			i += length - 1
			continue
		case c == '-' && i > first && i+1 < len(s) && s[i+1] != ']':
			if set {
				return "", 0, errors.New("it has a range that begins with a set")
			}
			b.WriteByte('-')
			if s[i+1] == '-' || s[i+1] == '[' { // a range up to one of these is rather a mistake
				return "", 0, fmt.Errorf("it has a range up to %q", s[i+1:i+2])
			}
		default:
			b.WriteString(quoteByte(c, true))
		}
		set = false
	}
	return "", 0, errors.New("a class has no end")
}

// checkTree refuses what has another value in Python, or none. The group must take part in every match.
func checkTree(tree *syntax.Regexp) error {
	if n := tree.MaxCap(); n != 1 {
		return fmt.Errorf("has %d groups, not one", n)
	}
	if !hasGroup(tree) {
		return errors.New("has a group that a match can go without")
	}
	if shortest(tree) == 0 {
		return errors.New("matches an empty text, for which Pants has no value")
	}
	return checkRepeats(tree)
}

// hasGroup tells whether a group takes part in every match of tree, and once.
func hasGroup(tree *syntax.Regexp) bool {
	return tree.Op == syntax.OpCapture || tree.Op == syntax.OpConcat && slices.ContainsFunc(tree.Sub, hasGroup)
}

// checkRepeats refuses a repetition of what may be empty: engines differ in how often they go round.
func checkRepeats(tree *syntax.Regexp) error {
	switch tree.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if shortest(tree.Sub[0]) == 0 {
			return errors.New("repeats what may be empty")
		}
	}
	for _, sub := range tree.Sub {
		if err := checkRepeats(sub); err != nil {
			return err
		}
	}
	return nil
}

// shortest is the length of the shortest text that tree matches.
func shortest(tree *syntax.Regexp) int {
	n := 0
	switch tree.Op {
	case syntax.OpLiteral:
		return len(tree.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(tree.Sub[0])
	case syntax.OpRepeat:
		return tree.Min * shortest(tree.Sub[0])
	case syntax.OpConcat:
		for _, sub := range tree.Sub {
			n += shortest(sub)
		}
	case syntax.OpAlternate:
		n = shortest(tree.Sub[0])
		for _, sub := range tree.Sub[1:] {
			n = min(n, shortest(sub))
		}
	}
	return n
}

// matches tells whether a range of characters that tree may match has a property.
func matches(tree *syntax.Regexp, has func(low, high rune) bool) bool {
	switch tree.Op {
	case syntax.OpLiteral:
		for _, c := range tree.Rune {
			if has(c, c) {
				return true
			}
		}
	case syntax.OpCharClass:
		for i := 0; i < len(tree.Rune); i += 2 {
			if has(tree.Rune[i], tree.Rune[i+1]) {
				return true
			}
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return has(0, 0xff)
	}
	for _, sub := range tree.Sub {
		if matches(sub, has) {
			return true
		}
	}
	return false
}

// allSent tells whether a client sends each of these characters as it is.
func allSent(low, high rune) bool {
	if high > '~' {
		return false
	}
	for c := low; c <= high; c++ {
		if isEscaped(c) {
			return false
		}
	}
	return true
}
