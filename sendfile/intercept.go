package sendfile

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// mapping is one entry of Config.Map.
type mapping struct{ prefix, dir string } // "/protected/", "sub"

// errUnmapped is an X-Accel-Redirect that names nothing in Config.Map.
var errUnmapped = errors.New("no prefix of Map fits")

func (s *Sender) checkMap(fail func(string, ...any)) {
	if len(s.conf.Map) > 0 && s.conf.Root == "" {
		fail("Map needs a Root")
	}
	for prefix, dir := range s.conf.Map {
		clean := path.Clean(prefix)
		switch {
		case !strings.HasPrefix(prefix, "/") || clean != prefix && clean+"/" != prefix || hasControl(prefix):
			fail("invalid prefix %q in Map", prefix)
			continue
		case !filepath.IsLocal(dir):
			fail("directory %q in Map leaves Root", dir)
			continue
		}
		if s.root != nil {
			if info, err := s.root.Stat(dir); err != nil {
				fail("directory %q in Map: %w", dir, bare(err))
			} else if !info.IsDir() {
				fail("%q in Map is no directory", dir)
			}
		}
		s.mappings = append(s.mappings, mapping{strings.TrimSuffix(clean, "/") + "/", filepath.ToSlash(filepath.Clean(dir))})
	}
	slices.SortFunc(s.mappings, func(a, b mapping) int {
		return cmpLonger(a.prefix, b.prefix)
	})
	s.announce = s.accelMapping()
}

func cmpLonger(a, b string) int {
	if d := len(b) - len(a); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// accelMapping is Map the other way round, as Rack and Symfony read it:
// "/srv/files/=/protected/". They take the first that fits, so the deepest
// directory comes first. The form has no escapes: an entry that would need one is
// left out.
func (s *Sender) accelMapping() string {
	type entry struct{ dir, prefix string }
	var entries []entry
	for _, m := range s.mappings {
		dir := strings.TrimSuffix(path.Join(filepath.ToSlash(s.dir), m.dir), "/") + "/"
		if !strings.ContainsAny(dir+m.prefix, ",=\"") && !hasControl(dir) {
			entries = append(entries, entry{dir, m.prefix})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmpLonger(a.dir, b.dir) })
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.dir + "=" + e.prefix
	}
	return strings.Join(list, ",")
}

// Intercept plays the proxy's part: when next answers 200 and names a file in
// X-Sendfile, or in X-Accel-Redirect with a prefix of Config.Map, the file is sent
// instead of next's body. Range and conditions of the request apply to it. What
// next says about it (Content-Type, Content-Disposition, Cache-Control, ETag,
// Last-Modified, Content-Encoding, cookies) stays.
//
// X-Sendfile is a path as it is (see Config.Unescape), absolute or relative to
// Root; X-Accel-Redirect is
// percent-decoded once. Neither leaves Root, whatever AllowOutside says. A file
// that cannot be sent is a 404 or 403, a value that makes no sense a 502; both
// are logged. X-Sendfile, X-Sendfile-Temporary and X-Accel-* are taken out of every answer;
// X-Accel-Buffering stays if Proxy is Nginx, which it is then meant for.
//
// next sees X-Sendfile-Type: X-Sendfile, and X-Accel-Mapping if there is a Map,
// whatever the client sent: believing a client's is CVE-2025-61780 in Rack. Names that
// CGI and WSGI take for the same, like X_Sendfile_Type, are taken out as well.
//
// Around an httputil.ReverseProxy set DisableCompression in its Transport: else
// the Transport asks for gzip where the client did not. A middleware that
// compresses belongs outside of Intercept, one that recovers from panics too.
//
// What is written to a hijacked connection, as ReverseProxy does for an
// Upgrade, is not looked at.
//
// A nil Sender sends no files, but still takes the headers out, of the request
// too. Any other panics if it has no Root.
func (s *Sender) Intercept(next http.Handler) http.Handler {
	if s != nil && s.root == nil {
		panic("sendfile: Intercept without Root")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := r.WithContext(r.Context())
		if inner.Header = r.Header.Clone(); inner.Header == nil {
			inner.Header = make(http.Header)
		}
		for key := range inner.Header {
			if isAnnounced(key) {
				delete(inner.Header, key)
			}
		}
		if s != nil {
			inner.Header["X-Sendfile-Type"] = []string{headerSendfile}
			if s.announce != "" {
				inner.Header["X-Accel-Mapping"] = []string{s.announce}
			}
		}
		iw := &interceptor{w: w, r: r, s: s}
		defer func() {
			// A form that next parsed has temporary files, which net/http
			// removes by the request it knows.
			if r.MultipartForm == nil {
				r.MultipartForm = inner.MultipartForm
			}
			if iw.state == undecided {
				iw.take() // next panicked; whoever recovers uses the same headers
			}
		}()
		next.ServeHTTP(iw, inner)
		iw.finish()
	})
}

// isAnnounced reports whether key is a header that Intercept sets, or an alias of one: CGI,
// WSGI and PHP turn letters to one case, and every other sign into "_".
func isAnnounced(key string) bool {
	return sameFolded(key, "x-sendfile-type") || sameFolded(key, "x-accel-mapping")
}

// sameFolded compares with a name in lower case that has no other sign than dashes.
func sameFolded(key, name string) bool {
	if len(key) != len(name) {
		return false
	}
	for i := range len(key) {
		c := key[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			c = '-'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// interceptor is the ResponseWriter next sees.
type interceptor struct {
	w     http.ResponseWriter
	r     *http.Request
	s     *Sender
	state interception
	dead  http.Header // what next may still edit once the file is sent
}

type interception uint8

const (
	undecided interception = iota
	passing                // next's own answer
	replaced               // the file's
	hijacked
)

var (
	_ io.ReaderFrom = (*interceptor)(nil)
	_ http.Flusher  = (*interceptor)(nil)
	_ http.Hijacker = (*interceptor)(nil)
)

func (i *interceptor) Header() http.Header {
	if i.state == replaced {
		return i.dead
	}
	return i.w.Header()
}

func (i *interceptor) WriteHeader(code int) {
	if i.state != undecided {
		return
	}
	if 100 <= code && code < 200 && code != http.StatusSwitchingProtocols {
		// It commits nothing, and the names are still needed.
		h, taken := i.w.Header(), i.take()
		i.w.WriteHeader(code)
		for key, values := range taken {
			h[key] = values
		}
		return
	}
	if code == http.StatusSwitchingProtocols && !canHijack(i.w) {
		return // next will hear it from Hijack, and may answer something else
	}
	taken := i.take()
	sendfile, accel := first(taken[headerSendfile]), first(taken[headerAccel])
	if i.s == nil || code != http.StatusOK || sendfile == "" && accel == "" {
		i.state = passing
		i.w.WriteHeader(code)
		return
	}
	i.state, i.dead = replaced, make(http.Header)
	i.replace(sendfile, accel)
}

// replace sends the file. It does not wait for next to return: the body that
// next still has may never end.
func (i *interceptor) replace(sendfile, accel string) {
	h := i.w.Header()
	for _, key := range []string{"Accept-Ranges", "Content-Length", "Content-Range", "Trailer", "Transfer-Encoding", "X-Accel-Buffering"} {
		delete(h, key)
	}
	var err error
	switch {
	case sendfile == "":
		sendfile, err = i.s.fromAccel(accel)
	case i.s.conf.Unescape:
		sendfile, err = unescape(sendfile)
	}
	if err != nil {
		err = i.s.refuse(i.w, i.r, err)
	} else {
		err = i.s.send(i.w, i.r, sendfile, nil, false)
	}
	abortCut(err)
	if err != nil {
		slog.Warn("sendfile: intercepted file not sent", "err", err)
	}
	// The file is complete. What next does from here on, even a panic over a
	// Content-Length that it did not keep, must not cost its last bytes.
	_ = http.NewResponseController(i.w).Flush()
}

// fromAccel maps the value of an X-Accel-Redirect to a name below Root.
func (s *Sender) fromAccel(value string) (string, error) {
	uri, _, _ := strings.Cut(value, "?")
	uri, err := unescape(uri)
	if err != nil {
		return "", err
	}
	for _, m := range s.mappings {
		rest, ok := strings.CutPrefix(uri, m.prefix)
		if !ok {
			continue
		}
		if rest != "" && !filepath.IsLocal(rest) {
			return "", &fileError{value, http.StatusNotFound, ErrOutsideRoot}
		}
		return m.dir + "/" + rest, nil
	}
	return "", &fileError{value, http.StatusBadGateway, errUnmapped}
}

func unescape(value string) (string, error) {
	s, err := url.PathUnescape(value)
	if err != nil {
		return "", &fileError{value, http.StatusBadGateway, err}
	}
	return s, nil
}

// take removes the fields that are meant for a proxy and returns them.
func (i *interceptor) take() http.Header {
	h := i.w.Header()
	var taken http.Header
	for key, values := range h {
		name := http.CanonicalHeaderKey(key)
		switch {
		case name == headerSendfile, name == "X-Sendfile-Temporary":
		case name == "X-Accel-Buffering" && i.s != nil && i.s.conf.Proxy == Nginx:
			continue
		case strings.HasPrefix(name, "X-Accel-"):
		default:
			continue
		}
		if taken == nil {
			taken = make(http.Header)
		}
		taken[name] = append(taken[name], values...)
		delete(h, key)
	}
	return taken
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Write swallows the body of an answer that a file has replaced. It must not
// say so: httputil.ReverseProxy panics over an error.
func (i *interceptor) Write(p []byte) (int, error) {
	i.WriteHeader(http.StatusOK)
	if i.state == replaced {
		return len(p), nil
	}
	return i.w.Write(p)
}

// ReadFrom keeps sendfile(2) for what next sends itself.
func (i *interceptor) ReadFrom(src io.Reader) (int64, error) {
	i.WriteHeader(http.StatusOK)
	if i.state == replaced {
		return io.Copy(io.Discard, src)
	}
	if rf, ok := i.w.(io.ReaderFrom); ok {
		return rf.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{i.w}, src)
}

func (i *interceptor) Flush() { _ = i.FlushError() }

// FlushError is Flush for http.ResponseController.
func (i *interceptor) FlushError() error {
	i.WriteHeader(http.StatusOK)
	if i.state == replaced {
		return nil
	}
	return http.NewResponseController(i.w).Flush()
}

// Hijack is here, and not only behind Unwrap, for libraries that look for an
// http.Hijacker.
func (i *interceptor) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if i.state == replaced {
		return nil, nil, http.ErrHijacked
	}
	c, rw, err := http.NewResponseController(i.w).Hijack()
	if err == nil {
		i.state = hijacked
	}
	return c, rw, err
}

// canHijack tells whether there is a connection to take over below w. A writer
// that has others below has the method in any case.
func canHijack(w http.ResponseWriter) bool {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			_, ok = w.(http.Hijacker)
			return ok
		}
		w = outer.Unwrap()
	}
}

// Unwrap lets http.ResponseController find deadlines and full duplex.
func (i *interceptor) Unwrap() http.ResponseWriter { return i.w }

// finish answers for a next that returned without having written anything.
func (i *interceptor) finish() {
	if i.state != undecided {
		return
	}
	h := i.w.Header()
	for key := range h {
		if name := http.CanonicalHeaderKey(key); name == headerSendfile || name == headerAccel {
			i.WriteHeader(http.StatusOK)
			return
		}
	}
	i.take()
}
