package pants_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// A folder in which one may write but not read is good enough for a socket.
func TestListenUnixInAnUnreadableFolder(t *testing.T) {
	dir := filepath.Join(shortDir(t), "x")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o333)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "app.sock")
	s := newServer(t, pants.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		if os.Getuid() == 0 {
			runtime.LockOSThread() // and never unlock it: the thread ends, root reads every folder
			if err := syscall.Setfsuid(65534); err != nil {
				done <- err
				return
			}
		}
		if _, err := os.ReadDir(dir); err == nil {
			done <- errors.New("the folder can be read")
			return
		}
		done <- s.Listen(ctx, "unix://"+path, hello(s))
	}()
	var err error
	for ended := false; !ended; {
		select {
		case err = <-done:
			ended = true
		case <-time.After(10 * time.Millisecond):
			if conn, err := net.Dial("unix", path); err == nil {
				conn.Close()
				cancel()
			}
		}
	}
	if err != nil {
		t.Errorf("Listen = %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}
