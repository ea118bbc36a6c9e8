package drain_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/load"
	"github.com/go-pants/kit/examples/e2e/proxy"
)

// mix is what clients ask for, by weight.
var mix = map[string]int{"short": 70, "deferred": 15, "echo": 8, "download": 4, "range": 2, "events": 1}

// under runs the load of clients that keep their connections, and of others that do not, while f does something.
func under(t *testing.T, network, address string, rate int, f func()) (fresh, kept *load.Load) {
	t.Helper()
	dial := func() (net.Conn, error) { return net.DialTimeout(network, address, 5*time.Second) }
	fresh = &load.Load{Dial: dial, Mix: mix, Rate: rate / 2, Most: 50, Limit: 15 * time.Second}
	kept = &load.Load{Dial: dial, Mix: mix, Rate: rate / 2, Most: 50, Limit: 15 * time.Second, Kept: true, Idle: 100}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var running sync.WaitGroup
	for name, l := range map[string]*load.Load{"fresh": fresh, "kept": kept} {
		running.Add(1)
		go func() {
			defer running.Done()
			start := time.Now()
			n := l.Run(ctx)
			t.Logf("%s connections: %d requests in %v: %v", name, n, time.Since(start).Round(time.Millisecond), &l.Tally)
		}()
	}
	f()
	cancel()
	running.Wait()
	return fresh, kept
}

// judge fails the test if anything went wrong that must not. allowed are outcomes that clients have to live with.
func judge(t *testing.T, s *site, name string, l *load.Load, allowed ...load.Outcome) {
	t.Helper()
	may := map[load.Outcome]bool{load.Right: true, load.Busy: true}
	for _, o := range allowed {
		may[o] = true
	}
	bad := false
	for o := load.Right; o <= load.Late; o++ {
		if n := l.Tally.Count(o); n > 0 && !may[o] {
			t.Errorf("%s connections: %d %v", name, n, o)
			bad = true
		}
	}
	if bad {
		t.Log(strings.Join(l.Tally.Errors(), "\n"))
	}
	if l.Tally.Count(load.Right) == 0 {
		t.Errorf("%s connections: no right answer: nothing is shown", name)
	}
	handled := s.handled()
	for id, n := range handled {
		if n != 1 {
			t.Errorf("request %s was handled %d times", id, n)
		}
	}
	for _, id := range l.Tally.IDs(load.Reset) {
		if handled[id] > 0 {
			t.Errorf("request %s was handled, and its connection reset", id)
		}
	}
	lost := 0
	for _, id := range l.Tally.IDs(load.Unanswered) {
		lost += handled[id]
	}
	if n := l.Tally.Count(load.Unanswered); n > 0 {
		t.Logf("%s connections: %d of %d unanswered requests had reached a handler", name, lost, n)
	}
}

// inherited is a site whose socket the test holds.
func inherited(t *testing.T, network string) (s *site, address string) {
	t.Helper()
	address = "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(proxy.Folder(t), "app.sock")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s = newSite(t, "systemd:")
	if s.socket, err = l.(interface{ File() (*os.File, error) }).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.socket.Close() })
	return s, l.Addr().String()
}

// Servers that come and go on a socket that somebody keeps: clients do not notice. A connection that nobody has accepted when a
// server closes its descriptor stays in the queue of the socket, for the next.
func TestRollingRestart(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			s, address := inherited(t, network)
			now := s.start()
			wait(t, network, address)
			fresh, kept := under(t, network, address, 2000, func() {
				time.Sleep(300 * time.Millisecond)
				for range 2 {
					next := s.start() // both serve for a while
					time.Sleep(300 * time.Millisecond)
					t.Logf("drained in %v, while another serves", now.stop())
					now = next
				}
				t.Logf("drained in %v, while nobody serves", now.stop())
				now = s.start()
				time.Sleep(300 * time.Millisecond)
			})
			t.Logf("drained in %v at last", now.stop())
			judge(t, s, "fresh", fresh)
			judge(t, s, "kept", kept, load.Unanswered)
		})
	}
}

// A server that opens its socket itself has to end before the next can.
func TestTakeover(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := proxy.Address(t)
			text := address
			if network == "unix" {
				address = filepath.Join(proxy.Folder(t), "app.sock")
				text = "unix://" + address
			}
			s := newSite(t, text)
			now := s.start()
			wait(t, network, address)
			fresh, kept := under(t, network, address, 2000, func() {
				time.Sleep(300 * time.Millisecond)
				for range 2 {
					next := s.start() // it tries until it has the address
					time.Sleep(300 * time.Millisecond)
					t.Logf("drained in %v, while another waits for the address", now.stop())
					now = next
				}
				t.Logf("drained in %v", now.stop())
				now = s.start()
				time.Sleep(300 * time.Millisecond)
			})
			t.Logf("drained in %v at last", now.stop())
			// Closing a TCP socket resets who waits in its queue, and somebody always may. A unix socket has lost its name before.
			after := []load.Outcome{load.Refused}
			if network == "tcp" {
				after = append(after, load.Reset)
			}
			judge(t, s, "fresh", fresh, after...)
			judge(t, s, "kept", kept, append(after, load.Unanswered)...)
		})
	}
}
