package sendfile

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Proxy is the server in front, which decides how a file is named to it.
type Proxy uint8

const (
	// Direct: nobody in front delivers files; they are sent here.
	Direct Proxy = iota
	// Nginx: X-Accel-Redirect with a percent-encoded URI below Prefix.
	Nginx
	// Caddy: like Nginx, for a handle_response as Snippet writes it. With the
	// usual "rewrite" there Caddy 2.6 does not decode the value, 2.10 does.
	Caddy
	// Apache: mod_xsendfile 0.12 (Debian, Ubuntu), which takes X-Sendfile as
	// raw bytes. mod_xsendfile 1.0 needs "XSendFileUnescape off" with it.
	Apache
	// ApacheUnescape: mod_xsendfile 1.0, which percent-decodes X-Sendfile.
	ApacheUnescape
	// Lighttpd: X-Sendfile, percent-decoded.
	Lighttpd
	// Generic: some other server, or one not known. Names that such servers
	// disagree about are sent directly.
	Generic
)

const (
	headerAccel    = "X-Accel-Redirect"
	headerSendfile = "X-Sendfile"
)

// preset is what is known of a server.
type preset struct {
	name   string
	header string
	fixed  bool // the server knows no other header
	encode bool // it percent-decodes the value
	uri    bool // the value is a URI below Prefix, never a path of the disk
	ranges bool // it adds no Accept-Ranges of its own; nginx would double ours
	limit  int  // the longest value it takes for sure; 0 is any
}

// headLimit is half of what nginx reads of an answer's head (proxy_buffer_size is
// 4 KiB): a longer value is a 502 there. The other half is for other headers.
const headLimit = 2 << 10

// apacheLimit keeps a header line below the 8 KiB that Apache's mod_proxy_http reads of one
// (ResponseFieldSize): a longer one is a 502 there.
const apacheLimit = 7 << 10

var presets = [...]preset{
	Direct:         {name: "Direct"},
	Nginx:          {name: "Nginx", header: headerAccel, fixed: true, encode: true, uri: true, limit: headLimit},
	Caddy:          {name: "Caddy", header: headerAccel, encode: true, uri: true},
	Apache:         {name: "Apache", header: headerSendfile, fixed: true, ranges: true, limit: apacheLimit},
	ApacheUnescape: {name: "ApacheUnescape", header: headerSendfile, fixed: true, encode: true, ranges: true, limit: apacheLimit},
	Lighttpd:       {name: "Lighttpd", header: headerSendfile, fixed: true, encode: true, ranges: true},
	Generic:        {name: "Generic", header: headerSendfile, limit: headLimit},
}

// Config says where files are and who delivers them. The zero Config sends
// files below the working directory, directly.
//
// # Containment
//
// Files are opened through [os.Root]. A relative name never leaves Root,
// neither by ".." nor through a symbolic link; an absolute one is accepted if
// it lies inside, or anywhere with [Config.AllowOutside]. A link with an
// absolute target is refused even when the target lies inside of Root, because
// os.Root refuses it; make such links relative, or set [Config.FollowSymlinks].
// Only regular files are sent: a directory, FIFO, socket or device is a 404, and
// opening one does not block.
//
// Root is opened once, in [New]. Replacing the directory (or a link to it)
// later does not change what is served.
type Config struct {
	// Proxy is the server in front.
	Proxy Proxy

	// Header overrides the name of the header that names the file. With
	// Direct it means Generic. New refuses a name that the server does not
	// know, because it fails in silence: an empty 200 that shows the client
	// the path.
	Header string

	// Root is the files' directory. "" is the working directory at the time
	// of each call; it stays open until a file is sent after the process has
	// left it. Anything else must exist and is opened once, in New.
	Root string

	// Prefix goes before the name relative to Root in the header's value. For
	// Nginx and Caddy it is the internal location and required; for Apache and
	// Lighttpd it is Root as that server sees it, if it sees it elsewhere.
	Prefix string

	// StripRoot makes Generic name files relative to Root even without
	// Prefix. Pants does that; no server tested accepts such a value.
	StripRoot bool

	// AllowOutside permits absolute names outside of Root. Set it only when
	// no part of such a name comes from a request.
	AllowOutside bool

	// FollowSymlinks accepts links with an absolute target too, if that lies in
	// Root. Links out of Root are refused with it as without it, and relative
	// ones inside of Root are followed always.
	FollowSymlinks bool

	// Offload is asked for each request whether the proxy is in front of it; if
	// not, the file is sent directly instead of an empty answer. It is for apps
	// that can be reached without the proxy: let it believe nothing a client
	// can write. nil is always.
	Offload func(*http.Request) bool

	// StrictRanges answers a malformed Range field with 416 instead of the
	// whole file. RFC 9110 section 14.2 allows both; Pants did that.
	StrictRanges bool

	// ETag makes the entity tag of a file, quotes included; "" is none. nil
	// is `"<size>-<mtime in ns>"` in hex, which tells apart two versions of
	// the same size within one second.
	ETag func(fs.FileInfo) string

	// ContentType is asked for the type of a file by its name; "" is
	// application/octet-stream. nil is [ContentType].
	ContentType func(name string) string

	// Precompressed lists codings, best first, of which a sibling may be sent
	// instead of a file: "br" (a.js.br), "zstd" (a.js.zst), "gzip" (a.js.gz). A
	// sibling older than its file is left alone. With Direct only.
	Precompressed []string

	// Map says what [Sender.Intercept] makes of X-Accel-Redirect: a prefix
	// like "/protected/" becomes a directory relative to Root, which is ".".
	// The longest prefix counts. Without Map only X-Sendfile is understood.
	Map map[string]string

	// Unescape makes [Sender.Intercept] percent-decode X-Sendfile once, for apps
	// made for mod_xsendfile 1.0 or lighttpd. Rack and Symfony write it raw.
	Unescape bool
}

// Sender sends files. It is safe for concurrent use. The zero Sender is that of
// the zero Config.
type Sender struct {
	conf     Config
	preset   preset
	header   string   // canonical; "" sends directly
	root     *os.Root // nil: the working directory
	dir      string   // Root, absolute
	resolved string   // Root without symbolic links

	codings  []coding
	mappings []mapping // the longest prefix first
	announce string    // X-Accel-Mapping for the app behind Intercept
	probe    atomic.Pointer[probe]
}

// New checks c and opens its Root. Everything wrong with c is reported in one
// error.
func New(c Config) (*Sender, error) {
	s := &Sender{conf: c}
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("sendfile: "+format, args...))
	}

	if int(c.Proxy) >= len(presets) {
		fail("unknown Proxy %d", c.Proxy)
		s.conf.Proxy = Direct
	}
	if s.conf.Proxy == Direct && c.Header != "" {
		s.conf.Proxy = Generic
	}
	s.preset = presets[s.conf.Proxy]
	s.header = s.preset.header
	if c.Header != "" {
		switch name := http.CanonicalHeaderKey(c.Header); {
		case !validName(c.Header):
			fail("invalid Header %q", c.Header)
		case s.preset.fixed && name != s.preset.header:
			fail("Header %q: %s acts on %s only; Proxy Generic sends any header", c.Header, s.preset.name, s.preset.header)
		default:
			s.header = name
		}
	}
	if s.header != "" {
		s.checkPrefix(fail)
	}
	if c.StripRoot && s.conf.Proxy != Generic && s.conf.Proxy != Direct {
		fail("StripRoot is for Generic, not %s", s.preset.name)
	}
	if c.Offload != nil && s.conf.Proxy == Direct {
		fail("Offload without a Proxy")
	}
	s.checkPrecompressed(fail)
	s.openRoot(fail)
	s.checkMap(fail)

	if len(errs) != 0 {
		if s.root != nil {
			_ = s.root.Close()
		}
		return nil, errors.Join(errs...)
	}
	if s.header != "" && s.conf.Proxy == Generic && c.StripRoot && c.Prefix == "" {
		// The value Pants writes by default, which is no use to anybody.
		slog.Warn("sendfile: without Prefix the header names files relative to Root; nginx, Apache, lighttpd and Caddy all refuse that", "header", s.header)
	}
	return s, nil
}

// checkPrefix refuses what the server in front would misread for every file.
func (s *Sender) checkPrefix(fail func(string, ...any)) {
	p := s.conf.Prefix
	switch {
	case p == "" && s.preset.uri:
		fail("%s needs a Prefix, the path of its internal location", s.preset.name)
	case hasControl(p) || p != strings.TrimSpace(p):
		fail("invalid Prefix %q", p)
	case p == "" || s.conf.Proxy == Generic:
		// Taken as it is: it may be a URL.
	case p[0] != '/':
		fail("Prefix %q of %s must begin with a slash", p, s.preset.name)
	case path.Clean(p) != strings.TrimSuffix(p, "/") && p != "/":
		// nginx answers 404 to any "/../", even one that stays inside.
		fail("Prefix %q of %s is not a clean path", p, s.preset.name)
	}
}

func (s *Sender) openRoot(fail func(string, ...any)) {
	if s.conf.Root == "" {
		return
	}
	if strings.ContainsRune(s.conf.Root, 0) {
		fail("invalid Root %q", s.conf.Root)
		return
	}
	dir, err := filepath.Abs(s.conf.Root)
	if err != nil {
		fail("Root %q: %w", s.conf.Root, err)
		return
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		fail("Root %q: %w", s.conf.Root, bare(err))
		return
	}
	s.root, s.dir, s.resolved = root, dir, dir
	if r, err := filepath.EvalSymlinks(dir); err == nil {
		s.resolved = r
	}
}
