package sendfile_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// countingListener counts what its connections are given by ReadFrom in the one
// form that package net hands to sendfile(2): an io.LimitedReader directly over
// an *os.File.
type countingListener struct {
	net.Listener
	kernel, other atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{TCPConn: c.(*net.TCPConn), l: l}, nil
}

type countingConn struct {
	*net.TCPConn
	l *countingListener
}

func (c *countingConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.l.other.Add(int64(n))
	return n, err
}

func (c *countingConn) ReadFrom(src io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(src)
	if lr, ok := src.(*io.LimitedReader); ok {
		if _, ok := lr.R.(*os.File); ok {
			c.l.kernel.Add(n)
			return n, err
		}
	}
	c.l.other.Add(n)
	return n, err
}

// embedding is the wrapper one writes without thinking: it hides ReadFrom. The
// test has to notice.
type embedding struct{ http.ResponseWriter }

func TestKernelSendfile(t *testing.T) {
	const size = 3 << 20
	root := newRoot(t, map[string]string{"big.bin": strings.Repeat("0123456789abcdef", size/16)})
	s := newSender(t, sendfile.Config{Root: root})
	send := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Send(w, r, "big.bin", nil); err != nil {
			t.Error(err)
		}
	})
	tests := []struct {
		title, rng string
		handler    http.Handler
		kernel     int64 // bytes that must go through the kernel
	}{
		// net/http writes up to 512 bytes first, to have seen them.
		{"whole file", "", send, size - 512},
		{"Files", "", s.Files(), size - 512},
		{"one range", "bytes=1000-2000999", send, 2_000_000 - 512},
		{"suffix", "bytes=-1000000", send, 1_000_000 - 512},
		{"several ranges", "bytes=0-999999,1500000-2499999", send, 2_000_000 - 2*512},
		{"wrapper without ReadFrom loses it", "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			send(embedding{w}, r)
		}), 0},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			l := &countingListener{}
			server := httptest.NewUnstartedServer(tt.handler)
			l.Listener = server.Listener
			server.Listener = l
			server.Start()
			defer server.Close()
			r, _ := http.NewRequest("GET", server.URL+"/big.bin", nil)
			if tt.rng != "" {
				r.Header.Set("Range", tt.rng)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if err != nil || fmt.Sprint(n) != res.Header.Get("Content-Length") {
				t.Errorf("read %d bytes of %s, %v", n, res.Header.Get("Content-Length"), err)
			}
			server.Close() // bytes count when the handler is done with them
			if got := l.kernel.Load(); got < tt.kernel || tt.kernel == 0 && got != 0 {
				t.Errorf("%d bytes by sendfile, %d otherwise, want at least %d by sendfile", got, l.other.Load(), tt.kernel)
			}
		})
	}
}
