package pants

import (
	"bytes"
	"fmt"
	"net"
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

// SetWriteIdle changes how long a write of s may wait for its client. Call it before HTTPServer.
func SetWriteIdle(s *Server, d time.Duration) { s.writeIdle = d }

// ParseAddress is what Listen makes of an address: its network, text and mode.
func ParseAddress(text string, secure bool) (string, error) {
	a, err := parseAddress(text, secure)
	if err != nil {
		return "", err
	}
	if a.hasMode {
		return fmt.Sprintf("%s %s %04o", a.network, a.text, a.mode), nil
	}
	return a.network + " " + a.text, nil
}

// LookAtCertificate lets the next handshake look at the files, however long ago the last one did.
func LookAtCertificate(s *Server) {
	c := s.certificate.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = time.Time{}
}

// Stoppable is a listener of Listen, and how it is told to stop.
func Stoppable(l net.Listener) (_ net.Listener, stop func()) {
	out := newListener(l)
	return out, out.stop
}

// Sign and Verify are those of one secret, in the format of gorilla/securecookie.
func Sign(secret []byte, name string, unix int64, value []byte) (string, error) {
	return newSigners([][]byte{secret})[0].sign(name, unix, value)
}

func Verify(secret []byte, name, signed string) ([]byte, bool) {
	return newSigners([][]byte{secret})[0].verify(name, signed)
}
