package legacy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
)

// What is refused never reaches the app.
func TestRefusedBodies(t *testing.T) {
	app := newStandIn(t)
	address := front(t, newProxy(t, legacy.Config{Backend: app.url(), Server: newServer(t, pants.Config{MaxRequest: 100, MemoryLimit: 10})}))
	tests := []struct {
		name, request string
		status        int
	}{
		{"within the limit", post("/a", strings.Repeat("x", 100)), 200},
		{"chunked, within the limit", chunked("/a", strings.Repeat("x", 60), strings.Repeat("x", 40)), 200},
		{"too large", post("/a", strings.Repeat("x", 101)), 413},
		{"GET, too large", request("GET", "/a", "Content-Length: 101") + strings.Repeat("x", 101), 413},
		{"chunked, too large", chunked("/a", strings.Repeat("x", 60), strings.Repeat("x", 41)), 413},
		{"too large, not sent yet", request("POST", "/a", "Expect: 100-continue", "Content-Length: 101"), 413},
		{"malformed chunks", request("POST", "/a", "Transfer-Encoding: chunked") + "xyz\r\n", 400},
		{"a length with a sign", request("POST", "/a", "Content-Length: +5") + "hello", 400},
		{"two lengths", request("POST", "/a", "Content-Length: 5", "Content-Length: 6") + "hello!", 400},
		{"an encoding that net/http does not know", request("POST", "/a", "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n", 501},
		{"two encodings", request("POST", "/a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n", 501},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(app.seen())
			got := ask(t, address, test.request)
			if got.status != test.status {
				t.Errorf("got %v, %v, want %d", got, got.err, test.status)
			}
			if after := len(app.seen()); after != before && test.status != 200 {
				t.Errorf("the app got %v", app.last())
			}
		})
	}
}

// A length beside chunks does not count, and does not go on: nothing is left for a second request (CL.TE, TE.CL).
func TestSmuggling(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	const second = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct{ name, request string }{
		{"a short length", request("POST", "/a", "Content-Length: 4", "Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(second), second)},
		{"a long length", request("POST", "/a", "Content-Length: 50", "Transfer-Encoding: chunked") + "0\r\n\r\n" + second},
		{"a blank before the colon", request("POST", "/a", "Transfer-Encoding : chunked", "Content-Length: 5") + "0\r\n\r\n" + second},
		{"an upper-case encoding", request("POST", "/a", "Transfer-Encoding: CHUNKED") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(second), second)},
		{"a tab before the encoding", request("POST", "/a", "Transfer-Encoding:\tchunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(second), second)},
		{"a length in the Connection", request("POST", "/a", "Connection: Content-Length", fmt.Sprint("Content-Length: ", len(second))) + second},
		{"a line in a chunk's extension", request("POST", "/a", "Transfer-Encoding: chunked") + fmt.Sprintf("%x;a=\"\n\"\r\n%s\r\n0\r\n\r\n", len(second), second)},
		{"a line break in the target", "GET /a\rGET\x20/second HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"a vertical tab in the target", "GET /a\x0bHTTP/1.1\x0bx HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
		{"a line break in a header", request("GET", "/a", "X-A: b\rX-Real-IP: 6.6.6.6")},
		{"a NUL in a header", request("GET", "/a", "X-A: b\x00c")},
		{"a folded header", request("GET", "/a", "X-A: b", " X-Real-IP: 6.6.6.6")},
		{"a header without a name", request("GET", "/a", ": x")},
		{"a method with a blank", "GET /a HTTP/1.1 /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
		{"a lonely LF", "GET /a HTTP/1.1\nHost: x\nX-Real-IP: 6.6.6.6\nConnection: close\n\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(app.seen())
			c := dial(t, address)
			go io.WriteString(c, test.request)
			_, _ = io.Copy(io.Discard, c) // the server closes
			for _, r := range app.seen()[before:] {
				if strings.Contains(r.line, "/second") || r.address != "127.0.0.1" {
					t.Errorf("the app got %q from %s", r.line, r.address)
				}
			}
			if n := len(app.seen()) - before; n > 1 {
				t.Errorf("the app got %d requests", n)
			}
		})
	}
}

// A slow client does not hold the app: it hears of a request when the request is whole.
func TestSlowClientAlone(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	c := dial(t, address)
	_, _ = io.WriteString(c, request("POST", "/a", "Content-Length: 10")+"01234")
	if got := ask(t, address, post("/b", "x")); got.status != 200 {
		t.Errorf("got %v, %v", got, got.err)
	}
	if accepted, _ := app.connections(); accepted != 1 {
		t.Errorf("%d connections to the app", accepted)
	}
	_, _ = io.WriteString(c, "56789")
	if got := readReply(bufio.NewReader(c), "POST"); got.status != 200 || app.last().body != "0123456789" {
		t.Errorf("got %v, %v; the app read %q", got, got.err, app.last().body)
	}
}

// 100-continue is answered here, once, and not asked of the app.
func TestExpectContinue(t *testing.T) {
	app := newStandIn(t)
	c := dial(t, through(t, app))
	_, _ = io.WriteString(c, request("POST", "/a", "Expect: 100-continue", "Content-Length: 5"))
	in := bufio.NewReader(c)
	interim, err := http.ReadResponse(in, nil)
	if err != nil || interim.StatusCode != 100 {
		t.Fatalf("got %v, %v", interim, err)
	}
	_, _ = io.WriteString(c, "hello")
	final, err := http.ReadResponse(in, nil)
	if err != nil || final.StatusCode != 200 {
		t.Fatalf("got %v, %v", final, err)
	}
	if r := app.last(); r.body != "hello" || r.header["expect"] != nil {
		t.Errorf("the app got %v %q", r.header, r.body)
	}
}

// Trailers of a chunked body have nowhere to go.
func TestTrailersEnd(t *testing.T) {
	app := newStandIn(t)
	got := ask(t, through(t, app), request("POST", "/a", "Transfer-Encoding: chunked", "Trailer: X-Real-IP")+"2\r\nhi\r\n0\r\nX-Real-IP: 6.6.6.6\r\n\r\n")
	if r := app.last(); got.status != 200 || r.body != "hi" || r.address != "127.0.0.1" || r.header["trailer"] != nil {
		t.Errorf("got %v; the app got %v %q", got, r.header, r.body)
	}
}

// The app may answer before it has read everything, and close.
func TestEarlyAnswer(t *testing.T) {
	app := newStandIn(t)
	address := front(t, newProxy(t, legacy.Config{Backend: app.url(), Server: newServer(t, pants.Config{MaxRequest: -1})}))
	for range 5 {
		if got := ask(t, address, post("/a", strings.Repeat("x", 11<<20))); got.status != 413 || got.content != "Provided Content-Length larger than server limit." {
			t.Errorf("got %v, %v", got, got.err)
		}
	}
}

// Large bodies wait in a file without a name, and nothing of them is left.
func TestBodiesLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	app := newStandIn(t)
	address := front(t, newProxy(t, legacy.Config{Backend: app.url(), Server: newServer(t, pants.Config{MemoryLimit: 1000})}))
	leavesNothing(t)
	body := strings.Repeat("0123456789", 100_000)
	if got := ask(t, address, chunked("/a", body)); got.status != 200 || app.last().body != body {
		t.Errorf("got %v, %v; the app read %d bytes", got, got.err, len(app.last().body))
	}
	if got := ask(t, address, post("/silent", body)); got.status != 502 {
		t.Errorf("got %v, %v", got, got.err)
	}
	c := dial(t, address) // and one that is given up
	_, _ = io.WriteString(c, request("POST", "/a", "Content-Length: 5000000")+body)
	time.Sleep(50 * time.Millisecond)
	c.Close()
	eventually(t, "the directory of temporary files is empty", func() bool {
		left, _ := os.ReadDir(dir)
		return len(left) == 0
	})
}

// What a middleware has read is not passed on as if it were the whole.
func TestBodyReadBefore(t *testing.T) {
	app := newStandIn(t)
	server := newServer(t, pants.Config{})
	var log logged
	proxy := newProxy(t, legacy.Config{Backend: app.url(), Server: server, Log: log.logger()})
	parsing := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		proxy.ServeHTTP(w, r)
	}))
	wrapping := front(t, server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := pants.FromContext(r.Context()).Post().Get("a"); got != "b" {
			t.Errorf("the middleware read %q", got)
		}
		proxy.ServeHTTP(w, r)
	})))
	const form = "Content-Type: application/x-www-form-urlencoded"
	asChunks := strings.Replace(chunked("/a", "a=b"), "\r\n\r\n", "\r\n"+form+"\r\n\r\n", 1)
	for _, request := range []string{post("/a", "a=b", form), asChunks} {
		if got := ask(t, parsing, request); got.status != 500 || !strings.Contains(log.String(), "has read the body") || len(app.seen()) != 0 {
			t.Errorf("got %v, %v, logged %s", got, got.err, log.String())
		}
	}
	for _, request := range []string{post("/a", "a=b", form), asChunks} {
		if got := ask(t, wrapping, request); got.status != 200 || app.last().body != "a=b" {
			t.Errorf("got %v, %v; the app read %q", got, got.err, app.last().body)
		}
	}
	// GET and an empty form are what they are.
	for _, request := range []string{request("GET", "/a?b=c"), post("/a", "", form)} {
		if got := ask(t, parsing, request); got.status != 200 {
			t.Errorf("got %v, %v", got, got.err)
		}
	}
}
