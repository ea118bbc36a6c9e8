package websocket_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/pants"
)

const site = "app.example"

// target is a server that listens, as its clients see it.
type target struct {
	network, address string
	tls              *tls.Config  // nil without TLS
	drain            func()       // ends Listen's context
	stop             func() error // does so too, and returns what Listen did
}

// transports are the ways from client to server.
var transports = []string{"tcp", "unix", "tls"}

// listen lets the app's server listen until the test ends, with h as its handler.
func listen(t *testing.T, transport string, server *pants.Server, h http.Handler) *target {
	t.Helper()
	to := &target{network: "tcp"}
	switch transport {
	case "unix":
		to.network, to.address = "unix", filepath.Join(proxy.Folder(t), "app.sock")
	case "tls":
		certificate, key := proxy.Certificate(t, site)
		if err := server.StartSSL(certificate, key); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(certificate)
		if err != nil {
			t.Fatal(err)
		}
		to.tls = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: site}
		to.tls.RootCAs.AppendCertsFromPEM(text)
		to.address = proxy.Address(t)
	default:
		to.address = proxy.Address(t)
	}
	where := to.address
	if to.network == "unix" {
		where = "unix://" + to.address
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var result error
	go func() {
		defer close(ended)
		result = server.Listen(ctx, where, h)
	}()
	to.drain = cancel
	to.stop = func() error { cancel(); <-ended; return result }
	t.Cleanup(func() { _ = to.stop() })
	return to
}

// dial waits for the server to be there.
func (to *target) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		conn, err := d.DialContext(ctx, to.network, to.address)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return conn, err
		}
	}
}

// url is the server's, for a WebSocket or for plain HTTP.
func (to *target) url(websocket bool) string {
	scheme := "http"
	if websocket {
		scheme = "ws"
	}
	if to.tls != nil {
		scheme += "s"
	}
	return scheme + "://" + site + "/"
}

// newServer is one whose warnings and errors fail the test.
func newServer(t *testing.T, c pants.Config) *pants.Server {
	t.Helper()
	c.Log = slog.New(slog.NewTextHandler(failing{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := pants.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

type failing struct{ t *testing.T }

func (f failing) Write(p []byte) (int, error) {
	f.t.Errorf("logged: %s", p)
	return len(p), nil
}

// nothingLeft returns a function that fails the test if there are more goroutines or descriptors than now.
func nothingLeft(t *testing.T) (check func()) {
	t.Helper()
	// What the runtime opens with the first connection stays open.
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	return func() {
		t.Helper()
		if t.Failed() {
			return // what goes on then is not told from what was left
		}
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			g, d := runtime.NumGoroutine(), openDescriptors(t)
			if g <= goroutines && d <= descriptors {
				return
			}
			if time.Now().After(deadline) {
				stacks := make([]byte, 64<<10)
				t.Errorf("%d goroutines, %d before; %d descriptors, %d before\n%s", g, goroutines, d, descriptors, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	}
}

// openDescriptors is 0 where the system does not tell.
func openDescriptors(t *testing.T) int {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil && err != io.EOF {
		t.Error(err)
	}
	return len(names)
}
