package sendfile

import (
	"io/fs"
	"os"
	"sync"
)

// workingDir is the working directory, opened.
type workingDir struct {
	root  *os.Root
	info  fs.FileInfo
	users int // who has it, and one while it is kept; guarded by kept
}

// kept is the directory that was the process's when a file was sent last, for all Senders: most programs stay where they are.
// Who has gone elsewhere holds on to it until the next file is sent.
var kept struct {
	sync.Mutex
	dir *workingDir
}

// openWorkingDir is the working directory as it is now, to be released. One look tells whether it is the one that was kept:
// while that is open no other directory has its number. (The same one may have another mount over it, if it was reached by
// another way.)
func openWorkingDir() (*workingDir, error) {
	info, err := os.Stat(".")
	if err != nil {
		return nil, err
	}
	kept.Lock()
	if d := kept.dir; d != nil && os.SameFile(d.info, info) {
		d.users++
		kept.Unlock()
		return d, nil
	}
	kept.Unlock()
	root, err := os.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	// The process may have moved between the look and the opening.
	if info, err = root.Stat("."); err != nil {
		_ = root.Close()
		return nil, err
	}
	d := &workingDir{root, info, 2} // the caller, and kept
	kept.Lock()
	before := kept.dir
	kept.dir = d
	kept.Unlock()
	if before != nil {
		before.release()
	}
	return d, nil
}

// release closes what nobody has any more.
func (d *workingDir) release() {
	kept.Lock()
	d.users--
	last := d.users == 0
	kept.Unlock()
	if last {
		_ = d.root.Close()
	}
}
