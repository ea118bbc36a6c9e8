package pants

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Get is the query's parameters, by the rules of Python's urlparse.parse_qsl: a pair without '=' or with an empty value is
// left out, '+' is a space, and a '%' that begins no escape stays as it is. Values are bytes, not necessarily UTF-8. They come
// from the URL only.
func (r *Request) Get() url.Values {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.parseQuery().query
}

func (r *Request) parseQuery() *findings {
	f := r.lazy()
	if f.known&knownQuery != 0 {
		return f
	}
	f.known |= knownQuery
	s := r.server
	if f.query, f.queryErr = parsePairs(r.Query(), s.config.LegacySemicolons, s.limits.Params); f.queryErr != nil {
		f.queryErr = &refusal{http.StatusBadRequest, fmt.Errorf("pants: query: %w", f.queryErr)}
	}
	return f
}

// Post is the parameters of a form in the body, urlencoded (read as Get reads a query) or multipart/form-data. Like Pants it is
// filled for the methods POST and PUT only. Under Wrap it is empty if the body cannot be had: ParseBody says why.
func (r *Request) Post() url.Values {
	_ = r.ParseBody()
	b := r.body
	if b.empty {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parseForm()
	return b.post
}

// Files are the files of a multipart/form-data body by field name, each with at least one; see Post for the methods.
func (r *Request) Files() map[string][]*File {
	_ = r.ParseBody()
	return r.body.files
}

// formType tells what kind of form the body is, if any, and its boundary parameter.
func (b *body) formType() (mediaType, boundary string) {
	in := b.req.in
	if in.Method != http.MethodPost && in.Method != http.MethodPut {
		return "", ""
	}
	contentType := in.Header.Get("Content-Type")
	mediaType, _, _ = strings.Cut(contentType, ";")
	mediaType = strings.ToLower(trimBlanks(mediaType))
	if mediaType == "multipart/form-data" {
		_, params := parseParams(contentType)
		boundary = params.get("boundary")
	}
	return mediaType, boundary
}

// maxFields bounds what of a body's fields is held in memory, beyond Config.MemoryLimit: fields are text, not uploads. net/http
// has the same bound.
const maxFields = 10 << 20

// checkForm processes the loaded body as far as is needed to know that it is sound: a multipart body is read now, of a
// urlencoded one only the number of pairs is looked at.
func (b *body) checkForm() error {
	if b.spool.size == 0 {
		return nil
	}
	s := b.req.server
	switch mediaType, boundary := b.formType(); {
	case mediaType == "application/x-www-form-urlencoded":
		if b.spool.size > s.memoryLimit && b.spool.size-s.memoryLimit > maxFields {
			return &refusal{http.StatusRequestEntityTooLarge, fmt.Errorf("%w: a form of %d bytes", ErrTooLarge, b.spool.size)}
		}
		data, err := b.spool.bytes(0, b.spool.size)
		if err != nil {
			return &refusal{http.StatusInternalServerError, err}
		}
		if b.spool.file == nil && pairsAtMost(data, s.config.LegacySemicolons) <= s.limits.Params {
			return nil // Post reads it, if anybody asks
		}
		post, err := parsePairs(string(data), s.config.LegacySemicolons, s.limits.Params)
		if err != nil {
			return &refusal{http.StatusBadRequest, fmt.Errorf("pants: form: %w", err)}
		}
		b.parsed, b.post = true, post
	case mediaType == "multipart/form-data" && boundary != "":
		form, err := parseMultipart(&b.spool, boundary, s.limits, s.memoryLimit)
		var decided *refusal
		switch {
		case errors.As(err, &decided):
			return err
		case err != nil:
			return &refusal{http.StatusBadRequest, fmt.Errorf("pants: multipart body: %w", err)}
		}
		b.parsed, b.post, b.files = true, form.post, form.files
	}
	return nil
}

// parseForm reads a urlencoded form in memory that checkForm found sound. b.mu is held.
func (b *body) parseForm() {
	if b.parsed || b.err != nil {
		return
	}
	b.parsed = true
	if b.raw {
		return
	}
	if mediaType, _ := b.formType(); mediaType != "application/x-www-form-urlencoded" {
		return
	}
	s := b.req.server
	b.post, _ = parsePairs(string(b.spool.mem), s.config.LegacySemicolons, s.limits.Params)
}

// pairsAtMost is an upper bound of the pairs in data: each but the last ends, and each has a '='.
func pairsAtMost(data []byte, semicolons bool) int {
	n := bytes.Count(data, []byte{'&'}) + 1
	if semicolons {
		n += bytes.Count(data, []byte{';'})
	}
	return min(n, bytes.Count(data, []byte{'='}))
}

// parsePairs is urlparse.parse_qsl of Python 2.7 with keep_blank_values=False, and refuses more than limit pairs.
func parsePairs(s string, semicolons bool, limit int) (url.Values, error) {
	if s == "" {
		return url.Values{}, nil
	}
	n := strings.Count(s, "&") + 1
	if semicolons {
		n += strings.Count(s, ";")
	}
	n = min(n, strings.Count(s, "="))
	values := make(url.Values, min(n, 64))
	// All values share one array; a key that comes again moves to an array of its own.
	array := make([]string, 0, min(n, limit, 1024))
	count := 0
	for s != "" {
		var pair string
		if end := indexSeparator(s, semicolons); end < 0 {
			pair, s = s, ""
		} else {
			pair, s = s[:end], s[end+1:]
		}
		key, value, ok := strings.Cut(pair, "=")
		if !ok || value == "" {
			continue
		}
		if count++; count > limit {
			return nil, fmt.Errorf("more than %d parameters", limit)
		}
		key, value = unquotePlus(key), unquotePlus(value)
		if old, again := values[key]; again {
			values[key] = append(old, value)
			continue
		}
		array = append(array, value)
		values[key] = array[len(array)-1 : len(array) : len(array)]
	}
	return values, nil
}

func indexSeparator(s string, semicolons bool) int {
	if semicolons {
		return strings.IndexAny(s, "&;")
	}
	return strings.IndexByte(s, '&')
}

// unquotePlus decodes '+' and %XX; what is no escape stays.
func unquotePlus(s string) string {
	i := strings.IndexAny(s, "+%")
	if i < 0 {
		return s
	}
	out := make([]byte, i, len(s))
	copy(out, s)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

// trimBlanks cuts the optional white space of RFC 9110 section 5.6.3.
func trimBlanks(s string) string { return strings.Trim(s, " \t") }
