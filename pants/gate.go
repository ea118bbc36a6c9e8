package pants

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// gate is a writer below a response, seen through the response's gate: what Unwrap gives away must not be a way around it.
// Writing to it commits no cookies, but counts as having sent the head.
type gate struct {
	res *response
	w   http.ResponseWriter
}

// wrapping is a gate before a writer that has writers below itself.
type wrapping struct{ gate }

func gated(res *response, w http.ResponseWriter) http.ResponseWriter {
	if _, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return &wrapping{gate{res, w}}
	}
	return &gate{res, w}
}

func (g *wrapping) Unwrap() http.ResponseWriter {
	return gated(g.res, g.w.(interface{ Unwrap() http.ResponseWriter }).Unwrap())
}

// enter takes the lock and reports whether the gate is open; leave gives it back.
func (g *gate) enter(commits bool) error {
	g.res.mu.Lock()
	if g.res.over() {
		return g.res.closedError()
	}
	if commits && g.res.state == open {
		h := g.res.head()
		if err := checkHeader(h); err != nil {
			return g.res.refuse(err)
		}
		g.res.headGoes(h)
	}
	return nil
}

func (g *gate) leave() { g.res.mu.Unlock() }

func (g *gate) Header() http.Header { return g.res.Header() }

func (g *gate) WriteHeader(status int) {
	if status < 200 || status > 999 {
		g.res.WriteHeader(status) // which passes or refuses it; Hijack has to know of a 101 that was refused
		return
	}
	defer g.leave()
	if g.enter(true) == nil {
		g.w.WriteHeader(status)
	}
}

func (g *gate) Write(p []byte) (int, error) {
	defer g.leave()
	if err := g.enter(true); err != nil {
		return 0, err
	}
	return g.res.count(g.w.Write(p))
}

func (g *gate) ReadFrom(src io.Reader) (int64, error) {
	if !isRegularFile(src) {
		return copyOver(g, src)
	}
	defer g.leave()
	if err := g.enter(true); err != nil {
		return 0, err
	}
	return g.res.copyFile(g.w, src)
}

func (g *gate) Flush() { _ = g.FlushError() }

func (g *gate) FlushError() error {
	defer g.leave()
	if err := g.enter(true); err != nil {
		return err
	}
	return http.NewResponseController(g.w).Flush()
}

func (g *gate) Hijack() (net.Conn, *bufio.ReadWriter, error) { return g.res.Hijack() }

func (g *gate) SetReadDeadline(t time.Time) error { return g.res.SetReadDeadline(t) }

func (g *gate) SetWriteDeadline(t time.Time) error { return g.res.SetWriteDeadline(t) }

func (g *gate) EnableFullDuplex() error { return g.res.EnableFullDuplex() }
