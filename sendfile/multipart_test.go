package sendfile_test

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func checkMultipart(t *testing.T, res *http.Response, body string, want spans, content string) {
	t.Helper()
	media, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || res.StatusCode != 206 || media != "multipart/byteranges" || res.Header["Content-Range"] != nil {
		t.Fatalf("answer = %d, %v", res.StatusCode, res.Header)
	}
	mr := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for _, sp := range want {
		part, err := mr.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		checkPart(t, part.Header.Get("Content-Range"), string(b), sp, content)
		if got := part.Header.Get("Content-Type"); got != "text/x" {
			t.Errorf("Content-Type of the part = %q", got)
		}
	}
	if _, err := mr.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
}

func TestBoundaryDiffers(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a": alphabet})})
	seen := make(map[string]bool)
	for range 20 {
		res, _, _ := send(t, s, newRequest("GET", "Range", "bytes=1-2,5-6"), "a", nil)
		seen[res.Header.Get("Content-Type")] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d boundaries for 20 answers", len(seen))
	}
}

// The same answers over TLS and HTTP/2, where nothing of the fast path exists.
func TestSendOverHTTP2(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a": alphabet}), ContentType: func(string) string { return "text/x" }})
	server := httptest.NewUnstartedServer(s.Files())
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for _, tt := range []struct {
		rng    string
		status int
		want   spans
	}{{"", 200, whole}, {"bytes=3-5", 206, spans{{3, 3}}}, {"bytes=3-5,-2", 206, spans{{3, 3}, {24, 2}}}} {
		r, _ := http.NewRequest("GET", server.URL+"/a", nil)
		if tt.rng != "" {
			r.Header.Set("Range", tt.rng)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.ProtoMajor != 2 || res.StatusCode != tt.status || res.ContentLength != int64(len(body)) {
			t.Errorf("%q: %s %d, %d of %d bytes, %v", tt.rng, res.Proto, res.StatusCode, len(body), res.ContentLength, err)
		}
		switch len(tt.want) {
		case 0:
			if string(body) != alphabet {
				t.Errorf("body = %q", body)
			}
		case 1:
			checkPart(t, res.Header.Get("Content-Range"), string(body), tt.want[0], alphabet)
		default:
			checkMultipart(t, res, string(body), tt.want, alphabet)
		}
	}
}
