package middleware_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// kernelSize is the file's; the ranges below are of it.
const kernelSize = 3 << 20

// kernelCase is a way to the client on which the kernel has to copy the file. net/http writes up to 512 bytes of each copy
// itself, to have seen them.
type kernelCase struct {
	title, rng string
	handler    http.Handler
	kernel     int64 // bytes; 0: none may be, which shows that the test notices
}

// kernelCases makes handlers for the file big.bin in root.
func kernelCases(t *testing.T, root string) []kernelCase {
	t.Helper()
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}, Rewrite: true})
	if err != nil {
		t.Fatal(err)
	}
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Root: root}})
	if err != nil {
		t.Fatal(err)
	}
	send := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := files.Send(w, r, "big.bin", nil); err != nil {
			t.Error(err)
		}
	})
	sendPants := server.Handler(func(r *pants.Request) {
		if err := r.SendFile("big.bin", nil); err != nil {
			t.Error(err)
		}
	})
	onChi := func(h http.Handler, list ...func(http.Handler) http.Handler) http.Handler {
		c := chi.NewRouter()
		c.Use(list...)
		c.Handle("/*", h)
		return c
	}
	logger := chimiddleware.RequestLogger(&chimiddleware.DefaultLogFormatter{Logger: log.New(io.Discard, "", 0), NoColor: true})
	wrapped := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ww := chimiddleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(ww, r)
			if ww.BytesWritten() == 0 {
				t.Error("WrapResponseWriter saw no bytes")
			}
		})
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Sendfile", filepath.Join(root, "big.bin"))
		w.Header().Set("Content-Type", "video/mp4")
	}))
	t.Cleanup(app.Close)
	target, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := httputil.NewSingleHostReverseProxy(target)
	front.Transport = &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	everything := onChi(send, logger, wrapped, middleware.XHeaders(proxies), middleware.Pants(server), middleware.Sendfile(files))

	const one, several = "bytes=1000-2000999", "bytes=0-999999,1500000-2499999"
	return []kernelCase{
		{"plain", "", send, kernelSize - 512},
		{"one range", one, send, 2_000_000 - 512},
		{"several ranges", several, send, 2_000_000 - 2*512},
		{"XHeaders", "", middleware.XHeaders(proxies)(send), kernelSize - 512},
		{"Pants", "", middleware.Pants(server)(send), kernelSize - 512},
		{"Pants, several ranges", several, middleware.Pants(server)(send), 2_000_000 - 2*512},
		{"Request.SendFile", "", sendPants, kernelSize - 512},
		{"Request.SendFile, one range", one, sendPants, 2_000_000 - 512},
		{"Request.SendFile, several ranges", several, sendPants, 2_000_000 - 2*512},
		{"chi Logger", "", onChi(send, logger), kernelSize - 512},
		{"chi WrapResponseWriter", "", onChi(send, wrapped), kernelSize - 512},
		{"chi Logger, Request.SendFile", "", onChi(sendPants, logger), kernelSize - 512},
		{"Intercept, passed on", "", middleware.Sendfile(files)(send), kernelSize - 512},
		{"Intercept behind a ReverseProxy", "", middleware.Sendfile(files)(front), kernelSize - 512},
		{"Intercept behind a ReverseProxy, several ranges", several, middleware.Sendfile(files)(front), 2_000_000 - 2*512},
		{"Intercept under chi Logger", "", onChi(front, logger, middleware.Sendfile(files)), kernelSize - 512},
		{"HTTPServer", "", server.HTTPServer(send).Handler, kernelSize - 512},
		{"HTTPServer, Request.SendFile, several ranges", several, server.HTTPServer(sendPants).Handler, 2_000_000 - 2*512},
		{"everything at once", "", everything, kernelSize - 512},
		{"everything at once, several ranges", several, everything, 2_000_000 - 2*512},
		{"chi Compress loses it", "", onChi(send, chimiddleware.Compress(5)), 0},
		{"a wrapper without ReadFrom loses it", "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			send(struct{ http.ResponseWriter }{w}, r)
		}), 0},
	}
}

func bigFile(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "big.bin"), []byte(strings.Repeat("0123456789abcdef", kernelSize/16)), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// fetch reads the answer to its end, which has to be where Content-Length says.
func fetch(t *testing.T, address, rng string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rng != "" {
		r.Header.Set("Range", rng)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || fmt.Sprint(n) != res.Header.Get("Content-Length") {
		t.Errorf("read %d bytes of %q, %v", n, res.Header.Get("Content-Length"), err)
	}
}

// countingListener counts what its connections are given by ReadFrom in the one form that package net hands to sendfile(2): an
// io.LimitedReader directly over an *os.File.
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

// TestKernelSendfile counts what reaches the connection below net/http as a file.
func TestKernelSendfile(t *testing.T) {
	for _, tt := range kernelCases(t, bigFile(t)) {
		t.Run(tt.title, func(t *testing.T) {
			l := &countingListener{}
			server := httptest.NewUnstartedServer(tt.handler)
			l.Listener, server.Listener = server.Listener, l
			server.Start()
			fetch(t, server.URL, tt.rng)
			server.Close() // bytes count when the handler is done with them
			if got := l.kernel.Load(); got < tt.kernel || tt.kernel == 0 && got != 0 {
				t.Errorf("%d bytes as a file, %d otherwise, want at least %d as a file", got, l.other.Load(), tt.kernel)
			}
		})
	}
}

// TestKernelSendfileCalls asks the kernel itself: strace counts the bytes that went through sendfile(2) in another process.
func TestKernelSendfileCalls(t *testing.T) {
	if root := os.Getenv("KERNEL_SENDFILE_ROOT"); root != "" {
		serveForTrace(t, root)
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace not found")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	root := bigFile(t)
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=sendfile", "-e", "signal=none", "-o", trace, exe, "-test.run=^TestKernelSendfileCalls$")
	cmd.Env = append(os.Environ(), "KERNEL_SENDFILE_ROOT="+root)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		in.Close() // that is what it waits for
		_ = cmd.Wait()
	})
	address := ""
	for deadline := time.Now().Add(30 * time.Second); address == ""; time.Sleep(20 * time.Millisecond) {
		if b, _ := os.ReadFile(filepath.Join(root, "address")); strings.HasSuffix(string(b), "\n") {
			address = strings.TrimSpace(string(b))
		} else if time.Now().After(deadline) {
			t.Skipf("strace does not work here: %s", out.String())
		}
	}
	sent := func() (total int64) {
		b, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)sendfile.*= (\d+)$`).FindAllStringSubmatch(string(b), -1) {
			n, _ := strconv.ParseInt(m[1], 10, 64)
			total += n
		}
		return total
	}
	for i, tt := range kernelCases(t, root) {
		t.Run(tt.title, func(t *testing.T) {
			before := sent()
			fetch(t, fmt.Sprint(address, "/", i), tt.rng)
			got := sent() - before
			for deadline := time.Now().Add(5 * time.Second); got < tt.kernel && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				got = sent() - before // strace writes down what has already happened
			}
			if got < tt.kernel || tt.kernel == 0 && got != 0 {
				t.Errorf("%d bytes by sendfile(2), want at least %d", got, tt.kernel)
			}
		})
	}
}

// serveForTrace serves each case below its number until the parent is gone.
func serveForTrace(t *testing.T, root string) {
	mux := http.NewServeMux()
	for i, tt := range kernelCases(t, root) {
		mux.Handle(fmt.Sprint("/", i), tt.handler)
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	if err := os.WriteFile(filepath.Join(root, "address"), []byte(server.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}
