package pants_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// A process that has no descriptors left lives: who connects waits, is answered when there are some again, and the log is not
// filled with it.
func TestOutOfDescriptors(t *testing.T) {
	if address := os.Getenv("PANTS_TEST_FEW"); address != "" {
		s := newServer(t, pants.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := s.Listen(ctx, address, hello(s)); err != nil {
			t.Fatal(err)
		}
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("no limit for descriptors on Windows")
	}
	address := freeAddress(t)
	command := exec.Command("sh", "-c", `ulimit -n 40; exec "$0" "$@"`, os.Args[0], "-test.run", "^TestOutOfDescriptors$")
	command.Env = append(os.Environ(), "PANTS_TEST_FEW="+address)
	var log strings.Builder
	command.Stderr = &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	defer func() { _ = command.Process.Kill() }()
	dialUntil(t, "tcp", address).Close()

	const n = 100
	answered := make(chan net.Conn, n)
	come := func() {
		conn := dialUntil(t, "tcp", address)
		go func() {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Errorf("a connection ends with %v", err)
				return
			}
			if _, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 {
				t.Errorf("a connection gets %d, %v", res.StatusCode, err)
			}
			answered <- conn
		}()
	}
	for range n {
		come()
	}
	time.Sleep(400 * time.Millisecond)
	if held := len(answered); held == 0 || held >= 40 {
		t.Errorf("%d of %d connections were answered with 40 descriptors", held, n)
	}
	// One client goes and the next has its place, again and again, while more come.
	leave := func() {
		select {
		case conn := <-answered:
			conn.Close()
		case <-time.After(5 * time.Second):
			t.Fatal("nobody is answered any more")
		}
	}
	for range 100 {
		leave()
		come()
		time.Sleep(5 * time.Millisecond)
	}
	for range n {
		leave()
	}
	if res, err := http.Get("http://" + address); err != nil || res.StatusCode != 200 {
		t.Errorf("afterwards: %v, %v", res, err)
	} else {
		res.Body.Close()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if n := strings.Count(log.String(), "too many open files"); n < 1 || n > 3 {
		t.Errorf("%d complaints in some seconds:\n%.2000s", n, log.String())
	}
}
