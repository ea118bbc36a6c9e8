//go:build unix

package sendfile

import (
	"os"
	"syscall"
)

// Without O_NONBLOCK opening a FIFO waits for a writer, for ever; Apache and
// Caddy hang on one. It changes nothing for regular files, sendfile(2)
// included. O_NOCTTY: a terminal must not become ours by being asked for.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY

// unopenable is what opening a socket or a device without driver says.
var unopenable = []syscall.Errno{syscall.ENXIO, syscall.ENODEV, syscall.EOPNOTSUPP}
