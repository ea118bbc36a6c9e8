package sendfile_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// discard is a ResponseWriter that costs nothing itself.
type discard struct{ h http.Header }

func (w *discard) Header() http.Header         { return w.h }
func (w *discard) WriteHeader(int)             {}
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
func (w *discard) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(io.Discard, r)
}

func benchFiles(b *testing.B, run func(b *testing.B, size int64, h http.Handler)) {
	root := newRoot(b, map[string]string{"4KiB.bin": strings.Repeat("x", 4<<10), "1MiB.bin": strings.Repeat("x", 1<<20)})
	s := newSender(b, sendfile.Config{Root: root})
	for _, size := range []struct {
		name  string
		bytes int64
	}{{"4KiB", 4 << 10}, {"1MiB", 1 << 20}} {
		name := size.name + ".bin"
		b.Run("Send/"+size.name, func(b *testing.B) {
			run(b, size.bytes, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = s.Send(w, r, name, nil) }))
		})
		b.Run("ServeFile/"+size.name, func(b *testing.B) {
			run(b, size.bytes, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.ServeFile(w, r, filepath.Join(root, name))
			}))
		})
	}
}

// BenchmarkHandler is the work of the handler alone.
func BenchmarkHandler(b *testing.B) {
	benchFiles(b, func(b *testing.B, size int64, h http.Handler) {
		r := newRequest("GET")
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(&discard{make(http.Header)}, r)
		}
	})
}

// BenchmarkServer is a request over TCP, kernel sendfile included.
func BenchmarkServer(b *testing.B) {
	benchFiles(b, func(b *testing.B, size int64, h http.Handler) {
		server := httptest.NewServer(h)
		defer server.Close()
		client := server.Client()
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			res, err := client.Get(server.URL)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				b.Fatal(err)
			}
			res.Body.Close()
		}
	})
}
