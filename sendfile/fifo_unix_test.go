//go:build unix

package sendfile_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func mkfifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Skip(err)
	}
}

func TestSendSocket(t *testing.T) {
	root, err := os.MkdirTemp("", "s") // the address of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	l, err := net.Listen("unix", filepath.Join(root, "socket"))
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	s := newSender(t, sendfile.Config{Root: root})
	if res, _, err := send(t, s, newRequest("GET"), "socket", nil); res.StatusCode != 404 || !errors.Is(err, sendfile.ErrNotRegular) {
		t.Errorf("Send = %d, %v", res.StatusCode, err)
	}
}
