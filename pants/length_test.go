package pants_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// A response is no longer than the length that its head tells, however its content is written: what is over would be the
// client's next response (RFC 9112 section 11.2).
func TestContentIsNoLongerThanAnnounced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("filecontent"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() *os.File {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		return file
	}
	announce := func(r *pants.Request, length string) {
		if err := r.SendHeaders(http.Header{"Content-Length": {length}}); err != nil {
			t.Error(err)
		}
		_ = http.NewResponseController(r.Writer).Flush() // from here on net/http gives a file to the kernel
	}
	below := func(r *pants.Request) io.Writer {
		return r.Writer.(interface{ Unwrap() http.ResponseWriter }).Unwrap()
	}
	tests := map[string]struct {
		handler func(r *pants.Request) error
		body    string
		err     error
	}{
		"file":             {func(r *pants.Request) error { announce(r, "2"); _, err := io.Copy(r.Writer, open()); return err }, "fi", http.ErrContentLength},
		"part of a file":   {func(r *pants.Request) error { announce(r, "2"); _, err := io.CopyN(r.Writer, open(), 5); return err }, "fi", http.ErrContentLength},
		"all of a file":    {func(r *pants.Request) error { announce(r, "11"); _, err := io.Copy(r.Writer, open()); return err }, "filecontent", nil},
		"just a part":      {func(r *pants.Request) error { announce(r, "5"); _, err := io.CopyN(r.Writer, open(), 5); return err }, "filec", nil},
		"below the writer": {func(r *pants.Request) error { announce(r, "2"); _, err := io.Copy(below(r), open()); return err }, "fi", http.ErrContentLength},
		"no length":        {func(r *pants.Request) error { _, err := io.Copy(r.Writer, open()); return err }, "filecontent", nil},
		"Send":             {func(r *pants.Request) error { announce(r, "2"); return r.Send("abc") }, "", http.ErrContentLength},
		"after a Send": {func(r *pants.Request) error {
			announce(r, "4")
			_ = r.Send("abc")
			_, err := io.Copy(r.Writer, open())
			return err
		}, "abcf", http.ErrContentLength},
		"Send, then a part": {func(r *pants.Request) error {
			announce(r, "5")
			_ = r.Send("abc")
			_, err := io.CopyN(r.Writer, open(), 2)
			return err
		}, "abcfi", nil},
		"twice": {func(r *pants.Request) error {
			announce(r, "12")
			_, _ = io.Copy(r.Writer, open())
			_, err := io.Copy(r.Writer, open())
			return err
		}, "filecontentf", http.ErrContentLength},
		"205": {func(r *pants.Request) error { _ = r.SendStatus(205); return r.Send("abc") }, "", http.ErrContentLength},
		"205 with a length": {func(r *pants.Request) error {
			_ = r.SendStatus(205)
			announce(r, "3")
			return r.Send("abc")
		}, "", http.ErrContentLength},
		"205 through the writer": {func(r *pants.Request) error {
			r.Writer.WriteHeader(205)
			_, err := io.WriteString(r.Writer, "abc")
			return err
		}, "", http.ErrContentLength},
	}
	for name, test := range tests {
		s := newServer(t, pants.Config{})
		result := make(chan error, 1)
		ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
			result <- test.handler(r)
			_ = r.Finish()
		}))
		conn := dial(t, ts, "GET / HTTP/1.0\r\n\r\n") // so that nothing is in chunks
		raw, _ := io.ReadAll(conn)
		ts.Close()
		_, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		if err := <-result; !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
		if body != test.body {
			t.Errorf("%s: %q", name, raw)
		}
	}
}

// A length that is none is refused, not left out.
func TestLengthsThatAreNone(t *testing.T) {
	s := newServer(t, pants.Config{})
	for _, length := range []string{"99999999999999999999999999", "9223372036854775808", "", "-1", "+1", "1_0", "0x1", "1 "} {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			if err := r.SendHeaders(http.Header{"Content-Length": {length}}); err == nil {
				t.Errorf("%q is a length", length)
			}
			_ = r.SendResponse(fmt.Sprint("not ", length))
		})
		if w.Code != 200 || w.Body.String() != "not "+length {
			t.Errorf("%q: %d %q", length, w.Code, w.Body)
		}
	}
	w := respond(s, http.MethodHead, func(r *pants.Request) {
		if err := r.SendHeaders(http.Header{"Content-Length": {"9223372036854775807"}}); err != nil {
			t.Error(err)
		}
		_ = r.Finish()
	})
	if w.Header().Get("Content-Length") != "9223372036854775807" {
		t.Errorf("%v", w.Header())
	}
}
