package legacytest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// body compares two bodies that are whole and not compressed.
func (c *comparison) body(got, want []byte, gotType string) {
	wantType := c.r.Response.Header.Get("Content-Type")
	switch {
	case isJSON(wantType, want):
		if !json.Valid(got) {
			c.add("body", show(string(got)), "JSON "+show(string(want)))
			return
		}
		c.json(nil, decode(got), decode(want))
	case utf8.Valid(want):
		gotText, wantText := string(got), string(want)
		if c.o.Normalize != nil {
			gotText, wantText = c.o.Normalize(gotType, gotText), c.o.Normalize(wantType, wantText)
		}
		c.text(gotText, wantText)
	case !bytes.Equal(got, want):
		gotSum, wantSum := sha256.Sum256(got), sha256.Sum256(want)
		c.sum(int64(len(got)), int64(len(want)), hex.EncodeToString(gotSum[:]), hex.EncodeToString(wantSum[:]))
	}
}

// isJSON tells what is sent as JSON, and objects and arrays whatever they are sent as: Pants apps sent them as text/plain.
func isJSON(contentType string, b []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	b = bytes.Trim(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[' || strings.HasSuffix(media, "json")) && json.Valid(b)
}

// text reports the first line in which two texts differ.
func (c *comparison) text(got, want string) {
	if c.fits(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(c.clean(got), "\n"), strings.Split(c.clean(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		where := fmt.Sprintf("body line %d", i+1)
		switch {
		case i >= len(gotLines):
			c.add(where, none, show(wantLines[i]))
			return
		case i >= len(wantLines):
			c.add(where, show(gotLines[i]), none)
			return
		case !c.fits(gotLines[i], wantLines[i]):
			g, w := differing(gotLines[i], wantLines[i])
			c.add(where, g, w)
			return
		}
	}
	c.add("body", show(got), show(want)) // line by line it fits, as a whole it does not
}

// differing shows two lines from a little before they differ.
func differing(got, want string) (string, string) {
	same := 0
	for same < min(len(got), len(want)) && got[same] == want[same] {
		same++
	}
	if same < 100 {
		return show(got), show(want)
	}
	same -= 40
	return "..." + show(got[same:]), "..." + show(want[same:])
}

// decode reads valid JSON, numbers as they are spelt.
func decode(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // it is valid
	return v
}

// json compares two JSON values; path is where they are.
func (c *comparison) json(path []string, got, want any) {
	if c.isIgnored(path) {
		return
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			c.object(path, g, w)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			c.array(path, g, w)
			return
		}
	case string:
		if _, masked := c.r.Masked[w]; masked && strings.HasPrefix(w, numberPrefix) {
			if _, ok := got.(json.Number); ok {
				return
			}
		} else if g, ok := got.(string); ok && c.fits(g, w) {
			return
		}
	case json.Number:
		if g, ok := got.(json.Number); ok && decimal(string(g)) == decimal(string(w)) {
			return
		}
	default: // true, false, null
		if got == want {
			return
		}
	}
	c.add("body "+pointer(path), showJSON(got), showJSON(want))
}

func (c *comparison) object(path []string, got, want map[string]any) {
	var maskedKeys, more []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		here := append(slices.Clip(path), key)
		g, ok := got[key]
		if _, masked := c.split(key); masked && !ok {
			maskedKeys = append(maskedKeys, key)
			continue
		}
		if !ok {
			c.add("body "+pointer(here), none, showJSON(want[key]))
			continue
		}
		c.json(here, g, want[key])
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			more = append(more, key)
		}
	}
	for i, key := range more { // a key that is a secret may be any of those that are left
		if i < len(maskedKeys) {
			c.json(append(slices.Clip(path), key), got[key], want[maskedKeys[i]])
			continue
		}
		c.add("body "+pointer(append(slices.Clip(path), key)), showJSON(got[key]), none)
	}
	for _, key := range maskedKeys[min(len(more), len(maskedKeys)):] {
		c.add("body "+pointer(append(slices.Clip(path), key)), none, showJSON(want[key]))
	}
}

func (c *comparison) array(path []string, got, want []any) {
	for i := range min(len(got), len(want)) {
		c.json(append(slices.Clip(path), strconv.Itoa(i)), got[i], want[i])
	}
	if len(got) != len(want) {
		c.add("body "+pointer(path), fmt.Sprintf("array of %d", len(got)), fmt.Sprintf("array of %d", len(want)))
	}
}

// isIgnored tells paths that IgnoreJSON names.
func (c *comparison) isIgnored(path []string) bool {
	for _, ignored := range c.o.IgnoreJSON {
		steps := strings.Split(ignored, "/")[1:]
		same := len(steps) == len(path)
		for i := 0; same && i < len(steps); i++ {
			same = steps[i] == "*" || pointerUnescapes.Replace(steps[i]) == path[i]
		}
		if same {
			return true
		}
	}
	return false
}

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// pointer is a path as a JSON pointer, "/" for the whole body.
func pointer(path []string) string {
	if len(path) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, step := range path {
		b.WriteString("/" + pointerEscapes.Replace(step))
	}
	return b.String()
}

func showJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if len(b) > 200 {
		return fmt.Sprintf("%s... (%d bytes)", b[:200], len(b))
	}
	return string(b)
}

// decimal is one spelling for all of a number: the digits that count, and a power of ten. 1, 1.0 and 10e-1 are 1e0.
func decimal(s string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	sign := ""
	if rest, negative := strings.CutPrefix(mantissa, "-"); negative {
		mantissa, sign = rest, "-"
	}
	power := 0
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return s // nothing that a program can count with
		}
		power = n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	power -= len(fraction)
	short := strings.TrimRight(digits, "0")
	if power += len(digits) - len(short); short == "" {
		return "0"
	}
	return fmt.Sprintf("%s%se%d", sign, short, power)
}
