package pants

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// life is what is known of a response's end. Its lock is never held while anything is waited for, so that the end can be
// decided while a write is stuck.
type life struct {
	sync.Mutex
	ended       bool          // nothing passes the gate any more
	returned    bool          // the handler has returned
	served      bool          // ServeHTTP has returned: the connection is another request's
	released    bool          // the body is gone
	aborted     bool          // the connection has to be dropped
	tasks       int           // running functions of Request.Go
	done        chan struct{} // closed at the end, if the handler had returned before
	locked      bool          // whoever ends the response has the lock: nothing is stuck
	interrupted bool          // the write deadline was moved into the past
}

// stuckTime is how long the end waits for a write before it takes it for stuck.
const stuckTime = 200 * time.Millisecond

// lock takes mu to end the response. Nothing new begins meanwhile, and a write that is stuck in a client that does not read
// is broken off.
func (w *response) lock() {
	if w.mu.TryLock() {
		return
	}
	w.closing.Store(true)
	stuck := time.AfterFunc(stuckTime, w.interrupt)
	w.mu.Lock()
	stuck.Stop()
	w.life.Lock()
	w.life.locked = true
	interrupted := w.life.interrupted
	w.life.Unlock()
	if interrupted && w.state != finished {
		_ = http.NewResponseController(w.w).SetWriteDeadline(time.Time{})
	}
}

// interrupt breaks off a write by moving its deadline into the past. It takes no lock that the write may hold: of a response
// further out, whose gate the write is behind as well, it asks the same.
func (w *response) interrupt() {
	w.life.Lock()
	defer w.life.Unlock()
	if w.life.ended || w.life.locked {
		return // the deadline would be that of another response
	}
	w.life.interrupted = true
	for below := w.w; below != nil; {
		switch outer := below.(type) {
		case *response:
			outer.interrupt()
			return
		case *gate:
			outer.res.interrupt()
			return
		case *wrapping:
			outer.res.interrupt()
			return
		case *wireWriter:
			outer.interrupt()
			return
		case interface{ Unwrap() http.ResponseWriter }: // before the next: it might forward to a gate
			below = outer.Unwrap()
		case interface{ SetWriteDeadline(time.Time) error }:
			_ = outer.SetWriteDeadline(time.Unix(1, 0))
			return
		default:
			return
		}
	}
}

// finish closes the gate. mu is held.
func (w *response) finish() {
	if w.state == finished {
		return
	}
	w.state = finished
	w.req.spent.Store(max(1, int64(time.Since(w.req.start))))
	w.life.Lock()
	defer w.life.Unlock()
	w.life.ended = true
	if w.life.done != nil {
		close(w.life.done)
	}
}

// end closes the gate, whatever else happened or did not: ServeHTTP is about to return, or to panic.
func (w *response) end() {
	w.lock()
	defer w.mu.Unlock()
	w.finish()
}

// abort notes that the client must not take what it got for the whole response.
func (w *response) abort() { w.setAborted(true) }

func (w *response) setAborted(aborted bool) {
	w.life.Lock()
	defer w.life.Unlock()
	w.life.aborted = aborted
}

// isEnded tells whether the gate is closed.
func (w *response) isEnded() bool {
	w.life.Lock()
	defer w.life.Unlock()
	return w.life.ended
}

// isServed tells whether ServeHTTP has returned.
func (w *response) isServed() bool {
	w.life.Lock()
	defer w.life.Unlock()
	return w.life.served
}

// dropIfAborted does not return from a response that was given up: the connection is closed instead.
func (w *response) dropIfAborted() {
	w.life.Lock()
	aborted := w.life.aborted
	w.life.Unlock()
	if !aborted {
		return
	}
	if w.sent && !w.hijacked && !w.req.in.ProtoAtLeast(1, 1) {
		w.reset()
	}
	panic(http.ErrAbortHandler)
}

// reset closes an HTTP/1.0 connection so that its client notices. Without a length the end of the connection is the end of
// the content there: half of it would pass for the whole, with nginx in front too.
func (w *response) reset() {
	conn, _, err := http.NewResponseController(w.w).Hijack()
	if err != nil {
		return
	}
	inner := innermostConn(conn) // TLS would say goodbye, as at a good end
	if tcp, ok := inner.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = inner.Close()
	_ = conn.Close() // for a Server that counts it
}

// over notes that ServeHTTP returns. The body goes when the functions of Go have returned too.
func (r *Request) over() {
	l := &r.res.life
	l.Lock()
	l.served = true
	last := l.tasks == 0
	l.released = last
	l.Unlock()
	if last {
		r.body.release()
	}
}

// startTask counts a function of Go.
func (w *response) startTask() {
	w.life.Lock()
	defer w.life.Unlock()
	w.life.tasks++
}

// endTask is the end of a function of Go.
func (r *Request) endTask() {
	l := &r.res.life
	l.Lock()
	l.tasks--
	last := l.tasks == 0 && l.served && !l.released
	l.released = l.released || last
	l.Unlock()
	if last {
		r.body.release()
	}
	r.res.endRefused()
}

// isAlone tells whether the caller, the handler's goroutine or one of Go, is the only one that the response has. What a
// handler may change, CookiesOut, is nobody else's then.
func (w *response) isAlone(inTask bool) bool {
	w.life.Lock()
	defer w.life.Unlock()
	if inTask {
		return w.life.returned && w.life.tasks == 1
	}
	return w.life.tasks == 0
}

// handlerReturned notes that the handler has returned; done is nil when the response is over.
func (w *response) handlerReturned() (done <-chan struct{}) {
	w.life.Lock()
	w.life.returned = true
	if !w.life.ended {
		w.life.done = make(chan struct{})
		done = w.life.done
	}
	w.life.Unlock()
	if done != nil {
		w.endRefused()
	}
	return done
}

// endRefused answers when the last word of the handler was a response that cannot be sent, and nobody is left to say another.
func (w *response) endRefused() {
	w.life.Lock()
	left := !w.life.returned || w.life.tasks > 0 || w.life.ended
	w.life.Unlock()
	if left {
		return
	}
	if !w.mu.TryLock() { // whoever has the lock may be saying another
		time.AfterFunc(20*time.Millisecond, w.endRefused)
		return
	}
	defer w.mu.Unlock()
	if w.state == open && w.refused != nil {
		defer w.finish()
		w.answerRefused()
	}
}
