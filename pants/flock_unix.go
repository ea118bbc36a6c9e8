//go:build unix && !aix && (!solaris || illumos)

package pants

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockTime is how long lockFolder waits for others. They need a moment each; but whoever can read a folder can lock it, for ever.
const lockTime = time.Second

// lockFolder takes the lock on the folder of path, if that can be had: a folder that cannot be read, a file system without locks
// and a lock that somebody keeps are no reason not to listen, or not to end.
func lockFolder(path string) (unlock func()) {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return func() {}
	}
	for until := time.Now().Add(lockTime); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			break
		}
	}
	return func() { _ = folder.Close() }
}
