package pants

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// Config is what a Server may be told. The zero Config is ready: no proxy is believed, files are sent directly from the
// working directory, and there are no secure cookies. New reports every mistake in it together.
//
// The names of Pants' HTTPServer arguments stand in brackets.
type Config struct {
	// MaxRequest is the longest request body in bytes, however it is framed [max_request]. A longer one is answered with 413
	// before the handler runs. 0 means 10 MiB, a negative number means no limit.
	MaxRequest int64

	// MemoryLimit is the longest body in bytes that is kept in memory. A longer one goes to one temporary file in os.TempDir, which
	// has no name from the start and vanishes with the request. 0 means 1 MiB, a negative number that no body does.
	MemoryLimit int64

	// MemoryBudget is how many bytes of bodies the whole process may keep in memory at once. Over it new bodies go to temporary
	// files, however short. 0 means no limit.
	MemoryBudget int64

	// DisableKeepAlives closes the connection after each response [keep_alive=False].
	DisableKeepAlives bool

	// CookieSecrets are the keys of secure cookies [cookie_secret]: the first signs, all verify. Each is at least 32 bytes of
	// randomness. Without any, SetSecureCookie and SecureCookie report ErrNoSecret; a key is never made up.
	CookieSecrets [][]byte

	// LegacyCookies reads, and on request writes, the secure cookies of Pants 1.0 beside the kit's own.
	LegacyCookies LegacyCookies

	// XHeaders says which proxies may speak for the client [xheaders]. An xheaders.Resolver that already ran for the request,
	// as a middleware in front, takes precedence.
	XHeaders xheaders.Config

	// Sendfile says where files are and who sends them [sendfile, sendfile_prefix, file_root]. The rules are those of Pants:
	// absolute paths may lead outside of Root (AllowOutside), a malformed Range is a 416 (StrictRanges), a Generic proxy is given
	// the name below Root (StripRoot), types have no charset unless ContentType gives one, and ETag is Pants' where that is unambiguous.
	Sendfile sendfile.Config

	// FinishTimeout is how long a response may stay unfinished after its handler returned. 0 means 55 seconds, just under the
	// 60 after which nginx gives up; a negative duration means for ever.
	FinishTimeout time.Duration

	// DrainTimeout is how long Listen waits for what has begun to end, after its context did: responses and hijacked
	// connections. 0 means 15 seconds, a negative duration means for ever.
	DrainTimeout time.Duration

	// LegacySemicolons makes ';' separate query and form pairs like '&', as Python 2 did. Leave it off unless old links need
	// it: caches and firewalls in front see other parameters than the handler does (CVE-2021-23336).
	LegacySemicolons bool

	// Limits bound what one request may contain; zero fields have defaults.
	Limits Limits

	// Log receives panics, time-outs, and what was refused of requests and responses; nil means slog.Default().
	Log *slog.Logger
}

// Limits bound the number and size of the things in one request. A request over a limit is answered with 400 before a Pants
// handler runs; it is never cut short in silence. A zero field has its default, a negative one means no limit.
type Limits struct {
	Parts      int // parts of a multipart body; default 1000
	Files      int // parts that are files; default 100
	Params     int // pairs of the query, and of a urlencoded form; default 10 000
	Cookies    int // cookies received; default 1000
	FieldSize  int // bytes of one multipart field that is no file; default 1 MiB
	PartHeader int // bytes of the headers of one part; default 10 KiB
}

// LegacyCookies is about the secure cookies of Pants 1.0: HMAC-SHA1 over the value, the lifetime and the time. That format
// does not sign the cookie's name: a value that a user got in one cookie is valid in any other. Keep it on only while a
// Python app needs it, and list the cookies it is for in Names.
//
// It goes in three deployments, none of which logs anybody out, and each of which can be taken back:
//
//  1. While the Python app runs: Secret and Write, beside CookieSecrets. Either side reads what the other wrote.
//  2. When no Python code reads the cookies any more: without Write.
//  3. When Server.CookieStats shows that none of the old ones has come for longer than they live: without LegacyCookies.
type LegacyCookies struct {
	Secret []byte   // the Python app's cookie_secret, of any length; empty: off
	Write  bool     // sign in this format instead of the kit's own, so that the Python app can read it
	Names  []string // use the format for these cookies only; nil: for all
}

const (
	defaultMaxRequest    = 10 << 20
	defaultMemoryLimit   = 1 << 20
	defaultFinishTimeout = 55 * time.Second
	defaultDrainTimeout  = 15 * time.Second
	minSecret            = 32
)

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.Parts, 1000}, {&l.Files, 100}, {&l.Params, 10_000}, {&l.Cookies, 1000}, {&l.FieldSize, 1 << 20}, {&l.PartHeader, 10 << 10},
	} {
		switch {
		case *f.field == 0:
			*f.field = f.value
		case *f.field < 0:
			*f.field = int(^uint(0) >> 1)
		}
	}
	return l
}

// New returns a Server with the Config c. The error, if any, joins every mistake in c.
func New(c Config) (*Server, error) {
	var errs []error
	for i, secret := range c.CookieSecrets {
		if len(secret) < minSecret {
			errs = append(errs, fmt.Errorf("pants: CookieSecrets[%d] has %d bytes, at least %d are needed", i, len(secret), minSecret))
		}
	}
	if len(c.LegacyCookies.Secret) == 0 && (c.LegacyCookies.Write || c.LegacyCookies.Names != nil) {
		errs = append(errs, errors.New("pants: LegacyCookies.Write and Names need LegacyCookies.Secret"))
	}
	for _, name := range c.LegacyCookies.Names {
		if err := checkCookieName(name); err != nil {
			errs = append(errs, fmt.Errorf("pants: LegacyCookies.Names: %w", err))
		}
	}
	if c.MemoryBudget < 0 {
		errs = append(errs, fmt.Errorf("pants: negative MemoryBudget %d", c.MemoryBudget))
	}
	resolver, err := xheaders.New(c.XHeaders)
	if err != nil {
		errs = append(errs, fmt.Errorf("pants: XHeaders: %w", err))
	}
	sender, err := newSender(c.Sendfile)
	if err != nil {
		errs = append(errs, fmt.Errorf("pants: Sendfile: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s := &Server{config: c, resolver: resolver, sender: sender}
	s.prepare()
	return s, nil
}
