//go:build unix

package pants

import "syscall"

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }

// setNonblock is about the socket: all processes that have it share the flag.
func setNonblock(socket syscall.Conn) {
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.SetNonblock(int(fd), true) })
	}
}
