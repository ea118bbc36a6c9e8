package pants

import (
	"io"
	"net"
	"sync"
)

// hijacked are the connections that were taken over and are not closed yet.
type hijacked struct {
	mu       sync.Mutex
	conns    map[*trackedConn]struct{} // by address: what net.Conn holds may be no key
	changing int                       // hands just now: net/http has let go of them perhaps, and not handed them out
}

// changeHands is called with 1 before a connection is taken over, and with -1 when it is tracked.
func (h *hijacked) changeHands(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changing += n
}

// track notes that conn was taken over. What it returns is conn, but says when it is closed.
func (s *Server) track(conn net.Conn) net.Conn {
	h := &s.hijacked
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conns == nil {
		h.conns = map[*trackedConn]struct{}{}
	}
	tracked := &trackedConn{conn, h}
	h.conns[tracked] = struct{}{}
	if half, ok := conn.(halfCloser); ok {
		return &halfClosingConn{tracked, half}
	}
	return tracked
}

func (h *hijacked) forget(conn *trackedConn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, conn)
}

func (h *hijacked) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns) + h.changing
}

func (h *hijacked) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.conns {
		_ = conn.Conn.Close()
	}
	clear(h.conns)
}

type trackedConn struct {
	net.Conn
	among *hijacked
}

func (c *trackedConn) Close() error {
	defer c.among.forget(c) // not before: closing TLS sends a last word
	return c.Conn.Close()
}

// NetConn is the connection as net/http had it, as in tls.Conn.
func (c *trackedConn) NetConn() net.Conn { return c.Conn }

// innermostConn is the connection to the kernel, below TLS and what else is around it.
func innermostConn(conn net.Conn) net.Conn {
	for {
		outer, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = outer.NetConn()
	}
}

// ReadFrom and WriteTo leave copying between connections to the kernel where it can.
func (c *trackedConn) ReadFrom(src io.Reader) (int64, error) { return io.Copy(c.Conn, src) }

func (c *trackedConn) WriteTo(dst io.Writer) (int64, error) { return io.Copy(dst, c.Conn) }

type halfCloser interface{ CloseWrite() error }

// halfClosingConn can end one direction; httputil.ReverseProxy hands on the end of an upgraded connection so.
type halfClosingConn struct {
	*trackedConn
	half halfCloser
}

func (c *halfClosingConn) CloseWrite() error { return c.half.CloseWrite() }
