package sendfile_test

import (
	"net/http"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestConditions(t *testing.T) {
	const (
		noneMatch  = "If-None-Match"
		match      = "If-Match"
		modified   = "If-Modified-Since"
		unmodified = "If-Unmodified-Since"
		before     = "Fri, 17 Jan 2014 23:06:39 GMT"
		after      = "Fri, 17 Jan 2014 23:06:41 GMT"
	)
	same := changedText
	s := newSender(t, sendfile.Config{ETag: fixedTag, Root: newRoot(t, map[string]string{"a": alphabet})})
	tests := []struct {
		title, method string
		fields        []string
		status        int
	}{
		{"nothing", "GET", nil, 200},
		{"If-None-Match", "GET", []string{noneMatch, `"tag"`}, 304},
		{"If-None-Match, HEAD", "HEAD", []string{noneMatch, `"tag"`}, 304},
		{"If-None-Match, other tag", "GET", []string{noneMatch, `"other"`}, 200},
		{"If-None-Match, weak", "GET", []string{noneMatch, `W/"tag"`}, 304},
		{"If-None-Match, weak prefix in lower case", "GET", []string{noneMatch, `w/"tag"`}, 200},
		{"If-None-Match, list", "GET", []string{noneMatch, `"a", "tag"`}, 304},
		{"If-None-Match, list without blanks", "GET", []string{noneMatch, `"a","tag","b"`}, 304},
		{"If-None-Match, empty elements", "GET", []string{noneMatch, `, ,"tag"`}, 304},
		{"If-None-Match, comma inside of quotes", "GET", []string{noneMatch, `"a,b", "tag"`}, 304},
		{"If-None-Match, tag inside of another", "GET", []string{noneMatch, `"a,"tag","b"`}, 200},
		{"If-None-Match, second line", "GET", []string{noneMatch, `"a"`, noneMatch, `"tag"`}, 304},
		{"If-None-Match, malformed line, then good", "GET", []string{noneMatch, `a`, noneMatch, `"tag"`}, 304},
		{"If-None-Match, no comma", "GET", []string{noneMatch, `"a" "tag"`}, 200},
		{"If-None-Match, no comma behind", "GET", []string{noneMatch, `"tag" "a"`}, 200},
		{"If-None-Match, unquoted", "GET", []string{noneMatch, `tag`}, 200},
		{"If-None-Match, single quotes", "GET", []string{noneMatch, `'tag'`}, 200},
		{"If-None-Match, other case", "GET", []string{noneMatch, `"TAG"`}, 200},
		{"If-None-Match, open quote", "GET", []string{noneMatch, `"tag`}, 200},
		{"If-None-Match, empty", "GET", []string{noneMatch, ""}, 200},
		{"If-None-Match, number", "GET", []string{noneMatch, "5"}, 200},
		{"If-None-Match, asterisk", "GET", []string{noneMatch, "*"}, 304},
		{"If-None-Match, asterisk with blanks", "GET", []string{noneMatch, " * "}, 304},
		{"If-None-Match, asterisk quoted", "GET", []string{noneMatch, `"*"`}, 200},

		{"If-Modified-Since", "GET", []string{modified, same}, 304},
		{"If-Modified-Since, HEAD", "HEAD", []string{modified, same}, 304},
		{"If-Modified-Since, later", "GET", []string{modified, after}, 304},
		{"If-Modified-Since, earlier", "GET", []string{modified, before}, 200},
		{"If-Modified-Since, RFC 850", "GET", []string{modified, "Friday, 17-Jan-14 23:06:40 GMT"}, 304},
		{"If-Modified-Since, RFC 850, earlier", "GET", []string{modified, "Friday, 17-Jan-14 23:06:39 GMT"}, 200},
		{"If-Modified-Since, RFC 850, other zone", "GET", []string{modified, "Friday, 17-Jan-14 23:06:40 EST"}, 200},
		{"If-Modified-Since, asctime", "GET", []string{modified, "Fri Jan 17 23:06:40 2014"}, 304},
		{"If-Modified-Since, asctime, earlier", "GET", []string{modified, "Fri Jan 17 23:06:39 2014"}, 200},
		{"If-Modified-Since, wrong day of the week", "GET", []string{modified, "Sat, 17 Jan 2014 23:06:40 GMT"}, 304},
		{"If-Modified-Since, other zone", "GET", []string{modified, "Fri, 17 Jan 2014 23:06:40 EST"}, 200},
		{"If-Modified-Since, offset", "GET", []string{modified, "Fri, 17 Jan 2014 23:06:40 +0000"}, 200},
		{"If-Modified-Since, no zone", "GET", []string{modified, "Fri, 17 Jan 2014 23:06:40"}, 200},
		{"If-Modified-Since, ISO", "GET", []string{modified, "2014-01-17T23:06:40Z"}, 200},
		{"If-Modified-Since, parameter", "GET", []string{modified, same + "; length=26"}, 200},
		{"If-Modified-Since, garbage", "GET", []string{modified, "garbage"}, 200},
		{"If-Modified-Since, empty", "GET", []string{modified, ""}, 200},
		{"If-Modified-Since twice", "GET", []string{modified, same, modified, same}, 200},
		{"If-None-Match fails, date matches", "GET", []string{noneMatch, `"other"`, modified, same}, 200},
		{"If-None-Match empty, date matches", "GET", []string{noneMatch, "", modified, same}, 200},
		{"If-None-Match matches, date does not", "GET", []string{noneMatch, `"tag"`, modified, before}, 304},

		{"If-Match", "GET", []string{match, `"tag"`}, 200},
		{"If-Match, other tag", "GET", []string{match, `"other"`}, 412},
		{"If-Match, HEAD", "HEAD", []string{match, `"other"`}, 412},
		{"If-Match, weak", "GET", []string{match, `W/"tag"`}, 412},
		{"If-Match, asterisk", "GET", []string{match, "*"}, 200},
		{"If-Match, list", "GET", []string{match, `"a", "tag"`}, 200},
		{"If-Match, second line", "GET", []string{match, `"a"`, match, `"tag"`}, 200},
		{"If-Match, malformed", "GET", []string{match, "tag"}, 412},
		{"If-Match, empty", "GET", []string{match, ""}, 200},
		{"If-Match first, then If-None-Match", "GET", []string{match, `"tag"`, noneMatch, `"tag"`}, 304},
		{"If-Match fails before If-None-Match", "GET", []string{match, `"other"`, noneMatch, `"tag"`}, 412},
		{"If-Match holds, so the date does not count", "GET", []string{match, `"tag"`, unmodified, before}, 200},
		{"If-Unmodified-Since", "GET", []string{unmodified, same}, 200},
		{"If-Unmodified-Since, earlier", "GET", []string{unmodified, before}, 412},
		{"If-Unmodified-Since, later", "GET", []string{unmodified, after}, 200},
		{"If-Unmodified-Since, RFC 850, earlier", "GET", []string{unmodified, "Friday, 17-Jan-14 23:06:39 GMT"}, 412},
		{"If-Unmodified-Since, garbage", "GET", []string{unmodified, "garbage"}, 200},
		{"If-Unmodified-Since twice", "GET", []string{unmodified, before, unmodified, before}, 200},

		{"POST, If-None-Match matches", "POST", []string{noneMatch, `"tag"`}, 412},
		{"DELETE, If-None-Match matches", "DELETE", []string{noneMatch, `"tag"`}, 412},
		{"PUT, If-None-Match asterisk", "PUT", []string{noneMatch, "*"}, 412},
		{"POST, If-None-Match does not match", "POST", []string{noneMatch, `"other"`}, 200},
		{"POST, If-Modified-Since", "POST", []string{modified, same}, 200},
		{"POST, If-Match", "POST", []string{match, `"other"`}, 200},
		{"POST, If-Unmodified-Since", "POST", []string{unmodified, before}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			o := &sendfile.Options{Header: http.Header{"Cache-Control": {"max-age=9"}, "Expires": {"never"}, "Vary": {"X"}, "Set-Cookie": {"a=1"}}}
			res, body, err := send(t, s, newRequest(tt.method, tt.fields...), "a", o)
			if err != nil || res.StatusCode != tt.status {
				t.Fatalf("Send = %d, %v, want %d", res.StatusCode, err, tt.status)
			}
			switch tt.status {
			case 304:
				for _, key := range []string{"Etag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Expires", "Vary", "Set-Cookie"} {
					if res.Header[key] == nil {
						t.Errorf("304 without %s", key)
					}
				}
				for _, key := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Range"} {
					if res.Header[key] != nil {
						t.Errorf("304 with %s", key)
					}
				}
			case 412:
				if res.Header.Get("Content-Length") != "0" || res.Header["Cache-Control"] != nil || res.Header["Etag"] != nil {
					t.Errorf("412 with %v", res.Header)
				}
			}
			if tt.status != 200 && body != "" {
				t.Errorf("body = %q", body)
			}
		})
	}
}

// What the handler sends is what conditions are compared with.
func TestConditionsOnGivenValidators(t *testing.T) {
	const given = "Mon, 01 Jan 2001 00:00:00 GMT"
	s := newSender(t, sendfile.Config{ETag: fixedTag, Root: newRoot(t, map[string]string{"a": alphabet})})
	tests := []struct {
		title  string
		header http.Header
		fields []string
		status int
	}{
		{"own tag", http.Header{"ETag": {`"mine"`}}, []string{"If-None-Match", `"mine"`}, 304},
		{"own tag, the file's asked for", http.Header{"etag": {`"mine"`}}, []string{"If-None-Match", `"tag"`}, 200},
		{"own tag, weak", http.Header{"Etag": {`W/"mine"`}}, []string{"If-None-Match", `"mine"`}, 304},
		{"own tag, weak, If-Match", http.Header{"Etag": {`W/"mine"`}}, []string{"If-Match", `W/"mine"`}, 412},
		{"own tag, weak, If-Range", http.Header{"Etag": {`W/"mine"`}}, []string{"Range", "bytes=1-2", "If-Range", `W/"mine"`}, 200},
		{"own tag, If-Range", http.Header{"Etag": {`"mine"`}}, []string{"Range", "bytes=1-2", "If-Range", `"mine"`}, 206},
		{"no tag", http.Header{"Etag": nil}, []string{"If-None-Match", `"tag"`}, 200},
		{"no tag, asterisk", http.Header{"Etag": nil}, []string{"If-None-Match", "*"}, 304},
		{"own date", http.Header{"Last-Modified": {given}}, []string{"If-Modified-Since", given}, 304},
		{"own date, If-Range", http.Header{"last-modified": {given}}, []string{"Range", "bytes=1-2", "If-Range", given}, 206},
		{"own date, the file's asked for", http.Header{"Last-Modified": {given}}, []string{"Range", "bytes=1-2", "If-Range", changedText}, 200},
		{"own date is none", http.Header{"Last-Modified": {"yesterday"}}, []string{"If-Modified-Since", changedText}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			res, _, err := send(t, s, newRequest("GET", tt.fields...), "a", &sendfile.Options{Header: tt.header})
			if err != nil || res.StatusCode != tt.status {
				t.Errorf("Send = %d, %v, want %d", res.StatusCode, err, tt.status)
			}
			if tt.status == 412 {
				return
			}
			for key, values := range tt.header {
				if got := res.Header.Values(key); len(got) != len(values) || len(got) > 0 && got[0] != values[0] {
					t.Errorf("%s = %q, want %q", key, got, values)
				}
			}
		})
	}
}

// The inputs and answers of net/http's test of the same thing, except that it
// hands back nothing where cutting fails.
func TestCutTag(t *testing.T) {
	tests := []struct {
		in, tag, rest string
		ok            bool
	}{
		{`W/"etag-1"`, `W/"etag-1"`, "", true},
		{`"etag-2"`, `"etag-2"`, "", true},
		{`"etag-1", "etag-2"`, `"etag-1"`, `, "etag-2"`, true},
		{`""`, `""`, "", true},
		{"\"\xff\"", "\"\xff\"", "", true},
		{"", "", "", false},
		{"W/", "", "W/", false},
		{`W/"truc`, "", `W/"truc`, false},
		{`w/"case-sensitive"`, "", `w/"case-sensitive"`, false},
		{`"spaced etag"`, "", `"spaced etag"`, false},
	}
	for _, tt := range tests {
		tag, rest, ok := sendfile.CutTag(tt.in)
		if tag != tt.tag || rest != tt.rest || ok != tt.ok {
			t.Errorf("CutTag(%q) = %q, %q, %v", tt.in, tag, rest, ok)
		}
	}
}
