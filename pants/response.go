package pants

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// response is the one wrapper around an http.ResponseWriter: it commits cookies and pending headers with the first byte, and
// it is the gate. A write that comes after ServeHTTP returned lands in the next response on that connection, which may be
// another client's, so every path to w holds mu and looks at the state first, and after the end nothing passes.
//
// It implements all optional interfaces of net/http. Flush does nothing and Hijack reports http.ErrNotSupported where the
// writer below cannot; ReadFrom then copies. A writer below must not call the response's methods back while it writes.
type response struct {
	w   http.ResponseWriter
	req *Request

	mu       sync.Mutex
	closing  atomic.Bool // somebody is waiting for mu to end the response: nobody begins anything new
	plain    bool        // under Wrap, where the rules are net/http's
	sent     bool        // the head is, also when the response is finished
	withheld bool        // the next commit leaves CookiesOut out
	hijacked bool
	state    state
	status   int32 // marked by SendStatus; the real one once the head is sent

	written int64 // content, see copyFile

	own   http.Header // what a Pants handler sees as headers, and what is pending; nil until used
	below http.Header // under Wrap: the map that the head was sent from
	rare  *rare       // nil until needed

	life         life
	slot         *flushSlot // see lateFlush; nil for none
	headerValues [2]string  // Content-Type and Content-Length of SendResponse
}

// rare is what few responses have. The lock is the response's.
type rare struct {
	inherited   []string // names that response.own began with
	cookiesSent []string // names of CookiesOut that are among the pending headers already
	refused     error    // why the last attempt to send was refused
}

// seldom returns it. mu is held.
func (w *response) seldom() *rare {
	if w.rare == nil {
		w.rare = new(rare)
	}
	return w.rare
}

// refused is why the last attempt to send was refused, or nil. mu is held.
func (w *response) refused() error {
	if w.rare == nil {
		return nil
	}
	return w.rare.refused
}

// accept forgets why: what was tried since can be sent. mu is held.
func (w *response) accept() {
	if w.rare != nil {
		w.rare.refused = nil
	}
}

type state uint8

const (
	open state = iota
	headSent
	finished
)

var (
	_ http.ResponseWriter = (*response)(nil)
	_ io.ReaderFrom       = (*response)(nil)
	_ io.StringWriter     = (*response)(nil)
	_ http.Flusher        = (*response)(nil)
	_ http.Hijacker       = (*response)(nil)
)

// Header is the header map that the first byte sends. Under Handler it is a copy: whoever keeps it cannot race with net/http,
// which reads its own map when the response is over.
func (w *response) Header() http.Header {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hijacked {
		return w.own // httputil.ReverseProxy writes the head of an upgrade from it
	}
	if w.over() {
		return http.Header{}
	}
	return w.pending()
}

// pending is where headers wait for the commit. mu is held.
func (w *response) pending() http.Header {
	if w.plain {
		return w.w.Header()
	}
	if w.own == nil {
		w.own = w.inherit()
	}
	return w.own
}

// inherit is a copy of what stands in the header map below.
func (w *response) inherit() http.Header {
	h := w.w.Header()
	out := make(http.Header, len(h)+4)
	if len(h) == 0 {
		if w.rare != nil {
			w.rare.inherited = nil
		}
		return out
	}
	names := make([]string, 0, len(h))
	for name, values := range h {
		names = append(names, name)
		out[name] = slices.Clone(values)
	}
	w.seldom().inherited = names
	return out
}

// head is what the commit sends as it is now, or has sent. mu is held.
func (w *response) head() http.Header {
	switch {
	case w.own != nil:
		return w.own
	case w.below != nil:
		return w.below
	}
	return w.w.Header()
}

// headGoes puts into the map below what the head is to have, and notes that it is on its way. Asking net/http for its map again would
// have that copied. mu is held.
func (w *response) headGoes(h http.Header) {
	if w.own != nil {
		w.publish(w.own)
	}
	w.sayWhetherLast()
	w.state, w.sent = headSent, true
	if w.plain {
		w.below = h
	}
}

// over tells whether the gate is closed. mu is held.
func (w *response) over() bool { return w.state == finished || w.closing.Load() }

// WriteHeader sends the head with that status, as in net/http. 1xx statuses pass and commit nothing, 101 ends the head. What
// cannot be sent is reported by the next Write, or becomes a 500.
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over():
	case w.state == headSent:
		w.req.server.log().Warn("pants: superfluous WriteHeader", "path", w.req.Path(), "status", status)
	case status < 100 || status > 999:
		w.status = invalidStatus
		_ = w.refuse(fmt.Errorf("pants: invalid status code %d", status))
	case status < 200 && status != http.StatusSwitchingProtocols:
		if err := checkHeader(w.head()); err != nil {
			_ = w.refuse(err)
			return
		}
		w.inform(status)
	default:
		w.status = int32(status)
		_ = w.commit()
	}
}

var errInvalidStatus = errors.New("pants: invalid status code given to WriteHeader")

// invalidStatus marks that the handler gave one that cannot be sent: content must not go out with another.
const invalidStatus = -1

// Write sends p, and the head before it.
func (w *response) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	return w.count(w.w.Write(p))
}

// WriteString is Write for a string.
func (w *response) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	return w.count(io.WriteString(w.w, s))
}

// count keeps how much content was written, and returns what it is given. mu is held.
func (w *response) count(n int, err error) (int, error) {
	w.written += int64(n)
	return n, err
}

// begin makes sure that the head is sent and content may follow. mu is held.
func (w *response) begin() error {
	if w.over() {
		return w.closedError()
	}
	if w.state == open {
		return w.commit()
	}
	return nil
}

func (w *response) closedError() error {
	if w.hijacked {
		return errHijacked
	}
	return ErrFinished
}

// errHijacked is both: what net/http says, and what else a write after the end is.
var errHijacked = fmt.Errorf("%w: %w", ErrFinished, http.ErrHijacked)

// beforeHead reports why headers cannot be changed any more. mu is held.
func (w *response) beforeHead() error {
	switch {
	case w.over():
		return w.closedError()
	case w.state == headSent:
		return ErrHeadersSent
	}
	return nil
}

// tooLate is beforeHead for those who do not hold mu.
func (w *response) tooLate() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.beforeHead()
}

// commit sends the head: pending headers, cookies, status. When a header or a cookie cannot be sent, nothing is. mu is held,
// the state is open.
func (w *response) commit() error {
	switch {
	case w.status == invalidStatus:
		return w.refuse(errInvalidStatus)
	case w.status == http.StatusSwitchingProtocols && !canHijack(w.w):
		return w.refuse(fmt.Errorf("pants: no connection to switch protocols on: %w", http.ErrNotSupported))
	}
	h := w.head()
	if w.own != nil || w.plain { // else the handler has put nothing there that was not checked
		if err := checkHeader(h); err != nil {
			return w.refuse(err)
		}
	}
	if !w.withheld {
		if err := w.req.addCookies(h, nil, true); err != nil {
			return w.refuse(err)
		}
	}
	if w.status == http.StatusResetContent && !w.plain {
		h["Content-Length"] = []string{"0"} // RFC 9110 section 15.3.6: what is written is refused by net/http then
		delete(h, "Transfer-Encoding")
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.headGoes(h)
	w.accept()
	w.w.WriteHeader(int(w.status))
	return nil
}

// refuse remembers why nothing was sent, for an answer in its place if the handler leaves it at that. mu is held.
func (w *response) refuse(err error) error {
	w.seldom().refused, w.withheld = err, false
	return err
}

// Flush sends what is buffered.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends what is buffered, and the head before it.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return err
	}
	return w.flush()
}

func (w *response) flush() error {
	switch f := w.w.(type) { // what ResponseController does, without its allocations where the writer can or cannot by itself
	case interface{ FlushError() error }:
		return f.FlushError()
	case http.Flusher:
		f.Flush()
		return nil
	case interface{ Unwrap() http.ResponseWriter }:
		return http.NewResponseController(w.w).Flush()
	}
	return http.ErrNotSupported
}

// Hijack takes the connection over; the response is finished then, and nothing more is written to it.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over() {
		return nil, nil, w.closedError()
	}
	if w.state == open && w.status == http.StatusSwitchingProtocols && w.refused() != nil {
		return nil, nil, w.refused() // the client would wait for the head
	}
	head := w.head().Clone() // the map below belongs to nobody afterwards
	conn, rw, err := http.NewResponseController(w.w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if head == nil {
		head = http.Header{}
	}
	w.own, w.hijacked = head, true
	w.finish()
	return conn, rw, nil
}

// canHijack tells whether there is a connection to take over below w: a writer that has others below has the method in any case.
func canHijack(w http.ResponseWriter) bool {
	for {
		switch outer := w.(type) {
		case *gate:
			w = outer.w
		case interface{ Unwrap() http.ResponseWriter }:
			w = outer.Unwrap()
		default:
			_, ok := w.(http.Hijacker)
			return ok
		}
	}
}

// SetReadDeadline, SetWriteDeadline and EnableFullDuplex serve http.ResponseController.
func (w *response) SetReadDeadline(t time.Time) error {
	return w.control(func(c *http.ResponseController) error { return c.SetReadDeadline(t) })
}

func (w *response) SetWriteDeadline(t time.Time) error {
	return w.control(func(c *http.ResponseController) error { return c.SetWriteDeadline(t) })
}

func (w *response) EnableFullDuplex() error {
	return w.control((*http.ResponseController).EnableFullDuplex)
}

func (w *response) control(f func(*http.ResponseController) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over() {
		return w.closedError()
	}
	return f(http.NewResponseController(w.w))
}

// Unwrap is the writer below, behind the same gate.
func (w *response) Unwrap() http.ResponseWriter { return gated(w, w.w) }

// ignoreUnsupported is err without http.ErrNotSupported.
func ignoreUnsupported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
