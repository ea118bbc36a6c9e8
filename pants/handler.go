package pants

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"runtime/debug"
	"time"
)

// handler is a Pants handler on net/http.
type handler struct {
	server *Server
	serve  HandlerFunc
	raw    bool // see RawHandler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := newRequest(h.server, w, hr, h.raw)
	returns := false
	defer r.over(&returns)
	defer r.readRest()
	defer r.res.end() // whatever happens: a panic of the writer below, or runtime.Goexit in the handler
	if !r.body.empty {
		r.HTTP = withBody(hr, r.body)
		r.body.copied = r.HTTP
	}
	if err := r.ParseBody(); err != nil {
		r.refuse(err)
		returns = true
		return
	}
	if h.raw {
		r.tellLength()
	}
	r.HTTP.Trailer = hr.Trailer // the body may have brought some
	r.run(func() { h.serve(r) }, false)
	h.settle(r)
	returns = true
}

// withBody is hr with another body. hr is not ours to change.
func withBody(hr *http.Request, b *body) *http.Request {
	out := new(http.Request)
	*out = *hr
	out.Body = b
	return out
}

// refuse answers a request that the kit does not let through to the handler.
func (r *Request) refuse(err error) {
	status := http.StatusBadRequest
	var refused *refusal
	if errors.As(err, &refused) {
		status = refused.status
	}
	level := r.server.log().Info
	if status >= 500 {
		level = r.server.log().Error
	}
	level("pants: request refused", "method", r.Method(), "path", r.Path(), "status", status, "error", err)
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.finish()
	w.linger()
	w.answer(status, false)
}

// lingerTime is how long net/http may wait for the rest of a body that nobody read, before it closes the connection. It reads
// some of it, so that a client that still sends can see the answer.
const lingerTime = time.Second

// linger bounds that wait; net/http sets its own deadline for a next request. ServeHTTP has not returned.
func (w *response) linger() {
	_ = http.NewResponseController(w.w).SetReadDeadline(time.Now().Add(lingerTime))
}

// What readRest reads at most. nginx lingers for up to 30 s.
const (
	restLimit = 256 << 20
	restTime  = 10 * time.Second
)

// readRest throws away what still comes of a body that was refused as too large, for a moment: whoever sends it may look for the
// answer only when all is sent. Apache, and Go's own transport at times, make a 502 of a connection that breaks before. net/http
// does not read a body of which more than 256 KiB are left. The gate is closed when this runs, and the answer is flushed first.
func (r *Request) readRest() {
	w := &r.res
	if r.body.empty || !errors.Is(r.body.refusal(), ErrTooLarge) || r.in.ProtoMajor != 1 || r.in.Header["Expect"] != nil {
		return // a client that expects to be told sends nothing more; a stream of HTTP/2 is reset
	}
	w.mu.Lock()
	flushed := w.sent && !w.hijacked && !w.life.has(aborted) && w.flush() == nil
	w.mu.Unlock()
	if flushed {
		_, _ = io.CopyN(io.Discard, &lingering{r, time.Now().Add(restTime)}, restLimit)
	}
}

// lingering reads a body as long as its client goes on sending.
type lingering struct {
	r     *Request
	until time.Time
}

func (l *lingering) Read(p []byte) (int, error) {
	if l.r.in.Context().Err() != nil || time.Now().After(l.until) {
		return 0, io.EOF
	}
	l.r.res.linger()
	return l.r.in.Body.Read(p)
}

// run calls f and makes of its panic what a client may see: a 500 if nothing was sent, else a dropped connection.
func (r *Request) run(f func(), inTask bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v != http.ErrAbortHandler {
			r.logPanic(v)
		}
		w := &r.res
		w.lock()
		defer w.mu.Unlock()
		defer w.finish()
		switch {
		case v == http.ErrAbortHandler:
			w.abort()
		case w.state == open:
			w.answer(http.StatusInternalServerError, w.isAlone(inTask))
		case w.state == headSent:
			w.abort()
		}
	}()
	f()
}

func (r *Request) logPanic(v any) {
	r.server.log().Error("pants: handler panicked", "method", r.Method(), "path", r.Path(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
}

// Go runs f in a goroutine that may finish the response later, after the handler returned. A panic of f is treated like one
// of the handler and never ends the process. Goroutines started otherwise may finish the response as well, but nothing
// catches their panics.
func (r *Request) Go(f func()) {
	w := &r.res
	w.startTask()
	go func() {
		defer func() {
			if v := recover(); v != nil { // of the writer below, while the panic of f was answered
				r.logPanic(v)
				w.abort()
			}
		}()
		defer r.endTask()
		r.run(f, true)
	}()
}

// settle waits for the end of a response whose handler has returned, and sees to it that there is one.
func (h *handler) settle(r *Request) {
	if done := r.res.handlerReturned(); done != nil {
		h.wait(r, done)
	}
	r.res.dropIfAborted()
}

// wait returns when the response is finished, by its handler or by force.
func (h *handler) wait(r *Request, done <-chan struct{}) {
	s, ctx := h.server, r.in.Context()
	var timeout <-chan time.Time
	if s.timeout > 0 {
		timer := time.NewTimer(s.timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	draining, again := s.draining, (<-chan time.Time)(nil)
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			// The status is for the log of a middleware: there is nobody to read it, unless a middleware set the deadline.
			status := http.StatusServiceUnavailable
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				status = http.StatusGatewayTimeout
			}
			r.res.giveUp(status)
			return
		case <-timeout:
			s.log().Error("pants: response not finished in time", "method", r.Method(), "path", r.Path(), "handler", funcName(h.serve), "timeout", s.timeout)
			r.res.giveUp(http.StatusGatewayTimeout)
			return
		case <-draining:
			draining = nil
			again = r.res.tellDrain()
		case <-again:
			again = r.res.tellDrain()
		}
	}
}

// tellDrain answers 503 if nothing was sent. What has begun may still be finished; the server's own deadline ends it
// otherwise. It returns when to look again, if a call of the handler is under way.
func (w *response) tellDrain() (again <-chan time.Time) {
	if !w.mu.TryLock() {
		return time.After(20 * time.Millisecond)
	}
	defer w.mu.Unlock()
	if w.state == open {
		defer w.finish()
		w.answer(http.StatusServiceUnavailable, false)
	}
	return nil
}

// giveUp ends an unfinished response: with the status if nothing was sent, else by dropping the connection. Cookies are left
// out: the handler's goroutines may be filling CookiesOut.
func (w *response) giveUp(status int) {
	w.lock()
	defer w.mu.Unlock()
	defer w.finish()
	switch w.state {
	case open:
		w.answer(status, false)
	case headSent:
		w.abort()
	}
}

// funcName is the name of a handler, for the log.
func funcName(f HandlerFunc) string {
	if fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer()); fn != nil {
		return fn.Name()
	}
	return "unknown"
}
