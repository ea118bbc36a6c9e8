package legacy

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
)

// hijackedConn is a connection that a handler took over. Whoever switches protocols writes the head of the answer itself: it is
// kept, and nothing behind it.
type hijackedConn struct {
	net.Conn

	mu   sync.Mutex
	head []byte
	done bool // head is complete, or longer than any
}

// maxSwitchHead is the longest head that is waited for.
const maxSwitchHead = 64 << 10

var _ io.ReaderFrom = (*hijackedConn)(nil)

func (c *hijackedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.head = append(c.head, p[:min(n, maxSwitchHead)]...)
		c.done = len(c.head) >= maxSwitchHead || bytes.Contains(c.head, []byte("\r\n\r\n"))
	}
	return n, err
}

// ReadFrom lets the kernel copy what comes behind the head.
func (c *hijackedConn) ReadFrom(src io.Reader) (int64, error) {
	c.mu.Lock()
	done := c.done
	c.mu.Unlock()
	if below, ok := c.Conn.(io.ReaderFrom); ok && done {
		return below.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{c}, src)
}

// NetConn is the connection below, that of TLS too, for whoever needs the *net.TCPConn.
func (c *hijackedConn) NetConn() net.Conn {
	if secure, ok := c.Conn.(interface{ NetConn() net.Conn }); ok {
		return secure.NetConn()
	}
	return c.Conn
}

// answer is the head of the answer that was written, nil if there was none.
func (c *hijackedConn) answer() *http.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(c.head)), nil)
	if err != nil {
		return nil
	}
	return res
}

// halfConn is a hijackedConn that can be closed for writing only.
type halfConn struct {
	*hijackedConn
	closeWrite func() error
}

func (c halfConn) CloseWrite() error { return c.closeWrite() }

// asConn is c with a CloseWrite if the connection below has one.
func (c *hijackedConn) asConn() net.Conn {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return halfConn{c, half.CloseWrite}
	}
	return c
}
