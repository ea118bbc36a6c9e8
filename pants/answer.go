package pants

import (
	"fmt"
	"io"
	"net/http"
)

// returnPlain ends a response under Wrap: what is pending goes out, as the handler's return implies in net/http.
func (w *response) returnPlain() {
	w.lock()
	defer w.mu.Unlock()
	defer w.finish()
	switch w.state {
	case open:
		if w.refused() == nil {
			if w.status != 0 || w.req.hasCookies() {
				_ = w.commit()
			} else if err := checkHeader(w.w.Header()); err != nil {
				_ = w.refuse(err) // net/http would send it, altered, with its implied 200
			} else {
				w.sayWhetherLast()
			}
		}
		if w.state == open && w.refused() != nil {
			w.answerRefused()
		}
	case headSent:
		w.publishTrailersOrLog()
	}
}

// answerRefused answers 500 in place of a response whose head cannot be sent. mu is held, the state is open.
func (w *response) answerRefused() {
	w.req.server.log().Error("pants: response refused", "method", w.req.Method(), "path", w.req.Path(), "error", w.refused())
	w.answer(http.StatusInternalServerError, true)
}

// answer sends a short text for the status and closes the connection: the kit's own answers. Pending headers do not go out
// with it; CookiesOut does if withCookies says that nobody is changing it now, and if it can. mu is held, the state is open.
func (w *response) answer(status int, withCookies bool) {
	if w.own != nil {
		w.own = nil
		if w.rare != nil {
			w.rare.cookiesSent = nil
		}
	}
	h := w.w.Header()
	for name, values := range h {
		if contentHeaders[name] || checkHeader(http.Header{name: values}) != nil {
			delete(h, name) // it was about another content
		}
	}
	if withCookies {
		if err := w.req.addCookies(h, nil, true); err != nil {
			w.req.server.log().Error("pants: cookies refused", "path", w.req.Path(), "error", err)
		}
	}
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	w.setContent(h, "text/plain", len(text))
	if w.req.in.ProtoMajor == 1 {
		h["Connection"] = []string{"close"}
	}
	if status == http.StatusServiceUnavailable {
		h["Retry-After"] = []string{"1"}
	}
	w.status = int32(status)
	w.headGoes(h)
	w.abort() // until it is through: the writer below may panic
	w.w.WriteHeader(status)
	if w.req.in.Method != http.MethodHead {
		_, _ = io.WriteString(w.w, text)
	}
	w.life.word.And(^aborted)
}

// contentHeaders describe a content, or how long it may be kept: they must not go out with an error's text.
var contentHeaders = map[string]bool{
	"Accept-Ranges": true, "Cache-Control": true, "Content-Disposition": true, "Content-Encoding": true, "Content-Language": true,
	"Content-Length": true, "Content-Location": true, "Content-Range": true, "Content-Type": true, "Etag": true, "Expires": true,
	"Last-Modified": true, "Trailer": true, "Transfer-Encoding": true,
}
