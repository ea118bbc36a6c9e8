package proxy

import (
	"os/exec"
	"syscall"
)

func killWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
