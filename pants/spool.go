package pants

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// bodiesInMemory counts the bytes of bodies that all Servers of the process hold in memory (Config.MemoryBudget).
var bodiesInMemory atomic.Int64

// spool holds the bytes of one body: in memory, or in one temporary file. The file has no name any more, so it vanishes with
// its descriptor, also when the process is killed. Parts of the body are sections of the spool.
type spool struct {
	mem  []byte
	file *os.File // nil: in memory
	size int64

	mu       sync.Mutex
	holders  int   // the request, and readers that File.Open gave out
	reserved int64 // of bodiesInMemory
}

var errReleased = fmt.Errorf("pants: the request is over and its temporary file gone: %w", os.ErrClosed)

// ReadAt reads the body.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if s.file == nil {
		if off >= int64(len(s.mem)) {
			return 0, io.EOF
		}
		n := copy(p, s.mem[off:])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	n, err := s.file.ReadAt(p, off)
	if errors.Is(err, os.ErrClosed) {
		err = errReleased
	}
	return n, err
}

// bytes is size bytes of the body from off; a copy if they are on disk.
func (s *spool) bytes(off, size int64) ([]byte, error) {
	if s.file == nil {
		return s.mem[off : off+size : off+size], nil
	}
	p := make([]byte, size)
	n, err := s.ReadAt(p, off)
	if int64(n) == size {
		return p, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("pants: reading a body back: %w", err)
}

// reader reads size bytes of the body from off.
func (s *spool) reader(off, size int64) sectionReader {
	if s.file == nil {
		return bytes.NewReader(s.mem[off : off+size])
	}
	return io.NewSectionReader(s, off, size)
}

type sectionReader interface {
	io.ReadSeeker
	io.ReaderAt
}

// hold keeps the file open for one more holder; false when it is gone.
func (s *spool) hold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders == 0 {
		return false
	}
	s.holders++
	return true
}

// release is the end of one holder; that of the last one closes the file.
func (s *spool) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders == 0 {
		return
	}
	if s.holders--; s.holders > 0 {
		return
	}
	if s.file != nil {
		_ = s.file.Close() // nothing of it is wanted any more
	}
	bodiesInMemory.Add(-s.reserved)
	s.reserved = 0
}

// fill reads src to its end: into memory up to limit bytes, and as far as the budget of the process allows; beyond that all of
// it into a file. announced is the Content-Length, or -1. A file that cannot be written is an error with a 507 or 500.
func (s *spool) fill(src io.Reader, announced, limit, budget int64) error {
	s.mu.Lock()
	s.holders = 1
	s.mu.Unlock()
	if announced <= limit {
		done, err := s.fillMemory(src, announced, limit, budget)
		if done || err != nil {
			return err
		}
	}
	return s.fillFile(src)
}

// fillMemory is done at the end of src; not done when the body has to move to a file.
func (s *spool) fillMemory(src io.Reader, announced, limit, budget int64) (done bool, err error) {
	// What a client announces is worth only so much memory before it is seen.
	size := int64(512)
	if announced >= 0 {
		size = min(announced, 128<<10) + 1 // one more byte to see the end
	}
	if !s.reserve(size, budget) {
		return false, nil
	}
	s.mem = make([]byte, 0, size)
	for {
		if len(s.mem) == cap(s.mem) {
			if int64(len(s.mem)) > limit {
				return false, nil
			}
			size := min(2*int64(cap(s.mem)), limit+1)
			if announced > int64(len(s.mem)) {
				// Who has sent this much may be trusted with more: what is copied now is a small part of it.
				size = min(16*int64(cap(s.mem)), announced+1)
			}
			if !s.reserve(size-int64(cap(s.mem)), budget) {
				return false, nil
			}
			bigger := make([]byte, len(s.mem), size)
			copy(bigger, s.mem)
			s.mem = bigger
		}
		n, err := src.Read(s.mem[len(s.mem):cap(s.mem)])
		s.mem = s.mem[:len(s.mem)+n]
		s.size += int64(n)
		switch {
		case err == io.EOF:
			return s.size <= limit, nil
		case err != nil:
			return false, err
		}
	}
}

func (s *spool) reserve(n, budget int64) bool {
	if bodiesInMemory.Add(n) > budget && budget > 0 {
		bodiesInMemory.Add(-n)
		return false
	}
	s.reserved += n
	return true
}

// fillFile writes what is in memory, and the rest of src, to a temporary file.
func (s *spool) fillFile(src io.Reader) error {
	file, err := temporaryFile()
	if err != nil {
		return diskRefusal(err)
	}
	s.file = file
	if len(s.mem) > 0 {
		if _, err := file.Write(s.mem); err != nil {
			return diskRefusal(err)
		}
	}
	s.mem = nil
	bodiesInMemory.Add(-s.reserved)
	s.reserved = 0

	buffer := spoolBuffers.Get().(*[]byte)
	defer spoolBuffers.Put(buffer)
	for {
		n, err := src.Read(*buffer)
		if n > 0 {
			if _, err := file.Write((*buffer)[:n]); err != nil {
				return diskRefusal(err)
			}
			s.size += int64(n)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

var spoolBuffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

// temporaryFile is a new file for this process alone, which is nowhere in the file system. Only tests change it.
var temporaryFile = func() (*os.File, error) {
	if file, err := unnamedFile(); err == nil {
		return file, nil
	}
	return unlinkedFile()
}

// unlinkedFile has a name for a moment: a process that is killed in it leaves an empty file.
func unlinkedFile() (*os.File, error) {
	file, err := os.CreateTemp("", "pants-body-") // mode 0600
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// diskRefusal answers a body that cannot be stored: it is not the client's fault, and a shorter body must not be taken for it.
func diskRefusal(err error) error {
	status := http.StatusInternalServerError
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		status = http.StatusInsufficientStorage
	}
	return &refusal{status, fmt.Errorf("pants: storing the request body: %w", err)}
}
