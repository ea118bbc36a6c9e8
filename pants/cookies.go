package pants

import (
	"fmt"
	"net/http"
	"strings"
)

// Cookies are cookies by name.
type Cookies map[string]*http.Cookie

// Get is the value of a cookie, "" if there is none.
func (c Cookies) Get(name string) string {
	if cookie := c[name]; cookie != nil {
		return cookie.Value
	}
	return ""
}

// Set gives the cookie a value, as Pants' cookies_out[name] = value did: the attributes of a cookie that is there already stay.
// It returns the cookie, for its attributes to be set.
func (c Cookies) Set(name, value string) *http.Cookie {
	cookie := c[name]
	if cookie == nil {
		cookie = &http.Cookie{Name: name}
		c[name] = cookie
	}
	cookie.Value = value
	return cookie
}

// Cookies are the cookies received, read as Python's SimpleCookie read them: values in double quotes are decoded (\" \\ and
// \ooo), bytes above 127 are kept, and of equal names the last one counts. net/http drops such cookies. What is no cookie is
// skipped, up to the next ';'.
func (r *Request) Cookies() Cookies {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.parseCookies().cookies
}

func (r *Request) parseCookies() *findings {
	f := r.lazy()
	if f.known&knownCookies != 0 {
		return f
	}
	f.known |= knownCookies
	limit := r.server.limits.Cookies
	likely := min(limit, r.cookiesLikely())
	f.cookies = make(Cookies, likely)
	c := cookieReader{cookies: f.cookies, limit: limit, likely: likely}
	for _, line := range r.in.Header["Cookie"] {
		if !c.read(line) {
			f.cookies = Cookies{}
			f.cookieErr = &refusal{http.StatusBadRequest, fmt.Errorf("pants: more than %d cookies", limit)}
			break
		}
	}
	return f
}

// overLimit reports a query or cookies with more than their limit. What cannot be over the limit is not even read: two bytes
// ("=," or "a=") are the least that a pair takes.
func (r *Request) overLimit() error {
	l := r.server.limits
	queryFits := max(len(r.in.RequestURI), len(r.in.URL.RawQuery)) <= l.Params
	size := 0
	for _, line := range r.in.Header["Cookie"] {
		size += len(line)
	}
	cookiesFit := size <= l.Cookies
	if queryFits && cookiesFit {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.lazy()
	if !queryFits {
		if query := r.Query(); f.known&knownQuery != 0 || pairsAtMost([]byte(query), r.server.config.LegacySemicolons) > l.Params {
			r.parseQuery()
		}
	}
	if !cookiesFit {
		if f.known&knownCookies != 0 || r.cookiesAtMost() > l.Cookies {
			r.parseCookies()
		}
	}
	if f.queryErr != nil {
		return f.queryErr
	}
	return f.cookieErr
}

// cookiesLikely is how many cookies to make room for: each has a '=', and browsers put a ';' between two.
func (r *Request) cookiesLikely() int {
	n := 0
	for _, line := range r.in.Header["Cookie"] {
		n += min(strings.Count(line, "="), 1+strings.Count(line, ";"))
	}
	return n
}

// cookiesAtMost is an upper bound of the cookies received: each has a '='.
func (r *Request) cookiesAtMost() int {
	n := 0
	for _, line := range r.in.Header["Cookie"] {
		n += strings.Count(line, "=")
	}
	return n
}
