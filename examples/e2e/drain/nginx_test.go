package drain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/load"
	"github.com/go-pants/kit/examples/e2e/proxy"
)

// Clients of nginx do not notice a rolling restart: no 502, and nothing is cut off, though nginx keeps connections to the app.
func TestRollingRestartBehindNginx(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			s, upstream := inherited(t, network)
			if network == "unix" {
				upstream = "unix:" + upstream
			}
			now := s.start()
			front := proxy.Address(t)
			proxy.Nginx(t, front, fmt.Sprintf(`upstream app { server %s; keepalive 32; }
	server {
		listen %s;
		keepalive_requests 1000000;
		location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
	}`, upstream, front))
			fresh, kept := under(t, "tcp", front, 1000, func() {
				time.Sleep(300 * time.Millisecond)
				for range 3 {
					next := s.start()
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
			judge(t, s, "kept", kept)
			if n := kept.Tally.Count(load.Right); n == 0 {
				t.Error("no right answer")
			}
		})
	}
}
