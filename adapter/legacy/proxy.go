package legacy

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-pants/kit/pants"
)

// Proxy hands requests to the old app and its answers back. Make it with New. It may be used by any number of routers at once.
//
// A middleware that reads the body, as http.Request.ParseForm does, belongs on the routes that have moved; in front of the Proxy it
// may use pants.Server.Wrap and Request.Post, which leave the body there. A body that was read otherwise is answered with 500 and
// never passed on in part.
//
// # What the app gets
//
// The request line as the client sent it, byte for byte: //, %2F, ;, ? and ??, %zz in the query and bytes that are no ASCII; only
// an absolute-form is reduced to its path and query, and the version is HTTP/1.1. What net/http refuses does not come here: an
// escape in the path that is none (/%zz) is a 400. OPTIONS * comes if the http.Server is that of pants.Server.HTTPServer, or has
// DisableGeneralOptionsHandler. The same Host. The same headers, sorted, except:
//
//   - X-Real-IP, X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are what xheaders believed. Pants believes whatever
//     stands in the first two, and without them takes the Proxy for the client; so one whom nobody knows is "unknown".
//   - Other forwarding headers, and what looks like one (X_Real_IP), are gone if they were not believed. X-Forwarded-User and
//     the like of a proxy in front pass, if an xheaders.Wrap lists them.
//   - What is about the client's connection (RFC 9110 section 7.6.1), Expect, and trailers stay here, and X-Sendfile-Type and
//     X-Accel-Mapping of the client.
//
// A body with a Content-Length, whole. Pants reads no chunks: it takes a chunked body for an empty one and answers 200. And it
// has one thread, which a client that trickles should not see. So the body is read first, as nginx does: in memory up to
// pants.Config.MemoryLimit, then in a temporary file without a name, up to MaxRequest. 413, 400 and 408 are answered here, and
// so is Expect: 100-continue. The price is that of a copy: an upload reaches the app when it is complete, not while it comes.
//
// Each request once, over a connection of its own unless Config.KeepAlive allows more. It is sent again in one case, which
// KeepAlive describes, and never if it might do something twice.
//
// # What the client gets
//
// The answer as it comes: before the Proxy waits for more, what has come is sent on, with or without a Content-Length. A status
// line, headers (several of one name too) and content as the app sent them; no Content-Type where it sent none; no content for
// HEAD, 204, 205 and 304, where Pants sends some. Trailers and interim answers (103) end here. A header that a middleware has set gives way
// to the app's, Set-Cookie and Vary are added to.
//
// An upgrade, to WebSocket for one, connects both sides until one of them closes; h2c is not passed on, and CONNECT is refused
// with 501. An app that is not reached, closes without an answer, or sends something that is none, is a 502; one that is late a
// 504; both are logged. One that breaks off in the middle breaks off the client's connection: half an answer must not look like
// a whole one. (Of one without a Content-Length nobody can tell, unless the connection is reset: its end is where the app
// closes.) When the client leaves, the app's connection is closed.
//
// # Why not httputil.ReverseProxy
//
// Its Transport cannot write every target (caf\xe9 comes out escaped, OPTIONS * as /%2A), its Rewrite drops what a query has with
// ; or %zz unless told otherwise, it passes X-Real-IP and chunked bodies on, sends a GET again by rules of its own, and what Pants
// sends after the answer to a HEAD, or makes of chunks, may become the answer to somebody else. What would be left of it is the
// copying.
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
