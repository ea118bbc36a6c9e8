//go:build !unix

package pants

import "syscall"

func closeOnExec(int) {}

func setNonblock(syscall.Conn) {}
