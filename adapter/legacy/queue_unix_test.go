//go:build unix

package legacy_test

import (
	"net"
	"syscall"
	"testing"
)

// shrinkQueue lets one connection wait at l.
func shrinkQueue(t *testing.T, l *net.TCPListener) {
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) }); err != nil {
		t.Fatal(err)
	}
}
