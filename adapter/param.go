package adapter

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/pants"
)

// Param is the part of the path that the pattern calls name, decoded; "" if there is none. chi matches the path as it was
// escaped when that differs from the usual escaping, and gives out what it matched: %2F in one request, a decoded blank in
// another; behind StripSlashes and URLFormat it is decoded in any case. Param is decoded once in each of them. Where a middleware
// has made up a path, and nothing tells whether it is escaped, Param is the text as it was matched. For a variable of a rule it is
// the text that the variable matched, or its default. Without chi it is the PathValue of net/http.
//
// A handler of a Router may ask as long as it runs, also when the response is finished. chi.URLParam may then tell of another
// client's request: chi gives its Context to the next one (see its Clone).
func Param(r *pants.Request, name string) string {
	hr := r.HTTP
	k := keptIn(hr.Context())
	m := k.rule()
	if i := m.index(name); i >= 0 {
		return m.texts[i]
	}
	if chi.RouteContext(hr.Context()) == nil || k == nil && hr.Pattern != "" && hr.URL.RawPath == "" {
		return hr.PathValue(name) // see stays
	}
	value := chi.URLParam(hr, name)
	if strings.IndexByte(value, '%') < 0 || !escaped(hr) {
		return value
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}

// escaped reports whether chi matched the path of hr as it was escaped. It is false when that is not certain: what is decoded
// twice may be ".." where it was looked at once.
func escaped(hr *http.Request) bool {
	route, raw := chi.RouteContext(hr.Context()), hr.URL.RawPath
	if route == nil || raw == "" {
		return false
	}
	if route.RoutePath == "" {
		return true
	}
	// A Mount sets RoutePath to a part of what its router matched, and middlewares to a part of either path: the two are told
	// apart by the whole text, which is short of RawPath if it was decoded, whatever the client wrote.
	text := strings.TrimRight(matched(route), "/")
	return text == strings.TrimRight(raw, "/") || comesOf(text, raw) && !comesOf(text, hr.URL.Path)
}

// comesOf reports whether the routed text may have been made of whole by CleanPath, StripSlashes or URLFormat, and by what takes a
// prefix away from one of the two, as http.StripPrefix does.
func comesOf(text, whole string) bool {
	for _, rest := range []string{whole, path.Clean(whole)} {
		rest = strings.TrimRight(rest, "/")
		for range 3 { // each router outside may have cut off a format, and two are many
			if strings.HasSuffix(rest, text) || strings.HasSuffix(text, rest) {
				return true
			}
			i := strings.LastIndexAny(rest, "./")
			if i < 0 || rest[i] == '/' {
				break
			}
			rest = rest[:i]
		}
	}
	return false
}

// matched is the text that chi matched, over all routers that the request passed.
func matched(route *chi.Context) string {
	text, last := mounted(route)
	if last == route.RoutePath {
		return text
	}
	return strings.TrimSuffix(text, "/") + route.RoutePath // a Mount is last, and has set it to what is below
}

// mounted is what the patterns that the request passed have matched; last is the part of the last one. Of a Mount it is what stands
// before the rest, with a slash at the end or without.
func mounted(route *chi.Context) (text, last string) {
	values, rest := route.URLParams.Values, ""
	for _, pattern := range route.RoutePatterns {
		if rest != "" {
			text = "" // a router that was not mounted looks at the whole path again
		}
		last, rest, values = insert(pattern, values)
		text = strings.TrimSuffix(text, "/") + last
	}
	return text, last
}

// insert puts the values in place of the keys of a pattern. rest is the one for "*", which a Mount has emptied; left are those for
// the next pattern.
func insert(pattern string, values []string) (text, rest string, left []string) {
	var b strings.Builder
	next := func() (value string) {
		if len(values) > 0 {
			value, values = values[0], values[1:]
		}
		b.WriteString(value)
		return value
	}
	depth := 0
	for _, c := range []byte(pattern) {
		switch {
		case c == '{':
			if depth++; depth == 1 {
				next()
			}
		case c == '}':
			depth--
		case depth > 0:
		case c == '*':
			rest = next()
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), rest, values
}
