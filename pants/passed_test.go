package pants_test

import (
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Whether an accept waits in the kernel is said by a flag that all processes with the socket share: one that passes the socket on
// (systemd, os/exec) clears it for all. The drain ends in time all the same, and nobody has to connect for it.
func TestDrainOfASocketMadeBlocking(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sockets are passed on Windows")
	}
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			address := "127.0.0.1:0"
			if network == "unix" {
				address = filepath.Join(shortDir(t), "app.sock")
			}
			l, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			out, stop := passed(t, l, "systemd:", "LISTEN_FDS=1", false)
			if stop == nil {
				t.Fatalf("it has ended: %s", out)
			}
			makeBlocking(t, l)
			if got := get(t, network, l.Addr().String()); got[:5] != "hello" { // the next accept may wait in the kernel
				t.Errorf("got %q", got)
			}
			ended := make(chan error, 1)
			time.Sleep(100 * time.Millisecond)
			go func() { ended <- stop() }()
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("it ended with %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("the drain waits for somebody to connect")
				if conn, err := net.Dial(network, l.Addr().String()); err == nil {
					conn.Close()
				}
				<-ended
			}
		})
	}
}

// makeBlocking does what os/exec does to a listener that is passed on.
func makeBlocking(t *testing.T, l net.Listener) {
	t.Helper()
	file := listenerFile(t, l)
	defer file.Close()
	file.Fd()
}
