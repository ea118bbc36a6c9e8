package websocket_test

import (
	"fmt"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/pants"
)

// Through real nginx, which hands an upgrade on when it is told to.
func TestNginx(t *testing.T) {
	for _, library := range libraries {
		for _, transport := range []string{"tcp", "unix"} {
			t.Run(library.name+"/"+transport, func(t *testing.T) {
				proxy.Need(t, "nginx")
				a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
				to := listen(t, transport, a.server, places[len(places)-1].handler(t, a))
				upstream := to.address
				if to.network == "unix" {
					upstream = "unix:" + to.address + ":"
				}
				front := &target{network: "tcp", address: proxy.Address(t)}
				proxy.Nginx(t, front.address, fmt.Sprintf(`server {
		listen %s;
		location / {
			proxy_pass http://%s;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";
		}
	}`, front.address, upstream))
				p := library.dial(t, front, dialOptions{})
				defer p.close()
				testAnswer(t, p, false)
				testFrames(t, p, fewer(10_000))
				testLargeMessage(t, p)
				testParts(t, p)
				testPings(t, p, a)
				testCompression(t, library.dial, front)
				idle := library.dial(t, front, dialOptions{})
				defer idle.close()
				testDrain(t, to, p, idle)
			})
		}
	}
}
