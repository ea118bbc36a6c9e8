//go:build unix

package pants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
)

// listenUnix makes a unix socket. Processes that do so in one folder take turns, so that none removes what the other has just
// made.
func listenUnix(ctx context.Context, a address) (*listener, error) {
	defer lockFolder(a.text)()
	if err := removeStale(a.text); err != nil {
		return nil, err
	}
	config := net.ListenConfig{}
	if a.hasMode {
		// On Linux the file gets the mode of the descriptor, less the umask: there is no moment with other rights. Elsewhere
		// this does nothing.
		config.Control = func(_, _ string, conn syscall.RawConn) error {
			return conn.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(a.mode)) })
		}
	}
	l, err := config.Listen(ctx, "unix", a.text)
	if err != nil {
		if errors.Is(err, syscall.EINVAL) && len(a.text) > 103 {
			err = fmt.Errorf("%d bytes are too long for the path of a unix socket: %w", len(a.text), err)
		}
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove the socket of a process that came after
	made, err := os.Lstat(a.text)
	if err == nil && a.hasMode {
		err = os.Chmod(a.text, a.mode)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(a.text), l.Close())
	}
	out := newListener(l)
	// Once, and while the socket is open: the next file may get the same inode afterwards.
	out.unlink = sync.OnceFunc(func() { removeOwn(a.text, made) })
	return out, nil
}

// removeStale removes a socket that nobody serves any more.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and no socket: %w", path, fs.ErrExist)
	}
	conn, err := net.Dial("unix", path)
	switch {
	case err == nil:
		return errors.Join(fmt.Errorf("somebody serves %s: %w", path, syscall.EADDRINUSE), conn.Close())
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return fmt.Errorf("%s may be in use: %w", path, err)
}

// removeOwn removes the socket unless another one has its name by now.
func removeOwn(path string, made fs.FileInfo) {
	defer lockFolder(path)()
	if now, err := os.Lstat(path); err == nil && os.SameFile(made, now) {
		_ = os.Remove(path)
	}
}
