package pants

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// bodyIdle is how long a body may stall between two reads before the answer is 408. Only tests change it.
var bodyIdle = 60 * time.Second

// bodyRate is the least a body has to bring on average, in bytes a second, once bodyIdle has passed. A byte every few seconds
// would else keep a request open for days.
const bodyRate = 100

// body is the request body: read once, whole and bounded, then available in any form and any number of times. As an
// io.ReadCloser it is what r.HTTP.Body becomes.
type body struct {
	req *Request
	raw bool // nobody looks for a form in it

	empty bool // the request has none: nothing changes any more

	mu      sync.Mutex
	loaded  bool
	touched bool // somebody read the raw body before it was loaded (under Wrap)
	eof     bool // and read it to its end
	spool   spool
	offset  int64
	err     error

	copied *http.Request // ours, with this body: net/http does not remove the files of its forms

	parsed bool
	post   url.Values
	files  map[string][]*File
}

// noBody is what all requests without a body share, noRawBody that of a RawHandler.
var (
	noBody    = &body{empty: true, loaded: true}
	noRawBody = &body{empty: true, loaded: true, raw: true}
)

// Body is the whole request body, not processed in any way; empty if there is none. One over Config.MemoryLimit is read back
// from its temporary file at each call: BodyReader needs no memory for it. Under Wrap it is nil if the body cannot be had:
// ParseBody says why.
func (r *Request) Body() []byte {
	if r.ParseBody() != nil {
		return nil
	}
	content, err := r.body.spool.bytes(0, r.body.spool.size)
	if err != nil {
		r.server.log().Error("pants: body lost", "method", r.Method(), "path", r.Path(), "error", err)
		return nil
	}
	return content
}

// BodyReader reads the whole request body from its beginning; each call returns a new reader. A body over Config.MemoryLimit
// can be read until the response is over and the functions of Request.Go have returned. Under Wrap it is empty if the body
// cannot be had: ParseBody says why.
func (r *Request) BodyReader() io.ReadSeeker {
	if r.ParseBody() != nil {
		return strings.NewReader("")
	}
	return r.body.spool.reader(0, r.body.spool.size)
}

// ParseBody reads the body, and processes it if it is a form. It is for handlers under Wrap: before a Pants handler the kit
// does it, and answers what is wrong by itself. The error is the same one at each call; errors.Is tells ErrTooLarge (worth a
// 413) from the rest (worth a 400, or a 507 with syscall.ENOSPC). Under Wrap the body must be asked for before the handler
// returns: afterwards the error is ErrFinished. A query over Limits.Params and cookies over Limits.Cookies
// are reported here too.
func (r *Request) ParseBody() error {
	b := r.body
	if !b.raw {
		if err := r.overLimit(); err != nil {
			return err
		}
	}
	if b.empty {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.load()
	return b.err
}

// load reads and processes the body unless that was done. b.mu is held.
func (b *body) load() {
	if b.loaded {
		return
	}
	b.loaded = true
	if b.req.res.isServed() {
		b.err = ErrFinished
		return
	}
	if b.touched {
		b.err = &refusal{http.StatusBadRequest, errors.New("pants: the body was already read through r.HTTP.Body")}
		return
	}
	if b.err = b.read(); b.err == nil && !b.raw {
		b.err = b.checkForm()
	}
	if b.err != nil || b.req.res.isServed() {
		b.spool.release()
	}
}

// read stores the whole body, at most MaxRequest bytes of it.
func (b *body) read() error {
	r := b.req
	s, in := r.server, r.in
	limit := s.maxRequest
	if in.Body == nil || in.Body == http.NoBody {
		return nil
	}
	w := innermost(r.res.w)
	// Through the gate: a deadline set after the end would be one of the next request on the connection.
	src := &stallReader{r: in.Body, rc: http.NewResponseController(&r.res)}
	defer src.done()
	if limit >= 0 && in.ContentLength > limit {
		tellTooLarge(w)
		return tooLarge(in.ContentLength, limit)
	}
	var reader io.Reader = src
	if limit >= 0 {
		reader = http.MaxBytesReader(w, src, limit)
	}
	if err := b.spool.fill(reader, in.ContentLength, s.memoryLimit, s.config.MemoryBudget); err != nil {
		return bodyRefusal(err, limit)
	}
	return nil
}

func tooLarge(length, limit int64) error {
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, length, limit)}
}

// bodyRefusal says what a failed read of the body is answered with.
func bodyRefusal(err error, limit int64) error {
	var over *http.MaxBytesError
	var decided *refusal
	switch {
	case errors.As(err, &decided):
		return err
	case errors.As(err, &over):
		return &refusal{http.StatusRequestEntityTooLarge, fmt.Errorf("%w: limit %d", ErrTooLarge, limit)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{http.StatusRequestTimeout, fmt.Errorf("pants: request body stalled: %w", err)}
	}
	return &refusal{http.StatusBadRequest, fmt.Errorf("pants: reading the request body: %w", err)}
}

// innermost is the writer of net/http itself, below what middlewares put around it and admit by Unwrap: only that one knows
// how to end a request that is too large (see tellTooLarge).
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		var inner http.ResponseWriter
		switch outer := w.(type) {
		case *response: // of a Wrap around this one; its Unwrap would show the gate
			inner = outer.w
		case *gate:
			inner = outer.w
		case *wrapping:
			inner = outer.w
		case interface{ Unwrap() http.ResponseWriter }:
			inner = outer.Unwrap()
		}
		if inner == nil {
			return w
		}
		w = inner
	}
}

// tellTooLarge makes net/http end the connection after the answer without a reset that could overtake it: nginx, as HTTP/1.0
// upstream client, turns a 413 that comes early into a 502 otherwise. Only http.MaxBytesReader can say so to net/http, and only
// when it was read beyond its limit; nothing of the client's is read for it, also not with Expect: 100-continue.
func tellTooLarge(innermost http.ResponseWriter) {
	_, _ = http.MaxBytesReader(innermost, io.NopCloser(strings.NewReader("x")), 0).Read(make([]byte, 1))
}

// stallReader reads with a deadline that moves on with the data. The deadline must not outlive the body: one that fires later
// cancels the context of the request.
type stallReader struct {
	r     io.ReadCloser
	rc    *http.ResponseController
	start time.Time
	last  time.Time // when the deadline was moved
	size  int64
}

func (s *stallReader) Read(p []byte) (int, error) {
	now := time.Now()
	if s.start.IsZero() {
		s.start = now
	}
	if took := now.Sub(s.start); took > bodyIdle && float64(s.size) < took.Seconds()*bodyRate {
		return 0, fmt.Errorf("%d bytes in %v: %w", s.size, took.Round(time.Second), os.ErrDeadlineExceeded)
	}
	// Moving the deadline at each read of a fast upload would be work for nothing.
	if now.Sub(s.last) > bodyIdle/60 {
		s.last = now
		_ = s.rc.SetReadDeadline(now.Add(bodyIdle)) // a recorder in a test has no deadlines
	}
	n, err := s.r.Read(p)
	s.size += int64(n)
	return n, err
}

func (s *stallReader) Close() error { return s.r.Close() }

func (s *stallReader) done() {
	if !s.last.IsZero() {
		_ = s.rc.SetReadDeadline(time.Time{})
	}
}

// Read makes r.HTTP.Body readable: the stored body when it was loaded, else the raw one, once.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.loaded {
		return b.readRaw(p)
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.offset == b.spool.size {
		return 0, io.EOF
	}
	n, err := b.spool.ReadAt(p, b.offset)
	b.offset += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// readRaw gives the lock back meanwhile: Close has to be able to break a read off.
func (b *body) readRaw(p []byte) (int, error) {
	b.touched = true
	b.mu.Unlock()
	n, err := b.req.in.Body.Read(p)
	b.mu.Lock()
	b.eof = b.eof || err == io.EOF
	return n, err
}

// Close rewinds a loaded body, so that the next reader of r.HTTP.Body begins anew.
func (b *body) Close() error {
	b.mu.Lock()
	raw := !b.loaded
	b.offset = 0
	b.mu.Unlock()
	if raw {
		return b.req.in.Body.Close()
	}
	return nil
}

// isUnread tells whether net/http would have to wait for the body; one that is being loaded this moment counts.
func (b *body) isUnread() bool {
	if b.empty {
		return false // that body, and its lock, is everybody's
	}
	if !b.mu.TryLock() {
		return true
	}
	defer b.mu.Unlock()
	return !b.loaded && !b.eof
}

// refusal is why the body was not let through, nil if it was, or was not asked for.
func (b *body) refusal() error {
	if !b.mu.TryLock() {
		return nil // it is being loaded this moment
	}
	defer b.mu.Unlock()
	return b.err
}

func (b *body) isLoaded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loaded
}

// release lets the temporary files go. It waits for a load that is under way, which the linger time bounds.
func (b *body) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spool.release()
	if b.copied != nil {
		removeForm(b.copied)
	}
}
