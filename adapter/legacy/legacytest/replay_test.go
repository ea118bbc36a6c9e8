package legacytest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/adapter/legacy/legacytest"
)

// fakeT is a test that may fail without failing this one. It has no subtests.
type fakeT struct {
	testing.TB
	failed, logged []string
	fatal          bool
}

func (t *fakeT) Helper()                      {}
func (t *fakeT) Log(args ...any)              { t.logged = append(t.logged, fmt.Sprint(args...)) }
func (t *fakeT) Logf(f string, args ...any)   { t.Log(fmt.Sprintf(f, args...)) }
func (t *fakeT) Errorf(f string, args ...any) { t.failed = append(t.failed, fmt.Sprintf(f, args...)) }
func (t *fakeT) Fatal(args ...any) {
	t.failed, t.fatal = append(t.failed, fmt.Sprint(args...)), true
	runtime.Goexit()
}
func (t *fakeT) Fatalf(f string, args ...any) { t.Fatal(fmt.Sprintf(f, args...)) }

// replay is what a test that replays reports.
func replay(dir string, h http.Handler, o legacytest.Options) *fakeT {
	t := &fakeT{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		legacytest.Replay(t, dir, h, o)
	}()
	<-done
	return t
}

// record stores what h answers to requests, and returns the directory.
func record(t testing.TB, c legacy.RecordConfig, h http.Handler, requests ...*http.Request) string {
	t.Helper()
	c.Dir = t.TempDir()
	rec, err := legacy.NewRecorder(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		rec.Wrap(h).ServeHTTP(httptest.NewRecorder(), r)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return c.Dir
}

// recordServed stores what h answers to one request on a real server. The client does not read the answer.
func recordServed(t *testing.T, h http.Handler, method string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	rec, err := legacy.Record(dir)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(rec.Wrap(h))
	req, err := http.NewRequest(method, ts.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	ts.Close()
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func request(method, target, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.RequestURI = target
	if body == "" {
		r.Body = http.NoBody
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, text)
	}
}

// What passes is a subtest each, by the name of its file.
func TestReplay(t *testing.T) {
	dir := record(t, legacy.RecordConfig{}, say("hello"), request("GET", "/", ""), request("POST", "/x", "a=b"))
	legacytest.Replay(t, dir, say("hello"), legacytest.Options{})
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			if !strings.HasSuffix(t.Name(), "#01") { // the second one of that name
				t.Error("Replay had no subtest of this name")
			}
		})
	}
}

func TestReplayReports(t *testing.T) {
	dir := record(t, legacy.RecordConfig{}, say("hello"), request("GET", "/a%2Fb?c", ""))
	got := replay(dir, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(404)
		_, _ = io.WriteString(w, "no")
	}), legacytest.Options{})
	if len(got.failed) != 3 || got.fatal {
		t.Fatalf("reported %q, want three differences", got.failed)
	}
	for i, want := range []string{
		`status = 404, want 200`, `header Content-Type = "text/html", want "text/plain; charset=utf-8"`, `body line 1 = "no", want "hello"`,
	} {
		if !strings.HasSuffix(got.failed[i], ".json: GET /a%2Fb?c: "+want) {
			t.Errorf("reported %q, want %q at its end", got.failed[i], want)
		}
	}
}

// A body that differs everywhere is not printed as a whole.
func TestReplayReportsABoundedNumber(t *testing.T) {
	list := func(n int) http.HandlerFunc {
		return say("[" + strings.TrimSuffix(strings.Repeat(fmt.Sprint(n)+",", 1000), ",") + "]")
	}
	got := replay(record(t, legacy.RecordConfig{}, list(1), request("GET", "/", "")), list(2), legacytest.Options{})
	if len(got.failed) != 21 || !strings.HasSuffix(got.failed[20], "and 980 differences more") {
		t.Errorf("%d reports, the last one %q", len(got.failed), got.failed[len(got.failed)-1])
	}
}

// A check that cannot fail is none.
func TestReplayOfNothingFails(t *testing.T) {
	dir := record(t, legacy.RecordConfig{}, say("hello"), request("GET", "/", ""))
	other := t.TempDir()
	data, err := os.ReadFile(filepath.Join(dir, only(t, dir)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "a.json"), bytes.Replace(data, []byte(`"version": 1`), []byte(`"version": 2`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	unsent := record(t, legacy.RecordConfig{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), request("POST", "/", "not read"))
	for _, test := range []struct {
		title, dir string
		options    legacytest.Options
		want       string
	}{
		{"missing", filepath.Join(other, "missing"), legacytest.Options{}, "no such file or directory"},
		{"empty", t.TempDir(), legacytest.Options{}, "legacy: no recordings in "},
		{"unknown version", other, legacytest.Options{}, `legacy: recording "a.json": version 2, not 1`},
		{"none chosen", dir, legacytest.Options{Only: func(*legacy.Recording) bool { return false }}, "none of the 1 recordings in " + dir + " was replayed"},
		{"none that can be sent", unsent, legacytest.Options{}, "none of the 1 recordings in " + unsent + " was replayed"},
	} {
		if got := replay(test.dir, say("hello"), test.options); !got.fatal || len(got.failed) != 1 || !strings.Contains(got.failed[0], test.want) {
			t.Errorf("%s: fatal %v, %q, want %q", test.title, got.fatal, got.failed, test.want)
		}
	}
}

func only(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files, %v, want 1", len(entries), err)
	}
	return entries[0].Name()
}

func TestReplayOnly(t *testing.T) {
	dir := record(t, legacy.RecordConfig{}, say("old"), request("GET", "/old", ""), request("GET", "/new", ""))
	asked := []string{}
	got := replay(dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		_, _ = io.WriteString(w, "old")
	}), legacytest.Options{Only: func(r *legacy.Recording) bool { return r.Request.Target == "/new" }})
	if len(got.failed) != 0 || fmt.Sprint(asked) != "[/new]" {
		t.Errorf("failed %q, asked for %q", got.failed, asked)
	}
}

// A recording that cannot be replayed, or not be compared in full, is said to be so.
func TestReplaySaysWhatItLeavesOut(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 1000) + `"}`
	dir := record(t, legacy.RecordConfig{MaxBody: 100}, say(long), request("POST", "/a", long, "Content-Type", "application/json"), request("GET", "/b", ""))
	got := replay(dir, say(long), legacytest.Options{})
	if len(got.failed) != 0 || len(got.logged) != 2 || !strings.HasSuffix(got.logged[0], "the request's body was not stored: longer than 100 bytes") ||
		!strings.HasSuffix(got.logged[1], "GET /b: the body is not compared, it was not stored: longer than 100 bytes") {
		t.Errorf("failed %q, logged %q", got.failed, got.logged)
	}
}

// The handler sees the request as it was on the wire.
func TestReplayedRequest(t *testing.T) {
	type seen struct {
		method, target, proto, host, remote, body string
		length                                    int64
		tls                                       bool
		header, trailer                           http.Header
	}
	look := func(r *http.Request) seen {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		h := r.Header.Clone()
		h.Del("Connection") // there is one request on it only
		return seen{r.Method, r.RequestURI, r.Proto, r.Host, r.RemoteAddr, string(body), r.ContentLength, r.TLS != nil, h, r.Trailer}
	}
	for _, target := range []string{"/a%2fb//c/../d?x=%zz&y;z", "//host/x", "/\xc3\xa9\xff", "*", "http://other.example/x?y", "/?"} {
		for _, proto := range []string{"HTTP/1.0", "HTTP/1.1"} {
			for _, body := range []string{"", "a=1&b=%2F", "chunked"} {
				r := request("OPTIONS", target, body, "X-Two", "a", "X-Two", "b", "X-Bytes", "\xff", "Cookie", "a=", "Expect", "100-continue", "Accept-Encoding", "br")
				r.Proto, r.Host, r.RemoteAddr = proto, "app.example:8080", "192.168.1.2:345"
				if r.Header.Set("Content-Length", fmt.Sprint(len(body))); body == "" {
					r.Header.Del("Content-Length")
					r.ContentLength = 0
				}
				if body == "chunked" && proto == "HTTP/1.1" {
					r.Header.Del("Content-Length")
					r.ContentLength = -1
					r.Trailer = http.Header{"X-Sum": {"1"}}
				}
				if target == "*" {
					r.TLS = nil
				} else {
					r = withTLS(r)
				}
				var first, again seen
				dir := record(t, legacy.RecordConfig{Keep: []string{"Cookie"}}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { first = look(r) }), r)
				got := replay(dir, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { again = look(r) }), legacytest.Options{})
				if len(got.failed) > 0 {
					t.Errorf("%s %s: %q", proto, target, got.failed)
				}
				if strings.HasPrefix(target, "http://") {
					first.host = "other.example" // net/http takes it from there
				}
				if fmt.Sprint(first) != fmt.Sprint(again) {
					t.Errorf("%s %q: first\n%+v, then\n%+v", proto, target, first, again)
				}
			}
		}
	}
}

func withTLS(r *http.Request) *http.Request {
	r.TLS = httptest.NewRequest("GET", "https://x/", nil).TLS
	return r
}

// With the real values in place of the placeholders, a request is again that of somebody who is logged in.
func TestUnmask(t *testing.T) {
	const secret = `a "b"&c;d+e/f=%`
	app := func(want string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, _ = fmt.Fprint(w, "seen")
			if got := r.RequestURI + " " + r.Header.Get("Cookie") + " " + r.Header.Get("Authorization") + " " + string(body); got != want {
				t.Errorf("the handler sees %s, want %s", got, want)
			}
		}
	}
	for _, test := range []struct{ contentType, body, want string }{
		{"application/json", `{"pin":1,"password":"x","token":2,"next":"/"}`, `{"pin":1234,"password":"a \"b\"\u0026c;d+e/f=%","token":"no number","next":"/"}`},
		{"application/x-www-form-urlencoded", "a=b&password=x", "a=b&password=a+%22b%22%26c%3Bd%2Be%2Ff%3D%25"},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--\r\n", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + secret + "\r\n--b--\r\n"},
	} {
		asked := map[string]bool{}
		dir := record(t, legacy.RecordConfig{}, say("seen"), request("POST", "/?token=tt&x=1", test.body, "Content-Type", test.contentType, "Cookie", "sid=ss; lang=de", "Authorization", "Bearer bb"))
		got := replay(dir, app("/?token=a%20%22b%22%26c%3Bd%2Be%2Ff%3D%25&x=1 sid=signed; lang=PLACEHOLDER Bearer "+secret+" "+test.want), legacytest.Options{Unmask: func(place, placeholder string) string {
			if !strings.HasPrefix(placeholder, "MASKED-") {
				t.Errorf("placeholder %q", placeholder)
			}
			asked[place] = true
			switch place {
			case "request cookie sid":
				return "signed"
			case "request cookie lang":
				return "PLACEHOLDER"
			case "request json /pin":
				return "1234"
			case "request json /token":
				return "no number"
			case "request json /password", "request form password", "request part password", "request query token", "request header Authorization":
				return secret
			}
			t.Errorf("asked for %q", place)
			return ""
		}})
		if len(got.failed) > 0 || len(asked) < 5 {
			t.Errorf("failed %q, asked for %v", got.failed, asked)
		}
	}

	// Without a value the placeholder is sent.
	dir := record(t, legacy.RecordConfig{}, say("x"), request("GET", "/", "", "Cookie", "sid=ss"))
	for _, unmask := range []func(string, string) string{nil, func(string, string) string { return "" }} {
		cookie := ""
		replay(dir, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { cookie = r.Header.Get("Cookie") }), legacytest.Options{Unmask: unmask})
		if !strings.HasPrefix(cookie, "sid=MASKED-") {
			t.Errorf("Cookie = %q, want the placeholder", cookie)
		}
	}

	// A value that would be a header of its own is refused.
	got := replay(dir, say("x"), legacytest.Options{Unmask: func(string, string) string { return "a\r\nX-Evil: 1" }})
	if len(got.failed) != 1 || !strings.Contains(got.failed[0], "cannot be sent") {
		t.Errorf("reported %q", got.failed)
	}
}

// A handler that fails is reported as such.
func TestReplayOfFailures(t *testing.T) {
	dir := record(t, legacy.RecordConfig{}, say("hello"), request("GET", "/", ""))
	for _, test := range []struct {
		title string
		h     http.HandlerFunc
		want  string
	}{
		{"panic", func(http.ResponseWriter, *http.Request) { panic("a mistake") }, "the handler panicked: a mistake\ngoroutine "},
		{"panic later", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hello")
			_ = http.NewResponseController(w).Flush()
			panic("a mistake")
		}, "the handler panicked: a mistake\ngoroutine "},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "no answer: unexpected EOF"},
		{"abort in the middle", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hel")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, `body = 3 bytes, then "unexpected EOF", want a whole one`},
	} {
		got := replay(dir, test.h, legacytest.Options{})
		if len(got.failed) != 1 || !strings.Contains(got.failed[0], test.want) {
			t.Errorf("%s: reported %q, want %q", test.title, got.failed, test.want)
		}
	}
}

// HEAD, 304, early hints, trailers, packed and streamed answers are the same when they are the same.
func TestReplayOfSpecialAnswers(t *testing.T) {
	for title, test := range map[string]struct {
		method string
		h      http.HandlerFunc
	}{
		"HEAD": {"HEAD", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }},
		"304":  {"GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }},
		"early hints": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			_, _ = io.WriteString(w, "x")
		}},
		"trailers": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "x")
			w.Header().Set("X-Sum", "1")
		}},
		"redirect": {"POST", http.RedirectHandler("/x", http.StatusFound).ServeHTTP},
		"line break in a header": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{" /a\r\nb "}
			w.Header()["No Name"] = []string{"x"}
		}},
	} {
		dir := recordServed(t, test.h, test.method)
		if got := replay(dir, test.h, legacytest.Options{}); len(got.failed) > 0 || len(got.logged) > 0 {
			t.Errorf("%s: reported %q %q", title, got.failed, got.logged)
		}
	}
}

// A stream is over when its client leaves, and replaying leaves when it has seen the head.
func TestReplayOfAStream(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	dir := recordServed(t, h, http.MethodGet)
	start := time.Now()
	if got := replay(dir, h, legacytest.Options{}); len(got.failed) > 0 {
		t.Errorf("reported %q", got.failed)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	if got := replay(dir, say("x"), legacytest.Options{}); len(got.failed) != 1 || !strings.Contains(got.failed[0], "header Content-Type") {
		t.Errorf("another answer: reported %q", got.failed)
	}
}

// An upgrade is replayed up to the head.
func TestReplayOfAnUpgrade(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
	})
	dir := record(t, legacy.RecordConfig{}, h, request("GET", "/", "", "Connection", "Upgrade", "Upgrade", "echo"))
	upgraded := false
	got := replay(dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgraded = r.Header.Get("Connection") == "Upgrade" && r.Header.Get("Upgrade") == "echo"
		h(w, r)
	}), legacytest.Options{})
	if len(got.failed) > 0 || !upgraded {
		t.Errorf("reported %q, upgrade asked for: %v", got.failed, upgraded)
	}
	if got := replay(dir, say("x"), legacytest.Options{}); len(got.failed) == 0 || !strings.Contains(got.failed[0], "status = 200, want 101") {
		t.Errorf("no upgrade: reported %q", got.failed)
	}
}
