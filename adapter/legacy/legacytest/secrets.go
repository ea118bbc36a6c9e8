package legacytest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/go-pants/kit/adapter/legacy"
)

// numberPrefix begins the placeholders of JSON numbers.
const numberPrefix = "MASKED-NUMBER-"

// secrets are the values to send in place of placeholders.
type secrets map[string]string

// secretsOf asks unmask for each placeholder of r's request.
func secretsOf(r *legacy.Recording, unmask func(place, placeholder string) string) secrets {
	s := secrets{}
	if unmask == nil {
		return s
	}
	for _, placeholder := range slices.Sorted(maps.Keys(r.Masked)) {
		for _, place := range r.Masked[placeholder] {
			if !strings.HasPrefix(place, "request ") {
				continue
			}
			if value := unmask(place, placeholder); value != "" {
				s[placeholder] = value
				break
			}
		}
	}
	return s
}

// replace puts the values into text as write spells them.
func (s secrets) replace(text string, write func(placeholder, value string) string) string {
	var pairs []string
	for _, placeholder := range slices.Sorted(maps.Keys(s)) {
		pairs = append(pairs, placeholder, write(placeholder, s[placeholder]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (s secrets) text(text string) string {
	return s.replace(text, func(_, value string) string { return value })
}

func (s secrets) target(target string) string {
	return s.replace(target, func(_, value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") })
}

// body is the request's body on the wire.
func (s secrets) body(q *legacy.RecordedRequest) ([]byte, error) {
	content := q.Body.Content
	if len(s) > 0 {
		media, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type"))
		text := string(content)
		switch {
		case json.Valid(content):
			for _, placeholder := range slices.Sorted(maps.Keys(s)) { // a number had no quotes
				if strings.HasPrefix(placeholder, numberPrefix) && isNumber(s[placeholder]) {
					text = strings.ReplaceAll(text, `"`+placeholder+`"`, s[placeholder])
				}
			}
			text = s.replace(text, func(_, value string) string {
				quoted, _ := json.Marshal(value) // a string always can be
				return string(quoted[1 : len(quoted)-1])
			})
		case media == "application/x-www-form-urlencoded":
			text = s.replace(text, func(_, value string) string { return url.QueryEscape(value) })
		default:
			text = s.text(text)
		}
		content = []byte(text)
	}
	if q.Body.Coding != "gzip" {
		return content, nil
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// isNumber tells numbers as JSON writes them.
func isNumber(s string) bool {
	var n json.Number
	return json.Unmarshal([]byte(s), &n) == nil && !strings.HasPrefix(s, `"`)
}
