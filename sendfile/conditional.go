package sendfile

import (
	"net/http"
	"strings"
	"time"
)

// precondition evaluates the conditions of r in the order of RFC 9110 section
// 13.2.2 and returns 0, 304 or 412. etag is "" and modified zero where the
// answer has none.
//
// For methods other than GET and HEAD only If-None-Match counts, and a match is
// a 412 (section 13.1.2). The other conditions guard the state of the resource
// against a change that the handler has already made by the time it sends a
// file: answering 412 then would lie.
func precondition(r *http.Request, etag string, modified time.Time) int {
	noneMatch := r.Header["If-None-Match"]
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != "" {
		if listsTag(noneMatch, etag, weakly) {
			return http.StatusPreconditionFailed
		}
		return 0
	}
	if match := r.Header["If-Match"]; !blank(match) {
		if !listsTag(match, etag, strongly) {
			return http.StatusPreconditionFailed
		}
	} else if date, ok := dateOf(r.Header["If-Unmodified-Since"]); ok && !modified.IsZero() && modified.After(date) {
		return http.StatusPreconditionFailed
	}
	if len(noneMatch) > 0 {
		if listsTag(noneMatch, etag, weakly) {
			return http.StatusNotModified
		}
	} else if date, ok := dateOf(r.Header["If-Modified-Since"]); ok && !modified.IsZero() && !modified.After(date) {
		return http.StatusNotModified
	}
	return 0
}

// rangeApplies evaluates If-Range (RFC 9110 section 13.1.5).
func rangeApplies(r *http.Request, etag string, modified time.Time) bool {
	lines := r.Header["If-Range"]
	switch {
	case len(lines) == 0:
		return true
	case len(lines) > 1:
		return false // one value allowed, several sent: the whole file is never wrong
	}
	v := strings.Trim(lines[0], " \t")
	if tag, rest, ok := cutTag(v); ok {
		return rest == "" && strongly(tag, etag)
	}
	date, ok := dateOf(lines)
	return ok && !modified.IsZero() && date.Equal(modified)
}

// listsTag reports whether a list of entity tags, in one field or several,
// names etag. The file exists, so "*" does.
func listsTag(lines []string, etag string, same func(a, b string) bool) bool {
	for _, rest := range lines {
		if strings.Trim(rest, " \t") == "*" {
			return true
		}
		for {
			rest = strings.TrimLeft(rest, " \t,")
			tag, after, ok := cutTag(rest)
			if !ok {
				break
			}
			if after = strings.TrimLeft(after, " \t"); after != "" && after[0] != ',' {
				break // `"a" "b"` is no list
			}
			if same(tag, etag) {
				return true
			}
			rest = after
		}
	}
	return false
}

// cutTag cuts an entity tag off s: RFC 9110 section 8.8.3. A comma may be part
// of one.
func cutTag(s string) (tag, rest string, ok bool) {
	i := 0
	if strings.HasPrefix(s, "W/") {
		i = 2
	}
	if i >= len(s) || s[i] != '"' {
		return "", s, false
	}
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:], true
		case c < 0x21 || c == 0x7f:
			return "", s, false
		}
	}
	return "", s, false
}

func strongly(a, b string) bool { return a == b && a != "" && a[0] == '"' }

func weakly(a, b string) bool {
	a, b = strings.TrimPrefix(a, "W/"), strings.TrimPrefix(b, "W/")
	return a == b && a != ""
}

func blank(lines []string) bool {
	for _, l := range lines {
		if strings.Trim(l, " \t") != "" {
			return false
		}
	}
	return true
}

// dateOf reads a field that may come once and holds one date. What is no date
// is to be ignored.
func dateOf(lines []string) (time.Time, bool) {
	if len(lines) != 1 {
		return time.Time{}, false
	}
	return parseDate(strings.Trim(lines[0], " \t"))
}

// The three forms of RFC 9110 section 5.6.7. http.ParseTime would take any
// abbreviation for the zone in the second one and call it UTC.
var dateForms = [...]string{
	http.TimeFormat,
	"Monday, 02-Jan-06 15:04:05 GMT",
	time.ANSIC,
}

func parseDate(s string) (time.Time, bool) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
