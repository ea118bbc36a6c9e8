package sendfile_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

func TestPrecompressed(t *testing.T) {
	root := newRoot(t, map[string]string{
		"a.js": "plain", "a.js.br": "brotli!", "a.js.zst": "zstandard", "a.js.gz": "gzipped.",
		"only.js": "plain", "only.js.gz": "gzipped.",
		"none.js": "plain",
		"old.js":  "plain", "old.js.gz": "stale",
		"dir.js": "plain", "dir.js.gz/x": "",
		"lonely.js.gz": "gzipped.", "lonely.js.gz.br": "twice",
		"escape.js": "plain",
	})
	before := changed.Add(-time.Second)
	if err := os.Chtimes(filepath.Join(root, "old.js.gz"), before, before); err != nil {
		t.Fatal(err)
	}
	outside := newRoot(t, map[string]string{"x": "outside"})
	if err := os.Symlink(filepath.Join(outside, "x"), filepath.Join(root, "escape.js.gz")); err != nil {
		t.Skip(err)
	}
	s := newSender(t, sendfile.Config{Root: root, Precompressed: []string{"br", "zstd", "gzip"}, ETag: fixedTag})
	tests := []struct {
		title, name, accept, coding, body string
	}{
		{"our order on a tie", "a.js", "gzip, zstd, br", "br", "brotli!"},
		{"weights", "a.js", "br;q=0.5, gzip;q=0.8, zstd;q=0.7", "gzip", "gzipped."},
		{"weights of thousandths", "a.js", "br;q=0.998, gzip;q=0.999", "gzip", "gzipped."},
		{"one", "a.js", "zstd", "zstd", "zstandard"},
		{"capitals", "a.js", "GZIP", "gzip", "gzipped."},
		{"blanks", "a.js", " gzip ; q=1.0 ,", "gzip", "gzipped."},
		{"old name of gzip", "a.js", "x-gzip", "gzip", "gzipped."},
		{"forbidden", "a.js", "br;q=0, gzip", "gzip", "gzipped."},
		{"all forbidden", "a.js", "br;q=0, gzip;q=0.0, zstd;q=0.000", "", "plain"},
		{"asterisk", "a.js", "*", "br", "brotli!"},
		{"asterisk for the rest", "a.js", "br;q=0, *;q=0.1", "zstd", "zstandard"},
		{"asterisk forbids", "a.js", "gzip;q=0.5, *;q=0", "gzip", "gzipped."},
		{"asterisk forbids all", "a.js", "*;q=0", "", "plain"},
		{"identity preferred", "a.js", "identity, gzip;q=0.5", "", "plain"},
		{"identity as good", "a.js", "identity;q=0.5, gzip;q=0.5", "gzip", "gzipped."},
		{"identity forbidden, nothing else", "none.js", "identity;q=0", "", "plain"},
		{"unknown", "a.js", "deflate, compress", "", "plain"},
		{"empty", "a.js", "", "", "plain"},
		{"weight that is none", "a.js", "gzip;q=2, br;q=x, zstd;q=-1", "", "plain"},
		{"weight too long", "a.js", "gzip;q=0.1234", "", "plain"},
		{"prefix of a name", "a.js", "gzi, brr", "", "plain"},
		{"next best is there", "only.js", "br, zstd, gzip;q=0.1", "gzip", "gzipped."},
		{"no sibling", "none.js", "br, gzip", "", "plain"},
		{"older sibling", "old.js", "gzip", "", "plain"},
		{"sibling is a directory", "dir.js", "gzip", "", "plain"},
		{"sibling outside of the root", "escape.js", "gzip", "", "plain"},
		{"asked for itself", "a.js.gz", "gzip", "", "gzipped."},
		{"asked for itself, coded again", "lonely.js.gz", "br", "", "gzipped."},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			res, body, err := send(t, s, newRequest("GET", "Accept-Encoding", tt.accept), tt.name, nil)
			if err != nil || body != tt.body || res.Header.Get("Content-Encoding") != tt.coding {
				t.Errorf("Send = %q, coding %q, %v", body, res.Header.Get("Content-Encoding"), err)
			}
			tag := `"tag"`
			if tt.coding != "" {
				tag = `"tag-` + tt.coding + `"`
			}
			if got := res.Header.Get("Etag"); got != tag {
				t.Errorf("ETag = %s, want %s", got, tag)
			}
			if got := res.Header.Values("Vary"); !slices.Equal(got, []string{"Accept-Encoding"}) {
				t.Errorf("Vary = %q", got)
			}
			if want := sendfile.ContentType(tt.name); res.Header.Get("Content-Type") != want {
				t.Errorf("Content-Type = %q, want %q", res.Header.Get("Content-Type"), want)
			}
		})
	}

	t.Run("nothing accepted", func(t *testing.T) {
		res, body, _ := send(t, s, newRequest("GET"), "a.js", nil)
		if body != "plain" || res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("answer = %q %v", body, res.Header)
		}
	})
	t.Run("two lines", func(t *testing.T) {
		if _, body, _ := send(t, s, newRequest("GET", "Accept-Encoding", "deflate", "Accept-Encoding", "gzip"), "a.js", nil); body != "gzipped." {
			t.Errorf("body = %q", body)
		}
	})
	t.Run("HEAD", func(t *testing.T) {
		res, _, _ := send(t, s, newRequest("HEAD", "Accept-Encoding", "gzip"), "a.js", nil)
		if res.Header.Get("Content-Length") != "8" || res.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("header = %v", res.Header)
		}
	})
	// The range counts bytes of the coded form (caddyserver/caddy#7250).
	t.Run("range", func(t *testing.T) {
		res, body, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip", "Range", "bytes=4-", "If-Range", `"tag-gzip"`), "a.js", nil)
		if res.StatusCode != 206 || body != "ped." || res.Header.Get("Content-Range") != "bytes 4-7/8" || res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Vary") == "" {
			t.Errorf("answer = %d %q %v", res.StatusCode, body, res.Header)
		}
	})
	t.Run("range of another coding", func(t *testing.T) {
		if res, _, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip", "Range", "bytes=4-", "If-Range", `"tag-br"`), "a.js", nil); res.StatusCode != 200 {
			t.Errorf("status = %d", res.StatusCode)
		}
	})
	t.Run("not modified", func(t *testing.T) {
		res, _, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip", "If-None-Match", `"tag-gzip"`), "a.js", nil)
		if res.StatusCode != 304 || res.Header.Get("Vary") != "Accept-Encoding" || res.Header.Get("Etag") != `"tag-gzip"` || res.Header["Content-Encoding"] != nil {
			t.Errorf("answer = %d %v", res.StatusCode, res.Header)
		}
	})
	t.Run("tag of another coding", func(t *testing.T) {
		if res, _, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip", "If-None-Match", `"tag"`), "a.js", nil); res.StatusCode != 200 {
			t.Errorf("status = %d", res.StatusCode)
		}
	})
	t.Run("other answers vary too", func(t *testing.T) {
		for _, fields := range [][]string{{"Range", "bytes=99-"}, {"If-Match", `"x"`}} {
			if res, _, _ := send(t, s, newRequest("GET", fields...), "a.js", nil); res.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%d without Vary", res.StatusCode)
			}
		}
	})
	t.Run("given header", func(t *testing.T) {
		tests := []struct {
			title      string
			given      http.Header
			body, etag string
			vary       []string
		}{
			{"tag", http.Header{"etag": {`"mine"`}}, "gzipped.", `"mine-gzip"`, []string{"Accept-Encoding"}},
			{"weak tag", http.Header{"etag": {`W/"mine"`}}, "gzipped.", `W/"mine-gzip"`, []string{"Accept-Encoding"}},
			{"tag that is none", http.Header{"etag": {`mine`}}, "gzipped.", "", []string{"Accept-Encoding"}},
			{"coding", http.Header{"Content-Encoding": {"gzip"}}, "plain", `"tag"`, []string{"Accept-Encoding"}},
			{"no coding", http.Header{"Content-Encoding": nil}, "plain", `"tag"`, []string{"Accept-Encoding"}},
			{"vary", http.Header{"Vary": {"Cookie"}}, "gzipped.", `"tag-gzip"`, []string{"Cookie", "Accept-Encoding"}},
			{"vary has it", http.Header{"Vary": {"Cookie, accept-encoding"}}, "gzipped.", `"tag-gzip"`, []string{"Cookie, accept-encoding"}},
			{"vary has all", http.Header{"Vary": {"*"}}, "gzipped.", `"tag-gzip"`, []string{"*"}},
		}
		for _, tt := range tests {
			before := strings.Join(tt.given["Vary"], "|")
			res, body, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip"), "a.js", &sendfile.Options{Header: tt.given})
			if body != tt.body || res.Header.Get("Etag") != tt.etag || !slices.Equal(res.Header["Vary"], tt.vary) {
				t.Errorf("%s: %q %v", tt.title, body, res.Header)
			}
			if strings.Join(tt.given["Vary"], "|") != before {
				t.Errorf("%s: given header became %v", tt.title, tt.given)
			}
		}
	})
}

// Without Precompressed siblings are files like any other.
func TestNotPrecompressed(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.js": "plain", "a.js.gz": "gzipped."})})
	res, body, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip"), "a.js", nil)
	if body != "plain" || res.Header["Vary"] != nil || res.Header["Content-Encoding"] != nil {
		t.Errorf("answer = %q %v", body, res.Header)
	}
}

func TestPrecompressedDefaultTag(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.js": "same!", "a.js.gz": "size."}), Precompressed: []string{"gzip"}})
	plain, _, _ := send(t, s, newRequest("GET"), "a.js", nil)
	coded, _, _ := send(t, s, newRequest("GET", "Accept-Encoding", "gzip"), "a.js", nil)
	if plain.Header.Get("Etag") == coded.Header.Get("Etag") {
		t.Errorf("both have the tag %s", plain.Header.Get("Etag"))
	}
	none := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.js": "same!", "a.js.gz": "size."}), Precompressed: []string{"gzip"}, ETag: func(fs.FileInfo) string { return "" }})
	if res, _, _ := send(t, none, newRequest("GET", "Accept-Encoding", "gzip"), "a.js", nil); res.Header["Etag"] != nil {
		t.Errorf("ETag = %q, want none", res.Header["Etag"])
	}
}
