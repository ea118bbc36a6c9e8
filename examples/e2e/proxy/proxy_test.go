package proxy_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
)

// TestStop: nothing listens any more when the test that started it is over.
func TestStop(t *testing.T) {
	for _, test := range []struct {
		name  string
		start func(t *testing.T, address string)
	}{
		{"nginx", func(t *testing.T, address string) {
			proxy.Nginx(t, address, fmt.Sprintf("server { listen %s; return 204; }", address))
		}},
		{"haproxy", func(t *testing.T, address string) {
			proxy.HAProxy(t, address, fmt.Sprintf("frontend f\n\tbind %s\n\thttp-request return status 200\n", address))
		}},
		{"caddy", func(t *testing.T, address string) {
			proxy.Caddy(t, address, fmt.Sprintf("http://%s {\n\trespond 204\n}\n", address))
		}},
		{"apache", func(t *testing.T, address string) { proxy.Apache(t, address, nil, "") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := proxy.Address(t)
			t.Run("while it runs", func(t *testing.T) {
				test.start(t, address)
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				conn.Close()
			})
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				t.Error("it still accepts")
			}
		})
	}
}
