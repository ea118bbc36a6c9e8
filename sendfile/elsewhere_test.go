package sendfile_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// What went wrong in other senders and has no place in the tables. Where the
// rest is: header names chosen by the client in TestClientCannotChooseTheHeader,
// lines in a log in TestSendRefuses and TestInterceptLogs, ranges that cost in
// TestRanges, roots compared as texts in TestSendRefuses, quotes in file names
// in TestDisposition, interceptors in TestInterceptFailuresElsewhere.

// gorilla/handlers#197: bytes that go past a compressor are not compressed, but
// called so. A writer that has no ReadFrom of its own is written to.
func TestSendNeverUnwraps(t *testing.T) {
	const size = 100_000
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": strings.Repeat("x", size)})})
	for _, rng := range []string{"", "bytes=0-49999", "bytes=0-29999,50000-79999"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen := &seeing{ResponseWriter: w}
			if err := s.Send(seen, r, "a.txt", nil); err != nil {
				t.Error(err)
			}
			if want := seen.Header().Get("Content-Length"); strconv.Itoa(seen.n) != want {
				t.Errorf("%q: the wrapper saw %d of %s bytes", rng, seen.n, want)
			}
		}))
		r, _ := http.NewRequest("GET", server.URL, nil)
		if rng != "" {
			r.Header.Set("Range", rng)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		server.Close()
	}
}

// seeing has to see all bytes, and says what it wraps.
type seeing struct {
	http.ResponseWriter
	n int
}

func (w *seeing) Write(p []byte) (int, error) {
	w.n += len(p)
	return w.ResponseWriter.Write(p)
}

func (w *seeing) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// golang/go#10196: an error answer does not cost the connection, and
// CVE-2026-34831: its length is that of its body.
func TestErrorsKeepTheConnection(t *testing.T) {
	quiet(t)
	root := newRoot(t, map[string]string{"a.txt": alphabet, "sub/b.txt": "b"})
	mkfifo(t, filepath.Join(root, "fifo"))
	if err := os.Symlink("/etc/hostname", filepath.Join(root, "out")); err != nil {
		t.Skip(err)
	}
	s := newSender(t, sendfile.Config{Root: root})
	server := httptest.NewServer(s.Files())
	defer server.Close()
	c, br := dial(t, server, "")
	for _, line := range []string{"GET /sub", "GET /missing", "HEAD /missing", "GET /fifo", "GET /out", "GET /../x", "POST /a.txt", "HEAD /sub", "GET /a.txt\nRange: bytes=99-", "GET /a.txt\nIf-Match: \"x\"", "GET /a.txt"} {
		start, field, _ := strings.Cut(line, "\n")
		if field != "" {
			field += "\r\n"
		}
		fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", start, field)
		method, _, _ := strings.Cut(line, " ")
		res, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.Close || res.ContentLength < 0 || method != "HEAD" && int64(len(body)) != res.ContentLength {
			t.Errorf("%s: %d of %d bytes, %v, close %v", line, len(body), res.ContentLength, err, res.Close)
		}
	}
	if n, _ := br.Peek(br.Buffered()); len(n) != 0 {
		t.Errorf("left over: %q", n)
	}
}
