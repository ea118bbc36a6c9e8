package legacy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-pants/kit/pants"
)

// tunnelGrace is how long the app may still send to a client that sends no more.
const tunnelGrace = 10 * time.Second

// tunnel connects the client with the app, after the app has agreed to another protocol, until one side closes. When the app
// has closed, so is the client's connection; a client that only stops sending, or has gone, gets what the app sends in the
// next tunnelGrace. It does not wait for ever for either (golang/go#75807).
func (p *Proxy) tunnel(w http.ResponseWriter, r *pants.Request, c *conn, res *http.Response) {
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		p.logger().Error("legacy: no way to change the protocol", "method", r.Method(), "path", r.Path(), "error", err)
		refuse(w, http.StatusBadGateway)
		return
	}
	defer client.Close()
	_ = client.SetDeadline(time.Time{}) // net/http's were for a request
	_ = c.SetDeadline(time.Time{})
	h := w.Header()
	upgrade := res.Header.Get("Upgrade")
	writeHead(h, res, false)
	for _, name := range []string{"Connection", "Content-Length", "Upgrade"} {
		delete(h, name)
	}
	if err := writeSwitch(client, upgrade, h); err != nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		toApp(c, client, buffered.Reader)
	}()
	_ = pass(client, c.in)
	_ = client.Close()
	_ = c.Conn.Close()
	<-ended
}

// writeSwitch writes the head of the answer.
func writeSwitch(client io.Writer, upgrade string, h http.Header) error {
	w := bufio.NewWriter(client)
	_, _ = fmt.Fprintf(w, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n", upgrade)
	_ = h.Write(w)
	_, _ = w.WriteString("\r\n")
	return w.Flush()
}

// toApp copies what the client sends, beginning with what net/http had read already (golang/go#80875). The rest is read from the
// connection itself: net/http's reader takes the end of it for the end of the request, and cancels its context.
func toApp(c *conn, client net.Conn, early *bufio.Reader) {
	_, err := io.CopyN(c.Conn, early, int64(early.Buffered()))
	if err == nil {
		err = pass(c.Conn, client)
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && err == nil && half.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(c.app.grace))
		return
	}
	_ = c.Conn.Close()
}

// pass copies messages, which are short. The kernel's splice would hold two more descriptors for as long as a tunnel is open.
func pass(dst io.Writer, src io.Reader) error {
	_, err := io.CopyBuffer(writerOnly{dst}, readerOnly{src}, make([]byte, 4<<10))
	return err
}

type readerOnly struct{ io.Reader }

var (
	_ interface{ CloseWrite() error } = (*net.TCPConn)(nil)
	_ interface{ CloseWrite() error } = (*net.UnixConn)(nil)
)
