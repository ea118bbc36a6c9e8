package pants

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// response is the one wrapper around an http.ResponseWriter: it commits cookies and pending headers with the first byte, and
// it is the gate. A write that comes after ServeHTTP returned lands in the next response on that connection, which may be
// another client's, so every path to w holds mu and looks at the state first, and after the end nothing passes.
//
// It implements all optional interfaces of net/http. Flush does nothing and Hijack reports http.ErrNotSupported where the
// writer below cannot; ReadFrom then copies. A writer below must not call the response's methods back while it writes.
type response struct {
	w     http.ResponseWriter
	req   *Request
	plain bool // under Wrap, where the rules are net/http's

	mu      sync.Mutex
	closing atomic.Bool // somebody is waiting for mu to end the response: nobody begins anything new
	state   state
	sent    bool // the head is, also when the response is finished

	status      int         // marked by SendStatus; the real one once the head is sent
	own         http.Header // what a Pants handler sees as headers, and what is pending; nil until used
	withheld    bool        // the next commit leaves CookiesOut out
	cookiesSent []string    // names of CookiesOut that are in the head already
	refused     error       // why the last attempt to send was refused
	hijacked    bool

	life         life
	headerValues [2]string // Content-Type and Content-Length of SendResponse
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
		w.own = w.w.Header().Clone()
		if w.own == nil {
			w.own = http.Header{}
		}
	}
	return w.own
}

// head is what the commit sends as it is now. mu is held.
func (w *response) head() http.Header {
	if w.own != nil {
		return w.own
	}
	return w.w.Header()
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
		if w.own != nil {
			w.publish(w.own)
		}
		w.w.WriteHeader(status)
	default:
		w.status = status
		_ = w.commit()
	}
}

// invalidStatus marks that the handler gave one that cannot be sent: content must not go out with another.
const invalidStatus = -1

// Write sends p, and the head before it.
func (w *response) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}

// WriteString is Write for a string.
func (w *response) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	return io.WriteString(w.w, s)
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
		return http.ErrHijacked
	}
	return ErrFinished
}

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

// commit sends the head: pending headers, cookies, status. When a header or a cookie cannot be sent, nothing is. mu is held,
// the state is open.
func (w *response) commit() error {
	if w.status == invalidStatus {
		return w.refused
	}
	h := w.head()
	if err := checkHeader(h); err != nil {
		return w.refuse(err)
	}
	if !w.withheld {
		if err := w.req.addCookies(h, nil); err != nil {
			return w.refuse(err)
		}
	}
	if w.own != nil {
		w.publish(w.own)
	}
	if w.req.server.config.DisableKeepAlives && w.req.in.ProtoMajor == 1 {
		w.w.Header().Set("Connection", "close")
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.state, w.sent, w.refused = headSent, true, nil
	w.w.WriteHeader(w.status)
	return nil
}

// refuse remembers why nothing was sent, for an answer in its place if the handler leaves it at that. mu is held.
func (w *response) refuse(err error) error {
	w.refused, w.withheld = err, false
	return err
}

// publish makes the header map of the writer below equal to h, in slices of its own.
func (w *response) publish(h http.Header) {
	out := w.w.Header()
	for name := range out {
		if _, kept := h[name]; !kept {
			delete(out, name)
		}
	}
	n := 0
	for _, values := range h {
		n += len(values)
	}
	array := make([]string, 0, n)
	for name, values := range h {
		if values == nil {
			out[name] = nil // tells net/http not to add one
			continue
		}
		start := len(array)
		array = append(array, values...)
		out[name] = array[start:len(array):len(array)]
	}
}

// publishTrailers gives the writer below what was set after the head was sent, if it is a trailer. mu is held.
func (w *response) publishTrailers() error {
	h := w.head()
	declared := declaredTrailers(h)
	out := w.w.Header()
	for name, values := range h {
		if !strings.HasPrefix(name, http.TrailerPrefix) && !declared[name] {
			continue
		}
		if err := checkHeader(http.Header{name: values}); err != nil {
			return err
		}
		if w.own != nil {
			out[name] = append([]string(nil), values...)
		}
	}
	return nil
}

// declaredTrailers are the names that the Trailer header announces.
func declaredTrailers(h http.Header) map[string]bool {
	var names map[string]bool
	for _, list := range h["Trailer"] {
		for _, name := range strings.Split(list, ",") {
			if names == nil {
				names = map[string]bool{}
			}
			names[http.CanonicalHeaderKey(trimBlanks(name))] = true
		}
	}
	return names
}

// checkHeader refuses what would end a header line early, or a message. net/http replaces line breaks by blanks and drops bad
// names, both in silence, and sends a length that is none.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if !isToken(strings.TrimPrefix(name, http.TrailerPrefix)) {
			return fmt.Errorf("pants: invalid header name %q", name)
		}
		for _, value := range values {
			if breaksLine(value) {
				return fmt.Errorf("pants: invalid value of header %s: %q", name, value)
			}
		}
		switch {
		case len(values) == 0:
		case len(name) == len("Content-Length") && strings.EqualFold(name, "Content-Length"):
			if name != "Content-Length" || len(values) > 1 || strings.Trim(values[0], "0123456789") != "" || values[0] == "" {
				return fmt.Errorf("pants: invalid %s: %q", name, values)
			}
		case len(name) == len("Transfer-Encoding") && strings.EqualFold(name, "Transfer-Encoding"):
			if name != "Transfer-Encoding" || len(values) > 1 || values[0] != "chunked" && values[0] != "identity" {
				return fmt.Errorf("pants: invalid %s: %q", name, values)
			}
		}
	}
	return nil
}

// breaksLine tells the characters that must not be in a header's value (RFC 9110 section 5.5).
func breaksLine(value string) bool {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c == '\r' || c == '\n' || c == 0 {
			return true
		}
	}
	return false
}

// ReadFrom sends what src has. A regular file goes to the ReadFrom of the writer below, which may be the kernel's
// sendfile; for anything else the gate is not held while src is waited for.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	if isRegularFile(src) {
		return w.sendFrom(src)
	}
	return copyOver(w, src)
}

func (w *response) sendFrom(src io.Reader) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	return io.Copy(w.w, src)
}

// regular is what the kernel can send from: an *os.File, or what its WriteTo makes of it.
type regular interface {
	io.Reader
	syscall.Conn
	Stat() (fs.FileInfo, error)
}

// isRegularFile tells readers that the kernel can send from, and that never make a reader wait for long.
func isRegularFile(src io.Reader) bool {
	if limited, ok := src.(*io.LimitedReader); ok {
		src = limited.R
	}
	file, ok := src.(regular)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// copyOver copies with one lock a write.
func copyOver(dst io.Writer, src io.Reader) (int64, error) {
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	return io.CopyBuffer(writerOnly{dst}, readerOnly{src}, *buffer)
}

type (
	writerOnly struct{ io.Writer }
	readerOnly struct{ io.Reader }
)

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

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
	conn, rw, err := http.NewResponseController(w.w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.hijacked = true
	w.finish()
	return conn, rw, nil
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

// returnPlain ends a response under Wrap: what is pending goes out, as the handler's return implies in net/http.
func (w *response) returnPlain() {
	w.lock()
	defer w.mu.Unlock()
	defer w.finish()
	switch w.state {
	case open:
		if w.refused == nil {
			if w.status != 0 || w.req.hasCookies() {
				_ = w.commit()
			} else if err := checkHeader(w.w.Header()); err != nil {
				_ = w.refuse(err) // net/http would send it, altered, with its implied 200
			}
		}
		if w.state == open && w.refused != nil {
			w.answerRefused()
		}
	case headSent:
		if err := w.publishTrailers(); err != nil {
			w.req.server.log().Error("pants: trailers refused", "path", w.req.Path(), "error", err)
			w.abort()
		}
	}
}

// answerRefused answers 500 in place of a response whose head cannot be sent. mu is held, the state is open.
func (w *response) answerRefused() {
	w.req.server.log().Error("pants: response refused", "method", w.req.Method(), "path", w.req.Path(), "error", w.refused)
	w.answer(http.StatusInternalServerError, true)
}

// answer sends a short text for the status and closes the connection: the kit's own answers. Pending headers do not go out
// with it; CookiesOut does if withCookies says that nobody is changing it now, and if it can. mu is held, the state is open.
func (w *response) answer(status int, withCookies bool) {
	if w.own != nil {
		w.own, w.cookiesSent = nil, nil
	}
	h := w.w.Header()
	for name, values := range h {
		if contentHeaders[name] || checkHeader(http.Header{name: values}) != nil {
			delete(h, name) // it was about another content
		}
	}
	if withCookies {
		if err := w.req.addCookies(h, nil); err != nil {
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
	w.life.Lock()
	interrupted := w.life.interrupted
	w.life.Unlock()
	if interrupted {
		_ = http.NewResponseController(w.w).SetWriteDeadline(time.Time{})
	}
	w.status, w.state, w.sent = status, headSent, true
	w.w.WriteHeader(status)
	if w.req.in.Method != http.MethodHead {
		_, _ = io.WriteString(w.w, text)
	}
}

// contentHeaders describe a content, or how long it may be kept: they must not go out with an error's text.
var contentHeaders = map[string]bool{
	"Accept-Ranges": true, "Cache-Control": true, "Content-Disposition": true, "Content-Encoding": true, "Content-Language": true,
	"Content-Length": true, "Content-Location": true, "Content-Range": true, "Content-Type": true, "Etag": true, "Expires": true,
	"Last-Modified": true, "Trailer": true, "Transfer-Encoding": true,
}

// ignoreUnsupported is err without http.ErrNotSupported.
func ignoreUnsupported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
