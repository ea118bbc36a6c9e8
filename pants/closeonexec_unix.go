//go:build unix

package pants

import "syscall"

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }
