package sendfile_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// The published tables of net/http (Go 1.26, fs_test.go) as facts: the same
// inputs and answers, under the names they have there. TestRangesOfNetHTTP and
// TestCutTag hold those of range_test.go and of ScanETag. Deliberate differences:
//
//   - 416 says text/plain without a charset, and has a text of its own;
//   - Last-Modified stays away from no answer of 200, 206 or 304; theirs keeps it
//     from a 304 with an ETag, and sends it with a 412, where ours sends nothing
//     that describes the file;
//   - HEAD is told the whole length, whatever Range says (RFC 9110 section 14.2);
//   - a malformed Range is ignored, where theirs is a 416; see Config.StrictRanges.
func TestServeContentOfNetHTTP(t *testing.T) {
	const css, plain = "text/css; charset=utf-8", "text/plain"
	html := time.Unix(1390000000, 0)
	june := time.Date(2014, 6, 25, 17, 12, 18, 0, time.UTC)
	none := time.Unix(0, 0) // as theirs: neither a date nor a tag
	text := func(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
	tests := []struct {
		title, file  string
		at           time.Time
		etag, given  string // headers of the handler
		fields       []string
		status       int
		contentType  string
		contentRange string
		lastMod      string
	}{
		{"no_last_modified", "style.css", none, "", "", nil, 200, css, "", ""},
		{"with_last_modified", "index.html", html, "", "", nil, 200, "text/html; charset=utf-8", "", text(html)},
		{"not_modified_modtime", "style.css", html, `"foo"`, "", []string{"If-Modified-Since", text(html)}, 304, "", "", text(html)},
		{"not_modified_modtime_with_contenttype", "style.css", html, `"foo"`, "text/css", []string{"If-Modified-Since", text(html)}, 304, "", "", text(html)},
		{"not_modified_etag", "style.css", none, `"foo"`, "", []string{"If-None-Match", `"foo"`}, 304, "", "", ""},
		{"not_modified_etag_no_seek", "style.css", none, `W/"foo"`, "", []string{"If-None-Match", `"baz", W/"foo"`}, 304, "", "", ""},
		{"if_none_match_mismatch", "style.css", none, `"foo"`, "", []string{"If-None-Match", `"Foo"`}, 200, css, "", ""},
		{"if_none_match_malformed", "style.css", none, `"foo"`, "", []string{"If-None-Match", `,`}, 200, css, "", ""},
		{"range_good", "style.css", none, `"A"`, "", []string{"Range", "bytes=0-4"}, 206, css, "bytes 0-4/8", ""},
		{"range_match", "style.css", none, `"A"`, "", []string{"Range", "bytes=0-4", "If-Range", `"A"`}, 206, css, "bytes 0-4/8", ""},
		{"range_match_weak_etag", "style.css", none, `W/"A"`, "", []string{"Range", "bytes=0-4", "If-Range", `W/"A"`}, 200, css, "", ""},
		{"range_no_overlap", "style.css", none, `"A"`, "", []string{"Range", "bytes=10-20"}, 416, plain, "bytes */8", ""},
		{"range_no_match", "style.css", none, `"A"`, "", []string{"Range", "bytes=0-4", "If-Range", `"B"`}, 200, css, "", ""},
		{"range_with_modtime", "style.css", june, "", "", []string{"Range", "bytes=0-4", "If-Range", text(june)}, 206, css, "bytes 0-4/8", text(june)},
		{"range_with_modtime_mismatch", "style.css", june, "", "", []string{"Range", "bytes=0-4", "If-Range", text(june.Add(time.Second))}, 200, css, "", text(june)},
		{"range_with_modtime_nanos", "style.css", june.Add(123), "", "", []string{"Range", "bytes=0-4", "If-Range", text(june)}, 206, css, "bytes 0-4/8", text(june)},
		{"unix_zero_modtime", "foo.html", none, "", "", nil, 200, "text/html; charset=utf-8", "", ""},
		{"ifmatch_matches", "style.css", none, `"A"`, "", []string{"If-Match", `"Z", "A"`}, 200, css, "", ""},
		{"ifmatch_star", "style.css", none, `"A"`, "", []string{"If-Match", `*`}, 200, css, "", ""},
		{"ifmatch_failed", "style.css", none, `"A"`, "", []string{"If-Match", `"B"`}, 412, "", "", ""},
		{"ifmatch_fails_on_weak_etag", "style.css", none, `W/"A"`, "", []string{"If-Match", `W/"A"`}, 412, "", "", ""},
		{"if_unmodified_since_true", "style.css", html, "", "", []string{"If-Unmodified-Since", text(html)}, 200, css, "", text(html)},
		{"if_unmodified_since_false", "style.css", html, "", "", []string{"If-Unmodified-Since", text(html.Add(-2 * time.Second))}, 412, "", "", ""},
	}
	root := newRoot(t, map[string]string{"style.css": "body {}\n", "index.html": "index.html says hello\n", "foo.html": "<html>foo"})
	s := newSender(t, sendfile.Config{Root: root, ETag: func(fs.FileInfo) string { return "" }})
	for _, tt := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(tt.title+" "+method, func(t *testing.T) {
				if err := os.Chtimes(filepath.Join(root, tt.file), tt.at, tt.at); err != nil {
					t.Fatal(err)
				}
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if tt.etag != "" {
						w.Header().Set("ETag", tt.etag)
					}
					if tt.given != "" {
						w.Header().Set("Content-Type", tt.given)
					}
					if err := s.Send(w, r, tt.file, nil); err != nil {
						t.Error(err)
					}
				}))
				defer server.Close()
				r, _ := http.NewRequest(method, server.URL, nil)
				for i := 0; i < len(tt.fields); i += 2 {
					r.Header.Set(tt.fields[i], tt.fields[i+1])
				}
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				status, contentRange, contentType := tt.status, tt.contentRange, tt.contentType
				if method == "HEAD" && (status == 206 || status == 416) {
					status, contentRange, contentType = 200, "", css
				}
				if res.StatusCode != status {
					t.Errorf("status = %d, want %d", res.StatusCode, status)
				}
				for key, want := range map[string]string{"Content-Type": contentType, "Content-Range": contentRange, "Last-Modified": tt.lastMod} {
					if got := res.Header.Get(key); got != want {
						t.Errorf("%s = %q, want %q", key, got, want)
					}
				}
			})
		}
	}
}

// TestServeFileRanges of net/http, over a connection. TestRangesOfNetHTTP has the
// same inputs with the spans.
func TestServeFileRangesOfNetHTTP(t *testing.T) {
	const content = "0123456789\n"
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"file": content})})
	server := httptest.NewServer(s.Files())
	defer server.Close()
	for _, tt := range []struct {
		value  string
		status int
		body   string // of one part
	}{
		{"", 200, content},
		{"bytes=0-4", 206, "01234"},
		{"bytes=2-", 206, "23456789\n"},
		{"bytes=-5", 206, "6789\n"},
		{"bytes=3-7", 206, "34567"},
		{"bytes=0-0,-2", 206, ""},
		{"bytes=0-1,5-8", 206, ""},
		{"bytes=0-1,5-", 206, ""},
		{"bytes=5-1000", 206, "56789\n"},
		{"bytes=0-,1-,2-,3-,4-", 200, content},
		{"bytes=0-9", 206, "0123456789"},
		{"bytes=0-10", 206, content},
		{"bytes=0-11", 206, content},
		{"bytes=10-11", 206, "\n"},
		{"bytes=10-", 206, "\n"},
		{"bytes=11-", 416, ""},
		{"bytes=11-12", 416, ""},
		{"bytes=12-12", 416, ""},
		{"bytes=11-100", 416, ""},
		{"bytes=12-100", 416, ""},
		{"bytes=100-", 416, ""},
		{"bytes=100-1000", 416, ""},
		// TestServeFileRejectsInvalidSuffixLengths; theirs are 416.
		{"bytes=--6", 200, content},
		{"bytes=--0", 200, content},
		{"bytes=---0", 200, content},
		{"bytes=-6", 206, "56789\n"},
		{"bytes=6-", 206, "6789\n"},
		{"bytes=-6-", 200, content},
		{"bytes=-0", 416, ""}, // theirs is 206 with bytes 11-10/11
		{"bytes=", 200, content},
	} {
		r, _ := http.NewRequest("GET", server.URL+"/file", nil)
		if tt.value != "" {
			r.Header.Set("Range", tt.value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != tt.status || tt.body != "" && string(body) != tt.body {
			t.Errorf("%q: answer = %d %q, %v, want %d %q", tt.value, res.StatusCode, body, err, tt.status, tt.body)
		}
	}
}

// TestServeContentHeadersWithError of net/http: what described the file goes,
// what did not stays. Ours takes Expires and Content-Disposition away too.
func TestErrorHeadersOfNetHTTP(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"file": "content"})})
	rec := httptest.NewRecorder()
	for key, value := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Length": "7", "Content-Encoding": "gzip", "Etag": `"abcdefgh"`,
		"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "Cache-Control": "immutable", "Other-Header": "test",
		"Expires": "Wed, 21 Oct 2099 07:28:00 GMT", "Content-Disposition": "attachment",
	} {
		rec.Header().Set(key, value)
	}
	if err := s.Send(rec, newRequest("GET", "Range", "bytes=100-10000"), "file", nil); err != nil {
		t.Fatal(err)
	}
	if rec.Code != 416 || rec.Body.String() != "416 Requested Range Not Satisfiable" {
		t.Errorf("answer = %d %q", rec.Code, rec.Body)
	}
	for key, want := range map[string]string{
		"Content-Type": "text/plain", "Content-Length": "35", "Content-Encoding": "", "Etag": "", "Last-Modified": "", "Cache-Control": "",
		"Expires": "", "Content-Disposition": "", "Content-Range": "bytes */7", "Other-Header": "test",
	} {
		if got := rec.Header().Get(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}

// TestServeContentWithEmptyContentIgnoreRanges of net/http.
func TestEmptyFileOfNetHTTP(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"nothing": ""})})
	for _, rng := range []string{"bytes=0-128", "bytes=1-"} {
		if res, body, err := send(t, s, newRequest("GET", "Range", rng), "nothing", nil); err != nil || res.StatusCode != 200 || body != "" {
			t.Errorf("%s: answer = %d %q, %v", rng, res.StatusCode, body, err)
		}
	}
}
