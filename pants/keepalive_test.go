package pants_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// With DisableKeepAlives the connection closes after each response, on an http.Server of the app's own too, and whatever way the
// response came about.
func TestDisableKeepAlivesOnAnyServer(t *testing.T) {
	s := newServer(t, pants.Config{DisableKeepAlives: true})
	for name, h := range map[string]http.Handler{
		"SendResponse": s.Handler(func(r *pants.Request) { _ = r.SendResponse("x") }),
		"refused":      s.Handler(func(r *pants.Request) { _ = r.SendHeaders(http.Header{"A": {"\n"}}) }),
		"below": s.Handler(func(r *pants.Request) {
			_, _ = r.Writer.(interface{ Unwrap() http.ResponseWriter }).Unwrap().Write([]byte("x"))
			_ = r.Finish()
		}),
		"Wrap":            s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })),
		"Wrap, no writes": s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
	} {
		ts := httptest.NewServer(h)
		conn := dial(t, ts, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		raw, err := io.ReadAll(conn)
		if err != nil || strings.Count(string(raw), "Connection: close\r\n") != 1 {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
		ts.Close()
	}
}

// An HTTP/1.0 request that may have had a Transfer-Encoding is the last one on its connection: net/http ignores that header and does
// not tell, so that its chunks would be read as the next request (RFC 9112 section 6.1).
func TestChunksOverHTTP10AreNoRequest(t *testing.T) {
	s := newServer(t, pants.Config{})
	for name, h := range map[string]http.Handler{
		"Handler":         s.Handler(func(r *pants.Request) { _ = r.SendResponse(r.Path()) }),
		"Wrap":            s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })),
		"Wrap, no writes": s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
		"HTTPServer's":    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }),
	} {
		ts := onHTTPServer(t, s, h, false)
		conn := dial(t, ts, "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
		if raw, err := io.ReadAll(conn); err != nil || strings.Count(string(raw), "HTTP/1.0 200") != 1 || strings.Contains(string(raw), "smuggled") {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
		conn = dial(t, ts, "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nxGET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"+
			"POST /c HTTP/1.1\r\nHost: a\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		in := bufio.NewReader(conn)
		for _, path := range []string{"/a", "/b", "/c", "/d"} {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Errorf("%s, %s: %v", name, path, err)
				break
			}
			if content, _ := io.ReadAll(res.Body); len(content) > 0 && string(content) != path {
				t.Errorf("%s, %s: %q", name, path, content)
			}
		}
	}
}
