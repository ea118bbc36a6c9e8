package pants

import (
	"sync/atomic"
	"time"
)

// lateFlush is where responses wait that are finished while their handlers run on. Most handlers return next, and net/http then
// sends what is buffered; a flush before that costs more, because the client's next request comes while net/http still waits for
// this one's handler. A handler that goes on must not keep its client waiting: what is here after flushDelay is flushed.
//
// A response needs no lock to come and go: it takes a slot, or is flushed at once if somebody else has that.
type lateFlush struct {
	slots [flushSlots]flushSlot
	armed atomic.Bool // a sweep is going to begin
}

// flushSlot has a cache line of its own.
type flushSlot struct {
	atomic.Pointer[response]
	_ [56]byte
}

const (
	flushBits  = 6
	flushSlots = 1 << flushBits
)

// flushDelay is how long a handler may go on before its finished response is flushed.
const flushDelay = 5 * time.Millisecond

// take reports whether w, which is about to be finished, has a slot now. w.mu is held.
func (l *lateFlush) take(w *response) bool {
	const spread = 0x9e3779b97f4a7c15 // some clocks tick in round numbers
	slot := &l.slots[uint64(w.req.clock.Load())*spread>>(64-flushBits)]
	if !slot.CompareAndSwap(nil, w) {
		return false
	}
	w.slot = slot
	if !l.armed.Load() && l.armed.CompareAndSwap(false, true) {
		time.AfterFunc(flushDelay, l.sweep)
	}
	return true
}

// sweep empties the slots.
func (l *lateFlush) sweep() {
	l.armed.Store(false) // whoever takes a slot that was looked at already arms the next sweep
	for i := range l.slots {
		slot := &l.slots[i]
		if w := slot.Load(); w != nil && slot.CompareAndSwap(w, nil) {
			go w.flushLate() // which may wait for a client that does not read
		}
	}
}

// flushLate flushes a response that is finished, unless ServeHTTP has returned: the connection is another request's then.
func (w *response) flushLate() {
	defer func() {
		if v := recover(); v != nil { // of the writer below
			w.req.logPanic(v)
		}
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.life.set(flushing, served|aborted); !ok {
		return
	}
	defer w.life.word.And(^flushing)
	_ = w.flush()
}

// endLateFlush comes when ServeHTTP returns; before is what was known until then.
func (w *response) endLateFlush(before uint32) {
	if w.slot == nil {
		return
	}
	w.slot.CompareAndSwap(w, nil)
	if before&flushing != 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
	}
}
