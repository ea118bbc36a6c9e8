package legacytest_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/adapter/legacy/legacytest"
)

const (
	masked       = "MASKED-0123456789abcdef"
	masked2      = "MASKED-fedcba9876543210"
	maskedNumber = "MASKED-NUMBER-0123456789abcdef"
)

var recordedAt = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// recorded is a recording of an answer, the headers given as pairs.
func recorded(status int, body string, header ...string) *legacy.Recording {
	r := &legacy.Recording{
		Time:     recordedAt,
		Masked:   map[string][]string{masked: {"response cookie sid"}, masked2: {"response json /b"}, maskedNumber: {"response json /pin"}},
		Request:  legacy.RecordedRequest{Method: "GET", Target: "/", Host: "app.example"},
		Response: legacy.RecordedResponse{Status: status, Header: http.Header{}, Body: legacy.RecordedBody{Content: []byte(body)}},
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Set-Cookie" {
			r.Response.Cookies = append(r.Response.Cookies, legacy.ParseSetCookie(header[i+1]))
			continue
		}
		r.Response.Header.Add(header[i], header[i+1])
	}
	return r
}

func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func differences(list []legacytest.Difference) []string {
	var all []string
	for _, d := range list {
		all = append(all, d.String())
	}
	return all
}

func TestCompareStatusAndBodies(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		title       string
		contentType string
		want, got   string // recorded, answered
		differences []string
	}{
		{"equal", "text/plain", "a\nb", "a\nb", nil},
		{"both empty", "text/plain", "", "", nil},
		{"another line", "text/plain", "a\nb\nc", "a\nB\nC", []string{`body line 2 = "B", want "b"`}},
		{"a line more", "text/plain", "a", "a\nb", []string{`body line 2 = "b", want none`}},
		{"a line less", "text/plain", "a\nb", "a", []string{`body line 2 = none, want "b"`}},
		{"nothing", "text/plain", "a", "", []string{`body line 1 = "", want "a"`}},
		{"line ends", "text/plain", "a\r\n", "a\n", []string{`body line 1 = "a", want "a\r"`}},
		{"long lines", "text/plain", long + "abc" + long, long + "xyz" + long,
			[]string{`body line 1 = ..."` + long[:40] + "xyz" + long[:157] + `"... (343 bytes), want ..."` + long[:40] + "abc" + long[:157] + `"... (343 bytes)`}},
		{"a secret", "text/html", "<a " + masked + ">", "<a 17>", nil},
		{"a secret that is missing", "text/html", "<a " + masked + ">", "<a >", []string{`body line 1 = "<a >", want "<a ` + masked + `>"`}},
		{"secrets", "text/html", masked + "," + masked2 + "," + masked, "1,2,3", nil},
		{"secrets, another end", "text/html", masked + "," + masked2 + ".", "1,2,", []string{`body line 1 = "1,2,", want "` + masked + "," + masked2 + `."`}},
		{"two secrets in a row", "text/html", "a" + masked + masked2 + "b", "a12b", nil},
		{"two secrets in one byte", "text/html", "a" + masked + masked2 + "b", "a1b", []string{`body line 1 = "a1b", want "a` + masked + masked2 + `b"`}},
		{"a placeholder of nobody", "text/html", "MASKED-aaaaaaaaaaaaaaaa", "17", []string{`body line 1 = "17", want "MASKED-aaaaaaaaaaaaaaaa"`}},
		{"binary", "image/png", "\xff\x00", "\xff\x00", nil},
		{"other binary", "image/png", "\xff\x00", "\xff\x01\x02", []string{
			"body = 3 bytes, SHA-256 " + sum("\xff\x01\x02") + ", want 2 bytes, SHA-256 " + sum("\xff\x00")}},

		{"JSON, spelt otherwise", "application/json", `{"a":1.0,"b":[1e2,"\u00e9"],"c":null}`, " {\"c\": null,\n\"b\":[100,\"\u00e9\"],\"a\":1}", nil},
		{"numbers", "application/json", `[0, -0, 10, 0.5, 1e3, 1E-2, 120e-1, 9007199254740993]`, `[0.0, 0e5, 1e1, 5e-1, 1000, 0.01, 12, 9007199254740993]`, nil},
		{"other numbers", "application/json", `[1, 1, 1e400, 9007199254740993]`, `[-1, 10, 1e401, 9007199254740992]`,
			[]string{"body /0 = -1, want 1", "body /1 = 10, want 1", "body /2 = 1e401, want 1e400", "body /3 = 9007199254740992, want 9007199254740993"}},
		{"an endless exponent", "application/json", `[1e99999999999999999999]`, `[1e99999999999999999998]`, []string{"body /0 = 1e99999999999999999998, want 1e99999999999999999999"}},
		{"keys", "application/json", `{"a":1,"b/c":{"d~e":2}}`, `{"b/c":{"f":3}}`, []string{"body /a = none, want 1", "body /b~1c/d~0e = none, want 2", "body /b~1c/f = 3, want none"}},
		{"values", "application/json", `{"a":"x","b":true,"c":null,"d":[],"e":{}}`, `{"a":"y","b":false,"c":0,"d":{},"e":[]}`,
			[]string{`body /a = "y", want "x"`, "body /b = false, want true", "body /c = 0, want null", "body /d = {}, want []", "body /e = [], want {}"}},
		{"a number is no text", "application/json", `[1,"1"]`, `["1",1]`, []string{`body /0 = "1", want 1`, `body /1 = 1, want "1"`}},
		{"length of arrays", "application/json", `[1,2,3]`, `[1,9]`, []string{"body /1 = 9, want 2", "body / = array of 2, want array of 3"}},
		{"top", "application/json", `"a"`, `"b"`, []string{`body / = "b", want "a"`}},
		{"no JSON any more", "application/json", `{"a":1}`, "<html>", []string{`body = "<html>", want JSON "{\"a\":1}"`}},
		{"JSON as text", "text/plain", `{"a":1,"b":2}`, `{"b":2,"a":1}`, nil},
		{"text that is no JSON", "text/plain", `"a"`, ` "a"`, []string{`body line 1 = " \"a\"", want "\"a\""`}},
		{"secrets in JSON", "application/json", `{"a":"` + masked + `","b":"x ` + masked2 + `","pin":"` + maskedNumber + `"}`, `{"a":"1","b":"x 2","pin":1234}`, nil},
		{"secrets of another kind", "application/json", `{"a":"` + masked + `","b":"` + masked + `","pin":"` + maskedNumber + `"}`, `{"a":"","b":1,"pin":"1234"}`,
			[]string{`body /a = "", want "` + masked + `"`, `body /b = 1, want "` + masked + `"`, `body /pin = "1234", want "` + maskedNumber + `"`}},
		{"keys that are secrets", "application/json", `{"` + masked + `":1,"a":2}`, `{"x":1,"a":2}`, nil},
		{"keys that are secrets, missing", "application/json", `{"` + masked + `":1,"a":2}`, `{"a":2}`, []string{"body /" + masked + " = none, want 1"}},
		{"keys that are secrets, too many", "application/json", `{"` + masked + `":1,"a":2}`, `{"a":2,"x":3,"y":4}`, []string{"body /x = 3, want 1", "body /y = 4, want none"}},
	} {
		t.Run(test.title, func(t *testing.T) {
			got := differences(legacytest.Compare(recorded(200, test.want, "Content-Type", test.contentType), answer(200, test.got, "Content-Type", test.contentType), legacytest.Options{}))
			if !slices.Equal(got, test.differences) {
				t.Errorf("differences %q, want %q", got, test.differences)
			}
		})
	}
	if got := differences(legacytest.Compare(recorded(200, ""), answer(404, ""), legacytest.Options{})); !slices.Equal(got, []string{"status = 404, want 200"}) {
		t.Errorf("differences %q, want the status", got)
	}
}

func sum(s string) string {
	b := sha256.Sum256([]byte(s))
	return hex.EncodeToString(b[:])
}

func TestCompareHeaders(t *testing.T) {
	for _, test := range []struct {
		title       string
		want, got   []string
		differences []string
	}{
		{"equal", []string{"Location", "/a", "Vary", "Cookie"}, []string{"Location", "/a", "Vary", "Cookie"}, nil},
		{"missing", []string{"Location", "/a"}, nil, []string{`header Location = none, want "/a"`}},
		{"too many", nil, []string{"Location", "/a"}, []string{`header Location = "/a", want none`}},
		{"empty is not missing", []string{"Content-Disposition", ""}, nil, []string{`header Content-Disposition = none, want ""`}},
		{"not compared", []string{"Date", "x", "Server", "y", "Etag", "z"}, nil, nil},
		{"type in other case", []string{"Content-Type", "text/html; charset=UTF-8"}, []string{"Content-Type", `Text/HTML;charset="utf-8"`}, nil},
		{"charset", []string{"Content-Type", "text/html"}, []string{"Content-Type", "text/html; charset=utf-8"}, []string{`header Content-Type = "text/html; charset=utf-8", want "text/html"`}},
		{"charset of JSON", []string{"Content-Type", "application/json"}, []string{"Content-Type", "application/json; charset=utf-8"}, nil},
		{"boundary", []string{"Content-Type", "multipart/byteranges; boundary=a"}, []string{"Content-Type", "multipart/byteranges; boundary=b"}, nil},
		{"type", []string{"Content-Type", "text/html"}, []string{"Content-Type", "text/plain"}, []string{`header Content-Type = "text/plain", want "text/html"`}},
		{"broken type", []string{"Content-Type", "text/html;;"}, []string{"Content-Type", "text/html;;"}, nil},
		{"absolute location", []string{"Location", "http://app.example/a?b"}, []string{"Location", "/a?b"}, nil},
		{"absolute location, other scheme", []string{"Location", "/"}, []string{"Location", "https://app.example"}, nil},
		{"location elsewhere", []string{"Location", "/a"}, []string{"Location", "http://other.example/a"}, []string{`header Location = "http://other.example/a", want "/a"`}},
		{"location elsewhere, alike", []string{"Location", "/a"}, []string{"Location", "http://app.example.org/a"}, []string{`header Location = "http://app.example.org/a", want "/a"`}},
		{"location with a secret", []string{"Location", "/a?token=" + masked + "&b=1"}, []string{"Location", "/a?token=x&b=1"}, nil},
		{"lists", []string{"Vary", "Cookie, Accept", "Cache-Control", "private, max-age=0"}, []string{"Vary", "accept", "Vary", "cookie", "Cache-Control", "Max-Age=0,private"}, nil},
		{"other lists", []string{"Vary", "Cookie, Accept"}, []string{"Vary", "Cookie"}, []string{`header Vary = "Cookie", want "Cookie, Accept"`}},

		{"cookies", []string{"Set-Cookie", "a=" + masked + "; Path=/; HttpOnly; SameSite=lax; Domain=.x.example"}, []string{"Set-Cookie", "a=1; domain=X.example; samesite=Lax; httponly; path=/"}, nil},
		{"missing cookie", []string{"Set-Cookie", "a=1"}, nil, []string{"cookie a = none, want set"}},
		{"one cookie more", nil, []string{"Set-Cookie", "a=1", "Set-Cookie", "a=2"}, []string{"cookie a = set 2 times, want none"}},
		{"cookie twice", []string{"Set-Cookie", "a=1", "Set-Cookie", "a=2"}, []string{"Set-Cookie", "a=2"}, []string{"cookie a = set, want set 2 times"}},
		{"empty value", []string{"Set-Cookie", "a=" + masked}, []string{"Set-Cookie", "a="}, []string{`cookie a = "", want "` + masked + `"`}},
		{"value in the open", []string{"Set-Cookie", "lang=de"}, []string{"Set-Cookie", "lang=en"}, []string{`cookie lang = "en", want "de"`}},
		{"attributes", []string{"Set-Cookie", "a=1; Path=/; HttpOnly; Secure; Partitioned"}, []string{"Set-Cookie", "a=1; Path=/x; Domain=d; SameSite=Strict"},
			[]string{`cookie a Path = "/x", want "/"`, `cookie a Domain = "d", want none`, `cookie a SameSite = "Strict", want none`, "cookie a HttpOnly = none, want set", "cookie a Secure = none, want set", "cookie a Partitioned = none, want set"}},
		{"SameSite", []string{"Set-Cookie", "a=1; SameSite=Lax"}, []string{"Set-Cookie", "a=1; SameSite=None"}, []string{`cookie a SameSite = "None", want "Lax"`}},
		{"lasting by either", []string{"Set-Cookie", "a=1; expires=Wed, 08-Jan-2020 00:00:00 GMT"}, []string{"Set-Cookie", "a=1; Max-Age=604800"}, nil},
		{"lasting or of the session", []string{"Set-Cookie", "a=1; Max-Age=5"}, []string{"Set-Cookie", "a=1"}, []string{"cookie a lifetime = session, want lasting"}},
		{"a date that is none", []string{"Set-Cookie", "a=1; expires=soon"}, []string{"Set-Cookie", "a=1"}, nil},
		{"deleted by either", []string{"Set-Cookie", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT"}, []string{"Set-Cookie", "a=; Max-Age=0"}, nil},
		{"deleted or not", []string{"Set-Cookie", "a=1; Max-Age=0"}, []string{"Set-Cookie", "a=1; expires=Wed, 08-Jan-2020 00:00:00 GMT; Max-Age=5"}, []string{"cookie a lifetime = lasting, want deleted"}},
	} {
		t.Run(test.title, func(t *testing.T) {
			got := differences(legacytest.Compare(recorded(200, "", test.want...), answer(200, "", test.got...), legacytest.Options{}))
			if !slices.Equal(got, test.differences) {
				t.Errorf("differences %q, want %q", got, test.differences)
			}
		})
	}
}

func TestCompareOptions(t *testing.T) {
	lower := func(contentType, body string) string { return contentType + strings.ToLower(body) }
	for _, test := range []struct {
		title       string
		options     legacytest.Options
		contentType string
		want, got   string
		differences []string
	}{
		{"headers", legacytest.Options{Headers: []string{"x-other"}}, "text/plain", "", "", []string{`header X-Other = "got", want "want"`}},
		{"no headers", legacytest.Options{Headers: []string{}}, "text/plain", "", "", nil},
		{"ignored fields", legacytest.Options{IgnoreJSON: []string{"/time", "/list/*/id", "/a~1b"}}, "application/json",
			`{"time":1,"list":[{"id":1,"x":1},{"id":2}],"a/b":1,"id":1}`, `{"time":"now","list":[{"id":7,"x":2},{"id":{}}],"a/b":2,"id":2}`,
			[]string{"body /id = 2, want 1", "body /list/0/x = 2, want 1"}},
		{"ignored fields have to be there", legacytest.Options{IgnoreJSON: []string{"/time"}}, "application/json", `{"time":1}`, `{}`, []string{"body /time = none, want 1"}},
		{"ignored texts", legacytest.Options{IgnoreText: []*regexp.Regexp{regexp.MustCompile(`\d\d:\d\d`)}}, "text/html", "at 12:34 or 56:78", "at 01:02 or 03:04", nil},
		{"ignored texts in JSON", legacytest.Options{IgnoreText: []*regexp.Regexp{regexp.MustCompile(`\d\d:\d\d`)}}, "application/json", `["at 12:34"]`, `["at 01:02"]`, nil},
		{"normalized", legacytest.Options{Normalize: lower}, "text/html", "<A>", "<a>", nil},
		{"normalized, JSON is not", legacytest.Options{Normalize: lower}, "application/json", `["A"]`, `["a"]`, []string{`body /0 = "a", want "A"`}},
		{"no JSON pointer", legacytest.Options{IgnoreJSON: []string{"/a", "time"}}, "application/json", `{}`, `{"a":1}`, []string{`IgnoreJSON = "time", want a JSON pointer, "/name"`}},
	} {
		t.Run(test.title, func(t *testing.T) {
			got := differences(legacytest.Compare(recorded(200, test.want, "Content-Type", test.contentType, "X-Other", "want"),
				answer(200, test.got, "Content-Type", test.contentType, "X-Other", "got"), test.options))
			if !slices.Equal(got, test.differences) {
				t.Errorf("differences %q, want %q", got, test.differences)
			}
		})
	}
}

// Bodies that were not stored are compared by what is known of them.
func TestCompareOmitted(t *testing.T) {
	known := recorded(200, "")
	known.Response.Body = legacy.RecordedBody{Omitted: "longer than 1 bytes", Length: 3, SHA256: sum("abc")}
	unknown := recorded(200, "")
	unknown.Response.Body = legacy.RecordedBody{Omitted: "no form", Length: 3}
	stream := recorded(200, "")
	stream.Response.Cut = true
	upgrade := recorded(101, "")
	for _, test := range []struct {
		title       string
		r           *legacy.Recording
		status      int
		got         string
		differences []string
	}{
		{"equal", known, 200, "abc", nil},
		{"differs", known, 200, "abd", []string{"body = 3 bytes, SHA-256 " + sum("abd") + ", want 3 bytes, SHA-256 " + sum("abc")}},
		{"not known", unknown, 200, "xyz", nil},
		{"cut", stream, 200, "data: 1", nil},
		{"cut, the head", stream, 404, "", []string{"status = 404, want 200"}},
		{"upgraded", upgrade, 101, "", nil},
	} {
		if got := differences(legacytest.Compare(test.r, answer(test.status, test.got), legacytest.Options{})); !slices.Equal(got, test.differences) {
			t.Errorf("%s: differences %q, want %q", test.title, got, test.differences)
		}
	}
	broken := answer(200, "")
	broken.Body = io.NopCloser(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errors.New("gone"))))
	if got := differences(legacytest.Compare(recorded(200, "ab"), broken, legacytest.Options{})); !slices.Equal(got, []string{`body = 2 bytes, then "gone", want a whole one`}) {
		t.Errorf("broken body: differences %q", got)
	}
}

// Whether an answer is packed is between the client and the server; what is in it is compared.
func TestComparePacked(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, "hello")
	_ = w.Close()
	for _, test := range []struct {
		title, coding, got string
		differences        []string
	}{
		{"packed", "gzip", packed.String(), nil},
		{"not packed", "", "hello", nil},
		{"packed, something else", "", "hallo", []string{`body line 1 = "hallo", want "hello"`}},
		{"not what it claims", "gzip", "hello, I am text", []string{`body = not the gzip that it claims to be: gzip: invalid header, want gzip`}},
		{"half", "gzip", packed.String()[:20], []string{`body = not the gzip that it claims to be: unexpected EOF, want gzip`}},
	} {
		r := recorded(200, "hello")
		r.Response.Body.Coding = "gzip"
		if got := differences(legacytest.Compare(r, answer(200, test.got, "Content-Encoding", test.coding), legacytest.Options{})); !slices.Equal(got, test.differences) {
			t.Errorf("%s: differences %q, want %q", test.title, got, test.differences)
		}
	}
}
