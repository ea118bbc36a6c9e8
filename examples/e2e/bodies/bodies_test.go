// Package bodies_test sends bodies that the kit refuses through real nginx: the client must get the kit's answer, and not a 502
// because the connection was reset under it.
package bodies_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
)

const limit = 100 << 10

// app is a Pants handler below three middlewares that wrap the writer: chi's Logger, one that only knows Unwrap, and the kit's
// own.
func app(t *testing.T) string {
	t.Helper()
	server, err := pants.New(pants.Config{MaxRequest: limit})
	if err != nil {
		t.Fatal(err)
	}
	c := chi.NewRouter()
	c.Use(chimiddleware.RequestLogger(&chimiddleware.DefaultLogFormatter{Logger: silent{}, NoColor: true}), wrapping, middleware.Pants(server))
	adapter.New(c, server).Handle("/*", func(r *pants.Request) {
		_ = r.SendResponse(fmt.Sprint(len(r.Body()), " ", len(r.Files())))
	})
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = server.HTTPServer(c)
	ts.Start()
	t.Cleanup(ts.Close)
	return ts.Listener.Addr().String()
}

type silent struct{}

func (silent) Print(...any) {}

type onlyUnwrap struct{ http.ResponseWriter }

func (w onlyUnwrap) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func wrapping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) { next.ServeHTTP(onlyUnwrap{w}, hr) })
}

// fronts are configurations of nginx: as it comes, with the newer protocol to the app, and passing bodies on as they arrive.
var fronts = map[string]string{
	"default":    ``,
	"HTTP/1.1":   `proxy_http_version 1.1; proxy_set_header Connection "";`,
	"unbuffered": `proxy_request_buffering off; proxy_http_version 1.1; proxy_set_header Connection ""; client_body_timeout 120s;`,
}

func front(t *testing.T, directives string) string {
	t.Helper()
	address := proxy.Address(t)
	proxy.Nginx(t, address, fmt.Sprintf("server { listen %s; location / { proxy_pass http://%s; %s } }", address, app(t), directives))
	return address
}

// chunked is content as one chunk after the other.
func chunked(content string) string {
	var b strings.Builder
	for len(content) > 0 {
		n := min(len(content), 8000)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, content[:n])
		content = content[n:]
	}
	return b.String() + "0\r\n\r\n"
}

func TestRefusedBodiesReachTheClient(t *testing.T) {
	part := "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n"
	form := "Content-Type: multipart/form-data; boundary=b\r\n"
	tests := []struct {
		name, header, content string
		status                int
		answer                string
	}{
		{"fits", "", strings.Repeat("x", limit), 200, fmt.Sprint(limit, " 0")},
		{"a form that fits", form, part + "content\r\n--b--\r\n", 200, fmt.Sprint(len(part)+16, " 1")},
		{"a byte too long", "", strings.Repeat("x", limit+1), 413, "413 Request Entity Too Large"},
		{"nine times too long", "", strings.Repeat("x", 9*limit), 413, "413 Request Entity Too Large"},
		{"no closing boundary", form, part + strings.Repeat("x", 50_000), 400, "400 Bad Request"},
		{"nonsense in a part", form, "--b\r\nnonsense\r\n\r\n\r\n--b--\r\n", 400, "400 Bad Request"},
	}
	for name, directives := range fronts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := front(t, directives)
			for _, test := range tests {
				for _, framing := range []string{"Content-Length", "chunked"} {
					for range 6 { // a reset is a race: once is luck
						body := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(test.content), test.content)
						if framing == "chunked" {
							body = "Transfer-Encoding: chunked\r\n\r\n" + chunked(test.content)
						}
						status, answer := send(t, address, "POST / HTTP/1.1\r\nHost: a\r\n"+test.header+body, "")
						if status != test.status || answer != test.answer {
							t.Fatalf("%s, %s: %d %q, want %d %q", test.name, framing, status, answer, test.status, test.answer)
						}
					}
				}
			}
		})
	}
}

// A client that stops in the middle of its body is told after a minute, through nginx too when it passes bodies on as they come.
func TestStalledBodyReachesTheClient(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes the minute that a body may stall")
	}
	t.Parallel()
	address := front(t, fronts["unbuffered"])
	status, answer := send(t, address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "half of it")
	if status != 408 || answer != "408 Request Timeout" {
		t.Errorf("%d %q, want 408", status, answer)
	}
}

// send writes a request to a bare socket, more of it a little later, and reads the answer.
func send(t *testing.T, address, request, more string) (status int, answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(90 * time.Second))
	go func() {
		_, _ = io.WriteString(conn, request) // the server may close before it has read everything
		time.Sleep(50 * time.Millisecond)
		_, _ = io.WriteString(conn, more)
	}()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, err.Error()
	}
	return res.StatusCode, string(content)
}
