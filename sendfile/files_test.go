package sendfile_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestFiles(t *testing.T) {
	base := newRoot(t, map[string]string{"in/a.txt": "a", "in/sub/index.html": "index", "in/etc/passwd": "own", "secret.txt": "s"})
	s := newSender(t, sendfile.Config{Root: filepath.Join(base, "in"), AllowOutside: true})
	tests := []struct {
		title, method, path string
		status              int
		body                string
	}{
		{"file", "GET", "/a.txt", 200, "a"},
		{"HEAD", "HEAD", "/a.txt", 200, ""},
		{"no redirect", "GET", "/sub/index.html", 200, "index"},
		{"no index", "GET", "/sub/", 404, "404 Not Found"},
		{"no listing", "GET", "/sub", 404, "404 Not Found"},
		{"root", "GET", "/", 404, "404 Not Found"},
		{"doubled slash is no absolute path", "GET", "//etc/passwd", 200, "own"},
		{"dots", "GET", "/../secret.txt", 404, "404 Not Found"},
		{"dots, encoded", "GET", "/%2e%2e/secret.txt", 404, "404 Not Found"},
		{"absolute", "GET", "//" + base + "/secret.txt", 404, "404 Not Found"},
		{"NUL", "GET", "/a.txt%00", 404, "404 Not Found"},
		{"slash behind a file", "GET", "/a.txt/", 404, "404 Not Found"},
		{"POST", "POST", "/a.txt", 405, "405 Method Not Allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "http://h"+tt.path, nil)
			rec := httptest.NewRecorder()
			s.Files().ServeHTTP(rec, r)
			if rec.Code != tt.status || rec.Body.String() != tt.body {
				t.Errorf("answer = %d %q, want %d %q", rec.Code, rec.Body, tt.status, tt.body)
			}
			if got := rec.Header().Get("Allow"); (got == "GET, HEAD") != (tt.status == 405) {
				t.Errorf("Allow = %q", got)
			}
		})
	}
}

// A body that was cut must not look complete, over HTTP/2 neither.
func TestFilesAborts(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"x": alphabet})})
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v, want ErrAbortHandler", v)
		}
	}()
	s.Files().ServeHTTP(brokenWriter{httptest.NewRecorder()}, newRequest("GET"))
}
