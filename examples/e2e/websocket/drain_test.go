package websocket_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// A handler that does not watch Draining is cut off after DrainTimeout, and Listen says so.
func TestHandlerIgnoresDraining(t *testing.T) {
	const limit = 100 * time.Millisecond
	for _, library := range libraries {
		for _, place := range places {
			for _, transport := range transports {
				t.Run(library.name+"/"+place.name+"/"+transport, func(t *testing.T) {
					t.Parallel()
					a := &app{t: t, server: newServer(t, pants.Config{DrainTimeout: limit}), upgrade: library.upgrade, ignorant: true}
					to := listen(t, transport, a.server, place.handler(t, a))
					p := library.dial(t, to, dialOptions{})
					defer p.close()
					if err := echoed(p, []byte("hello")); err != nil {
						t.Fatal(err)
					}
					start := time.Now()
					to.drain()
					if _, content, err := p.receive(); err == nil || p.closeCode(err) != -1 {
						t.Errorf("the client got %q, %v; want the end of the connection", content, err)
					}
					err := to.stop()
					if took := time.Since(start); took < limit || took > 5*time.Second {
						t.Errorf("the drain took %v", took)
					}
					if err == nil || !strings.Contains(err.Error(), "not finished after 100ms: 1 hijacked connections left") {
						t.Errorf("Listen = %v", err)
					}
				})
			}
		}
	}
}

// A WebSocket that a client opens over a connection it has kept, while the server drains, is closed with the others. Where the
// handler returns before the upgrade, the kit may be faster: it answers 503.
func TestUpgradeWhileDraining(t *testing.T) {
	for _, library := range libraries {
		for _, place := range places {
			t.Run(library.name+"/"+place.name, func(t *testing.T) {
				a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
				h := place.handler(t, a)
				check := nothingLeft(t)
				defer check()
				to := listen(t, "tcp", a.server, h)
				b := dialBare(t, to)
				defer b.Close()
				if res, content := b.ask(t, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n"); res.Close {
					t.Fatalf("before the drain: %d %q, and the end of the connection", res.StatusCode, content)
				}
				to.drain()
				<-a.server.Draining()
				res, content := b.ask(t, handshake)
				switch {
				case res.StatusCode == 101 && res.Header.Get("Connection") == "Upgrade":
					b.expectGoingAway(t)
				case place.deferred && res.StatusCode == 503 && res.Header.Get("Retry-After") != "":
				default:
					t.Errorf("%d %q, %v", res.StatusCode, content, res.Header)
				}
				if err := to.stop(); err != nil {
					t.Errorf("Listen = %v", err)
				}
			})
		}
	}
}
