package legacy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// realPants starts testdata/app.py on the Pants that PANTS_HOME names, and returns its address.
func realPants(t *testing.T, root string) string {
	t.Helper()
	home := os.Getenv("PANTS_HOME")
	if home == "" {
		t.Skip("PANTS_HOME names no checkout of Pants 1.0.1")
	}
	if _, err := os.Stat(filepath.Join(home, "pants", "http", "server.py")); err != nil {
		t.Fatalf("PANTS_HOME=%s is no checkout of Pants: %v", home, err)
	}
	python, err := exec.LookPath("python2.7")
	if err != nil {
		t.Skip("python2.7 not found")
	}
	if err := exec.Command(python, "-c", "").Run(); err != nil { // the name may be pyenv's, with nothing behind it
		t.Skipf("%s does not run: %v", python, err)
	}
	cmd := exec.Command(python, "-B", filepath.Join("testdata", "app.py"), home, root)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s app.py: %v", python, err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}

// What makes Pants hard to be in front of. Each of these decided something here.
var facts = []struct {
	name, request string
	want          []string // in what comes back, in this order
	not           string   // nowhere in it
	closes        bool
}{
	{"keeps the connection", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 200 OK\r\n", "GET /a\nhost: x\n"}, "", false},
	{"closes on request", "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", []string{"HTTP/1.1 200 OK\r\n"}, "", true},
	{"closes after HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n", []string{"HTTP/1.0 200 OK\r\n"}, "", true},
	{"keeps the connection after an answer without a length", "GET /nolength HTTP/1.1\r\nHost: x\r\n\r\n", []string{"\r\n\r\nno length"}, "ontent-Length", false},
	{"unless it is told to close", "GET /nolength HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []string{"\r\n\r\nno length"}, "ontent-Length", true},
	{"answers HEAD with content", "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 200 OK\r\n", "HEAD /a\n"}, "", false},
	{"answers 204 with content", "GET /204 HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 204 No Content\r\n", "\r\n\r\nlate"}, "", false},
	{"answers 304 with content", "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 304 Not Modified\r\n", "\r\n\r\nlate"}, "", false},
	{"takes a chunked body for none, and its chunks for a request", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		[]string{"HTTP/1.1 200 OK\r\n", "\nbody 0 ", "HTTP/1.1 400 Bad Request"}, "", true},
	{"takes the rest after the length for a request", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nxGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
		[]string{"POST /a\n", "\nbody 1 ", "GET /b\n"}, "", false},
	{"writes its own 100-continue", "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
		[]string{"HTTP/1.1 100 (Continue)\r\n\r\nHTTP/1.1 200 OK\r\n", "\nbody 5 "}, "", false},
	{"refuses two lengths", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", []string{"HTTP/1.1 400 Bad Request"}, "", true},
	{"refuses what is too large at once", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\nx", []string{"HTTP/1.1 413 Request Entity Too Large"}, "", true},
	{"closes without an answer after an error", "GET /silent HTTP/1.1\r\nHost: x\r\n\r\n", nil, "HTTP", true},
	{"closes without an answer after 64 KiB of headers", "GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", 70_000) + "\r\n\r\n", nil, "HTTP", true},
	{"closes after a handler raised", "GET /500 HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 500 Internal Server Error\r\n"}, "", true},
	{"cuts an answer off", "GET /half HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 200 OK\r\n", "\r\n\r\n0123456789"}, "", true},
	{"takes X-Real-IP from anybody", "GET /a HTTP/1.1\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n\r\n", []string{"remote_ip 6.6.6.6\n"}, "", false},
	{"else the first of X-Forwarded-For", "GET /a HTTP/1.1\r\nX-Real-IP:\r\nX-Forwarded-For: 7.7.7.7, 8.8.8.8\r\n\r\n", []string{"remote_ip 7.7.7.7\n"}, "", false},
	{"else the connection's end, which would be the proxy's", "GET /a HTTP/1.1\r\n\r\n", []string{"remote_ip 127.0.0.1\n"}, "", false},
	{"takes any word", "GET /a HTTP/1.1\r\nX-Real-IP: unknown\r\n\r\n", []string{"remote_ip unknown\n"}, "", false},
	{"reduces no absolute-form", "GET http://x/a?b HTTP/1.1\r\n\r\n", []string{"GET http://x/a?b\n"}, "", false},
	{"has no rule for CONNECT", "CONNECT x:1 HTTP/1.1\r\n\r\n", []string{"CONNECT x:1\n"}, "", false},
}

// The facts are the same of the stand-in, in CI, and of real Pants, where there is one.
func TestStandInIsLikePants(t *testing.T) {
	t.Run("stand-in", func(t *testing.T) { checkFacts(t, newStandIn(t).Addr().String()) })
	t.Run("Pants", func(t *testing.T) { checkFacts(t, realPants(t, t.TempDir())) })
}

func checkFacts(t *testing.T, address string) {
	for _, fact := range facts {
		t.Run(fact.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, address)
			go io.WriteString(c, fact.request)
			back, closed := everything(c, 400*time.Millisecond)
			if closed != fact.closes {
				t.Errorf("closed: %v", closed)
			}
			rest := back
			for _, want := range fact.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("no %q in\n%s", want, back)
				}
				rest = after
			}
			if fact.not != "" && strings.Contains(back, fact.not) {
				t.Errorf("%q in\n%s", fact.not, back)
			}
		})
	}
}

// everything reads until the connection is closed, or nothing has come for that long.
func everything(c net.Conn, silence time.Duration) (back string, closed bool) {
	var b strings.Builder
	p := make([]byte, 4096)
	for {
		_ = c.SetReadDeadline(time.Now().Add(silence))
		n, err := c.Read(p)
		b.Write(p[:n])
		if err != nil {
			return b.String(), !os.IsTimeout(err)
		}
	}
}

// The whole table again, with real Pants as the app.
func TestSameAsDirectWithPants(t *testing.T) {
	address := realPants(t, t.TempDir())
	proxied := front(t, newProxy(t, legacy.Config{Backend: "http://" + address}))
	for _, test := range sameRequests {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, proxied, test.request)
			if test.want == "" {
				compare(t, got, ask(t, address, test.request))
				return
			}
			if strings.Contains(test.request, "/halfhead") {
				t.Skip("the app has no such path")
			}
			if !strings.HasPrefix(got.content, test.want) {
				t.Errorf("got %.300v, %v, want %q (%s)", got, got.err, test.want, test.differs)
			}
		})
	}
}

func TestWithPants(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.txt"), []byte("content of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	address := realPants(t, root)
	leavesNothing(t)
	config := legacy.Config{Backend: "http://" + address, Server: newServer(t, pants.Config{MaxRequest: -1})}
	plain := front(t, newProxy(t, config))
	brisk := front(t, newProxy(t, legacy.Config{Backend: config.Backend, ResponseTimeout: 300 * time.Millisecond}))
	config.KeepAlive = true
	keeping := newProxy(t, config)
	kept := front(t, keeping)
	config.Sendfile = files
	config.KeepAlive = false
	sending := front(t, newProxy(t, config))

	t.Run("a body over max_request", func(t *testing.T) {
		// Its 413 waits for the next turn of the loop, and by then the unread body has overflowed Pants' buffer, mostly.
		got := ask(t, plain, post("/a", strings.Repeat("x", 12<<20)))
		if got.status != 502 && (got.status != 413 || !strings.Contains(got.content, "larger than server limit")) {
			t.Errorf("got %v, %v", got, got.err)
		}
	})
	t.Run("too slow", func(t *testing.T) {
		if got := ask(t, brisk, request("GET", "/slow?10")); got.status != 504 {
			t.Errorf("got %v, %v", got, got.err)
		}
	})
	t.Run("slow enough", func(t *testing.T) {
		if got := ask(t, plain, request("GET", "/slow?0.1")); got.status != 200 || got.content != "slow" {
			t.Errorf("got %v, %v", got, got.err)
		}
	})
	for path, mark := range map[string]string{"/events": "data: %d\n\n", "/drip": "%d"} {
		t.Run(path+" as it comes", func(t *testing.T) {
			c := dial(t, plain)
			_, _ = io.WriteString(c, request("GET", path))
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			var first time.Time
			for i := range 3 {
				want := fmt.Sprintf(mark, i)
				p := make([]byte, len(want))
				if _, err := io.ReadFull(res.Body, p); err != nil || string(p) != want {
					t.Errorf("got %q, %v", p, err)
				}
				switch i { // the app sends one each 0.2 or 0.3 s
				case 0:
					first = time.Now()
				case 2:
					if between := time.Since(first); between < 100*time.Millisecond {
						t.Errorf("the last came %v after the first", between)
					}
				}
			}
			if rest, err := io.ReadAll(res.Body); err != nil || len(rest) != 0 {
				t.Errorf("then %q, %v", rest, err)
			}
		})
	}
	t.Run("its WebSocket", func(t *testing.T) {
		c := dial(t, plain)
		_, _ = io.WriteString(c, "GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		in := bufio.NewReader(c)
		got := readReply(in, "GET")
		if got.status != 101 || got.header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
			t.Fatalf("got %v %v, %v", got, got.header, got.err)
		}
		_, _ = c.Write([]byte("\x81\x85\x00\x00\x00\x00hello")) // a text of 5 bytes, masked with zeros
		echo := make([]byte, 7)
		if _, err := io.ReadFull(in, echo); err != nil || string(echo) != "\x81\x05HELLO" {
			t.Errorf("got %q, %v", echo, err)
		}
	})
	t.Run("its files", func(t *testing.T) {
		if got := ask(t, sending, request("GET", "/sendfile?a.txt", "Range: bytes=0-6")); got.status != 206 || got.content != "content" || got.header.Get("X-Sendfile") != "" {
			t.Errorf("got %v %v, %v", got, got.header, got.err)
		}
	})
	defer legacy.DropIdle(keeping)
	t.Run("a kept connection", func(t *testing.T) {
		c := dial(t, kept)
		in := bufio.NewReader(c)
		for i, one := range []struct{ method, target, content string }{
			{"GET", "/a", "GET /a\n"}, {"HEAD", "/a", ""}, {"GET", "/b", "GET /b\n"}, {"GET", "/204", ""}, {"GET", "/c", "GET /c\n"},
			{"GET", "/304", ""}, {"GET", "/d", "GET /d\n"}, {"GET", "/500", "500 Int"}, {"GET", "/e", "GET /e\n"}, {"POST", "/f", "POST /f\n"}, {"GET", "/g", "GET /g\n"},
		} {
			_, _ = io.WriteString(c, one.method+" "+one.target+" HTTP/1.1\r\nHost: x\r\n\r\n")
			if got := readReply(in, one.method); got.err != nil || !strings.HasPrefix(got.content, one.content) || got.content != "" && one.content == "" {
				t.Errorf("%d: %s %s: %v, %v", i, one.method, one.target, got, got.err)
			}
		}
	})
}
