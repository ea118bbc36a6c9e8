package pants

import (
	"os"
	"syscall"
)

// tmpfile is O_TMPFILE, which package syscall does not have.
const tmpfile = 0o20000000 | syscall.O_DIRECTORY

// unnamedFile is a new file that never has a name. Not every file system can make one.
func unnamedFile() (*os.File, error) {
	return os.OpenFile(os.TempDir(), os.O_RDWR|tmpfile, 0o600)
}
