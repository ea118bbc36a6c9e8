package pants_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// writePair writes a certificate for the name that signs itself, and its key.
func writePair(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// served is the name in the certificate that a new connection is shown.
func served(t *testing.T, address string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestStartSSL(t *testing.T) {
	s := newServer(t, pants.Config{})
	dir := t.TempDir()
	cert, key := writePair(t, dir, "one")
	if err := s.StartSSL(filepath.Join(dir, "none.pem"), key); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := s.StartSSL(key, cert); err == nil {
		t.Error("files the wrong way round are no error")
	}
	if err := s.StartSSL(cert, key); err != nil {
		t.Fatal(err)
	}
	if err := s.StartSSL(cert, key); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("StartSSL twice: %v", err)
	}
	address := freeAddress(t)
	stop := listening(t, s, address, s.Handler(func(r *pants.Request) { _ = r.SendResponse(r.Scheme() + " " + r.Protocol()) }))
	dialUntil(t, "tcp", address).Close()
	for _, http2 := range []bool{false, true} {
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: http2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		res, err := client.Get("https://" + address)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(res.Body)
		res.Body.Close()
		want := map[bool]string{false: "https HTTP/1.1", true: "https HTTP/2.0"}[http2]
		if err != nil || string(content) != want {
			t.Errorf("%q, %v; want %q", content, err, want)
		}
		client.CloseIdleConnections()
	}
	if conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Changed files are taken when they are good, whichever of the two changes first; broken ones are not, and are said once.
func TestStartSSLReload(t *testing.T) {
	var log lockedBuffer
	s := newServer(t, pants.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	dir, next := t.TempDir(), t.TempDir()
	cert, key := writePair(t, dir, "one")
	if err := s.StartSSL(cert, key); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	listening(t, s, address, hello(s))
	dialUntil(t, "tcp", address).Close()
	write := func(to string, content []byte) {
		t.Helper()
		if err := os.WriteFile(to, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(from string) []byte {
		t.Helper()
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	await := func(step, want string) {
		t.Helper()
		pants.LookAtCertificate(s)
		for range 3 { // and it stays so
			if got := served(t, address); got != want {
				t.Fatalf("%s: the certificate of %q is served, want %q", step, got, want)
			}
			pants.LookAtCertificate(s)
		}
	}
	await("at first", "one")
	newCert, newKey := writePair(t, next, "two")
	write(cert, read(newCert))
	await("new certificate, old key", "one")
	write(key, read(newKey))
	await("both are new", "two")
	if err := os.Rename(newCert, cert); err != nil {
		t.Fatal(err)
	}
	await("the same again, by another file", "two")
	good := read(cert)
	for name, content := range map[string][]byte{"empty": nil, "cut": good[:len(good)/2], "garbage": []byte("garbage")} {
		write(cert, content)
		await(name, "two")
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	await("the certificate is missing", "two")
	// In one step, by the name of the folder's new content, as tools for certificates do it.
	newCert, newKey = writePair(t, next, "three")
	for to, from := range map[string]string{cert: newCert, key: newKey} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	await("renamed into place", "three")
	if n := strings.Count(log.String(), "certificate not reloaded"); n < 3 || n > 6 {
		t.Errorf("%d complaints about 5 broken states, want one for each:\n%s", n, log.String())
	}
}
