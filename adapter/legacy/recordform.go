package legacy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// target masks the query of a request target, and a password in front of its host.
func (k *masking) target(target string) string {
	path, query, ok := strings.Cut(target, "?")
	if strings.Contains(path, "://") {
		path = k.links("target", path)
	}
	if !ok {
		return path
	}
	return path + "?" + k.pairs("query", query)
}

// pairs masks the values of a query or of a urlencoded form.
func (k *masking) pairs(place, query string) string {
	list := strings.Split(query, "&")
	for i, pair := range list {
		list[i] = k.pair(place, pair)
	}
	return strings.Join(list, "&")
}

// pair masks what stands between two '&'. ';' separates pairs too, as Python 2 had it; but what comes behind a secret may as well
// be the rest of it.
func (k *masking) pair(place, pair string) string {
	parts := strings.Split(pair, ";")
	for i, part := range parts {
		raw, _, ok := strings.Cut(part, "=")
		name := lenientUnescape(raw)
		if !ok || !k.names.isSecret(name) {
			continue
		}
		secret := strings.Join(parts[i:], ";")[len(raw)+1:]
		return strings.Join(append(parts[:i:i], raw+"="+k.mask(place+" "+name, lenientUnescape(secret))), ";")
	}
	raw, value, _ := strings.Cut(pair, "=")
	name, decoded := lenientUnescape(raw), lenientUnescape(value)
	if k.names.isKept(name) {
		return pair
	}
	if masked := k.value(place+" "+name, decoded, 1); masked != decoded {
		return raw + "=" + url.QueryEscape(masked)
	}
	return pair
}

// form masks a urlencoded form. What does not look like one is refused: curl -d calls everything a form.
func (k *masking) form(body []byte) ([]byte, error) {
	s := strings.TrimRight(string(body), "\r\n")
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f || strings.IndexByte("\"<>{}\\", c) >= 0 {
			return nil, fmt.Errorf("byte %q in a form", c)
		}
	}
	for pair := range strings.SplitSeq(s, "&") {
		if pair != "" && !strings.Contains(pair, "=") {
			return nil, errors.New("a form with a pair that is none")
		}
	}
	return append([]byte(k.pairs("form", s)), body[len(s):]...), nil
}

// multipart masks a multipart form. It is written anew, from what was understood: what this parser does not see in it, and
// another one might, is gone.
func (k *masking) multipart(boundary string, body []byte) ([]byte, error) {
	if boundary == "" {
		return nil, errors.New("multipart without boundary")
	}
	var out bytes.Buffer
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			fmt.Fprintf(&out, "--%s--\r\n", boundary)
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		content = k.part(p, content)
		fmt.Fprintf(&out, "--%s\r\n", boundary)
		for _, name := range slices.Sorted(maps.Keys(p.Header)) {
			for _, value := range p.Header[name] {
				fmt.Fprintf(&out, "%s: %s\r\n", name, k.partField(name, value))
			}
		}
		fmt.Fprintf(&out, "\r\n%s\r\n", content)
	}
}

// partField leaves the two fields alone that say what a part is.
func (k *masking) partField(name, value string) string {
	if name == "Content-Disposition" || name == "Content-Type" {
		return value
	}
	return k.field(name, value)
}

// part is the content of a part, masked if it is secret or cannot be read.
func (k *masking) part(p *multipart.Part, content []byte) []byte {
	name := p.FormName()
	place := "part " + name
	if name == "" || k.names.isSecret(name) || !isPlain(p.Header) {
		return []byte(k.mask(place, string(content)))
	}
	if k.names.isKept(name) {
		return content
	}
	if p.Header.Get("Content-Type") == "" && p.FileName() == "" {
		return []byte(k.value(place, string(content), 1))
	}
	masked, why := k.content(place, p.Header.Get("Content-Type"), content)
	if why != "" {
		return []byte(k.mask(place, string(content)))
	}
	return masked
}

// isPlain tells parts that are not encoded once more.
func isPlain(h textproto.MIMEHeader) bool {
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "", "7bit", "8bit", "binary":
		return http.Header(h).Get("Content-Encoding") == ""
	}
	return false
}
