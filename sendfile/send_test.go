package sendfile_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz"

// The alphabet's file was last changed at this time.
var (
	changed     = time.Unix(1390000000, 0)
	changedText = "Fri, 17 Jan 2014 23:06:40 GMT"
)

// newRoot makes a directory with files, all of the same age.
func newRoot(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		writeFile(t, root, name, content)
	}
	return root
}

func writeFile(t testing.TB, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, changed, changed); err != nil {
		t.Fatal(err)
	}
}

func newSender(t testing.TB, c sendfile.Config) *sendfile.Sender {
	t.Helper()
	s, err := sendfile.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fixedTag makes tables readable.
func fixedTag(fs.FileInfo) string { return `"tag"` }

// send sends one file and returns the answer as a client would see it.
func send(t testing.TB, s *sendfile.Sender, r *http.Request, name string, o *sendfile.Options) (*http.Response, string, error) {
	t.Helper()
	rec := httptest.NewRecorder()
	err := s.Send(rec, r, name, o)
	res := rec.Result()
	body, rerr := io.ReadAll(res.Body)
	if rerr != nil {
		t.Fatal(rerr)
	}
	return res, string(body), err
}

func newRequest(method string, fields ...string) *http.Request {
	r := httptest.NewRequest(method, "/x", nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	return r
}

func TestSend(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"sub/a.txt": alphabet})})
	res, body, err := send(t, s, newRequest("GET"), "sub/a.txt", nil)
	if err != nil || res.StatusCode != 200 || body != alphabet {
		t.Fatalf("Send = %d %q, %v", res.StatusCode, body, err)
	}
	want := map[string]string{
		"Content-Type":           "text/plain; charset=utf-8",
		"Content-Length":         "26",
		"Etag":                   `"1a-134a45a2adcb0000"`,
		"Last-Modified":          changedText,
		"Accept-Ranges":          "bytes",
		"X-Content-Type-Options": "nosniff",
	}
	for key, value := range want {
		if got := res.Header.Get(key); got != value {
			t.Errorf("%s = %q, want %q", key, got, value)
		}
	}
	if len(res.Header) != len(want) {
		t.Errorf("header = %v, want only %v", res.Header, want)
	}
}

func TestSendMethods(t *testing.T) {
	s := newSender(t, sendfile.Config{ETag: fixedTag, Root: newRoot(t, map[string]string{"a.txt": alphabet, "empty": ""})})
	tests := []struct {
		title, method, name string
		length, body        string
	}{
		{"GET", "GET", "a.txt", "26", alphabet},
		{"HEAD has the headers only", "HEAD", "a.txt", "26", ""},
		{"POST, the handler has acted", "POST", "a.txt", "26", alphabet},
		{"DELETE", "DELETE", "a.txt", "26", alphabet},
		{"empty file", "GET", "empty", "0", ""},
		{"HEAD of an empty file", "HEAD", "empty", "0", ""},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			// A Range counts for GET only (RFC 9110 section 14.2).
			fields := []string{}
			if tt.method != "GET" {
				fields = append(fields, "Range", "bytes=1-2")
			}
			res, body, err := send(t, s, newRequest(tt.method, fields...), tt.name, nil)
			if err != nil || res.StatusCode != 200 || body != tt.body {
				t.Errorf("Send = %d %q, %v", res.StatusCode, body, err)
			}
			if got := res.Header.Get("Content-Length"); got != tt.length {
				t.Errorf("Content-Length = %q, want %q", got, tt.length)
			}
		})
	}
}

// A file that shrinks while it is sent must not look complete.
func TestSendTruncated(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": strings.Repeat("x", 100_000)})
	s := newSender(t, sendfile.Config{Root: root})
	got := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- s.Send(&atCommit{w, func() { os.Truncate(filepath.Join(root, "a.txt"), 10) }}, r, "a.txt", nil)
	}))
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("client read to %v, want ErrUnexpectedEOF", err)
	}
	if err := <-got; !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Send = %v, want ErrUnexpectedEOF", err)
	}
}

// atCommit calls f when the headers are written.
type atCommit struct {
	http.ResponseWriter
	f func()
}

func (w *atCommit) WriteHeader(code int) {
	w.f()
	w.ResponseWriter.WriteHeader(code)
}

// commitWriter fails a test that touches the headers after they are written.
type commitWriter struct {
	t *testing.T
	*httptest.ResponseRecorder
	committed bool
}

func (w *commitWriter) Header() http.Header {
	if w.committed {
		w.t.Error("Header called after WriteHeader")
	}
	return w.ResponseRecorder.Header()
}

func (w *commitWriter) WriteHeader(code int) {
	w.committed = true
	w.ResponseRecorder.WriteHeader(code)
}

func (w *commitWriter) Write(p []byte) (int, error) {
	if !w.committed {
		w.t.Error("Write before WriteHeader")
	}
	return w.ResponseRecorder.Write(p)
}

func TestHeadersBeforeCommit(t *testing.T) {
	s := newSender(t, sendfile.Config{ETag: fixedTag, Root: newRoot(t, map[string]string{"a.txt": alphabet})})
	for _, fields := range [][]string{
		{}, {"Range", "bytes=1-2"}, {"Range", "bytes=1-2,5-6"}, {"Range", "bytes=99-"},
		{"If-None-Match", "*"}, {"If-Match", `"other"`},
	} {
		w := &commitWriter{t: t, ResponseRecorder: httptest.NewRecorder()}
		if err := s.Send(w, newRequest("GET", fields...), "a.txt", nil); err != nil || !w.committed {
			t.Errorf("%q: committed %v, %v", fields, w.committed, err)
		}
	}
	w := &commitWriter{t: t, ResponseRecorder: httptest.NewRecorder()}
	_ = s.Send(w, newRequest("GET"), "missing", nil)
}

// An error answer to HEAD has no body either.
func TestHeadOfMissing(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: t.TempDir()})
	res, body, err := send(t, s, newRequest("HEAD"), "missing", nil)
	if res.StatusCode != 404 || body != "" || res.Header.Get("Content-Length") != "13" || err == nil {
		t.Errorf("Send = %d %q %v, %v", res.StatusCode, body, res.Header, err)
	}
}

type brokenWriter struct{ http.ResponseWriter }

var errGone = errors.New("client gone")

func (brokenWriter) Write([]byte) (int, error) { return 0, errGone }

func TestSendReturnsWriteErrors(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": alphabet})})
	for _, rng := range []string{"", "bytes=1-2", "bytes=1-2,4-5"} {
		r := newRequest("GET")
		if rng != "" {
			r.Header.Set("Range", rng)
		}
		if err := s.Send(brokenWriter{httptest.NewRecorder()}, r, "a.txt", nil); !errors.Is(err, errGone) {
			t.Errorf("Range %q: Send = %v", rng, err)
		}
	}
}
