package legacy

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-pants/kit/pants"
)

// Proxy hands requests to the old app and its answers back. Make it with New. It may be used by any number of routers at once.
type Proxy struct {
	handler http.Handler // reads the body, and calls forward
	app     backend
	name    string // of the backend, for the log
	offers  bool   // there is a Sender: the app's X-Sendfile is for us
	log     *slog.Logger
}

// ServeHTTP answers r as the old app does. It is what chi's NotFound and MethodNotAllowed take:
//
//	r.NotFound(old.ServeHTTP)
//	r.MethodNotAllowed(old.ServeHTTP)
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// forward is one request, whose body was read, and its answer. hr is r.HTTP as a Sender in front wants the app to see it.
func (p *Proxy) forward(w http.ResponseWriter, hr *http.Request) {
	r := pants.FromContext(hr.Context())
	if hr.Method == http.MethodConnect {
		// There is no tunnel to be had here, and Pants would take it for a request like any other.
		refuse(w, http.StatusNotImplemented)
		return
	}
	m, err := p.newMessage(r, hr)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errWasRead) {
			status = http.StatusInternalServerError
		}
		p.logger().Error("legacy: request refused", "method", r.Method(), "path", r.Path(), "status", status, "error", err)
		refuse(w, status)
		return
	}
	c, res, err := p.app.exchange(hr.Context(), m)
	if err != nil {
		p.fail(w, hr, r, err)
		return
	}
	defer c.end()
	if res.StatusCode == http.StatusSwitchingProtocols {
		p.tunnel(w, r, c, res)
		return
	}
	p.answer(w, hr, r, c, res)
}

func (p *Proxy) logger() *slog.Logger {
	if p.log != nil {
		return p.log
	}
	return slog.Default()
}
