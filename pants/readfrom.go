package pants

import (
	"io"
	"io/fs"
	"net/http"
	"strconv"
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
	return w.copyFile(w.w, src)
}

// copyFile gives a file to dst, which is w.w or a writer below. net/http sees to the announced length in Write but not in ReadFrom,
// so that has no more of the file than the length allows. mu is held, and the head is sent.
func (w *response) copyFile(dst http.ResponseWriter, src io.Reader) (total int64, err error) {
	length, err := strconv.ParseInt(w.head().Get("Content-Length"), 10, 64)
	if err != nil { // none
		return io.Copy(dst, src)
	}
	limited := asLimited(src)
	fits := &io.LimitedReader{R: limited.R, N: min(limited.N, max(0, length-w.written))}
	if fits.N > 0 {
		total, err = io.Copy(dst, fits)
		w.written += total
		limited.N -= total
	}
	if err != nil || fits.N > 0 || limited.N <= 0 {
		return total, err
	}
	n, err := copyOver(dst, limited) // Write refuses what is left, if anything is
	return total + n, err
}

// asLimited is src with a limit that can be read and moved: its own, or none.
func asLimited(src io.Reader) *io.LimitedReader {
	if limited, ok := src.(*io.LimitedReader); ok {
		return limited
	}
	return &io.LimitedReader{R: src, N: 1<<63 - 1}
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
