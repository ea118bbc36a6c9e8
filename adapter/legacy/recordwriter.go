package legacy

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// recordWriter is the ResponseWriter that a recorded handler sees. What it is given goes down at once, and a copy is kept.
//
// Nothing goes down after ServeHTTP returned, see pants.Server: every call that could write holds mu, and looks at over first. A
// call that waits for the client meanwhile is waited for. Deadlines must not wait for such a write, since they are what ends
// it; they have a lock of their own.
type recordWriter struct {
	w         http.ResponseWriter
	head      bool        // a HEAD request: net/http swallows the body
	unwrapped atomic.Bool // somebody may have written past this one

	mu      sync.Mutex
	control sync.RWMutex // over changes under both
	over    bool
	status  int         // 0: not sent yet
	header  http.Header // as it was sent
	own     http.Header // after Hijack; nil before
	conn    *hijackedConn
	got     capture
	sniff   []byte // what net/http guesses the Content-Type from
	flushed bool   // it has done so
	failed  bool   // a write did
}

var (
	_ http.ResponseWriter = (*recordWriter)(nil)
	_ io.ReaderFrom       = (*recordWriter)(nil)
	_ io.StringWriter     = (*recordWriter)(nil)
	_ http.Flusher        = (*recordWriter)(nil)
	_ http.Hijacker       = (*recordWriter)(nil)
)

// errOver is for calls that come after ServeHTTP returned.
var errOver = errors.New("legacy: the response is finished")

// closed reports why nothing may go down any more. mu or control is held.
func (w *recordWriter) closed() error {
	switch {
	case w.over:
		return errOver
	case w.own != nil:
		return http.ErrHijacked
	}
	return nil
}

func (w *recordWriter) Header() http.Header {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		return http.Header{}
	case w.own != nil:
		return w.own // httputil.ReverseProxy writes the head of an upgrade from it
	}
	return w.w.Header()
}

func (w *recordWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed() == nil {
		w.commit(status)
		w.w.WriteHeader(status) // a second one too, for net/http to complain of
	}
}

// commit keeps the head as it is about to be sent. mu is held.
func (w *recordWriter) commit(status int) {
	if w.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status, w.header = status, onWire(w.w.Header())
}

// onWire is h as net/http sends it with the head: without names that are none, trailers among them, and without line breaks. A name
// in small letters is sent so, and is the same name.
func onWire(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		if !isToken(name) {
			continue
		}
		name = http.CanonicalHeaderKey(name)
		if out[name] == nil {
			out[name] = make([]string, 0, len(values)) // also if there are none, which stops net/http from guessing
		}
		for _, value := range values {
			out[name] = append(out[name], strings.Trim(lineBreaks.Replace(value), " \t"))
		}
	}
	return out
}

var lineBreaks = strings.NewReplacer("\n", " ", "\r", " ")

// begin is for what sends the head if nobody has. mu is held.
func (w *recordWriter) begin() error {
	if err := w.closed(); err != nil {
		return err
	}
	w.commit(http.StatusOK)
	return nil
}

func (w *recordWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	n, err := w.w.Write(p)
	w.keep(p[:n], err)
	return n, err
}

func (w *recordWriter) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	n, err := io.WriteString(w.w, s)
	w.keep([]byte(s[:n]), err)
	return n, err
}

// keep copies what went down. mu is held.
func (w *recordWriter) keep(p []byte, err error) {
	w.failed = w.failed || err != nil && !errors.Is(err, http.ErrBodyNotAllowed)
	if !w.flushed && len(w.sniff) < 512 {
		w.sniff = append(w.sniff, p[:min(len(p), 512-len(w.sniff))]...)
	}
	if !w.head {
		w.got.add(p)
	}
}

// ReadFrom gives a regular file to the writer below, which may have the kernel send it, and reads it once more for itself. While
// anything else is waited for, mu is free.
func (w *recordWriter) ReadFrom(src io.Reader) (int64, error) {
	file, start, ok := regularFile(src)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, struct{ io.Reader }{src})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	n, err := io.Copy(w.w, src)
	kept := io.NewSectionReader(file, start, min(n, maxSummed+1))
	if copied, again := io.Copy(keeper{w}, kept); again != nil || copied != kept.Size() {
		w.failed = true // the file has changed: what the client got is not known
	}
	w.got.length += n - kept.Size()
	w.keep(nil, err)
	return n, err
}

// keeper keeps without sending.
type keeper struct{ w *recordWriter }

func (k keeper) Write(p []byte) (int, error) {
	k.w.keep(p, nil)
	return len(p), nil
}

// regular is what the kernel can send from: an *os.File, or what its WriteTo makes of it.
type regular interface {
	io.ReadSeeker
	io.ReaderAt
	Stat() (os.FileInfo, error)
}

// regularFile is the file that src reads, and where it is in it.
func regularFile(src io.Reader) (file io.ReaderAt, offset int64, ok bool) {
	if limited, is := src.(*io.LimitedReader); is {
		src = limited.R
	}
	f, ok := src.(regular)
	if !ok {
		return nil, 0, false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&fs.ModeType != 0 {
		return nil, 0, false
	}
	offset, err = f.Seek(0, io.SeekCurrent)
	return f, offset, err == nil
}

func (w *recordWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *recordWriter) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return err
	}
	err := http.NewResponseController(w.w).Flush()
	w.flushed = true
	w.failed = w.failed || err != nil && !errors.Is(err, http.ErrNotSupported)
	return err
}

// Hijack takes the connection over. Of what is said on it, the head of the answer is recorded.
func (w *recordWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.closed(); err != nil {
		return nil, nil, err
	}
	header := w.w.Header().Clone() // the map below belongs to nobody afterwards
	conn, rw, err := http.NewResponseController(w.w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if w.own = header; header == nil {
		w.own = http.Header{}
	}
	w.conn = &hijackedConn{Conn: conn}
	return w.conn.asConn(), bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(w.conn, rw.Writer.Size())), nil
}

func (w *recordWriter) SetReadDeadline(t time.Time) error {
	return w.controlled(func(c *http.ResponseController) error { return c.SetReadDeadline(t) })
}

func (w *recordWriter) SetWriteDeadline(t time.Time) error {
	return w.controlled(func(c *http.ResponseController) error { return c.SetWriteDeadline(t) })
}

func (w *recordWriter) EnableFullDuplex() error {
	return w.controlled((*http.ResponseController).EnableFullDuplex)
}

func (w *recordWriter) controlled(f func(*http.ResponseController) error) error {
	w.control.RLock()
	defer w.control.RUnlock()
	if w.over {
		return errOver
	}
	return f(http.NewResponseController(w.w))
}

// Unwrap is the writer below, for http.MaxBytesReader, which wants the one of net/http itself. An answer written to it is not
// seen here, and not recorded.
func (w *recordWriter) Unwrap() http.ResponseWriter {
	w.control.RLock()
	defer w.control.RUnlock()
	if w.over {
		return overWriter{}
	}
	w.unwrapped.Store(true)
	return w.w
}

// overWriter is what is below when ServeHTTP has returned.
type overWriter struct{}

func (overWriter) Header() http.Header       { return http.Header{} }
func (overWriter) WriteHeader(int)           {}
func (overWriter) Write([]byte) (int, error) { return 0, errOver }

// end closes the writer and reports the answer as the client got it. It is not ok when the client got another one, or a part.
func (w *recordWriter) end() (answer RecordedResponse, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.control.Lock()
	defer w.control.Unlock()
	w.over = true
	if w.own == nil && w.status == 0 {
		if w.unwrapped.Load() {
			return answer, false
		}
		w.commit(http.StatusOK) // as net/http is going to
	}
	if w.own != nil && w.status == 0 {
		if res := w.conn.answer(); res != nil {
			w.status, w.header = res.StatusCode, res.Header
		}
	}
	if w.own != nil && w.status != http.StatusSwitchingProtocols {
		return answer, false // what it was is known to nobody but the client
	}
	answer.Status, answer.Header = w.status, w.header
	if w.own == nil {
		answer.Trailer = trailers(w.header, w.w.Header())
	}
	body := w.status >= 200 && w.status != http.StatusNoContent && w.status != http.StatusNotModified
	if _, given := w.header["Content-Type"]; body && !given && len(w.sniff) > 0 && w.header.Get("Content-Encoding") == "" {
		answer.Header.Set("Content-Type", http.DetectContentType(w.sniff))
	}
	if w.status == http.StatusNotModified {
		answer.Header.Del("Content-Type") // as net/http does on HTTP/1
	}
	for _, line := range answer.Header["Set-Cookie"] {
		answer.Cookies = append(answer.Cookies, ParseSetCookie(line))
	}
	delete(answer.Header, "Set-Cookie")
	answer.Body = w.got.body()
	if told, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && body && !w.head && told != w.got.length {
		return answer, false
	}
	return answer, !w.failed
}

// trailers are what net/http sends behind the body: the fields announced in Trailer, and those with its prefix.
func trailers(head, h http.Header) http.Header {
	out := http.Header{}
	for _, line := range head["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); len(h[name]) > 0 {
				out[name] = append([]string(nil), h[name]...)
			}
		}
	}
	for name, values := range h {
		if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			out[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
		}
	}
	return out
}
