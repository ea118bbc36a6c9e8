package legacy

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// store is the directory of a Recorder and what may still go into it.
type store struct {
	dir      string // absolute
	perShape int
	maxFiles int
	maxBytes int64
	log      *slog.Logger

	stopped atomic.Bool // read without mu: once recording is over, requests pay nothing for it
	pending sync.WaitGroup

	mu       sync.Mutex
	shapes   map[string]int // by mark, with those in flight
	files    int
	bytes    int64
	inFlight int
	told     bool  // the log was
	err      error // what went wrong, if that is why it stopped
}

// maxInFlight bounds the memory of recordings that are not on disk yet: of unfinished answers, or on a disk that hangs. Requests
// over it are not recorded.
const maxInFlight = 100

// open makes the directory, or counts what is in it.
func (s *store) open() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	s.shapes = make(map[string]int)
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another Recorder's temporary file
		}
		if err != nil {
			return err
		}
		s.bytes += info.Size()
		if isRecording(entry.Name()) {
			s.files++
			s.shapes[markOf(entry.Name())]++
		}
	}
	probe, err := os.CreateTemp(s.dir, temporaryName)
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

const temporaryName = ".recording-*"

// reserve takes a place for one recording of the shape. It is given back by release, or used by start.
func (s *store) reserve(mark string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped.Load():
		return false
	case s.bytes >= s.maxBytes:
		s.stop(fmt.Sprintf("there are %d bytes in the directory", s.bytes), nil)
		return false
	case s.files >= s.maxFiles:
		s.stop(fmt.Sprintf("there are %d files in the directory", s.files), nil)
		return false
	case s.files+s.inFlight >= s.maxFiles, s.inFlight >= maxInFlight, s.shapes[mark] >= s.perShape:
		return false
	}
	s.shapes[mark]++
	s.inFlight++
	return true
}

// release gives a place back.
func (s *store) release(mark string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	if s.shapes[mark]--; s.shapes[mark] == 0 {
		delete(s.shapes, mark) // or a client who never waits for an answer fills the map
	}
}

// start runs f on a goroutine of its own, for it to use the place; close waits for it. If f reports that it stored nothing, or
// recording is over, the place is given back.
func (s *store) start(mark string, f func() (stored bool)) {
	s.mu.Lock()
	over := s.stopped.Load()
	if !over {
		s.pending.Add(1)
	}
	s.mu.Unlock()
	if over {
		s.release(mark)
		return
	}
	go func() {
		defer s.pending.Done()
		if !f() {
			s.release(mark)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
		s.files++
	}()
}

// put writes one recording.
func (s *store) put(at time.Time, method, target, mark string, data []byte) (stored bool) {
	size := int64(len(data))
	s.mu.Lock()
	fits := s.bytes+size <= s.maxBytes
	if !fits {
		s.stop(fmt.Sprintf("%d bytes more do not fit in the directory", size), nil)
	}
	if !fits || s.err != nil {
		s.mu.Unlock()
		return false
	}
	s.bytes += size
	s.mu.Unlock()
	if err := s.write(at, method, target, mark, data); err != nil {
		s.fail(err)
		return false
	}
	return true
}

// fail ends recording over an error.
func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop("a recording cannot be stored", err)
}

// stop ends recording, with one line in the log. mu is held.
func (s *store) stop(why string, err error) {
	s.stopped.Store(true)
	if s.told {
		return
	}
	s.told, s.err = true, err
	if err != nil {
		s.log.Error("legacy: recording stopped", "dir", s.dir, "why", why, "err", err)
		return
	}
	s.log.Warn("legacy: recording stopped", "dir", s.dir, "why", why)
}

// write stores data under a name that no file has yet, all of it or nothing.
func (s *store) write(at time.Time, method, target, mark string, data []byte) (err error) {
	file, err := os.CreateTemp(s.dir, temporaryName) // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	for range 1000 {
		if err = publish(file.Name(), filepath.Join(s.dir, fileName(at, method, target, mark))); !errors.Is(err, fs.ErrExist) {
			return err
		}
		at = at.Add(time.Microsecond)
	}
	return err
}

// publish gives the file its name. A link never replaces a file; where there are no links, one that is there is at least seen.
func publish(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}

// close stops recording and waits for what is being written.
func (s *store) close() error {
	s.mu.Lock() // start has counted its goroutine, or sees that it is over
	s.stopped.Store(true)
	s.mu.Unlock()
	s.pending.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
