package pants

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// StartSSL makes the Server one for HTTPS: Listen and HTTPServer, called after it, take the certificate (chain) and the key from
// these PEM files, speak TLS 1.2 or later, and HTTP/2 to clients that can. Files that change are read again, within a second and
// without a restart; while the new ones do not parse or do not fit each other, the old pair stays in use and the log says why.
//
// The error tells that the files cannot be used, that the Server listens already, or that StartSSL was called before.
func (s *Server) StartSSL(certFile, keyFile string) error {
	s.prepare()
	c := &certificate{certFile: certFile, keyFile: keyFile, log: s.log()}
	if err := c.load(); err != nil {
		return fmt.Errorf("pants: StartSSL: %w", err)
	}
	s.order.Lock()
	defer s.order.Unlock()
	switch {
	case s.listened:
		return errors.New("pants: StartSSL after Listen")
	case s.certificate.Load() != nil:
		return errors.New("pants: StartSSL called twice")
	}
	s.certificate.Store(c)
	return nil
}

// certificate is a pair of files and what they held when they were last good.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   [2]fileVersion // what the last attempt found
	failed bool           // and whether it failed
	next   time.Time      // when to look again
}

// fileVersion tells a file that was changed or replaced. A change of the same length within the clock of the file system would
// pass unseen, which is why a failed attempt is repeated in any case.
type fileVersion struct {
	size     int64
	modified time.Time
	file     fs.FileInfo
}

func versionOf(name string) fileVersion {
	info, err := os.Stat(name)
	if err != nil {
		return fileVersion{size: -1}
	}
	return fileVersion{info.Size(), info.ModTime(), info}
}

func (v fileVersion) same(other fileVersion) bool {
	if v.file == nil || other.file == nil {
		return v.file == nil && other.file == nil
	}
	return v.size == other.size && v.modified.Equal(other.modified) && os.SameFile(v.file, other.file)
}

// certificateCheck is how often the files are looked at, at the most.
const certificateCheck = time.Second

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.After(c.next) {
		c.next = now.Add(certificateCheck)
		c.reload()
	}
	return c.pair, nil
}

// reload reads the files if they have changed, or could not be used the last time. mu is held.
func (c *certificate) reload() {
	seen := [2]fileVersion{versionOf(c.certFile), versionOf(c.keyFile)}
	changed := !seen[0].same(c.seen[0]) || !seen[1].same(c.seen[1])
	if !changed && !c.failed {
		return
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	c.seen, c.failed = seen, err != nil
	switch {
	case err == nil:
		c.pair = &pair
		c.log.Info("pants: certificate reloaded", "file", c.certFile)
	case changed:
		c.log.Error("pants: certificate not reloaded, the old one stays", "file", c.certFile, "error", err)
	}
}

func (c *certificate) load() error {
	c.seen = [2]fileVersion{versionOf(c.certFile), versionOf(c.keyFile)}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair = &pair
	return nil
}
