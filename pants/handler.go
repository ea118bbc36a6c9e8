package pants

import (
	"context"
	"errors"
	"fmt"
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
}

func (h *handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := newRequest(h.server, w, hr)
	defer r.over()
	if hr.Body != nil && hr.Body != http.NoBody {
		r.HTTP = hr.WithContext(r.Context())
		r.HTTP.Body = &r.body
		defer removeForm(r.HTTP)
	}
	if err := r.ParseBody(); err != nil {
		r.refuse(err)
		return
	}
	r.run(func() { h.serve(r) })
	h.settle(r)
}

// refuse answers a request that the kit does not let through to the handler.
func (r *Request) refuse(err error) {
	status := http.StatusBadRequest
	var refused *refusal
	if errors.As(err, &refused) {
		status = refused.status
	}
	r.server.log().Info("pants: request refused", "method", r.Method(), "path", r.Path(), "status", status, "error", err)
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	// What is left of the body is read for a moment only, so that a client that still sends can see the answer.
	_ = http.NewResponseController(w.w).SetReadDeadline(time.Now().Add(lingerTime))
	w.answer(status)
	w.finish()
}

// lingerTime is how long net/http may wait for the rest of a refused body before it closes the connection.
const lingerTime = time.Second

// run calls f and makes of its panic what a client may see: a 500 if nothing was sent, else a dropped connection.
func (r *Request) run(f func()) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v != http.ErrAbortHandler {
			r.server.log().Error("pants: handler panicked", "method", r.Method(), "path", r.Path(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
		w := &r.res
		w.lockForEnd()
		defer w.mu.Unlock()
		switch {
		case v == http.ErrAbortHandler:
			w.aborted = true
		case w.state == finished:
		case w.state == open:
			w.answer(http.StatusInternalServerError)
		default:
			w.aborted = true
		}
		w.finish()
	}()
	f()
}

// Go runs f in a goroutine that may finish the response later, after the handler returned. A panic of f is treated like one
// of the handler and never ends the process. Goroutines started otherwise may finish the response as well, but nothing
// catches their panics.
func (r *Request) Go(f func()) {
	w := &r.res
	w.mu.Lock()
	w.tasks++
	w.mu.Unlock()
	go func() {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.tasks--
			w.endRefused()
			r.releaseBody()
		}()
		r.run(f)
	}()
}

// over notes that the request is: ServeHTTP returns. Its body goes when the functions of Go have returned too.
func (r *Request) over() {
	r.res.mu.Lock()
	defer r.res.mu.Unlock()
	r.res.served = true
	r.releaseBody()
}

// releaseBody lets the temporary file of the body go if nobody is left to want it. res.mu is held.
func (r *Request) releaseBody() {
	if r.res.served && r.res.tasks == 0 {
		r.body.spool.release()
	}
}

// settle waits for the end of a response whose handler has returned, and sees to it that there is one.
func (h *handler) settle(r *Request) {
	w := &r.res
	done, aborted := w.handlerReturned()
	if done != nil {
		h.wait(r, done)
		w.mu.Lock()
		aborted = w.aborted
		w.mu.Unlock()
	}
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// handlerReturned notes that the handler has returned. done is nil when the response is finished.
func (w *response) handlerReturned() (done <-chan struct{}, aborted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.returned = true
	w.endRefused()
	if w.state != finished {
		w.done = make(chan struct{})
	}
	return w.done, w.aborted
}

// endRefused answers when the handler's last word was a response that cannot be sent, and nobody is left to say another. mu
// is held.
func (w *response) endRefused() {
	if w.state == open && w.refused != nil && w.returned && w.tasks == 0 {
		w.answerRefused()
		w.finish()
	}
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
	draining := s.draining
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
			h.giveUp(r, status)
			return
		case <-timeout:
			s.log().Error("pants: response not finished in time", "method", r.Method(), "path", r.Path(), "handler", funcName(h.serve), "timeout", s.timeout)
			h.giveUp(r, http.StatusGatewayTimeout)
			return
		case <-draining:
			// What has begun may still be finished; the server's own deadline ends it otherwise.
			draining = nil
			w := &r.res
			w.mu.Lock()
			if w.state == open {
				w.answer(http.StatusServiceUnavailable)
				w.finish()
			}
			w.mu.Unlock()
		}
	}
}

// giveUp ends an unfinished response: with the status if nothing was sent, else by dropping the connection.
func (h *handler) giveUp(r *Request, status int) {
	w := &r.res
	w.lockForEnd()
	defer w.mu.Unlock()
	switch w.state {
	case finished:
		return
	case open:
		w.answer(status)
	case headSent:
		w.aborted = true
	}
	w.finish()
}

// funcName is the name of a handler, for the log.
func funcName(f HandlerFunc) string {
	if fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer()); fn != nil {
		return fn.Name()
	}
	return "unknown"
}
