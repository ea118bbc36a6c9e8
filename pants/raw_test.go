package pants_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// RawHandler bounds the body as Handler does, and looks at nothing else of it.
func TestRawHandler(t *testing.T) {
	s := newServer(t, pants.Config{
		MaxRequest: 100, MemoryLimit: 20,
		Limits: pants.Limits{Params: 1, Cookies: 1, Parts: 1, FieldSize: 1},
	})
	ts := httptest.NewServer(s.RawHandler(func(r *pants.Request) {
		content, err := io.ReadAll(r.BodyReader())
		again, err2 := io.ReadAll(r.HTTP.Body)
		if err != nil || err2 != nil || string(again) != string(content) || string(r.Body()) != string(content) {
			t.Errorf("read %q, %v and %q, %v", content, err, again, err2)
		}
		_ = r.SendResponse(fmt.Sprintf("%s|%d|%d|%d%d", content, r.HTTP.ContentLength, len(r.HTTP.TransferEncoding), len(r.Post()), len(r.Files())))
	}))
	defer ts.Close()

	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	multipart := "Content-Type: multipart/form-data; boundary=b\r\n"
	tests := []struct {
		name, request string
		status        int
		content       string
	}{
		{"no body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "|0|0|00"},
		{"an empty one", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200, "|0|0|00"},
		{"a form over Limits", "POST / HTTP/1.1\r\nHost: a\r\n" + form + "Content-Length: 7\r\n\r\na=b&c=d", 200, "a=b&c=d|7|0|00"},
		{"a query and cookies over Limits", "POST /?a=b&c=d HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d\r\nContent-Length: 1\r\n\r\nx", 200, "x|1|0|00"},
		{"a broken form", "POST / HTTP/1.1\r\nHost: a\r\n" + multipart + "Content-Length: 11\r\n\r\n--b\r\nbroken", 200, "--b\r\nbroken|11|0|00"},
		{"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, "abcde|5|0|00"},
		{"chunked and empty", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "|0|0|00"},
		{"in a file", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n" + strings.Repeat("x", 30), 200, strings.Repeat("x", 30) + "|30|0|00"},
		{"too large", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + strings.Repeat("x", 101), 413, "413 Request Entity Too Large"},
		{"chunked and too large", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + strings.Repeat("x", 101) + "\r\n0\r\n\r\n", 413, "413 Request Entity Too Large"},
		{"malformed", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "400 Bad Request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			res, content, _ := raw(t, ts.Listener.Addr().String(), test.request)
			if res.StatusCode != test.status || content != test.content {
				t.Errorf("got %d %q, want %d %q", res.StatusCode, content, test.status, test.content)
			}
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil HandlerFunc did not panic")
		}
	}()
	s.RawHandler(nil)
}
