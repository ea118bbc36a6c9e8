package legacy_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
)

// logged collects what is logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newServer(t testing.TB, c pants.Config) *pants.Server {
	t.Helper()
	if c.Log == nil {
		c.Log = quiet()
	}
	s, err := pants.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newProxy(t testing.TB, c legacy.Config) *legacy.Proxy {
	t.Helper()
	if c.Log == nil {
		c.Log = quiet()
	}
	if c.Server == nil {
		c.Server = newServer(t, pants.Config{})
	}
	p, err := legacy.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// front serves h as pants.Server.HTTPServer does, and returns the address.
func front(t testing.TB, h http.Handler) string {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = newServer(t, pants.Config{}).HTTPServer(h)
	ts.Start()
	t.Cleanup(ts.Close)
	return ts.Listener.Addr().String()
}

// through is the address of a Proxy with the zero Config in front of app.
func through(t testing.TB, app *standIn) string {
	t.Helper()
	return front(t, newProxy(t, legacy.Config{Backend: app.url()}))
}

// reply is an answer as a client saw it.
type reply struct {
	status  int
	proto   string
	header  http.Header
	content string
	length  int64 // Content-Length, -1 for none
	err     error // why content is not whole
}

func (r reply) String() string { return fmt.Sprintf("%d %q", r.status, r.content) }

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(40 * time.Second))
	return c
}

// ask sends bytes over a connection of its own and reads one answer.
func ask(t testing.TB, address, request string) reply {
	t.Helper()
	c := dial(t, address)
	defer c.Close()
	go io.WriteString(c, request) // may block, when the server closes without reading all
	method, _, _ := strings.Cut(request, " ")
	return readReply(bufio.NewReader(c), method)
}

func readReply(in *bufio.Reader, method string) reply {
	var res *http.Response
	for res == nil || 100 <= res.StatusCode && res.StatusCode < 200 && res.StatusCode != http.StatusSwitchingProtocols {
		var err error
		if res, err = http.ReadResponse(in, &http.Request{Method: method}); err != nil {
			return reply{err: err}
		}
	}
	content, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Proto, res.Header, string(content), res.ContentLength, err}
}

// request is a request with headers, to be closed after the answer.
func request(method, target string, header ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: app.example:81\r\nConnection: close\r\n%s\r\n", method, target, lines(header))
}

func post(target, body string, header ...string) string {
	return request("POST", target, append(header, fmt.Sprint("Content-Length: ", len(body)))...) + body
}

func chunked(target string, chunks ...string) string {
	var b strings.Builder
	b.WriteString(request("POST", target, "Transfer-Encoding: chunked"))
	for _, chunk := range chunks {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	return b.String() + "0\r\n\r\n"
}

func lines(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, "\r\n") + "\r\n"
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 30 s: %s", what)
		}
	}
}

// receive waits for what comes over a channel.
func receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("not in 30 s: %s", what)
	}
	return v
}

// leavesNothing checks at the end of the test that goroutines and descriptors are as few as they are now.
func leavesNothing(t testing.TB) {
	t.Helper()
	goroutines, descriptors := runtime.NumGoroutine(), openFiles()
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			g, d := runtime.NumGoroutine(), openFiles()
			if g <= goroutines && d <= descriptors {
				return
			}
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, were %d; %d descriptors, were %d\n%s", g, goroutines, d, descriptors, stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}

// openFiles counts this process's descriptors; 0 where the system does not tell.
func openFiles() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}

// isCut tells an answer that the client can see is not whole.
func isCut(r reply) bool { return r.err != nil && !errors.Is(r.err, os.ErrDeadlineExceeded) }

// without leaves out of an echo what each connection has for itself: what a proxy writes, and what was asked of it alone.
func without(echo string, names ...string) string {
	var kept []string
	for line := range strings.SplitSeq(echo, "\n") {
		name, _, _ := strings.Cut(line, ":")
		if !slices.Contains(names, name) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

var written = []string{"connection", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
