package websocket_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// fewer is n, or less of it where time is short.
func fewer(n int) int {
	if raceDetector || testing.Short() {
		return n / 25
	}
	return n
}

// Each library at each place over each transport: what the handler set arrives with the 101, messages of every kind come back as
// they were, and the end of Listen's context reaches every client as a close frame.
func TestEcho(t *testing.T) {
	for _, library := range libraries {
		for _, place := range places {
			for _, transport := range transports {
				t.Run(library.name+"/"+place.name+"/"+transport, func(t *testing.T) {
					a := &app{t: t, server: newServer(t, pants.Config{DrainTimeout: 10 * time.Second}), upgrade: library.upgrade}
					h := place.handler(t, a) // a sendfile.Sender has its root open
					check := nothingLeft(t)
					defer check()
					to := listen(t, transport, a.server, h)
					p := library.dial(t, to, dialOptions{})
					defer p.close()
					testAnswer(t, p, place.bare)
					testFrames(t, p, fewer(10_000))
					testLargeMessage(t, p)
					testParts(t, p)
					testPings(t, p, a)
					testCompression(t, library.dial, to)
					idle := library.dial(t, to, dialOptions{})
					defer idle.close()
					testDrain(t, to, p, idle)
				})
			}
		}
	}
}

// testAnswer looks at the answer to the upgrade.
func testAnswer(t *testing.T, p peer, bare bool) {
	t.Helper()
	h := p.answer().Header
	if p.answer().StatusCode != 101 || p.subprotocol() != subprotocol || h.Get("X-App") != "kit" {
		t.Errorf("%s, subprotocol %q, %v", p.answer().Status, p.subprotocol(), h)
	}
	var want []string
	if !bare {
		want = []string{`session="one\073 two"; Path=/`}
	}
	if got := h["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("Set-Cookie: %q, want %q", got, want)
	}
}

// messages are of every length that frames write in another way, most of them short.
type messages struct {
	lengths *rand.Rand
	content []byte
}

func newMessages() *messages {
	m := &messages{rand.New(rand.NewPCG(1, 2)), make([]byte, 128<<10)}
	for i := range m.content {
		m.content[i] = 'a' + byte(m.lengths.IntN(26))
	}
	return m
}

var edges = []int{0, 1, 125, 126, 127, 4095, 4096, 4097, 65535, 65536}

// next is message i.
func (m *messages) next(i int) (text bool, content []byte) {
	n := m.lengths.IntN(600)
	switch {
	case i < len(edges):
		n = edges[i]
	case i%50 == 0:
		n = m.lengths.IntN(65537)
	}
	start := m.lengths.IntN(len(m.content) - n + 1)
	return i%2 == 0, m.content[start : start+n]
}

// testFrames sends n messages, as fast as they go, while it reads what comes back.
func testFrames(t *testing.T, p peer, n int) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		m := newMessages()
		for i := range n {
			text, content := m.next(i)
			if err := p.send(text, content); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	m := newMessages()
	for i := range n {
		wantText, want := m.next(i)
		text, content, err := p.receive()
		if err != nil || text != wantText || !bytes.Equal(content, want) {
			p.close()
			t.Fatalf("message %d of %d bytes: %d bytes, text %v, %v; sending: %v", i, len(want), len(content), text, err, <-sent)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// echoed sends a message and waits for it to come back.
func echoed(p peer, content []byte) error {
	sent := make(chan error, 1)
	go func() { sent <- p.send(false, content) }()
	text, got, err := p.receive()
	if err != nil || text || !bytes.Equal(got, content) {
		p.close()
		return fmt.Errorf("a message of %d bytes: %d bytes, text %v, %w; sending: %w", len(content), len(got), text, err, <-sent)
	}
	return <-sent
}

var large = bytes.Repeat([]byte("0123456789abcdef"), 1<<20)

func testLargeMessage(t *testing.T, p peer) {
	t.Helper()
	if err := echoed(p, large[:fewer(len(large))]); err != nil {
		t.Fatal(err)
	}
}

// testParts sends one message in several frames.
func testParts(t *testing.T, p peer) {
	t.Helper()
	part := []byte(strings.Repeat("part", 25_000))
	sent := make(chan error, 1)
	go func() { sent <- p.sendParts(part, part, part) }()
	text, got, err := p.receive()
	if err != nil || !text || !bytes.Equal(got, slices.Concat(part, part, part)) {
		t.Errorf("a message in three frames: %d bytes, text %v, %v", len(got), text, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// testPings pings in both directions.
func testPings(t *testing.T, p peer, a *app) {
	t.Helper()
	before, pong := a.pongs.Load(), p.ping()
	deadline := time.Now().Add(5 * time.Second)
	for seen := false; !seen || a.pongs.Load() == before; {
		if err := echoed(p, []byte(askForPing)); err != nil { // pings and pongs are seen while one reads
			t.Fatal(err)
		}
		select {
		case <-pong:
			seen = true
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the client's ping was answered: %v, the server's: %d times", seen, a.pongs.Load()-before)
		}
	}
}

// countedConn counts the bytes on the wire.
type countedConn struct {
	net.Conn
	in, out atomic.Int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Add(int64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.out.Add(int64(n))
	return n, err
}

// testCompression sends messages that shrink, and looks at the wire.
func testCompression(t *testing.T, dial dialFunc, to *target) {
	t.Helper()
	var count countedConn
	p := dial(t, to, dialOptions{compress: true, connect: func(ctx context.Context) (_ net.Conn, err error) {
		count.Conn, err = to.dial(ctx)
		return &count, err
	}})
	defer p.close()
	if got := p.answer().Header.Get("Sec-Websocket-Extensions"); !strings.HasPrefix(got, "permessage-deflate") {
		t.Fatalf("Sec-WebSocket-Extensions: %q", got)
	}
	before := [2]int64{count.out.Load(), count.in.Load()}
	const n, size = 10, 64 << 10
	for i := range n {
		if err := echoed(p, bytes.Repeat([]byte{'a' + byte(i)}, size)); err != nil {
			t.Fatal(err)
		}
	}
	if out, in := count.out.Load()-before[0], count.in.Load()-before[1]; out > n*size/20 || in > n*size/20 {
		t.Errorf("%d bytes sent and %d received for %d", out, in, n*size)
	}
}

// testDrain ends Listen's context: each client sees a close frame that says why, and Listen has nothing to complain of.
func testDrain(t *testing.T, to *target, peers ...peer) {
	t.Helper()
	start := time.Now()
	to.drain()
	for i, p := range peers {
		_, content, err := p.receive()
		if err == nil || p.closeCode(err) != 1001 {
			t.Errorf("client %d: %q, %v; want the close frame 1001", i, content, err)
		}
	}
	if err := to.stop(); err != nil {
		t.Errorf("Listen = %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the drain took %v", took)
	}
}
