package sendfile

import (
	"io/fs"
	"os"
)

// workingDir is the root of a Sender without Root, kept open because most programs never leave it.
type workingDir struct {
	root *os.Root
	info fs.FileInfo
}

// workingDir is the working directory as it is now. One look tells whether it is the one that was kept: while that is open no
// other directory can have its number. The one before is closed by the garbage collector, since somebody may be using it.
func (s *Sender) workingDir() (*os.Root, error) {
	info, err := os.Stat(".")
	if err != nil {
		return nil, err
	}
	if kept := s.kept.Load(); kept != nil && os.SameFile(kept.info, info) {
		return kept.root, nil
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	// The process may have moved between the look and the opening.
	if info, err = root.Stat("."); err != nil {
		_ = root.Close()
		return nil, err
	}
	s.kept.Store(&workingDir{root, info})
	return root, nil
}
