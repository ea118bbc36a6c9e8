package sendfile

import (
	"net/http"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Value is what the header for the proxy holds for the file name. ok is false
// when the file has to be sent directly: there is no proxy, or it cannot be made
// to name this file. err is ErrOutsideRoot or ErrNotRegular.
//
// Value decides by the name and does not look at the disk. [Sender.Send] opens
// the file first, because proxies answer badly for one that is missing: nginx
// keeps the Cache-Control and Content-Disposition on its 404, redirects to the
// internal location for a directory, and Apache and Caddy hang on a FIFO.
func (s *Sender) Value(name string) (value string, ok bool, err error) {
	p, err := s.locate(name, s.conf.AllowOutside)
	if err != nil {
		return "", false, err
	}
	value, ok = s.value(p)
	return value, ok, nil
}

func (s *Sender) value(p place) (string, bool) {
	if s.header == "" {
		return "", false
	}
	generic := s.conf.Proxy == Generic
	rel := filepath.ToSlash(p.rel)
	var v string
	switch {
	case p.outside && generic && s.conf.Prefix == "":
		v = filepath.ToSlash(p.abs) // as Pants does
	case p.outside:
		// The server has been told about Root and nothing else.
		return "", false
	case s.conf.Prefix != "":
		v = joinPrefix(s.conf.Prefix, rel)
	case s.conf.StripRoot:
		v = rel
	default:
		v = filepath.ToSlash(filepath.Join(p.dir, p.rel))
	}

	switch s.conf.Proxy {
	case Apache:
		// Raw, and net/http trims blanks at the end of a value.
		if hasControl(v) || strings.HasSuffix(v, " ") {
			return "", false
		}
	case Lighttpd:
		// It serves "tab_x.txt" for "tab\tx.txt" and 502 for invalid UTF-8.
		if hasControl(v) || !utf8.ValidString(v) {
			return "", false
		}
	case Generic:
		text := v
		if s.conf.Prefix != "" {
			text = rel // the prefix is given as it is wanted
		}
		if !s.agreed(v, text) {
			return "", false
		}
	}
	if s.preset.encode {
		v = escapePath(v)
	}
	if s.preset.limit > 0 && len(v) > s.preset.limit {
		return "", false
	}
	return v, true
}

// agreed reports whether servers that decode the value and servers that do not
// find the same file by it.
func (s *Sender) agreed(value, name string) bool {
	switch {
	case strings.IndexByte(name, '%') >= 0, hasControl(name), !utf8.ValidString(name):
		return false
	case strings.Trim(value, " ") != value: // net/http would trim it
		return false
	case s.header == headerAccel && (strings.IndexByte(name, '?') >= 0 || value[0] == '@'):
		return false // a URI: the query is cut off, and @x is a named location of nginx
	}
	return true
}

// joinPrefix is Python's os.path.join, as Pants has it: "/_static" and
// "/_static/" are equal, and all else is left alone.
func joinPrefix(prefix, rel string) string {
	if strings.HasSuffix(prefix, "/") {
		return prefix + rel
	}
	return prefix + "/" + rel
}

// escapePath percent-encodes all but unreserved characters and slashes. A plus
// sign too: url.QueryEscape's "+" for a blank is understood by no server.
func escapePath(s string) string {
	n := 0
	for i := range len(s) {
		if !isPathChar(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2*n)
	for i := range len(s) {
		writeEscaped(&b, s[i], isPathChar)
	}
	return b.String()
}

// isPathChar is unreserved of RFC 3986 section 2.3, or a slash.
func isPathChar(c byte) bool {
	return isAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/'
}

// offload answers with an empty 200 that names the file. Conditions and Range
// are left to the proxy: all of them evaluate those on the file, and for another
// status than 200 nginx and Caddy send the whole file, lighttpd a 206 without
// Content-Range, and Apache shows the path to the client. ETag, Last-Modified and
// Content-Type are sent because Apache's module has none of its own (its ETag is
// "0" for every file).
func (a *answer) offload(header, value string, ranges bool) {
	a.fillAll(header)
	if ranges {
		a.fill("Accept-Ranges", "bytes")
	}
	delete(a.out, "Content-Encoding")
	delete(a.out, "Location")
	a.set("Content-Length", "0")
	a.set(header, value)
	a.w.WriteHeader(http.StatusOK)
}
