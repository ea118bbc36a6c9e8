package main

import (
	"os/exec"
	"syscall"
)

// endWithParent ends the server when the tour is killed. In a process group of its own it does not see the terminal's
// Ctrl-C: the tour does, and ends it when the app is drained.
func endWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
