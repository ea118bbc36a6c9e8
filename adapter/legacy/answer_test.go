package legacy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// Each piece reaches the client before the app sends the next one.
func TestPiecesAsTheyCome(t *testing.T) {
	for path, piece := range map[string]string{"/events": "data: %d\n\n", "/drip": "%d"} {
		t.Run(path, func(t *testing.T) {
			app := newStandIn(t)
			c := dial(t, through(t, app))
			_, _ = io.WriteString(c, request("GET", path))
			res, err := http.ReadResponse(bufio.NewReader(c), nil) // the head comes alone
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				app.wait <- struct{}{}
				want := fmt.Sprintf(piece, i)
				p := make([]byte, len(want))
				if _, err := io.ReadFull(res.Body, p); err != nil || string(p) != want {
					t.Fatalf("got %q, %v", p, err)
				}
			}
			if rest, err := io.ReadAll(res.Body); err != nil || len(rest) != 0 {
				t.Errorf("then %q, %v", rest, err)
			}
		})
	}
}

// What Pants sends after a status that has no content ends here, and costs nobody the answer. RFC 9110 section 15.3.6 is about 205,
// for which net/http reads the content, and a pants.Server refuses it.
func TestStatusWithoutContent(t *testing.T) {
	app := newStandIn(t)
	for _, keep := range []bool{false, true} {
		var log logged
		address := front(t, newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: keep, Log: log.logger()}))
		for _, status := range []int{204, 205, 304} {
			c := dial(t, address)
			in := bufio.NewReader(c)
			for range 2 {
				_, _ = fmt.Fprintf(c, "GET /status?%d HTTP/1.1\r\nHost: a\r\n\r\n", status)
				if got := readReply(in, "GET"); got.err != nil || got.status != status || got.content != "" {
					t.Errorf("KeepAlive %v: got %v, %v, want %d without content", keep, got, got.err, status)
				}
			}
		}
		if s := log.String(); s != "" {
			t.Errorf("logged %s", s)
		}
	}
}

// An answer that the app does not finish is none that a client could take for whole, whatever it speaks, and what there is of
// it arrives (caddyserver/caddy#7845).
func TestCutAnswers(t *testing.T) {
	app := newStandIn(t)
	var log logged
	proxy := newProxy(t, legacy.Config{Backend: app.url(), Log: log.logger()})
	h2 := httptest.NewUnstartedServer(proxy)
	h2.EnableHTTP2 = true
	h2.StartTLS()
	defer h2.Close()
	leavesNothing(t)
	address := front(t, proxy)
	for _, path := range []string{"/half", "/reset"} {
		for proto, request := range map[string]string{
			"HTTP/1.1": request("GET", path),
			"HTTP/1.0": "GET " + path + " HTTP/1.0\r\n\r\n",
			"HTTP/2":   "",
		} {
			t.Run(proto+path, func(t *testing.T) {
				var got reply
				if request != "" {
					got = ask(t, address, request)
				} else {
					res, err := h2.Client().Get(h2.URL + path)
					if err != nil {
						t.Fatal(err)
					}
					defer res.Body.Close()
					content, err := io.ReadAll(res.Body)
					got = reply{status: res.StatusCode, content: string(content), err: err}
				}
				if got.status != 200 || got.content != "0123456789" || !isCut(got) {
					t.Errorf("got %v, ended with %v", got, got.err)
				}
			})
		}
	}
	if s := log.String(); strings.Count(s, "answer cut off by the app") != 6 || !strings.Contains(s, "method=GET path=/half") || !strings.Contains(s, "bytes=10") {
		t.Errorf("logged %s", s)
	}
	h2.Client().CloseIdleConnections()
}

// The client has gone: so is the request to the app, and nobody complains.
func TestClientGone(t *testing.T) {
	for _, path := range []string{"/wait", "/events", "/drip"} {
		t.Run(path, func(t *testing.T) {
			app := newStandIn(t)
			var log logged
			address := front(t, newProxy(t, legacy.Config{Backend: app.url(), Log: log.logger()}))
			leavesNothing(t)
			c := dial(t, address)
			_, _ = io.WriteString(c, request("GET", path))
			eventually(t, "the app has the request", func() bool { return len(app.seen()) == 1 })
			if path != "/wait" {
				if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
			if got := receive(t, "the app sees that the client has gone", app.gone); got != path {
				t.Errorf("gone: %s", got)
			}
			if s := log.String(); s != "" {
				t.Errorf("logged %s", s)
			}
		})
	}
}

// A client that reads slowly, or not any more, does not keep anything once it has gone.
func TestDownloadAborted(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	leavesNothing(t)
	for range 20 {
		c := dial(t, address)
		_, _ = io.WriteString(c, request("GET", "/big?104857600"))
		if _, err := io.ReadFull(c, make([]byte, 100_000)); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	eventually(t, "the app has no connections", func() bool { _, open := app.connections(); return open == 0 })
}

// The files that the app names are sent here, if a Sender is there for it, and else the names are passed on.
func TestSendfile(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.txt"), []byte("content of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := sendfile.New(sendfile.Config{Root: root, Map: map[string]string{"/_static/": "."}})
	if err != nil {
		t.Fatal(err)
	}
	app := newStandIn(t)
	sending := front(t, newProxy(t, legacy.Config{Backend: app.url(), Sendfile: files}))
	passing := through(t, app)
	tests := []struct {
		name, address, request string
		want                   string
		header                 string
	}{
		{"X-Sendfile", sending, request("GET", "/sendfile?a.txt"), `200 "content of a file"`, ""},
		{"an absolute one", sending, request("GET", "/sendfile?"+root+"/a.txt"), `200 "content of a file"`, ""},
		{"X-Accel-Redirect", sending, request("GET", "/accel?/_static/a.txt"), `200 "content of a file"`, ""},
		{"a range of it", sending, request("GET", "/sendfile?a.txt", "Range: bytes=0-6"), `206 "content"`, ""},
		{"HEAD", sending, request("HEAD", "/sendfile?a.txt"), `200 ""`, ""},
		{"out of the root", sending, request("GET", "/sendfile?/etc/passwd"), `404 "404 Not Found"`, ""},
		{"no such file", sending, request("GET", "/sendfile?b.txt"), `404 "404 Not Found"`, ""},
		{"an app that names none", sending, request("GET", "/notype"), `200 "<html>no type</"`, ""},
		{"passed on", passing, request("GET", "/sendfile?a.txt"), `200 ""`, "a.txt"},
		{"X-Accel-Redirect, passed on", passing, request("GET", "/accel?/_static/a.txt"), `200 ""`, "/_static/a.txt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, test.address, test.request)
			if got.String() != test.want || got.err != nil {
				t.Errorf("got %v, %v, want %s", got, got.err, test.want)
			}
			if h := got.header.Get("X-Sendfile") + got.header.Get("X-Accel-Redirect"); h != test.header {
				t.Errorf("the client sees %q, want %q", h, test.header)
			}
		})
	}
	ask(t, sending, request("GET", "/a", "X-Sendfile-Type: X-Accel-Redirect", "X-Accel-Mapping: /=/", "Connection: close"))
	if r := app.last(); r.get("x-sendfile-type") != "X-Sendfile" || r.get("x-accel-mapping") != root+"/=/_static/" {
		t.Errorf("the app was told %v", r.header)
	}
}

// On chi, with the middlewares that everybody has: what a route is for and what not, in both directions.
func TestOnChi(t *testing.T) {
	app := newStandIn(t)
	server := newServer(t, pants.Config{})
	old := newProxy(t, legacy.Config{Backend: app.url(), Server: server})
	c := chi.NewRouter()
	c.Use(chimiddleware.RequestID, chimiddleware.Recoverer, chimiddleware.Timeout(5*time.Second), server.Wrap, chimiddleware.Compress(5))
	c.NotFound(old.ServeHTTP)
	c.MethodNotAllowed(old.ServeHTTP)
	moved := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "moved") }
	c.Get("/users/{id}", moved)
	c.Route("/sub", func(r chi.Router) { r.Get("/", moved) })
	address := front(t, c)
	for _, test := range []struct{ method, target, want string }{
		{"GET", "/users/7", "moved"},
		{"POST", "/users/7", "POST /users/7\n"},
		{"HEAD", "/users/7", ""},
		{"GET", "/users/7/", "GET /users/7/\n"},
		{"GET", "//users/7", "GET //users/7\n"},
		{"GET", "/users%2F7", "GET /users%2F7\n"},
		{"GET", "/", "GET /\n"},
		{"OPTIONS", "*", "OPTIONS *\n"},
		{"PROPFIND", "/users/7", "PROPFIND /users/7\n"},
		{"GET", "/sub/", "moved"},
		{"GET", "/sub/other?a;b", "GET /sub/other?a;b\n"},
		{"DELETE", "/sub/", "DELETE /sub/\n"},
		{"CONNECT", "x:1", "501 Not Implemented"},
	} {
		got := ask(t, address, request(test.method, test.target))
		if !strings.HasPrefix(got.content, test.want) || got.content != "" && test.want == "" || got.header["Allow"] != nil {
			t.Errorf("%s %s: got %v %v, want %q", test.method, test.target, got, got.header["Allow"], test.want)
		}
	}
	c1 := dial(t, address)
	_, _ = io.WriteString(c1, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nab\n")
	in := bufio.NewReader(c1)
	if got := readReply(in, "GET"); got.status != 101 {
		t.Errorf("got %v, %v", got, got.err)
	}
	for _, want := range []string{"hello\n", "AB\n"} {
		if got, err := in.ReadString('\n'); got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}
