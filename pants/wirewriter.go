package pants

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// writeIdle is how long one write may wait for a client that does not read.
const writeIdle = 60 * time.Second

// wireChunk is what a slow client has that time for: one write is no longer, or goes on when its time is over and as much is through.
const wireChunk = 128 << 10

// wireWriter is the writer next to the connection in an HTTPServer. It sees to it that no write waits longer than writeIdle, that
// responses say so when the server drains, and that a connection which is taken over can be told and closed. A total time for
// the response (http.Server.WriteTimeout) would end long downloads too.
//
// Before net/http sends the head of an answer on HTTP/1, and again when the handler has returned, it reads what is left of the
// request's body: a client that does not send it would be waited for without end, so this has its deadline too.
//
// On HTTP/1 the deadline is the connection's and is moved on once a second at the most; what is buffered is written under it
// when the handler has returned. On HTTP/2 a deadline resets its stream even when nothing is being written, so a timer runs
// beside each write instead.
type wireWriter struct {
	w        http.ResponseWriter
	server   *Server
	proto    int  // 1 or 2
	hides    bool // see mayHideChunks
	begun    bool
	whole    bool // see goesOn
	req      *http.Request
	body     bool         // HTTP/1: the request has one
	last     bool         // and its client wants no other request
	written  int          // content, until the head is certain to be sent; see headRoom
	ownReads atomic.Bool  // the handler has set a read deadline, or there is a ReadTimeout
	deadline atomic.Int64 // when it was moved, in nanoseconds of the process; or one of those below

	watch *time.Timer // HTTP/2
	mu    sync.Mutex  // guards until
	until time.Time   // when the write under way is broken off; zero when there is none
}

const (
	deadlineUnset  = 0
	deadlineOfUser = -1 // the handler has set its own, or there is a WriteTimeout
	deadlinePast   = -2 // somebody broke the write off
	deadlineTaken  = -3 // the connection was taken over, and is no longer our concern
)

var (
	_ io.ReaderFrom   = (*wireWriter)(nil)
	_ io.StringWriter = (*wireWriter)(nil)
	_ http.Flusher    = (*wireWriter)(nil)
	_ http.Hijacker   = (*wireWriter)(nil)
)

func newWireWriter(s *Server, w http.ResponseWriter, r *http.Request) *wireWriter {
	ww := &wireWriter{w: w, server: s, proto: r.ProtoMajor, hides: mayHideChunks(r), req: r}
	ww.body = ww.proto == 1 && r.Body != nil && r.Body != http.NoBody
	ww.last = ww.body && r.Close
	if srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		if srv.WriteTimeout > 0 {
			ww.deadline.Store(deadlineOfUser)
		}
		if srv.ReadTimeout > 0 {
			ww.ownReads.Store(true)
		}
	}
	return ww
}

// renew moves the deadline of HTTP/1 on.
func (w *wireWriter) renew() {
	if w.proto > 1 {
		return
	}
	last := w.deadline.Load()
	if last < 0 {
		return
	}
	moved := sinceStart() + 1 // never deadlineUnset
	if last != deadlineUnset && moved-last < int64(w.server.writeIdle/60) {
		return
	}
	if w.deadline.CompareAndSwap(last, moved) {
		_ = w.setWriteDeadline(processStart.Add(time.Duration(moved) + w.server.writeIdle))
		if w.deadline.Load() == deadlinePast { // meanwhile; it must stay so
			_ = w.setWriteDeadline(past)
		}
	}
}

var past = time.Unix(1, 0)

func (w *wireWriter) setWriteDeadline(t time.Time) error {
	if d, ok := w.w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		return d.SetWriteDeadline(t)
	}
	return http.NewResponseController(w.w).SetWriteDeadline(t)
}

// sayWhetherLast comes before the head: a server that drains wants no other request, for one.
func (w *wireWriter) sayWhetherLast() {
	if !w.begun {
		w.begun = true
		if w.hides || w.server.isDraining() { // net/http makes GOAWAY of it on HTTP/2
			w.w.Header()["Connection"] = []string{"close"}
		}
	}
}

// begin comes before every write.
func (w *wireWriter) begin() {
	w.sayWhetherLast()
	w.renew()
	if w.waitsForBody() {
		_ = w.setReadDeadline(time.Now().Add(w.server.writeIdle / 2)) // the other half is for the write itself
	}
	if w.proto > 1 && w.deadline.Load() == deadlineUnset {
		w.mu.Lock()
		w.until = time.Now().Add(w.server.writeIdle)
		w.mu.Unlock()
		if w.watch == nil {
			w.watch = time.AfterFunc(w.server.writeIdle, w.stuck)
		} else {
			w.watch.Reset(w.server.writeIdle)
		}
	}
}

// end comes after every write. It waits for the timer if that has fired: the handler may return next, and net/http's writer of
// HTTP/2 panics when it is touched afterwards.
func (w *wireWriter) end() {
	if w.watch != nil {
		w.watch.Stop()
		w.mu.Lock()
		w.until = time.Time{}
		w.mu.Unlock()
	}
	if w.waitsForBody() {
		_ = w.setReadDeadline(time.Time{}) // or it would cancel the request's context later
	}
}

// headRoom is more than net/http keeps: when as much was written, the head is sent, and nothing is read for it any more.
const headRoom = 8 << 10

// waitsForBody tells whether net/http may read what is left of the body in the next write, so that this has a deadline. Such a write is
// short: a deadline for reading that comes while a client takes its time with the answer would cancel the request.
func (w *wireWriter) waitsForBody() bool {
	return w.body && w.written < headRoom && !w.ownReads.Load()
}

// atMost is how long the next write may be, of n bytes that it could be.
func (w *wireWriter) atMost(n int) int {
	if w.waitsForBody() {
		return headRoom
	}
	return n
}

// sent notes that n bytes were written.
func (w *wireWriter) sent(n int) {
	if w.body && w.written < headRoom {
		w.written += n
	}
}

func (w *wireWriter) setReadDeadline(t time.Time) error {
	if d, ok := w.w.(interface{ SetReadDeadline(time.Time) error }); ok {
		return d.SetReadDeadline(t)
	}
	return http.NewResponseController(w.w).SetReadDeadline(t)
}

// stuck is what the timer does, unless it comes too late: after its write, or in the next one.
func (w *wireWriter) stuck() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.until.IsZero() && !time.Now().Before(w.until) {
		w.interrupt()
	}
}

// returned is when the handler has: net/http sends what is buffered, and sets a read deadline for the next request.
func (w *wireWriter) returned() {
	w.begin()
	w.end()
	if w.body && !w.ownReads.Load() {
		_ = w.setReadDeadline(time.Now().Add(w.server.writeIdle / 2))
	}
	if w.proto > 1 && w.deadline.Load() == deadlineUnset {
		_ = w.setWriteDeadline(time.Now().Add(w.server.writeIdle))
	}
}

// interrupt breaks off the write that is under way, and those that follow. SetWriteDeadline undoes it.
func (w *wireWriter) interrupt() {
	w.deadline.Store(deadlinePast)
	_ = w.setWriteDeadline(past)
}

// SetWriteDeadline is for http.ResponseController. A deadline of the handler's own replaces those made here; the zero time brings
// them back.
func (w *wireWriter) SetWriteDeadline(t time.Time) error {
	if w.deadline.Load() == deadlineTaken {
		return w.setWriteDeadline(t)
	}
	if !t.IsZero() {
		w.deadline.Store(deadlineOfUser)
		return w.setWriteDeadline(t)
	}
	w.deadline.Store(deadlineUnset)
	err := w.setWriteDeadline(t)
	w.renew()
	return err
}

// SetReadDeadline and EnableFullDuplex are for http.ResponseController.
func (w *wireWriter) SetReadDeadline(t time.Time) error {
	w.ownReads.Store(true)
	return w.setReadDeadline(t)
}

func (w *wireWriter) EnableFullDuplex() error {
	w.sent(headRoom) // net/http does not read before the head then
	return http.NewResponseController(w.w).EnableFullDuplex()
}

func (w *wireWriter) Header() http.Header { return w.w.Header() }

func (w *wireWriter) WriteHeader(status int) {
	if status >= 100 && status < 200 {
		w.begun = w.begun || status == http.StatusSwitchingProtocols // its Connection header is about the next protocol
		w.renew()
		w.w.WriteHeader(status)
		return
	}
	w.sayWhetherLast()
	if status == http.StatusRequestEntityTooLarge && w.last {
		tellTooLarge(w.w) // the handler's http.MaxBytesReader could not, it does not know w.w
	}
	h := w.w.Header()
	w.whole = len(h["Content-Length"]) == 1 && h["Transfer-Encoding"] == nil
	w.w.WriteHeader(status) // which waits for nobody: net/http keeps the head for the first byte
}

func (w *wireWriter) Write(p []byte) (int, error) {
	return inPieces(w, p, w.w.Write)
}

func (w *wireWriter) WriteString(s string) (int, error) {
	return inPieces(w, s, func(s string) (int, error) { return io.WriteString(w.w, s) })
}

// inPieces writes what is long piece by piece.
func inPieces[T string | []byte](w *wireWriter, p T, write func(T) (int, error)) (total int, err error) {
	for {
		piece := p[total:min(len(p), total+w.atMost(wireChunk))]
		w.begin()
		n, err := write(piece)
		w.end()
		w.sent(n)
		total += n
		if err != nil || total >= len(p) || n < len(piece) {
			return total, err
		}
	}
}

// ReadFrom gives a file to the writer below, and copies anything else write by write.
func (w *wireWriter) ReadFrom(src io.Reader) (int64, error) {
	below, ok := w.w.(io.ReaderFrom)
	if !ok || !isRegularFile(src) {
		return copyOver(w, src)
	}
	limited := asLimited(src)
	most, start, total := wireChunk, int64(0), int64(0)
	file, ok := limited.R.(io.Seeker)
	if ok && w.goesOn() {
		most = filePiece
		start, _ = file.Seek(0, io.SeekCurrent)
	}
	for limited.N > 0 {
		piece := &io.LimitedReader{R: limited.R, N: min(limited.N, int64(w.atMost(most)))}
		want := piece.N
		w.begin()
		n, err := below.ReadFrom(piece)
		w.end()
		w.sent(int(n))
		total += n
		limited.N -= n
		if most == filePiece && n >= wireChunk && w.ranOut(err) {
			if now, err := file.Seek(0, io.SeekCurrent); err == nil && now == start+total {
				continue // nothing was read that was not sent
			}
		}
		if err != nil || n < want {
			return total, err
		}
	}
	return total, nil
}

// filePiece is how much of a file is one write where that can be gone on with.
const filePiece = 1 << 20

// goesOn tells whether net/http sends the response's files straight to a TCP connection, so that a write which its deadline ends
// can be gone on with: one that a client has had wireChunk of in time is not stuck. Where a file is copied, through TLS, in chunks
// or to a unix socket, an ended write ends the connection.
func (w *wireWriter) goesOn() bool {
	return w.proto == 1 && w.whole && w.req.Context().Value(straightKey{}) != nil
}

type straightKey struct{}

// noteStraight is an http.Server's ConnContext.
func noteStraight(ctx context.Context, conn net.Conn) context.Context {
	if _, ok := conn.(*net.TCPConn); ok {
		return context.WithValue(ctx, straightKey{}, true)
	}
	return ctx
}

// ranOut tells whether a deadline made here ended a write.
func (w *wireWriter) ranOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && w.deadline.Load() > deadlineUnset
}

func (w *wireWriter) Flush() { _ = w.FlushError() }

func (w *wireWriter) FlushError() error {
	w.begin()
	defer func() {
		w.end()
		w.sent(headRoom)
	}()
	if f, ok := w.w.(interface{ FlushError() error }); ok {
		return f.FlushError()
	}
	return http.NewResponseController(w.w).Flush()
}

// Hijack takes the connection over. The Server waits for it when it drains.
func (w *wireWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.server.hijacked.changeHands(1)
	defer w.server.hijacked.changeHands(-1)
	conn, rw, err := http.NewResponseController(w.w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.begun = true                  // the header map is the hijacker's
	w.deadline.Store(deadlineTaken) // net/http has removed its own
	w.ownReads.Store(true)
	return w.server.track(conn), rw, nil
}

func (w *wireWriter) Unwrap() http.ResponseWriter { return w.w }
