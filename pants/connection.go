package pants

import (
	"bufio"
	"net"
)

// Connection is the client's connection as far as the current request is concerned, for protocols on top of HTTP such as
// WebSocket. Most handlers need nothing of it.
//
// WebSocket libraries are given Request.Writer and Request.HTTP and take the connection over themselves. What they refuse they
// answer, but in a Pants handler a response is finished by Request.Finish: defer it, or give the library to Request.Serve. Those
// that send the 101 with WriteHeader (coder/websocket) send the headers and CookiesOut along. Those that write it themselves
// (gorilla/websocket) send the headers they are given: after SendCookies, Writer.Header() is all of it.
type Connection struct{ req *Request }

// Connection is the connection the request came over.
func (r *Request) Connection() *Connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &r.lazy().conn
}

// CurrentRequest is the request that is being answered; nil when its response is finished.
func (c *Connection) CurrentRequest() *Request {
	if c.req.res.isEnded() {
		return nil
	}
	return c.req
}

// Finish is Request.Finish.
func (c *Connection) Finish() error { return c.req.Finish() }

// Close drops the connection without an answer, or in the middle of one. On HTTP/2 only the request's stream is dropped. It
// takes effect when the handler has returned. ErrFinished tells that the response is over already.
func (c *Connection) Close() error {
	w := &c.req.res
	if w.isEnded() {
		return w.closedError()
	}
	w.lock()
	defer w.mu.Unlock()
	if w.state == finished {
		return w.closedError()
	}
	w.abort()
	w.finish()
	return nil
}

// Hijack takes the connection over, as http.Hijacker does. The response is finished then; the connection is the caller's to
// close. http.ErrNotSupported (errors.Is) tells that there is none to take, as on HTTP/2.
func (c *Connection) Hijack() (net.Conn, *bufio.ReadWriter, error) { return c.req.res.Hijack() }

// RemoteAddr is the network address of the peer, a proxy perhaps; Request.RemoteIP is the client's.
func (c *Connection) RemoteAddr() string { return c.req.in.RemoteAddr }
