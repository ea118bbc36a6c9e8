//go:build !unix

package sendfile

import (
	"os"
	"syscall"
)

const openFlags = os.O_RDONLY

var unopenable []syscall.Errno
