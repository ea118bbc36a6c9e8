package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/sendfile"
)

func TestSendfile(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.txt"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	c := chi.NewRouter()
	c.Use(middleware.Sendfile(files))
	c.Get("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(r.Header.Get("X-Sendfile-Type"), "a.txt")
	})
	c.Get("/plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("plain")) })
	for _, tt := range []struct {
		path, rng string
		status    int
		body      string
	}{
		{"/file", "", 200, "content"},
		{"/file", "bytes=1-3", 206, "ont"},
		{"/plain", "", 200, "plain"},
		{"/other", "", 404, "404 page not found\n"},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, tt.path, nil)
		if tt.rng != "" {
			r.Header.Set("Range", tt.rng)
		}
		c.ServeHTTP(w, r)
		if w.Code != tt.status || w.Body.String() != tt.body || w.Header()["X-Sendfile"] != nil {
			t.Errorf("%s: %d %q %v", tt.path, w.Code, w.Body, w.Header())
		}
	}
}
