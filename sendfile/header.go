package sendfile

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// headers are the header fields of an answer in the making: what the caller
// wants said, and what it leaves to us.
type headers struct {
	out   http.Header         // of the ResponseWriter
	own   map[string][]string // of Options.Header; canonical, checked, copied
	store []string            // one allocation for all values we set
}

// ours are fields that only the sender can know.
var ours = []string{"Content-Length", "Content-Range", "Transfer-Encoding"}

// newHeaders reads Options.Header without changing it. A value that would have
// to be altered to be sent is an error: net/http turns CR and LF into blanks,
// and the result says something nobody wrote.
func (s *Sender) newHeaders(out http.Header, given http.Header) (headers, error) {
	h := headers{out: out}
	if len(given) == 0 {
		return h, nil
	}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names) // two spellings of one name: the same order each time
	h.own = make(map[string][]string, len(given))
	for _, name := range names {
		if !validName(name) {
			return headers{}, fmt.Errorf("sendfile: invalid header name %q", name)
		}
		for _, v := range given[name] {
			if !validValue(v) {
				return headers{}, fmt.Errorf("sendfile: invalid value %q of header %s", v, name)
			}
		}
		key := http.CanonicalHeaderKey(name)
		if slices.Contains(ours, key) || key == s.header {
			continue
		}
		h.own[key] = append(h.own[key], given[name]...)
	}
	return h, nil
}

// value is what the caller has chosen for a field, in Options.Header or, as with
// http.ServeContent, in the ResponseWriter's headers. A field without values is
// chosen too: it is not to be sent.
func (h *headers) value(key string) (v string, chosen bool) {
	values, chosen := h.own[key]
	if !chosen {
		values, chosen = h.out[key]
	}
	if len(values) > 0 {
		v = values[0]
	}
	return v, chosen
}

// has reports whether the caller wants a field sent.
func (h *headers) has(key string) bool {
	v, _ := h.value(key)
	return v != ""
}

// apply writes the caller's fields. Until then the ResponseWriter's are
// untouched, so that an error answer carries none of them.
func (h *headers) apply(offload string) {
	for _, key := range ours {
		delete(h.out, key)
	}
	if offload != "" {
		delete(h.out, offload)
	}
	for key, values := range h.own {
		if key == "Set-Cookie" || key == "Vary" {
			// Others have written these before, for reasons of their own.
			values = append(slices.Clone(h.out[key]), values...)
		}
		h.out[key] = values
	}
}

// fill sets a field that the caller has left to us.
func (h *headers) fill(key, value string) {
	if _, chosen := h.out[key]; !chosen && value != "" {
		h.set(key, value)
	}
}

func (h *headers) set(key, value string) {
	if len(h.store) == cap(h.store) {
		h.store = make([]string, 0, 8)
	}
	n := len(h.store)
	h.store = append(h.store, value)
	h.out[key] = h.store[n : n+1 : n+1]
}

// describing are the fields that describe a file. On an error they would
// describe the error: net/http's serveError forgets Expires and
// Content-Disposition, and a 404 is then cached for a week, or saved.
var describing = []string{
	"Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
	"Content-Length", "Content-Location", "Content-Range", "Content-Type", "Etag", "Expires",
	"Last-Modified", "Transfer-Encoding",
}

// strip takes the fields of a file out of h for an error answer.
func (s *Sender) strip(h http.Header) {
	for _, key := range describing {
		delete(h, key)
	}
	if s.header != "" {
		delete(h, s.header)
	}
	h["X-Content-Type-Options"] = []string{"nosniff"}
}

// validName reports whether s is a token (RFC 9110 section 5.6.2).
func validName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

func validValue(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}
