package sendfile

import (
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// coding is a content coding and how its siblings are called.
type coding struct{ name, ext string }

var codings = []coding{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}

func (s *Sender) checkPrecompressed(fail func(string, ...any)) {
	names := s.conf.Precompressed
	if len(names) > 0 && s.conf.Proxy != Direct {
		// nginx and Apache drop Content-Encoding from an offloaded answer, and
		// Caddy's intercept then sends nothing at all.
		fail("Precompressed works with Direct only, not with %s", s.preset.name)
	}
	for i, name := range names {
		k := slices.IndexFunc(codings, func(c coding) bool { return c.name == name })
		switch {
		case k < 0:
			fail(`unknown Precompressed %q; there are "br", "zstd" and "gzip"`, name)
		case slices.Contains(names[:i], name):
			fail("Precompressed %q twice", name)
		default:
			s.codings = append(s.codings, codings[k])
		}
	}
}

// sibling opens the best coded form of the file at p that r accepts. A form
// older than the file is a left-over of an earlier one.
func (s *Sender) sibling(r *http.Request, name string, p place, info fs.FileInfo) (*os.File, fs.FileInfo, coding) {
	if slices.ContainsFunc(codings, func(c coding) bool { return strings.HasSuffix(name, c.ext) }) {
		return nil, nil, coding{} // it is one itself, and asked for as such
	}
	for _, c := range acceptable(r.Header["Accept-Encoding"], s.codings) {
		q := p
		if q.outside {
			q.abs += c.ext
		} else {
			q.rel += c.ext
		}
		f, coded, err := s.open(name, q)
		if err != nil {
			continue
		}
		if coded.ModTime().Before(info.ModTime()) {
			_ = f.Close()
			continue
		}
		return f, coded, c
	}
	return nil, nil, coding{}
}

// acceptable returns which of the codings an Accept-Encoding field (RFC 9110
// section 12.5.3) allows, the best first; equals stay in our order.
func acceptable(lines []string, ours []coding) []coding {
	if len(lines) == 0 {
		return nil
	}
	const unnamed = -1
	star, identity := unnamed, unnamed
	named := make([]int, len(ours))
	for i := range named {
		named[i] = unnamed
	}
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(element, ";")
			q, ok := weight(params)
			if !ok {
				continue
			}
			switch name = strings.ToLower(strings.Trim(name, " \t")); name {
			case "*":
				star = q
			case "identity":
				identity = q
			case "x-gzip": // RFC 9110 section 8.4.1.3
				name = "gzip"
				fallthrough
			default:
				if i := slices.IndexFunc(ours, func(c coding) bool { return c.name == name }); i >= 0 {
					named[i] = q
				}
			}
		}
	}
	type choice struct {
		coding
		q int
	}
	var choices []choice
	for i, c := range ours {
		q := named[i]
		if q == unnamed {
			q = star
		}
		if q > 0 && q >= identity {
			choices = append(choices, choice{c, q})
		}
	}
	slices.SortStableFunc(choices, func(a, b choice) int { return b.q - a.q })
	list := make([]coding, len(choices))
	for i, c := range choices {
		list[i] = c.coding
	}
	return list
}

// weight reads the parameters of an element, in thousandths. Other parameters
// than q do not exist for codings.
func weight(params string) (q int, ok bool) {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1000, true
	}
	key, value, _ := strings.Cut(params, "=")
	if !strings.EqualFold(key, "q") || value == "" || len(value) > 5 || value[0] != '0' && value[0] != '1' {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if len(whole) != 1 || strings.Trim(fraction, "0123456789") != "" || len(fraction) > 3 {
		return 0, false
	}
	q, err := strconv.Atoi(whole + (fraction + "000")[:3])
	return q, err == nil && q <= 1000
}

// codedTag tells the tags of two codings of one file apart (RFC 9110 section
// 8.8.3.3), also where the caller gave the tag.
func codedTag(tag, coding string) string {
	if body, ok := strings.CutSuffix(tag, `"`); ok && body != "" {
		return body + "-" + coding + `"`
	}
	return ""
}

// vary says that another Accept-Encoding may get another answer. Values that are
// there stay.
func (h *headers) vary() {
	for _, line := range h.out["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.Trim(name, " \t"); name == "*" || strings.EqualFold(name, "Accept-Encoding") {
				return
			}
		}
	}
	h.out["Vary"] = append(slices.Clone(h.out["Vary"]), "Accept-Encoding")
}
