package legacy_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// The format of the files. Recordings that were committed have to be readable with every later version.
const wholeRecording = `{
  "version": 1,
  "time": "2026-01-02T03:04:05.000006Z",
  "duration": "12.5ms",
  "masked": {
    "MASKED-0123456789abcdef": [
      "request cookie sid",
      "response cookie sid"
    ]
  },
  "request": {
    "method": "POST",
    "target": "/a?b=%2F",
    "protocol": "HTTP/1.1",
    "scheme": "https",
    "host": "app.example",
    "remote_addr": "192.0.2.1:1234",
    "header": [
      "Accept: text/html",
      "Accept: */*",
      "Cookie: sid=MASKED-0123456789abcdef",
      {
        "b64": "WC1CeXRlczogYf8="
      }
    ],
    "chunked": true,
    "body": {
      "b64": "/wA="
    },
    "trailer": [
      "X-Sum: 1"
    ]
  },
  "response": {
    "status": 200,
    "header": [
      "Content-Type: text/html",
      "X-Empty: "
    ],
    "cookies": [
      {
        "name": "sid",
        "value": "MASKED-0123456789abcdef",
        "attributes": [
          "Path=/",
          "HttpOnly"
        ]
      }
    ],
    "body": {
      "text": [
        "<p>one</p>\n",
        "two & three\r\n",
        "four"
      ],
      "coding": "gzip"
    },
    "trailer": [
      "X-Sum: 2"
    ]
  }
}
`

func whole() *legacy.Recording {
	return &legacy.Recording{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Duration: 12500 * time.Microsecond,
		Masked: map[string][]string{"MASKED-0123456789abcdef": {"request cookie sid", "response cookie sid"}},
		Request: legacy.RecordedRequest{
			Method: "POST", Target: "/a?b=%2F", Protocol: "HTTP/1.1", Scheme: "https", Host: "app.example", RemoteAddr: "192.0.2.1:1234",
			Header:  http.Header{"Accept": {"text/html", "*/*"}, "Cookie": {"sid=MASKED-0123456789abcdef"}, "X-Bytes": {"a\xff"}},
			Chunked: true, Body: legacy.RecordedBody{Content: []byte("\xff\x00")}, Trailer: http.Header{"X-Sum": {"1"}},
		},
		Response: legacy.RecordedResponse{
			Status: 200, Header: http.Header{"Content-Type": {"text/html"}, "X-Empty": {""}},
			Cookies: []legacy.RecordedCookie{{Name: "sid", Value: "MASKED-0123456789abcdef", Attributes: []string{"Path=/", "HttpOnly"}}},
			Body:    legacy.RecordedBody{Content: []byte("<p>one</p>\ntwo & three\r\nfour"), Coding: "gzip"}, Trailer: http.Header{"X-Sum": {"2"}},
		},
	}
}

func TestRecordingFormat(t *testing.T) {
	var read legacy.Recording
	if err := json.Unmarshal([]byte(wholeRecording), &read); err != nil {
		t.Fatal(err)
	}
	if want := whole(); !reflect.DeepEqual(&read, want) {
		t.Errorf("read\n%+v, want\n%+v", &read, want)
	}

	rec, dir := newRecorder(t, legacy.RecordConfig{Edit: func(r *legacy.Recording) bool {
		*r = *whole()
		return true
	}})
	rec.Wrap(http.HandlerFunc(readBody)).ServeHTTP(nopWriter{}, withHeader("/", "X", "1"))
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, filesIn(t, dir)[0]))
	if err != nil || string(written) != wholeRecording {
		t.Errorf("written %s, %v, want %s", written, err, wholeRecording)
	}
}

// nopWriter has no header map even.
type nopWriter struct{}

func (nopWriter) Header() http.Header         { return nil }
func (nopWriter) WriteHeader(int)             {}
func (nopWriter) Write(p []byte) (int, error) { return len(p), nil }

func TestRecordingRoundTrip(t *testing.T) {
	for title, b := range map[string]legacy.RecordedBody{
		"none":          {},
		"omitted":       {Omitted: "longer than 5 bytes", Length: 7, SHA256: "abc"},
		"one line":      {Content: []byte("a")},
		"a line's end":  {Content: []byte("a\n")},
		"line ends":     {Content: []byte("\n\n")},
		"markup":        {Content: []byte("<a href='?a&amp;b'>\u2028\u00e9</a>")},
		"NUL":           {Content: []byte("a\x00b")},
		"not UTF-8":     {Content: []byte("a\xc3")},
		"packed":        {Content: []byte("a"), Coding: "gzip"},
		"a JSON string": {Content: []byte(`"[{`)},
	} {
		r := whole()
		r.Request.Body, r.Response.Body = b, b
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var got legacy.Recording
		if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(&got, r) {
			t.Errorf("%s: %s is read as %+v, %v", title, data, got, err)
		}
	}
}

func TestReadRecordings(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := legacy.ReadRecordings(filepath.Join(dir, "missing")); err == nil || !strings.HasPrefix(err.Error(), "legacy: ") {
		t.Errorf("missing directory: %v", err)
	}
	write("README.md", "not a recording")
	write(".recording-1.json", "half a recording")
	if _, err := legacy.ReadRecordings(dir); err == nil || !strings.Contains(err.Error(), "legacy: no recordings in ") {
		t.Errorf("no recordings: %v", err)
	}
	write("b.json", wholeRecording)
	write("a.json", wholeRecording)
	list, err := legacy.ReadRecordings(dir)
	if err != nil || len(list) != 2 || list[0].Name != "a.json" || list[1].Name != "b.json" {
		t.Errorf("read %v, %v", list, err)
	}

	for _, test := range []struct{ title, old, changed, want string }{
		{"no JSON", `"version": 1`, `"version"`, "invalid character"},
		{"next version", `"version": 1`, `"version": 2`, "version 2, not 1"},
		{"no version", `"version": 1,`, ``, "version 0, not 1"},
		{"misspelt field", `"status"`, `"statsu"`, `unknown field "statsu"`},
		{"no status", `"status": 200`, `"status": 0`, "status 0"},
		{"no method", `"POST"`, `""`, `method ""`},
		{"no target", `"/a?b=%2F"`, `""`, `target ""`},
		{"no duration", `"12.5ms"`, `"soon"`, "duration"},
		{"header without colon", `"X-Empty: "`, `"X-Empty"`, `header field "X-Empty" has no name`},
		{"header without name", `"X-Empty: "`, `": x"`, `header field ": x" has no name`},
		{"two bodies", `"b64": "/wA="`, `"b64": "/wA=", "text": "x"`, "two bodies in one"},
		{"omitted body", `"b64": "/wA="`, `"b64": "/wA=", "omitted": "x"`, "two bodies in one"},
		{"bad base64", `"b64": "/wA="`, `"b64": "!"`, "illegal base64"},
	} {
		changed := strings.Replace(wholeRecording, test.old, test.changed, 1)
		if changed == wholeRecording {
			t.Fatalf("%s: nothing changed", test.title)
		}
		write("b.json", changed)
		_, err := legacy.ReadRecordings(dir)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `legacy: recording "b.json": `) {
			t.Errorf("%s: error %v, want %q in it", test.title, err, test.want)
		}
	}
}

func TestParseSetCookie(t *testing.T) {
	for line, want := range map[string]legacy.RecordedCookie{
		"a=b":                               {Name: "a", Value: "b"},
		" a = b ; Path = / ;; Secure":       {Name: "a", Value: "b", Attributes: []string{"Path = /", "Secure"}},
		"a=b=c":                             {Name: "a", Value: "b=c"},
		"a":                                 {Name: "a"},
		"":                                  {},
		"a=\"b\\073\"; expires=Thu, 01 Jan": {Name: "a", Value: "\"b\\073\"", Attributes: []string{"expires=Thu, 01 Jan"}},
	} {
		if got := legacy.ParseSetCookie(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v, want %+v", line, got, want)
		}
	}
}
