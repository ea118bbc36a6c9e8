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

// cookieLine is the Set-Cookie line of c: attributes sorted and spelled as SimpleCookie does, and after them in the same order
// those it does not know.
func cookieLine(name string, c *http.Cookie) (string, error) {
	if c == nil {
		return "", fmt.Errorf("cookie %q is nil", name)
	}
	if err := checkCookieName(name); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('=')
	quoteCookie(&b, c.Value)
	var err error
	add := func(attribute, value string) {
		if value == "" {
			return
		}
		if strings.IndexFunc(value, func(c rune) bool { return c < 0x20 || c == 0x7f || c == ';' }) >= 0 {
			err = fmt.Errorf("cookie %q: invalid %s %q", name, attribute, value)
			return
		}
		b.WriteString("; ")
		b.WriteString(attribute)
		b.WriteByte('=')
		b.WriteString(value)
	}
	add("Comment", unparsed(c, "comment"))
	add("Domain", c.Domain)
	switch {
	case c.RawExpires != "":
		add("expires", c.RawExpires)
	case !c.Expires.IsZero():
		if c.Expires.Year() < 1601 { // the least year that RFC 6265 section 5.1.1 lets a client read
			return "", fmt.Errorf("cookie %q: invalid expires %v", name, c.Expires)
		}
		add("expires", c.Expires.UTC().Format(http.TimeFormat))
	}
	if c.HttpOnly {
		b.WriteString("; httponly")
	}
	switch {
	case c.MaxAge > 0:
		add("Max-Age", strconv.Itoa(c.MaxAge))
	case c.MaxAge < 0:
		add("Max-Age", "0")
	}
	if c.Partitioned {
		b.WriteString("; Partitioned")
	}
	add("Path", c.Path)
	switch c.SameSite {
	case http.SameSiteLaxMode:
		add("SameSite", "Lax")
	case http.SameSiteStrictMode:
		add("SameSite", "Strict")
	case http.SameSiteNoneMode:
		add("SameSite", "None")
	}
	if c.Secure {
		b.WriteString("; secure")
	}
	add("Version", unparsed(c, "version"))
	return b.String(), err
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

// quoteCookie writes a value as Python's Cookie._quote does: as it is when it holds nothing but token characters, else in
// double quotes with escapes.
func quoteCookie(b *strings.Builder, value string) {
	if value == "" || isToken(value) {
		b.WriteString(value)
		return
	}
	b.WriteByte('"')
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c > 0x7e || c == ',' || c == ';':
			b.WriteByte('\\')
			b.WriteByte('0' + c>>6)
			b.WriteByte('0' + c>>3&7)
			b.WriteByte('0' + c&7)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// addCookies puts the cookies of CookiesOut that were not sent yet into h; of these names only, if names is not nil. With an
// error nothing is put there. res.mu is held.
func (r *Request) addCookies(h http.Header, names []string) error {
	if !r.hasOut.Load() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.out) == 0 {
		return nil
	}
	pending := make([]string, 0, len(r.out))
	for name := range r.out {
		if (names == nil || slices.Contains(names, name)) && !slices.Contains(r.res.cookiesSent, name) {
			pending = append(pending, name)
		}
	}
	slices.Sort(pending)
	lines := make([]string, len(pending))
	for i, name := range pending {
		line, err := cookieLine(name, r.out[name])
		if err != nil {
			return fmt.Errorf("pants: %w", err)
		}
		lines[i] = line
	}
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	for i, line := range lines {
		if size += len("Set-Cookie: \r\n") + len(line); size > headBudget {
			r.server.warnLongHead(pending[i], size)
		}
	}
	if len(lines) > 0 {
		h["Set-Cookie"] = append(h["Set-Cookie"], lines...)
		r.res.cookiesSent = append(r.res.cookiesSent, pending...)
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
