package pants

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// life is what is known of a response's end: one word, so that a request whose response is sent before its handler returns
// takes no lock for it, and so that the end can be decided while a write is stuck.
type life struct {
	word     atomic.Uint32 // flags, and above them the number of running functions of Request.Go
	done     chan struct{} // closed at the end; there before the flag waiting is
	deadline sync.Mutex    // held while the write deadline is moved into the past
}

const (
	ended        uint32 = 1 << iota // nothing passes the gate any more
	returned                        // the handler has returned
	waiting                         // and waits for done
	served                          // ServeHTTP has returned: the connection is another request's
	released                        // the body is gone
	aborted                         // the connection has to be dropped
	locked                          // whoever ends the response has the lock: nothing is stuck
	interrupting                    // the write deadline is being moved into the past
	interrupted                     // and was
	flushing                        // see lateFlush
	oneTask                         // what a function of Request.Go adds
)

// has tells whether a flag is set.
func (l *life) has(flag uint32) bool { return l.word.Load()&flag != 0 }

// set adds flags, unless one of those is there that forbid it, and returns what was there before.
func (l *life) set(flags, unless uint32) (before uint32, ok bool) {
	for {
		before = l.word.Load()
		if before&unless != 0 {
			return before, false
		}
		if l.word.CompareAndSwap(before, before|flags) {
			return before, true
		}
	}
}

// setAfterInterrupt is set for what the deadline of the write must not come after: it waits for an interrupt under way.
func (l *life) setAfterInterrupt(flag uint32) (before uint32) {
	before, ok := l.set(flag, interrupting)
	if !ok {
		l.deadline.Lock() // by then it is over
		defer l.deadline.Unlock()
		before = l.word.Or(flag)
	}
	return before
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
	if w.life.setAfterInterrupt(locked)&interrupted != 0 && w.state != finished {
		_ = http.NewResponseController(w.w).SetWriteDeadline(time.Time{})
	}
}

// interrupt breaks off a write by moving its deadline into the past. It takes no lock that the write may hold: of a response
// further out, whose gate the write is behind as well, it asks the same.
func (w *response) interrupt() {
	w.life.deadline.Lock()
	defer w.life.deadline.Unlock()
	if _, ok := w.life.set(interrupting|interrupted, ended|locked); !ok {
		return // the deadline would be that of another response
	}
	defer w.life.word.And(^interrupting)
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

// finish closes the gate. mu is held; the writer below is not touched afterwards but by ServeHTTP itself, because net/http has it back
// when that returns.
func (w *response) finish() {
	if w.state == finished {
		return
	}
	w.state = finished
	w.req.stopClock()
	if w.life.setAfterInterrupt(ended)&waiting != 0 {
		close(w.life.done)
	}
}

// end closes the gate, whatever else happened or did not: ServeHTTP is about to return, or to panic.
func (w *response) end() {
	if w.life.has(ended) {
		return
	}
	w.lock()
	defer w.mu.Unlock()
	w.finish()
}

// abort notes that the client must not take what it got for the whole response.
func (w *response) abort() { w.life.word.Or(aborted) }

// isEnded tells whether the gate is closed.
func (w *response) isEnded() bool { return w.life.has(ended) }

// isServed tells whether ServeHTTP has returned.
func (w *response) isServed() bool { return w.life.has(served) }

// dropIfAborted does not return from a response that was given up: the connection is closed instead.
func (w *response) dropIfAborted() {
	if !w.life.has(aborted) {
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

// over notes that ServeHTTP returns, or does not even do that. The body goes when the functions of Go have returned too.
func (r *Request) over(returns *bool) {
	if !*returns && r.res.slot != nil {
		r.res.flushLate() // after a panic or runtime.Goexit net/http throws away what it has not sent
	}
	before := r.res.life.word.Or(served)
	r.res.endLateFlush(before)
	if before < oneTask {
		r.releaseOnce()
	}
}

// releaseOnce lets the body go, unless that was done.
func (r *Request) releaseOnce() {
	if r.body.empty {
		return
	}
	if _, ok := r.res.life.set(released, released); ok {
		r.body.release()
	}
}

// startTask counts a function of Go.
func (w *response) startTask() { w.life.word.Add(oneTask) }

// endTask is the end of a function of Go.
func (r *Request) endTask() {
	if word := r.res.life.word.Add(^uint32(oneTask - 1)); word < oneTask && word&served != 0 {
		r.releaseOnce()
	}
	r.res.endRefused()
}

// isAlone tells whether the caller, the handler's goroutine or one of Go, is the only one that the response has. What a
// handler may change, CookiesOut, is nobody else's then.
func (w *response) isAlone(inTask bool) bool {
	word := w.life.word.Load()
	tasks := word / oneTask
	if inTask {
		return word&returned != 0 && tasks == 1
	}
	return tasks == 0
}

// handlerReturned notes that the handler has returned; done is nil when the response is over.
func (w *response) handlerReturned() (done <-chan struct{}) {
	l := &w.life
	if l.has(ended) {
		return nil // then nobody asks whether it has
	}
	l.done = make(chan struct{})
	if _, ok := l.set(returned|waiting, ended); !ok {
		return nil
	}
	w.endRefused()
	return l.done
}

// endRefused answers when the last word of the handler was a response that cannot be sent, and nobody is left to say another.
func (w *response) endRefused() {
	word := w.life.word.Load()
	if word&returned == 0 || word >= oneTask || word&ended != 0 {
		return
	}
	if !w.mu.TryLock() { // whoever has the lock may be saying another
		time.AfterFunc(20*time.Millisecond, w.endRefused)
		return
	}
	defer w.mu.Unlock()
	if w.state == open && w.refused() != nil {
		defer w.finish()
		w.answerRefused()
	}
}
