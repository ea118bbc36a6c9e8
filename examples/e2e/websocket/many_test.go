package websocket_test

import (
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// A thousand connections that nothing happens on cost what the library and net/http need, and are closed by one drain.
func TestManyConnections(t *testing.T) {
	n := fewer(1000)
	for _, library := range libraries {
		for _, place := range places {
			t.Run(library.name+"/"+place.name, func(t *testing.T) {
				a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
				h := place.handler(t, a)
				check := nothingLeft(t)
				defer check()
				to := listen(t, "tcp", a.server, h)
				clients := make([]bareClient, n)
				before := memory()
				for i := range clients {
					clients[i] = dialBare(t, to)
					defer clients[i].Close()
					if res, content := clients[i].ask(t, handshake); res.StatusCode != http.StatusSwitchingProtocols {
						t.Fatalf("connection %d: %d %q", i, res.StatusCode, content)
					}
				}
				each := float64(memory()-before) / float64(n) / 1024
				start := time.Now()
				to.drain()
				for _, c := range clients {
					c.expectGoingAway(t)
				}
				if err := to.stop(); err != nil {
					t.Errorf("Listen = %v", err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("the drain took %v", took)
				} else {
					t.Logf("%s, %s: %d connections, %.1f KiB each, drained in %v", library.name, place.name, n, each, took.Round(time.Millisecond))
				}
			})
		}
	}
}

// memory is what the heap and the stacks take, the clients' part of some hundred bytes included.
func memory() int64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
