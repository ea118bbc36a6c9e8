package legacy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// backend is the app as a server. It is no http.Transport: that one cannot write every target as it came ("//caf\xe9" for one),
// sends requests again by rules of its own, and takes what Pants sends after the answer to a HEAD for another answer.
type backend struct {
	network, address string
	dialTimeout      time.Duration
	timeout          time.Duration // negative: none
	grace            time.Duration // tunnelGrace
	keepAlive        bool
	idle             idle
}

// maxHead is the longest head of an answer in bytes, interim ones included.
const maxHead = 1 << 20

// errSilent is what Pants does when a handler raises after it began, as send_file does for a file that is missing.
var errSilent = errors.New("legacy: the app closed the connection without an answer")

var errHeadTooLong = fmt.Errorf("legacy: the head of the answer is longer than %d bytes", maxHead)

// exchange sends m and reads the head of the answer. The content is in the Response; conn.end is for when it was read, or is not
// wanted. m is sent once; a second time only if m.mayRepeat, after a kept connection that looked alive was closed without a byte
// of an answer.
func (b *backend) exchange(ctx context.Context, m *message) (*conn, *http.Response, error) {
	if b.keepAlive && m.mayKeep() {
		if c := b.idle.take(); c != nil {
			res, err := c.exchange(ctx, m)
			if err == nil {
				return c, res, nil
			}
			c.end()
			if c.heard || !m.mayRepeat() || ctx.Err() != nil || isTimeout(err) {
				return nil, nil, err
			}
		}
	}
	dialer := net.Dialer{Timeout: b.dialTimeout}
	dialed, err := dialer.DialContext(ctx, b.network, b.address)
	if err != nil {
		return nil, nil, err
	}
	c := &conn{Conn: dialed, app: b}
	c.in = readers.Get().(*bufio.Reader)
	c.in.Reset(c)
	res, err := c.exchange(ctx, m)
	if err != nil {
		c.end()
		return nil, nil, err
	}
	return c, res, nil
}

var (
	readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}
	buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}
)

// conn is a connection to the app, used by one goroutine at a time.
type conn struct {
	net.Conn
	app  *backend
	in   *bufio.Reader
	room int64 // bytes that the head may still have; negative outside of it

	heard     bool        // a byte of the answer has come
	unwatch   func() bool // stops the watch for the end of the context; false when that has come
	reusable  bool        // after this request and this answer another may follow
	whole     bool        // the answer was read to its end
	idleSince time.Time
}

// Read reads what bufio asks for, and not without end while it is a head.
func (c *conn) Read(p []byte) (int, error) {
	if c.room == 0 {
		return 0, errHeadTooLong
	}
	if c.room > 0 && int64(len(p)) > c.room {
		p = p[:c.room]
	}
	n, err := c.Conn.Read(p)
	if c.room > 0 {
		c.room -= int64(n)
	}
	c.heard = c.heard || n > 0
	return n, err
}

// pieceSize is what the app has to read in one timeout.
const pieceSize = 256 << 10

// Write gives the app as long for each piece as it has for the answer.
func (c *conn) Write(p []byte) (n int, err error) {
	if c.app.timeout <= 0 {
		return c.Conn.Write(p)
	}
	for len(p) > 0 && err == nil {
		var written int
		_ = c.SetWriteDeadline(time.Now().Add(c.app.timeout))
		written, err = c.Conn.Write(p[:min(len(p), pieceSize)])
		n, p = n+written, p[written:]
	}
	return n, err
}

func (c *conn) exchange(ctx context.Context, m *message) (*http.Response, error) {
	c.heard, c.reusable, c.whole = false, false, false
	// Closing is the one thing that a deadline set here meanwhile does not undo.
	c.unwatch = context.AfterFunc(ctx, func() { _ = c.Conn.Close() })
	patience := c.app.timeout
	sendErr := c.send(m)
	if sendErr != nil {
		if ctx.Err() != nil || isTimeout(sendErr) {
			return nil, sendErr
		}
		// The app may have answered, with a 413 for one, and closed without reading everything.
		patience = time.Second
	}
	res, err := c.receive(m, patience)
	if err != nil {
		if !c.heard && errors.Is(err, io.ErrUnexpectedEOF) {
			err = errSilent
		}
		return nil, errors.Join(sendErr, err)
	}
	return res, nil
}

// send writes the request.
func (c *conn) send(m *message) error {
	w := writers.Get().(*bufio.Writer)
	w.Reset(c)
	defer func() {
		w.Reset(nil)
		writers.Put(w)
	}()
	m.writeHead(w, c.app.keepAlive && m.mayKeep())
	if m.length == 0 {
		return w.Flush()
	}
	if m.length <= int64(w.Available()) { // one packet
		if _, err := io.CopyN(w, m.body, m.length); err != nil {
			return fmt.Errorf("legacy: the request body: %w", err)
		}
		return w.Flush()
	}
	if err := w.Flush(); err != nil {
		return err
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, err := io.CopyBuffer(writerOnly{c}, m.body, *buffer) // in memory it is written as it is
	if err == nil && n < m.length {
		err = io.ErrUnexpectedEOF // the app must not wait for the rest
	}
	if err != nil {
		return fmt.Errorf("legacy: the request body: %w", err)
	}
	return nil
}

type writerOnly struct{ io.Writer }

// receive reads the head of the answer.
func (c *conn) receive(m *message, patience time.Duration) (*http.Response, error) {
	if patience > 0 {
		_ = c.SetReadDeadline(time.Now().Add(patience))
	}
	c.room = maxHead
	var res *http.Response
	for {
		var err error
		if res, err = http.ReadResponse(c.in, &http.Request{Method: m.method}); err != nil {
			return nil, err
		}
		if res.StatusCode < 100 {
			return nil, fmt.Errorf("legacy: invalid status %q", res.Status)
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			break
		}
		// Nothing that the client has to know: it was told to continue when its body was read.
	}
	for name := range res.Header {
		if strings.Contains(name, " ") { // net/textproto takes them, and nobody sends them
			return nil, fmt.Errorf("legacy: invalid header name %q", name)
		}
	}
	c.room = -1
	if patience > 0 {
		_ = c.SetReadDeadline(time.Time{})
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		if to := strings.Join(res.Header["Upgrade"], ", "); m.upgrade == "" || !strings.EqualFold(to, m.upgrade) {
			return nil, fmt.Errorf("legacy: the app changes to protocol %q, the client asked for %q", to, m.upgrade)
		}
		return res, nil
	}
	// 204, 205 and 304 may have a content in Pants.
	bare := res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusResetContent || res.StatusCode == http.StatusNotModified
	if bare {
		res.Body = http.NoBody // net/http has done so, but for 205, which it takes for any other
	}
	c.reusable = c.app.keepAlive && m.mayKeep() && !res.Close && res.ContentLength >= 0 && !bare
	return res, nil
}

// end is the end of an exchange: the connection waits for another one if there can be one, else it is closed.
func (c *conn) end() {
	if c.unwatch() && c.reusable && c.whole && c.in.Buffered() == 0 {
		c.app.idle.put(c)
		return
	}
	_ = c.Conn.Close()
	c.in.Reset(nil)
	readers.Put(c.in)
	c.in = nil
}

// isTimeout tells that time ran out.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
