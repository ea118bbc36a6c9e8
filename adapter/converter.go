package adapter

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// converter is a configured converter of pants.web.
type converter struct {
	expr  string // what it matches, for Go's regexp, over bytes as widen has them; one group is the value's text
	wire  string // the same for chi, if what it matches is sent as it is; "": any text without a slash
	slash bool   // it may match a slash
	value func(text string) (any, error)
}

// prepare makes the variable ready to match, in a domain or a path.
func (w *written) prepare(inDomain bool) (variable, error) {
	v := variable{Variable: Variable{Name: w.name, Converter: converterName(w.converter, inDomain), HasDefault: w.hasDefault}}
	configure, ok := converters[v.Converter]
	if !ok {
		return v, fmt.Errorf("there is no converter %q", w.converter)
	}
	var err error
	if v.converter, err = configure(w.options); err == nil {
		err = v.setDefault(w)
	}
	if err != nil {
		return v, fmt.Errorf("variable %q, converter %s: %w", w.name, v.Converter, err)
	}
	return v, nil
}

// converterName resolves the names that stand for another converter.
func converterName(name string, inDomain bool) string {
	name = strings.ToLower(name)
	switch {
	case name == "" || name == "str" || name == "string" || !inDomain && name == "domainpart":
		if inDomain {
			return "domainpart"
		}
		return "string"
	case name == "integer":
		return "int"
	}
	return name
}

var converters = map[string]func([]option) (converter, error){
	"any":        anyOf,
	"domainpart": func(o []option) (converter, error) { return lengthOf("[^/.]", o) },
	"float":      floatIn,
	"int":        intIn,
	"path":       anyPath,
	"regex":      regexOf,
	"string":     func(o []option) (converter, error) { return lengthOf("[^/]", o) },
}

// setDefault checks the default, which Pants leaves to the first request that needs it.
func (v *variable) setDefault(w *written) error {
	if !w.hasDefault {
		return nil
	}
	v.Default = w.standard
	if v.Converter == "any" {
		for _, o := range w.options { // in any case, but the value is the choice
			if choice := o.value.(string); lower(choice) == lower(v.Default) {
				v.Default = choice
				break
			}
		}
	}
	whole, err := regexp.Compile("^" + v.expr + pythonEnd)
	if err != nil {
		return err
	}
	found := whole.FindStringSubmatch(widen(v.Default))
	if found == nil {
		return fmt.Errorf("it does not match its default %q", v.Default)
	}
	v.standIn = narrow(found[1])
	if _, err := v.value(v.standIn); err != nil {
		return fmt.Errorf("its default %w", err)
	}
	return nil
}

// lower is Python's lower on bytes: ASCII letters only.
func lower(s string) string {
	out := []byte(s)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c | 0x20
		}
	}
	return string(out)
}

func textValue(text string) (any, error) { return text, nil }

// lengthOf matches characters of a class. Pants has no max without a min.
func lengthOf(class string, options []option) (converter, error) {
	c := converter{value: textValue}
	bound, err := bind(options, "min", "max", "length")
	if err != nil {
		return c, err
	}
	low, hasMin, err := whole(bound, "min")
	if err != nil {
		return c, err
	}
	high, hasMax, err := whole(bound, "max")
	if err != nil {
		return c, err
	}
	if n, ok, err := whole(bound, "length"); err != nil {
		return c, err
	} else if ok {
		low, high, hasMin, hasMax = n, n, true, true
	}
	switch {
	case !hasMin && !hasMax:
		c.expr = "(" + class + "+)"
	case !hasMin:
		return c, errors.New("it has a max but no min, which Pants refuses")
	case low == 0:
		return c, errors.New("it matches an empty text, for which Pants has no value")
	case !hasMax:
		c.expr = fmt.Sprintf("(%s{%d,})", class, low)
	case low > high:
		return c, errors.New("its min is over its max")
	default:
		c.expr = fmt.Sprintf("(%s{%d,%d})", class, low, high)
	}
	return c, tooLong(low, high)
}

// maxRepeat is how many repetitions Go's regular expressions know.
const maxRepeat = 1000

func tooLong(lengths ...int) error {
	for _, n := range lengths {
		if n > maxRepeat {
			return fmt.Errorf("its length %d is over %d, the most that Go's regexp takes", n, maxRepeat)
		}
	}
	return nil
}

func intIn(options []option) (converter, error) {
	var c converter
	bound, err := bind(options, "digits", "min", "max")
	if err != nil {
		return c, err
	}
	digits, _, err := whole(bound, "digits")
	if err != nil {
		return c, err
	}
	low, hasMin, err := whole(bound, "min")
	if err != nil {
		return c, err
	}
	high, hasMax, err := whole(bound, "max")
	if err != nil {
		return c, err
	}
	if !hasMin { // no option can be negative: with a min there is no minus
		c.wire = "-?"
	}
	c.wire += "[0-9]"
	if digits > 0 {
		c.wire += fmt.Sprintf("{%d}", digits)
	} else {
		c.wire += "+"
	}
	c.expr = "(" + c.wire + ")"
	c.value = func(text string) (any, error) {
		n, err := strconv.Atoi(text)
		if err != nil || hasMin && n < low || hasMax && n > high {
			return nil, errors.New("is out of range")
		}
		return n, nil
	}
	return c, tooLong(digits)
}

func floatIn(options []option) (converter, error) {
	var c converter
	bound, err := bind(options, "min", "max")
	if err != nil {
		return c, err
	}
	low, hasMin, err := limit(bound, "min")
	if err != nil {
		return c, err
	}
	high, hasMax, err := limit(bound, "max")
	if err != nil {
		return c, err
	}
	if !hasMin {
		c.wire = "-?"
	}
	c.wire += `[0-9]+(?:\.[0-9]+)?`
	c.expr = "(" + c.wire + ")"
	c.value = func(text string) (any, error) {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(f, 0) || hasMin && f < low || hasMax && f > high {
			return nil, errors.New("is out of range")
		}
		return f, nil
	}
	return c, nil
}

// limit is an option that is a number.
func limit(bound map[string]any, name string) (f float64, ok bool, err error) {
	if f, ok = bound[name].(float64); ok {
		return f, true, nil
	}
	n, ok, err := whole(bound, name)
	if err != nil {
		return 0, false, fmt.Errorf("its option %s is %v, not a number", name, bound[name])
	}
	if f = float64(n); int(f) != n || math.Abs(f) > 1<<53 {
		return 0, false, fmt.Errorf("its option %s is too large", name)
	}
	return f, ok, nil
}

func anyOf(options []option) (converter, error) {
	c := converter{value: textValue}
	if len(options) == 0 {
		return c, errors.New("it has no choices")
	}
	var exprs []string
	sent := true
	for _, o := range options {
		choice, ok := o.value.(string)
		switch {
		case o.key != "":
			return c, fmt.Errorf("it has no option %q", o.key)
		case !ok:
			return c, fmt.Errorf("its choice %v is no text to Pants: write it in double quotes", o.value)
		}
		exprs = append(exprs, regexp.QuoteMeta(widen(choice)))
		c.slash = c.slash || strings.Contains(choice, "/")
		sent = sent && strings.IndexFunc(choice, isEscaped) < 0
	}
	c.expr = "(" + strings.Join(exprs, "|") + ")"
	if sent {
		c.wire = strings.Join(exprs, "|")
		if len(exprs) > 1 {
			c.wire = "(?:" + c.wire + ")"
		}
	}
	return c, nil
}

func anyPath(options []option) (converter, error) {
	if len(options) > 0 {
		return converter{}, errors.New("it has no options")
	}
	return converter{expr: "(.+?)", slash: true, value: textValue}, nil
}
