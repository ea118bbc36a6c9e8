package pants_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"time"
)

// peerAddr is an address under which the server sees the client of a vector.
type peerAddr struct{ network, text string }

func (a peerAddr) Network() string { return a.network }
func (a peerAddr) String() string  { return a.text }

// vectorAddrs are the two ends of the connection as the server shall see them. The empty peer is a UNIX socket, whose
// nameless client Go calls "@".
func vectorAddrs(peer string) (local, remote net.Addr) {
	if peer == "" {
		return peerAddr{"unix", "/run/app.sock"}, peerAddr{"unix", "@"}
	}
	return peerAddr{"tcp", "127.0.0.1:80"}, peerAddr{"tcp", net.JoinHostPort(peer, "40000")}
}

// A vectorWire is one TCP connection to a server, watched from both ends: what was sent and read, written and received, and whether
// the server waits for more. That tells without sleeping when the server has gone quiet.
type vectorWire struct {
	net.Listener
	local, remote net.Addr
	client        net.Conn
	wake          chan struct{} // something below changed

	mu       sync.Mutex
	in       []byte // all that came back
	closed   bool   // by the server
	sent     int64  // by the client
	consumed int64  // by the server
	written  int64  // by the server
	reading  bool   // the server sits in Read
	state    http.ConnState
	running  int // requests inside of the outermost handler
	handlers int // recorded handlers at work, timers included
	requests int // that reached the outermost handler so far
	calls    int // of the recorded handler so far
}

// newWire listens on a port of its own.
func newWire(peer string) (*vectorWire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &vectorWire{Listener: l, wake: make(chan struct{}, 1)}
	w.local, w.remote = vectorAddrs(peer)
	return w, nil
}

// change runs f under the lock and wakes who waits.
func (w *vectorWire) change(f func()) {
	w.mu.Lock()
	f()
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Accept hands out connections with the addresses of the vector.
func (w *vectorWire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{TCPConn: c.(*net.TCPConn), w: w}, nil
}

// watch keeps the state of the connection, besides what the server does itself with it.
func (w *vectorWire) watch(s *http.Server) {
	own := s.ConnState
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if own != nil {
			own(c, state)
		}
		w.change(func() { w.state = state })
	}
}

// watchedConn is the server's end. The embedded TCPConn keeps sendfile(2) and half-closing as they are in real life.
type watchedConn struct {
	*net.TCPConn
	w *vectorWire
}

func (c *watchedConn) LocalAddr() net.Addr  { return c.w.local }
func (c *watchedConn) RemoteAddr() net.Addr { return c.w.remote }

func (c *watchedConn) Read(p []byte) (int, error) {
	c.w.change(func() { c.w.reading = true })
	n, err := c.TCPConn.Read(p)
	c.w.change(func() { c.w.reading = false; c.w.consumed += int64(n) })
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.w.change(func() { c.w.written += int64(n) })
	return n, err
}

func (c *watchedConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	c.w.change(func() { c.w.written += n })
	return n, err
}

// dial connects and collects what comes back.
func (w *vectorWire) dial() error {
	c, err := net.Dial("tcp", w.Listener.Addr().String())
	if err != nil {
		return err
	}
	w.client = c
	go func() {
		p := make([]byte, 64<<10)
		for {
			n, err := c.Read(p)
			w.change(func() { w.in = append(w.in, p[:n]...); w.closed = w.closed || err != nil })
			if err != nil {
				return
			}
		}
	}()
	return nil
}

// send writes chunk, waits until the server has gone quiet, and returns what came back and whether the connection is open.
// The server is quiet when it waits for the next request, has closed, or, with a request half sent, when it waits for the
// rest of it. The last cannot be told from a busy machine, so nothing must have happened for a while: a short one when enough
// has come back, else the time of patience.
func (w *vectorWire) send(chunk string, enough func(back string) bool, patience time.Duration) (back string, open bool, err error) {
	w.mu.Lock()
	from := len(w.in)
	w.sent += int64(len(chunk))
	w.mu.Unlock()
	go io.WriteString(w.client, chunk) // may block or fail, when the server closes without reading it

	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	const pause = 80 * time.Millisecond
	idle := time.NewTimer(pause)
	defer idle.Stop()
	last := time.Now()
	for {
		w.mu.Lock()
		waits := w.reading && w.consumed >= w.sent && w.written == int64(len(w.in))
		quiet := w.closed || waits && w.state == http.StateIdle && w.running == 0
		half := waits && w.handlers == 0 && (w.running == 0 || w.calls < w.requests)
		back, open = string(w.in[from:]), !w.closed
		w.mu.Unlock()
		if quiet {
			return back, open, nil
		}
		idle.Reset(pause)
		select {
		case <-w.wake:
			last = time.Now()
		case <-idle.C:
			if half && (enough(back) || time.Since(last) >= patience) {
				return back, open, nil
			}
		case <-limit.C:
			return back, open, errors.New("the server has not gone quiet in 20 s")
		}
	}
}

// endInput says that the client has no more to send, and waits for what the server makes of a request cut short.
func (w *vectorWire) endInput(patience time.Duration) (back string) {
	w.mu.Lock()
	from := len(w.in)
	w.mu.Unlock()
	w.client.(*net.TCPConn).CloseWrite()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		w.mu.Lock()
		back = string(w.in[from:])
		closed := w.closed
		w.mu.Unlock()
		if closed {
			return back
		}
		select {
		case <-w.wake:
		case <-limit.C:
			return back
		}
	}
}

// finish hangs up and waits until no handler runs any more.
func (w *vectorWire) finish() error {
	w.client.Close()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		w.mu.Lock()
		running := w.running + w.handlers
		w.mu.Unlock()
		if running == 0 {
			return nil
		}
		select {
		case <-w.wake:
		case <-limit.C:
			return errors.New("a handler still runs 20 s after the client has gone")
		}
	}
}

// wireAnswer is one answer as it stood on the wire.
type wireAnswer struct {
	status   int
	header   [][2]string
	body     string
	head     string // all bytes before the content
	framing  string // how the end of the content is known: none, length, chunked, close
	complete bool   // the end was seen
}

func (r wireAnswer) values(name string) []string {
	var all []string
	for _, h := range r.header {
		if strings.EqualFold(h[0], name) {
			all = append(all, h[1])
		}
	}
	return all
}

func (r wireAnswer) get(name string) string {
	if all := r.values(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// splitResponses cuts the bytes that came back into answers. methods are those of the requests, in order; without them
// every answer has content. rest is what is no answer.
func splitResponses(raw string, methods []string, closed bool) (all []wireAnswer, rest string) {
	answered := 0
	for raw != "" {
		head, tail, ok := strings.Cut(raw, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		words := strings.SplitN(lines[0], " ", 3)
		if !ok || len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/") {
			return all, raw
		}
		status, err := strconv.Atoi(words[1])
		if err != nil {
			return all, raw
		}
		r := wireAnswer{status: status, head: head + "\r\n\r\n"}
		for _, line := range lines[1:] {
			name, text, _ := strings.Cut(line, ":")
			r.header = append(r.header, [2]string{name, strings.Trim(text, " \t")})
		}
		method := ""
		if answered < len(methods) {
			method = methods[answered]
		}
		if status >= 200 || status == 101 {
			answered++
		}
		length, err := strconv.Atoi(r.get("Content-Length"))
		switch {
		case method == "HEAD" || status < 200 || status == 204 || status == 304:
			r.framing, r.complete = "none", true
		case strings.EqualFold(r.get("Transfer-Encoding"), "chunked"):
			r.framing = "chunked"
			b := bufio.NewReader(strings.NewReader(tail))
			body, err := io.ReadAll(httputil.NewChunkedReader(b))
			r.body = string(body)
			left, _ := io.ReadAll(b)
			tail = string(left)
			if r.complete = err == nil; r.complete {
				tail = strings.TrimPrefix(tail, "\r\n") // no trailers here
			}
		case err == nil && r.get("Content-Length") != "":
			r.framing, r.complete = "length", len(tail) >= length
			r.body, tail = tail[:min(length, len(tail))], tail[min(length, len(tail)):]
		default:
			r.framing, r.complete = "close", closed
			r.body, tail = tail, ""
		}
		all = append(all, r)
		raw = tail
	}
	return all, ""
}

// finalAnswers leaves out the 1xx answers.
func finalAnswers(all []wireAnswer) []wireAnswer {
	var list []wireAnswer
	for _, r := range all {
		if r.status >= 200 {
			list = append(list, r)
		}
	}
	return list
}
