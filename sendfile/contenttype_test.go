package sendfile_test

import (
	"mime"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestContentType(t *testing.T) {
	if err := mime.AddExtensionType(".sendfiletest", "text/x-test"); err != nil {
		t.Fatal(err)
	}
	const octets = "application/octet-stream"
	tests := []struct{ name, want string }{
		{"a.txt", "text/plain; charset=utf-8"},
		{"a.html", "text/html; charset=utf-8"},
		{"UPPER.HTML", "text/html; charset=utf-8"},
		{"a.css", "text/css; charset=utf-8"},
		{"a.js", "text/javascript; charset=utf-8"},
		{"a.json", "application/json"},
		{"a.svg", "image/svg+xml"},
		{"a.jpg", "image/jpeg"},
		{"a.png", "image/png"},
		{"a.pdf", "application/pdf"},
		{"a.wasm", "application/wasm"},
		{"a.mp4", "video/mp4"},
		{"a.woff2", "font/woff2"},
		{"archive.tar.gz", "application/gzip"},
		{"archive.tgz", "application/gzip"},
		{"/abs/dir.html/a.txt", "text/plain; charset=utf-8"},
		{"dir.html/noext", octets},
		{"noext", octets},
		{".hidden", octets},
		{".html", octets},
		{"sub/.html", octets},
		{".hidden.html", "text/html; charset=utf-8"},
		{"dot.", octets},
		{"", octets},
		{"a.unknownext", octets},
		{"a.b.sendfiletest", "text/x-test; charset=utf-8"},
		{"a.SENDFILETEST", "text/x-test; charset=utf-8"},
	}
	for _, tt := range tests {
		if got := sendfile.ContentType(tt.name); got != tt.want {
			t.Errorf("ContentType(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSendContentType(t *testing.T) {
	root := newRoot(t, map[string]string{"page.html": "<p>", "upload": "<!doctype html><script>", "a.unknown": "<html>"})
	own := func(name string) string {
		_, ext, _ := strings.Cut(name, ".")
		if ext == "" {
			return ""
		}
		return "x/" + ext
	}
	tests := []struct {
		title string
		own   func(string) string
		name  string
		o     *sendfile.Options
		want  string
	}{
		{"by extension", nil, "page.html", nil, "text/html; charset=utf-8"},
		{"never by content", nil, "upload", nil, "application/octet-stream"},
		{"never by content, unknown extension", nil, "a.unknown", nil, "application/octet-stream"},
		{"no guess", nil, "page.html", &sendfile.Options{NoGuess: true}, "application/octet-stream"},
		{"given", nil, "page.html", &sendfile.Options{NoGuess: true, Header: map[string][]string{"content-type": {"text/x"}}}, "text/x"},
		{"own table", own, "page.html", nil, "x/html"},
		{"own table has none", own, "upload", nil, "application/octet-stream"},
		{"own table, no guess", own, "page.html", &sendfile.Options{NoGuess: true}, "application/octet-stream"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			s := newSender(t, sendfile.Config{Root: root, ContentType: tt.own})
			res, _, _ := send(t, s, newRequest("GET"), tt.name, tt.o)
			if got := res.Header.Get("Content-Type"); got != tt.want {
				t.Errorf("Content-Type = %q, want %q", got, tt.want)
			}
		})
	}
}
