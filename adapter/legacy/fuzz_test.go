package legacy_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

// FuzzRequest: whatever net/http takes for a request reaches the app as one request with that line and that body, from the
// client that it is from, or not at all.
func FuzzRequest(f *testing.F) {
	for _, test := range sameRequests {
		if len(test.request) < 4<<10 {
			f.Add([]byte(test.request))
		}
	}
	f.Add([]byte(request("GET", "/a", forged...)))
	f.Add([]byte("GET /a HTTP/1.1\r\nHost: x\r\nConnection: X-Real-IP, X_Real_IP,, Content-Length\r\nX_Real_IP: 6.6.6.6\r\nContent-Length: 1\r\n\r\nx"))
	f.Add([]byte(upgrade("/upgrade", "GET /second HTTP/1.1\r\n\r\n")))
	f.Add([]byte(request("POST", "/a", "Content-Length: 4", "Transfer-Encoding: chunked") + "5;a=b\r\nhello\r\n0\r\nX-Real-IP: 6.6.6.6\r\n\r\n"))
	app := newStandIn(f)
	app.echoes = true
	proxy := newProxy(f, legacy.Config{Backend: app.url()})
	f.Fuzz(func(t *testing.T, raw []byte) {
		read := func() (*http.Request, error) {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
			if err == nil {
				r.RemoteAddr = "192.0.2.1:1"
			}
			return r, err
		}
		r, err := read()
		if err != nil {
			return
		}
		body, bodyErr := io.ReadAll(r.Body)
		r, _ = read()
		app.mu.Lock()
		app.requests = nil
		app.mu.Unlock()
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, r)

		got := app.seen()
		if len(got) == 0 {
			if w.Code < 400 {
				t.Errorf("answered %d without the app", w.Code)
			}
			if bodyErr == nil && r.Method != http.MethodConnect && w.Code != 400 && w.Code != 502 {
				t.Errorf("kept from the app: %d %s", w.Code, w.Body)
			}
			return
		}
		if len(got) > 1 || bodyErr != nil {
			t.Fatalf("the app got %d requests, body %v", len(got), bodyErr)
		}
		target := r.RequestURI
		if _, rest, _ := strings.Cut(target, ":"); strings.HasPrefix(rest, "//") && target[0] != '/' { // absolute-form
			rest = rest[2:]
			if i := strings.IndexAny(rest, "/?#"); i < 0 {
				target = "/"
			} else if target = rest[i:]; target[0] != '/' {
				target = "/" + target
			}
		}
		a := got[0]
		if want := r.Method + " " + target + " HTTP/1.1"; a.line != want {
			t.Errorf("the app got %q, want %q", a.line, want)
		}
		if a.body != string(body) {
			t.Errorf("the app got the body %q, want %q", a.body, body)
		}
		if s := told(a); !strings.HasPrefix(s, "192.0.2.1 192.0.2.1 192.0.2.1 http ") {
			t.Errorf("the app was told %q", s)
		}
		for name, values := range a.header {
			switch folded := strings.ReplaceAll(name, "_", "-"); {
			case name == "x-real-ip" || name == "x-forwarded-for" || name == "x-forwarded-proto" || name == "x-forwarded-host" || name == "host" ||
				name == "content-length" || name == "connection":
				if len(values) != 1 {
					t.Errorf("%s came as %q", name, values)
				}
			case strings.HasPrefix(folded, "x-forwarded-") && folded != "x-forwarded-" || folded == "x-real-ip" || folded == "forwarded" || name == "transfer-encoding" || name == "expect":
				t.Errorf("%s: %q reached the app", name, values)
			}
		}
	})
}

// FuzzAnswer: an answer reaches the client as net/http reads it, or it is a 502, and one that is cut off does not look whole.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 200 OK\r\n\r\nold", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 304 Not\r\nETag: x\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
		"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Sendfile: /etc/passwd\r\n\r\n", "HTTP/1.1 200\n\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 000 x\r\n\r\n", "HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n", "",
		"HTTP/1.1 200 OK\r\nConnection: X-A\r\nX-A: b\r\nTrailer: c\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
	} {
		f.Add(s)
	}
	var answer atomic.Value
	answer.Store("")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil && r.Host != "" {
				_, _ = io.WriteString(c, answer.Load().(string))
			}
			c.Close()
		}
	}()
	proxy := newProxy(f, legacy.Config{Backend: "http://" + l.Addr().String()})
	f.Fuzz(func(t *testing.T, s string) {
		answer.Store(s)
		w := httptest.NewRecorder()
		aborted := func() (aborted bool) {
			defer func() {
				if v := recover(); v == http.ErrAbortHandler {
					aborted = true
				} else if v != nil {
					panic(v)
				}
			}()
			proxy.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			return false
		}()
		want := readReply(bufio.NewReader(strings.NewReader(s)), http.MethodGet)
		if want.status < 200 || w.Code == http.StatusBadGateway && w.Body.String() == "502 Bad Gateway" {
			if w.Code != http.StatusBadGateway || aborted {
				t.Errorf("%d, aborted %v, want 502", w.Code, aborted)
			}
			for name := range want.header {
				if strings.Contains(name, " ") {
					return
				}
			}
			if want.status >= 200 && want.status != http.StatusBadGateway {
				t.Errorf("502, net/http reads %v", want)
			}
			return
		}
		if w.Code != want.status || w.Body.String() != want.content || aborted != (want.err != nil) {
			t.Errorf("got %d %q, aborted %v, want %v, %v", w.Code, w.Body, aborted, want, want.err)
		}
	})
}
