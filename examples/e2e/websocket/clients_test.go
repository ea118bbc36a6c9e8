package websocket_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

// peer is a client.
type peer interface {
	send(text bool, content []byte) error
	sendParts(parts ...[]byte) error // one text message, each part a frame
	receive() (text bool, content []byte, err error)
	ping() (pong <-chan struct{}) // seen while somebody receives
	answer() *http.Response
	subprotocol() string
	closeCode(error) int // what the close frame said that ended receive; -1 if there was none
	close()
}

type dialOptions struct {
	compress bool
	connect  func(ctx context.Context) (net.Conn, error) // nil: to the target
}

// dialer is o.connect as the libraries want it.
func (o dialOptions) dialer(to *target) func(ctx context.Context, network, address string) (net.Conn, error) {
	if o.connect == nil {
		o.connect = to.dial
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return o.connect(ctx) }
}

type gorillaPeer struct {
	*gorilla.Conn
	res   *http.Response
	pongs chan struct{}
}

func dialGorilla(t *testing.T, to *target, o dialOptions) peer {
	t.Helper()
	d := gorilla.Dialer{
		NetDialContext:    o.dialer(to),
		TLSClientConfig:   to.tls,
		HandshakeTimeout:  10 * time.Second,
		WriteBufferSize:   128 << 10, // a message longer than that is in several frames
		Subprotocols:      []string{"echo.v1", subprotocol},
		EnableCompression: o.compress,
	}
	c, res, err := d.Dial(to.url(true), nil)
	if err != nil {
		t.Fatalf("%v, %+v", err, res)
	}
	c.SetReadLimit(maxMessage)
	p := &gorillaPeer{c, res, make(chan struct{}, 1)}
	c.SetPongHandler(func(string) error { p.pongs <- struct{}{}; return nil })
	return p
}

func (p *gorillaPeer) send(text bool, content []byte) error {
	kind := gorilla.BinaryMessage
	if text {
		kind = gorilla.TextMessage
	}
	return p.WriteMessage(kind, content)
}

// sendParts knows that a message written with NextWriter is cut where the buffer is full.
func (p *gorillaPeer) sendParts(parts ...[]byte) error {
	w, err := p.NextWriter(gorilla.TextMessage)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

func (p *gorillaPeer) receive() (bool, []byte, error) {
	_ = p.SetReadDeadline(time.Now().Add(20 * time.Second))
	kind, content, err := p.ReadMessage()
	return kind == gorilla.TextMessage, content, err
}

func (p *gorillaPeer) ping() <-chan struct{} {
	_ = p.WriteControl(gorilla.PingMessage, []byte("p"), time.Now().Add(time.Second))
	return p.pongs
}

func (p *gorillaPeer) answer() *http.Response { return p.res }

func (p *gorillaPeer) subprotocol() string { return p.Subprotocol() }

func (p *gorillaPeer) closeCode(err error) int {
	var closed *gorilla.CloseError
	if errors.As(err, &closed) && closed.Code != gorilla.CloseAbnormalClosure { // that one is made up
		return closed.Code
	}
	return -1
}

func (p *gorillaPeer) close() { _ = p.Close() }

type coderPeer struct {
	*websocket.Conn
	res *http.Response
}

func dialCoder(t *testing.T, to *target, o dialOptions) peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	options := &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext:     o.dialer(to),
			TLSClientConfig: to.tls,
		}},
		Subprotocols: []string{"echo.v1", subprotocol},
	}
	if o.compress {
		options.CompressionMode = websocket.CompressionNoContextTakeover
	}
	c, res, err := websocket.Dial(ctx, to.url(true), options)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(maxMessage)
	return &coderPeer{c, res}
}

func (p *coderPeer) send(text bool, content []byte) error {
	kind := websocket.MessageBinary
	if text {
		kind = websocket.MessageText
	}
	return p.Write(context.Background(), kind, content)
}

func (p *coderPeer) sendParts(parts ...[]byte) error {
	w, err := p.Writer(context.Background(), websocket.MessageText)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

func (p *coderPeer) receive() (bool, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	kind, content, err := p.Read(ctx)
	return kind == websocket.MessageText, content, err
}

func (p *coderPeer) ping() <-chan struct{} {
	pong := make(chan struct{}, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if p.Ping(ctx) == nil {
			pong <- struct{}{}
		}
	}()
	return pong
}

func (p *coderPeer) answer() *http.Response { return p.res }

func (p *coderPeer) subprotocol() string { return p.Subprotocol() }

func (p *coderPeer) closeCode(err error) int { return int(websocket.CloseStatus(err)) }

func (p *coderPeer) close() { _ = p.CloseNow() }
