package legacy

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// Config says where the old app is. Only Backend is needed.
type Config struct {
	// Backend is where the Pants app listens: "http://127.0.0.1:8080" or "unix:///run/app.sock". It is an address and no more: the
	// path and the query are always those of the request. A host's name is looked up for each connection.
	Backend string

	// Server is the pants.Server of the routes that have moved already, so that both halves live by the same rules: its
	// MaxRequest, MemoryLimit and MemoryBudget bound the bodies for the old app too, and its XHeaders say who the client is,
	// unless an xheaders.Wrap in front has decided that. nil is the zero Server, which believes no proxy. Let MaxRequest be no more
	// than the app's max_request, it is 10 MiB in both if nothing is said: Pants tends to drop what is longer without an answer.
	Server *pants.Server

	// Sendfile sends the files that the app names in X-Sendfile or X-Accel-Redirect, and takes these headers out of its answers
	// (see sendfile.Sender.Intercept). For HTTPServer(sendfile=True, file_root='/srv/files') it is made from
	// sendfile.Config{Root: "/srv/files"}; with sendfile='X-Accel-Redirect' and sendfile_prefix='/_static/' there is also
	// Map: map[string]string{"/_static/": "."}. nil passes the headers on, for another proxy in front that acts on them.
	Sendfile *sendfile.Sender

	// DialTimeout is how long a connection to the app may take. 0 means 5 seconds.
	DialTimeout time.Duration

	// ResponseTimeout is how long the app may take until the head of its answer is there, and how long it may not read while a
	// request is being sent. 0 means 55 seconds, just under the 60 after which nginx gives up; a negative duration means for
	// ever, as for apps with long polls. The content may take any time.
	ResponseTimeout time.Duration

	// KeepAlive uses a connection to the app for more than one request. Set it only if each answer of the app has a
	// Content-Length that is right: Pants does not end an answer without one on such a connection, so the client would wait for
	// ever. Without KeepAlive each request has its own connection, as behind nginx unless that is told otherwise.
	//
	// A kept connection is looked at before it is used: one that the app has closed meanwhile, or has sent something over, is
	// not. If the app closes it at that very moment, a GET or OPTIONS without a body is sent once more; nothing else is ever sent
	// twice, and is answered with 502. HEAD has a connection of its own in any case, because Pants answers it with content.
	// On Windows every request has.
	KeepAlive bool

	// Log receives the requests that the app did not answer, or not to the end. nil means slog.Default().
	Log *slog.Logger
}

const (
	defaultDialTimeout     = 5 * time.Second
	defaultResponseTimeout = 55 * time.Second
)

// New returns a Proxy with the Config c. The error, if any, joins every mistake in c. New does not connect: the app may be
// started later.
func New(c Config) (*Proxy, error) {
	var errs []error
	network, address, err := parseBackend(c.Backend)
	if err != nil {
		errs = append(errs, err)
	}
	if c.DialTimeout < 0 {
		errs = append(errs, fmt.Errorf("legacy: negative DialTimeout %v", c.DialTimeout))
	}
	p := &Proxy{name: c.Backend, log: c.Log, offers: c.Sendfile != nil}
	next := http.Handler(http.HandlerFunc(p.forward))
	if c.Sendfile != nil {
		if next, err = intercept(c.Sendfile, next); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.app = backend{
		network: network, address: address,
		dialTimeout: c.DialTimeout, timeout: c.ResponseTimeout, grace: tunnelGrace, keepAlive: c.KeepAlive,
	}
	if p.app.dialTimeout == 0 {
		p.app.dialTimeout = defaultDialTimeout
	}
	if p.app.timeout == 0 {
		p.app.timeout = defaultResponseTimeout
	}
	server := c.Server
	if server == nil {
		server = new(pants.Server)
	}
	p.handler = server.RawHandler(func(r *pants.Request) { r.Serve(next) })
	return p, nil
}

// intercept is s.Intercept with an error in place of the panic of a Sender that has no Root.
func intercept(s *sendfile.Sender, next http.Handler) (h http.Handler, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("legacy: Sendfile: %v", v)
		}
	}()
	return s.Intercept(next), nil
}

// parseBackend reads Config.Backend.
func parseBackend(text string) (network, address string, err error) {
	if socket, ok := strings.CutPrefix(text, "unix://"); ok {
		if !path.IsAbs(socket) || strings.ContainsRune(socket, 0) {
			return "", "", fmt.Errorf("legacy: invalid Backend %q: a socket is an absolute path, unix:///run/app.sock", text)
		}
		return "unix", socket, nil
	}
	fail := func(why string) (string, string, error) {
		return "", "", fmt.Errorf("legacy: invalid Backend %q: %s", text, why)
	}
	u, err := url.Parse(text)
	switch {
	case text == "":
		return fail("it says where the app listens, like http://127.0.0.1:8080 or unix:///run/app.sock")
	case err != nil:
		return "", "", fmt.Errorf("legacy: invalid Backend %q: %w", text, errors.Unwrap(err))
	case u.Scheme == "https":
		return fail("the connection to the app is plain HTTP")
	case u.Scheme != "http":
		return fail("it begins with http:// or unix://")
	case u.User != nil:
		return fail("there is nothing to log in to")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "":
		return fail("path and query are those of the request")
	case u.Hostname() == "":
		return fail("it has no host")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fail("the port is no number from 1 to 65535")
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "tcp", host + ":" + port, nil
}
