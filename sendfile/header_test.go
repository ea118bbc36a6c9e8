package sendfile_test

import (
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestGivenHeader(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": alphabet})
	tests := []struct {
		title string
		given http.Header
		key   string
		want  []string
	}{
		{"type", http.Header{"Content-Type": {"text/x"}}, "Content-Type", []string{"text/x"}},
		{"type, other case", http.Header{"content-TYPE": {"text/x"}}, "Content-Type", []string{"text/x"}},
		{"type, suppressed", http.Header{"Content-Type": nil}, "Content-Type", nil},
		{"disposition", http.Header{"content-disposition": {"inline"}}, "Content-Disposition", []string{"inline"}},
		{"tag", http.Header{"etag": {`"mine"`}}, "Etag", []string{`"mine"`}},
		{"date", http.Header{"last-modified": {"x"}}, "Last-Modified", []string{"x"}},
		{"caching", http.Header{"cache-control": {"private"}}, "Cache-Control", []string{"private"}},
		{"expiry", http.Header{"expires": {"0"}}, "Expires", []string{"0"}},
		{"ranges", http.Header{"accept-ranges": {"none"}}, "Accept-Ranges", []string{"none"}},
		{"nosniff, suppressed", http.Header{"X-Content-Type-Options": {}}, "X-Content-Type-Options", nil},
		{"several values", http.Header{"X-A": {"1", "2"}}, "X-A", []string{"1", "2"}},
		{"two spellings", http.Header{"X-A": {"1"}, "x-a": {"2"}}, "X-A", []string{"1", "2"}},
		{"date of the answer", http.Header{"Date": {"x"}}, "Date", []string{"x"}},
		{"length", http.Header{"Content-Length": {"5"}}, "Content-Length", []string{"26"}},
		{"length, other case", http.Header{"content-length": {"5"}}, "Content-Length", []string{"26"}},
		{"range", http.Header{"content-range": {"bytes 1-2/3"}}, "Content-Range", nil},
		{"coding of the transfer", http.Header{"transfer-encoding": {"chunked"}}, "Transfer-Encoding", nil},
		{"coding of the content", http.Header{"content-encoding": {"gzip"}}, "Content-Encoding", []string{"gzip"}},
	}
	s := newSender(t, sendfile.Config{Root: root})
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			before := clone(tt.given)
			res, body, err := send(t, s, newRequest("GET"), "a.txt", &sendfile.Options{Filename: "x", Header: tt.given})
			if err != nil || body != alphabet {
				t.Errorf("Send = %q, %v", body, err)
			}
			if got := res.Header[tt.key]; !slices.Equal(got, tt.want) {
				t.Errorf("%s = %q, want %q", tt.key, got, tt.want)
			}
			if !maps.EqualFunc(tt.given, before, slices.Equal) {
				t.Errorf("given header became %v", tt.given)
			}
		})
	}
}

func clone(h http.Header) http.Header {
	c := http.Header{}
	for k, v := range h {
		c[k] = slices.Clone(v)
	}
	return c
}

// Editing what is sent must not edit what was given: Pants wrote one file's ETag
// into the dictionary that went out with the next.
func TestGivenHeaderIsCopied(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": "a"})})
	given := http.Header{"X-A": {"1"}}
	rec := httptest.NewRecorder()
	if err := s.Send(rec, newRequest("GET"), "a.txt", &sendfile.Options{Header: given}); err != nil {
		t.Fatal(err)
	}
	rec.Header()["X-A"][0] = "changed"
	if len(given) != 1 || given["X-A"][0] != "1" {
		t.Errorf("given header became %v", given)
	}
}

func TestInvalidHeader(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": alphabet})
	tests := []struct {
		title string
		conf  sendfile.Config
		given http.Header
	}{
		{"LF in value", sendfile.Config{}, http.Header{"X-A": {"a\nX-Evil: 1"}}},
		{"CR in value", sendfile.Config{}, http.Header{"X-A": {"a\rb"}}},
		{"NUL in value", sendfile.Config{}, http.Header{"X-A": {"a\x00b"}}},
		{"second value", sendfile.Config{}, http.Header{"X-A": {"a", "\n"}}},
		{"ignored header", sendfile.Config{}, http.Header{"Content-Length": {"1\r\n"}}},
		{"LF in name", sendfile.Config{}, http.Header{"X-A\nB": {"a"}}},
		{"blank in name", sendfile.Config{}, http.Header{"X A": {"a"}}},
		{"colon in name", sendfile.Config{}, http.Header{"X-A:": {"a"}}},
		{"empty name", sendfile.Config{}, http.Header{"": {"a"}}},
		{"tag of the configuration", sendfile.Config{ETag: func(fs.FileInfo) string { return "\"a\n\"" }}, nil},
		{"type of the configuration", sendfile.Config{ContentType: func(string) string { return "a\r\n" }}, nil},
		{"when offloaded", sendfile.Config{Proxy: sendfile.Apache}, http.Header{"X-A": {"a\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			tt.conf.Root = root
			res, body, err := send(t, newSender(t, tt.conf), newRequest("GET"), "a.txt", &sendfile.Options{Header: tt.given})
			if err == nil || res.StatusCode != 500 || body != "500 Internal Server Error" {
				t.Errorf("Send = %d %q, %v", res.StatusCode, body, err)
			}
			if res.Header["X-A"] != nil || res.Header["X-Sendfile"] != nil {
				t.Errorf("header = %v", res.Header)
			}
		})
	}
}

func TestGivenHeaderAdds(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": "a"})})
	rec := httptest.NewRecorder()
	before := []string{"a=1"}
	rec.Header()["Set-Cookie"] = before[:1:1]
	rec.Header().Set("Vary", "Cookie")
	rec.Header().Set("X-A", "1")
	given := http.Header{"Set-Cookie": {"b=2"}, "vary": {"X"}, "X-A": {"2"}}
	if err := s.Send(rec, newRequest("GET"), "a.txt", &sendfile.Options{Header: given}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]string{"Set-Cookie": {"a=1", "b=2"}, "Vary": {"Cookie", "X"}, "X-A": {"2"}} {
		if got := rec.Header()[key]; !slices.Equal(got, want) {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}

// As with http.ServeContent, what stands in the ResponseWriter is meant.
func TestHeaderOfTheWriter(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": alphabet})})
	set := func(w http.ResponseWriter) {
		for key, v := range map[string]string{
			"Content-Type": "text/x", "Etag": `"writer"`, "Cache-Control": "private", "Expires": "0", "Content-Disposition": "inline",
			"Content-Length": "5", "Content-Range": "x", "Transfer-Encoding": "chunked", "Set-Cookie": "a=1", "Vary": "X",
		} {
			w.Header().Set(key, v)
		}
	}
	rec := httptest.NewRecorder()
	set(rec)
	if err := s.Send(rec, newRequest("GET"), "a.txt", &sendfile.Options{Header: http.Header{"Etag": {`"option"`}}}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"Content-Type": "text/x", "Etag": `"option"`, "Cache-Control": "private", "Expires": "0", "Content-Disposition": "inline",
		"Content-Length": "26", "Content-Range": "", "Transfer-Encoding": "", "Set-Cookie": "a=1", "Vary": "X",
	} {
		if got := rec.Header().Get(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}

	// net/http's own errors keep Expires and Content-Disposition.
	for _, name := range []string{"missing", "a.txt"} {
		rec = httptest.NewRecorder()
		set(rec)
		_ = s.Send(rec, newRequest("GET", "Range", "bytes=99-"), name, nil)
		for key, want := range map[string]string{
			"Content-Type": "text/plain", "Etag": "", "Cache-Control": "", "Expires": "", "Content-Disposition": "",
			"Transfer-Encoding": "", "Set-Cookie": "a=1", "Vary": "X",
		} {
			if got := rec.Header().Get(key); got != want {
				t.Errorf("%d: %s = %q, want %q", rec.Code, key, got, want)
			}
		}
	}
}
