package legacy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/go-pants/kit/pants"
)

// answer hands the answer on: everything as it comes, nothing later than it came.
func (p *Proxy) answer(w http.ResponseWriter, hr *http.Request, r *pants.Request, c *conn, res *http.Response) {
	replaced := p.offers && namesFile(res)
	writeHead(w.Header(), res, replaced)
	w.WriteHeader(res.StatusCode)
	if replaced {
		return // a Sender has sent the file, and what the app sends besides may have no end
	}
	sent, err := copyContent(w, c, res)
	switch {
	case err == nil:
		c.whole = true
		return
	case hr.Context().Err() == nil && !errors.Is(err, errClient):
		p.logger().Error("legacy: answer cut off by the app", "method", r.Method(), "path", r.Path(), "backend", p.name,
			"status", res.StatusCode, "bytes", sent, "error", err)
	}
	// The client must not take what it got for the whole.
	panic(http.ErrAbortHandler)
}

// namesFile tells an answer that a Sender in front replaces.
func namesFile(res *http.Response) bool {
	return res.StatusCode == http.StatusOK && (res.Header.Get("X-Sendfile") != "" || res.Header.Get("X-Accel-Redirect") != "")
}

// writeHead puts the app's headers into h. Where a middleware has set one of the same name, the app's counts, as a handler's
// does; only the two that everybody adds to are added to.
func writeHead(h http.Header, res *http.Response, replaced bool) {
	for name := range tokens(res.Header["Connection"]) { // net/http has taken it away where it says close
		res.Header.Del(name)
	}
	for _, name := range connectionHeaders {
		delete(res.Header, name)
	}
	for name, values := range res.Header {
		if name == "Set-Cookie" || name == "Vary" {
			values = append(h[name], values...)
		}
		h[name] = values
	}
	if !replaced && res.Header["Content-Type"] == nil {
		h["Content-Type"] = nil // net/http would guess one, and what the app takes for text may look like HTML
	}
}

// errClient marks an error of the client's connection.
var errClient = errors.New("legacy: writing to the client")

// copyContent copies the content and returns how much it was. Before it waits for the app, what has come is on its way to the
// client.
func copyContent(w http.ResponseWriter, c *conn, res *http.Response) (sent int64, err error) {
	if res.Body == http.NoBody {
		return 0, nil
	}
	flush := http.NewResponseController(w).Flush
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		if c.in.Buffered() == 0 {
			_ = flush()
		}
		n, err := res.Body.Read(*buffer)
		if n > 0 {
			written, err := w.Write((*buffer)[:n])
			sent += int64(written)
			if err != nil {
				return sent, errors.Join(errClient, err)
			}
		}
		switch {
		case err == io.EOF:
			return sent, nil
		case err != nil:
			_ = flush() // the client gets what there is
			return sent, err
		}
	}
}

// fail answers for an app that did not.
func (p *Proxy) fail(w http.ResponseWriter, hr *http.Request, r *pants.Request, err error) {
	if errors.Is(hr.Context().Err(), context.Canceled) {
		refuse(w, http.StatusServiceUnavailable) // for the log of a middleware: the client is gone
		return
	}
	status := http.StatusBadGateway
	if isTimeout(err) || hr.Context().Err() != nil {
		status = http.StatusGatewayTimeout
	}
	p.logger().Error("legacy: no answer from the app", "method", r.Method(), "path", r.Path(), "backend", p.name,
		"status", status, "after", r.Time(), "error", err)
	refuse(w, status)
}

// refuse answers with a short text.
func refuse(w http.ResponseWriter, status int) {
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	h := w.Header()
	h["Content-Type"] = []string{"text/plain"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // net/http leaves it out of the answer to a HEAD
}
