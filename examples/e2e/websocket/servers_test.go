// Package websocket_test runs the servers of two WebSocket libraries, each as its documents show it, everywhere a handler of
// the kit can be.
package websocket_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-pants/kit/pants"
	gorilla "github.com/gorilla/websocket"
)

// app echoes messages until its client leaves or its server drains.
type app struct {
	t        *testing.T
	server   *pants.Server
	upgrade  upgradeFunc
	ignorant bool // of Draining

	pongs  atomic.Int64 // answers to the pings that clients ask for
	failed atomic.Int64 // upgrades
}

// conn is what the two libraries' connections have in common.
type conn interface {
	echo() error // one message
	goAway()     // what a server says that is about to stop
	close()
}

const (
	subprotocol = "echo.v2"
	askForPing  = "ping me"
	maxMessage  = 32 << 20
	closeWait   = 3 * time.Second // for the client's answer to a close frame
)

type (
	upgradeFunc func(a *app, w http.ResponseWriter, hr *http.Request) (conn, error)
	dialFunc    func(t *testing.T, to *target, o dialOptions) peer
)

// libraries are the servers. Their clients are the other library's: a mistake would go unseen that both sides make.
var libraries = []struct {
	name    string
	upgrade upgradeFunc
	dial    dialFunc
}{
	{"gorilla", upgradeGorilla, dialCoder},
	{"coder", upgradeCoder, dialGorilla},
}

// serve upgrades a request and echoes. It reports whether the connection was taken over; otherwise the library has answered. r
// is the kit's request, where there is one.
func (a *app) serve(w http.ResponseWriter, hr *http.Request, r *pants.Request) bool {
	w.Header().Set("X-App", "kit")
	if r != nil {
		r.CookiesOut().Set("session", "one; two").Path = "/"
		// Only libraries that write the head of the 101 through w send CookiesOut by themselves; now they are in its header map.
		if err := r.SendCookies(); err != nil && !errors.Is(err, pants.ErrFinished) {
			a.t.Error(err)
		}
	}
	c, err := a.upgrade(a, w, hr)
	if err != nil {
		a.failed.Add(1)
		return false
	}
	defer c.close()
	ended := make(chan struct{})
	defer close(ended)
	if !a.ignorant {
		go func() {
			select {
			case <-a.server.Draining():
				c.goAway()
			case <-ended:
			}
		}()
	}
	for c.echo() == nil {
	}
	return true
}

// ServeHTTP is for where handlers are those of net/http.
func (a *app) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	a.serve(w, hr, pants.FromContext(hr.Context()))
}

type gorillaConn struct {
	*gorilla.Conn
	a *app
}

func upgradeGorilla(a *app, w http.ResponseWriter, hr *http.Request) (conn, error) {
	u := gorilla.Upgrader{Subprotocols: []string{subprotocol}, EnableCompression: true}
	c, err := u.Upgrade(w, hr, w.Header()) // it writes the head by itself, of what it is given
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(maxMessage)
	c.SetPongHandler(func(string) error { a.pongs.Add(1); return nil })
	return &gorillaConn{c, a}, nil
}

func (c *gorillaConn) echo() error {
	kind, message, err := c.ReadMessage()
	if err != nil {
		return err
	}
	if string(message) == askForPing {
		if err := c.WriteControl(gorilla.PingMessage, nil, time.Now().Add(time.Second)); err != nil {
			return err
		}
	}
	// After a close frame nothing may follow, but the client's is still to be read.
	if err := c.WriteMessage(kind, message); err != nil && !errors.Is(err, gorilla.ErrCloseSent) {
		return err
	}
	return nil
}

func (c *gorillaConn) goAway() {
	_ = c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(gorilla.CloseGoingAway, "restarting"), time.Now().Add(time.Second))
	_ = c.NetConn().SetReadDeadline(time.Now().Add(closeWait))
}

func (c *gorillaConn) close() { _ = c.Close() }

type coderConn struct {
	*websocket.Conn
	a *app
}

func upgradeCoder(a *app, w http.ResponseWriter, hr *http.Request) (conn, error) {
	c, err := websocket.Accept(w, hr, &websocket.AcceptOptions{
		Subprotocols:    []string{subprotocol},
		CompressionMode: websocket.CompressionNoContextTakeover,
	})
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(maxMessage)
	return &coderConn{c, a}, nil
}

// The request's context is done when its handler has returned, which under Request.Go is at once.
func (c *coderConn) echo() error {
	kind, message, err := c.Read(context.Background())
	if err != nil {
		return err
	}
	if string(message) == askForPing {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if c.Ping(ctx) == nil {
				c.a.pongs.Add(1)
			}
		}()
	}
	return c.Write(context.Background(), kind, message)
}

func (c *coderConn) goAway() { _ = c.Close(websocket.StatusGoingAway, "restarting") }

func (c *coderConn) close() { _ = c.CloseNow() }
