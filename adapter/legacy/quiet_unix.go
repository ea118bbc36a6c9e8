//go:build unix

package legacy

import (
	"net"
	"syscall"
)

// isQuiet tells whether a connection is open and nothing has come over it, without waiting.
func isQuiet(c net.Conn) bool {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Read(func(fd uintptr) bool {
		var p [1]byte
		_, err := syscall.Read(int(fd), p[:])
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && quiet
}
