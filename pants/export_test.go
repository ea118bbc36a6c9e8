package pants

import (
	"bytes"
	"os"
	"testing"
	"time"
)

// SetClock freezes the time that cookies and caching headers of s depend on. Call it before the first request.
func SetClock(s *Server, now func() time.Time) { s.clock = now }

// ParseForm is parseMultipart with the limits of l, of a body in memory or in a file.
func ParseForm(data []byte, boundary string, l Limits, inFile bool) (post map[string][]string, files map[string][]*File, err error) {
	body := &spool{}
	memory := int64(len(data))
	if inFile {
		memory = -1
	}
	if err := body.fill(bytes.NewReader(data), int64(len(data)), memory, 0); err != nil {
		return nil, nil, err
	}
	f, err := parseMultipart(body, boundary, l.withDefaults(), 1<<40)
	return f.post, f.files, err
}

// SetBodyIdle changes how long a body may stall, until the test ends.
func SetBodyIdle(t *testing.T, d time.Duration) {
	old := bodyIdle
	bodyIdle = d
	t.Cleanup(func() { bodyIdle = old })
}

// SetTemporaryFile changes where bodies on disk go, until the test ends.
func SetTemporaryFile(t *testing.T, f func() (*os.File, error)) {
	old := temporaryFile
	temporaryFile = f
	t.Cleanup(func() { temporaryFile = old })
}

// BodiesInMemory is what Config.MemoryBudget counts.
func BodiesInMemory() int64 { return bodiesInMemory.Load() }

// UnnamedFile and UnlinkedFile are the two ways to a temporary file.
var UnnamedFile, UnlinkedFile = unnamedFile, unlinkedFile
