package pants

import (
	"io"
	"io/fs"
	"sync"
	"syscall"
)

// ReadFrom sends what src has. A regular file goes to the ReadFrom of the writer below, which may be the kernel's
// sendfile; for anything else the gate is not held while src is waited for.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	if isRegularFile(src) {
		return w.sendFrom(src)
	}
	return copyOver(w, src)
}

func (w *response) sendFrom(src io.Reader) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return 0, err
	}
	return io.Copy(w.w, src)
}

// regular is what the kernel can send from: an *os.File, or what its WriteTo makes of it.
type regular interface {
	io.Reader
	syscall.Conn
	Stat() (fs.FileInfo, error)
}

// isRegularFile tells readers that the kernel can send from, and that never make a reader wait for long.
func isRegularFile(src io.Reader) bool {
	if limited, ok := src.(*io.LimitedReader); ok {
		src = limited.R
	}
	file, ok := src.(regular)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// copyOver copies with one lock a write.
func copyOver(dst io.Writer, src io.Reader) (int64, error) {
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	return io.CopyBuffer(writerOnly{dst}, readerOnly{src}, *buffer)
}

type (
	writerOnly struct{ io.Writer }
	readerOnly struct{ io.Reader }
)

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}
