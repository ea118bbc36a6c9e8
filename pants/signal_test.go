package pants_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// runChild listens as the documentation of Listen shows.
func runChild(t *testing.T, address string) {
	s := newServer(t, pants.Config{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := s.Listen(ctx, address, s.Handler(func(r *pants.Request) {
		if r.Path() == "/stuck" {
			_ = r.Send("stuck")
			_ = flush(r)
			select {}
		}
		_ = r.SendResponse("hello " + r.RemoteIP())
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// One signal drains; a second one ends the process at once, also when a handler never returns.
func TestSignals(t *testing.T) {
	for _, signals := range []int{1, 2} {
		address := freeAddress(t)
		command := exec.Command(os.Args[0], "-test.run", "^TestChildThatListens$")
		command.Env = append(os.Environ(), "PANTS_TEST_LISTEN="+address)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- command.Wait() }()
		conn := dialUntil(t, "tcp", address)
		defer conn.Close()
		if signals == 2 {
			_, _ = io.WriteString(conn, "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n")
		} else {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if signals == 2 {
			select {
			case err := <-done:
				t.Fatalf("it has ended after one signal: %v", err)
			case <-time.After(time.Second):
			}
			if err := command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case err := <-done:
			var status *exec.ExitError
			switch killed := errors.As(err, &status) && status.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM; {
			case signals == 1 && err != nil:
				t.Errorf("one signal: %v, want a clean end", err)
			case signals == 2 && !killed:
				t.Errorf("two signals: %v, want an end by SIGTERM", err)
			}
		case <-time.After(5 * time.Second):
			_ = command.Process.Kill()
			t.Fatalf("%d signals: it has not ended", signals)
		}
	}
}
