//go:build unix && !aix && (!solaris || illumos)

package pants_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// Anybody who can read a folder can lock it, and keep it locked: that must neither stop a server from listening nor from ending.
func TestListenUnixInALockedFolder(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "app.sock")
	held, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Listen(ctx, "unix://"+path, hello(s)) }()
	dialUntil(t, "unix", path).Close()
	if got := get(t, "unix", path); got != "hello " {
		t.Errorf("got %q", got)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Listen = %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Listen waits for the lock")
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}
