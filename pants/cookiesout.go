package pants

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// headBudget is how long a response head may be: nginx reads an upstream's head into one buffer of 4 KiB and answers 502 when
// it does not fit (proxy_buffer_size).
const headBudget = 3584

// CookiesOut are the cookies to send with the response. Fill it before the headers are sent; the key is the cookie's name.
// Values may hold any bytes, they are quoted as Python's SimpleCookie quotes them; what cannot be sent (a name that is no
// token or that of an attribute, a line break in Path or Domain) is an error of the call that sends the headers. RawExpires is
// sent as it is, if set, and Unparsed may hold "Comment=text" and "Version=1". Handlers that answer from several goroutines
// must not change it at the same time.
func (r *Request) CookiesOut() Cookies {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out == nil {
		r.out = Cookies{}
		r.hasOut.Store(true)
	}
	return r.out
}

// attributeNames cannot be the names of cookies: SimpleCookie would read them as attributes of the cookie before.
var attributeNames = []string{"comment", "domain", "expires", "httponly", "max-age", "path", "secure", "version"}

func checkCookieName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("cookie with an empty name")
	case !isToken(name):
		return fmt.Errorf("invalid cookie name %q", name)
	case slices.Contains(attributeNames, strings.ToLower(name)):
		return fmt.Errorf("cookie name %q is that of an attribute", name)
	}
	return nil
}

// appendCookie writes the Set-Cookie line of c: attributes sorted and spelled as SimpleCookie does, and after them in the same order
// those it does not know.
func appendCookie(b []byte, name string, c *http.Cookie) ([]byte, error) {
	if c == nil {
		return nil, fmt.Errorf("cookie %q is nil", name)
	}
	if err := checkCookieName(name); err != nil {
		return nil, err
	}
	b = append(b, name...)
	b = append(b, '=')
	b = appendQuoted(b, c.Value)
	b = appendAttribute(b, "; Comment=", unparsed(c, "comment"))
	b = appendAttribute(b, "; Domain=", c.Domain)
	switch {
	case c.RawExpires != "":
		b = appendAttribute(b, "; expires=", c.RawExpires)
	case !c.Expires.IsZero():
		if c.Expires.Year() < 1601 { // the least year that RFC 6265 section 5.1.1 lets a client read
			return nil, fmt.Errorf("cookie %q: invalid expires %v", name, c.Expires)
		}
		b = c.Expires.UTC().AppendFormat(append(b, "; expires="...), http.TimeFormat)
	}
	if c.HttpOnly {
		b = append(b, "; httponly"...)
	}
	switch {
	case c.MaxAge > 0:
		b = strconv.AppendInt(append(b, "; Max-Age="...), int64(c.MaxAge), 10)
	case c.MaxAge < 0:
		b = append(b, "; Max-Age=0"...)
	}
	if c.Partitioned {
		b = append(b, "; Partitioned"...)
	}
	b = appendAttribute(b, "; Path=", c.Path)
	switch c.SameSite {
	case http.SameSiteLaxMode:
		b = append(b, "; SameSite=Lax"...)
	case http.SameSiteStrictMode:
		b = append(b, "; SameSite=Strict"...)
	case http.SameSiteNoneMode:
		b = append(b, "; SameSite=None"...)
	}
	if c.Secure {
		b = append(b, "; secure"...)
	}
	b = appendAttribute(b, "; Version=", unparsed(c, "version"))
	return b, checkAttributes(name, c)
}

func appendAttribute(b []byte, attribute, value string) []byte {
	if value == "" {
		return b
	}
	return append(append(b, attribute...), value...)
}

// checkAttributes refuses values that would end their attribute early, or the line.
func checkAttributes(name string, c *http.Cookie) error {
	for _, attribute := range [...]struct{ name, value string }{
		{"Domain", c.Domain}, {"expires", c.RawExpires}, {"Path", c.Path}, {"Comment", unparsed(c, "comment")}, {"Version", unparsed(c, "version")},
	} {
		for i := 0; i < len(attribute.value); i++ {
			if b := attribute.value[i]; b < 0x20 || b == 0x7f || b == ';' {
				return fmt.Errorf("cookie %q: invalid %s %q", name, attribute.name, attribute.value)
			}
		}
	}
	return nil
}

// unparsed is the value of an attribute that http.Cookie has no field for.
func unparsed(c *http.Cookie, attribute string) string {
	value := ""
	for _, text := range c.Unparsed {
		if name, text, _ := strings.Cut(text, "="); strings.EqualFold(name, attribute) {
			value = text // the last one counts
		}
	}
	return value
}

// appendQuoted writes a value as Python's Cookie._quote does: as it is when it holds nothing but token characters, else in
// double quotes with escapes.
func appendQuoted(b []byte, value string) []byte {
	if value == "" || isToken(value) {
		return append(b, value...)
	}
	b = append(b, '"')
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c > 0x7e || c == ',' || c == ';':
			b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// addCookies puts the cookies of CookiesOut that were not sent yet into h; of these names only, if names is not nil. last is for a
// head that goes out now. With an error nothing is put there. res.mu is held.
func (r *Request) addCookies(h http.Header, names []string, last bool) error {
	if !r.hasOut.Load() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.out) == 0 {
		return nil
	}
	var sent []string
	if r.res.rare != nil {
		sent = r.res.rare.cookiesSent
	}
	var few [8]string
	pending := few[:0]
	for name := range r.out {
		if (names == nil || slices.Contains(names, name)) && !slices.Contains(sent, name) {
			pending = append(pending, name)
		}
	}
	if len(pending) == 0 {
		return nil
	}
	slices.Sort(pending)
	// One string holds all lines.
	var room [512]byte
	var fewEnds [8]int
	text, ends := room[:0], fewEnds[:0]
	for _, name := range pending {
		var err error
		if text, err = appendCookie(text, name, r.out[name]); err != nil {
			return fmt.Errorf("pants: %w", err)
		}
		ends = append(ends, len(text))
	}
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	all, start := string(text), 0
	lines := slices.Grow(slices.Clip(h["Set-Cookie"]), len(ends))
	for i, end := range ends {
		line := all[start:end]
		if size += len("Set-Cookie: \r\n") + len(line); size > headBudget {
			r.server.warnLongHead(pending[i], size)
		}
		lines = append(lines, line)
		start = end
	}
	h["Set-Cookie"] = lines
	if !last {
		rare := r.res.seldom()
		rare.cookiesSent = append(rare.cookiesSent, pending...)
	}
	return nil
}

// warnLongHead logs once per cookie name that a head is longer than proxies read by default.
func (s *Server) warnLongHead(name string, size int) {
	if s.warnings.Load() >= maxWarnings {
		return // names that clients make up must not fill the memory
	}
	if _, again := s.warned.LoadOrStore(name, true); !again {
		s.warnings.Add(1)
		go s.log().Warn("pants: response head too long for a proxy's default buffer of 4 KiB", "cookie", name, "bytes", size) // the response is locked
	}
}

// maxWarnings bounds the cookie names that are remembered for warnLongHead.
const maxWarnings = 1000
