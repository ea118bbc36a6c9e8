//go:build !linux

package proxy

import "os/exec"

// killWithParent is only possible on Linux.
func killWithParent(*exec.Cmd) {}
