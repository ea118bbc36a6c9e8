package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Conn is a connection that requests are sent over, one after the other.
type Conn struct {
	net.Conn
	reader *bufio.Reader
	bytes  int // read for the request that is under way
	served int
}

// NewConn returns a Conn.
func NewConn(conn net.Conn) *Conn {
	c := &Conn{Conn: conn}
	c.reader = bufio.NewReader(c)
	return c
}

func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes += n
	return n, err
}

// Ask sends r and checks the answer, for which there is that much time. last asks the server to close the connection. reusable
// tells whether the connection may be asked again.
func (c *Conn) Ask(r *Request, last bool, limit time.Duration) (o Outcome, reusable bool, err error) {
	_ = c.SetDeadline(time.Now().Add(limit))
	c.bytes = 0
	c.served++
	_, sendErr := c.Write(r.wire(last)) // the server may have answered all the same
	res, err := http.ReadResponse(c.reader, &http.Request{Method: r.Method})
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Late, false, err
	case c.bytes == 0 && c.served == 1:
		return Reset, false, errors.Join(sendErr, err)
	case c.bytes == 0:
		return Unanswered, false, errors.Join(sendErr, err)
	case isEnd(err):
		return Cut, false, fmt.Errorf("in the head, after %d bytes: %w", c.bytes, err)
	default:
		return Wrong, false, err
	}
	o, err = Judge(r, res)
	if n := c.reader.Buffered(); o <= Busy && n > 0 {
		return Wrong, false, fmt.Errorf("%d bytes after the answer", n)
	}
	return o, o <= Busy && !res.Close && sendErr == nil, err
}

// Judge reads res and says what it is.
func Judge(r *Request, res *http.Response) (Outcome, error) {
	content := &watched{r: res.Body}
	defer content.Close()
	res.Body = content
	if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "" && r.Deferrable {
		if _, err := io.Copy(io.Discard, content); err != nil {
			return ended(err), err
		}
		return Busy, nil
	}
	err := r.Check(res)
	switch {
	case err == nil:
		return Right, nil
	case content.err != nil:
		return ended(content.err), fmt.Errorf("after %d bytes of the content: %w", content.n, content.err)
	}
	return Wrong, err
}

func ended(err error) Outcome {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return Late
	}
	return Cut
}

func isEnd(err error) bool {
	var netErr *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &netErr)
}

// watched remembers why a body ended before its end.
type watched struct {
	r   io.ReadCloser
	n   int
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += n
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (w *watched) Close() error { return w.r.Close() }
