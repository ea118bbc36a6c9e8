package legacy_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// newRecorder records to a directory of the test's own unless c names one.
func newRecorder(t testing.TB, c legacy.RecordConfig) (*legacy.Recorder, string) {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	rec, err := legacy.NewRecorder(c)
	if err != nil {
		t.Fatal(err)
	}
	return rec, c.Dir
}

// stored closes the recorder and reads what it stored.
func stored(t testing.TB, rec *legacy.Recorder, dir string) []*legacy.Recording {
	t.Helper()
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if len(filesIn(t, dir)) == 0 {
		return nil
	}
	list, err := legacy.ReadRecordings(dir)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func filesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// record has h answer r and returns the one recording of it.
func record(t testing.TB, c legacy.RecordConfig, r *http.Request, h http.HandlerFunc) *legacy.Recording {
	t.Helper()
	rec, dir := newRecorder(t, c)
	rec.Wrap(h).ServeHTTP(httptest.NewRecorder(), r)
	list := stored(t, rec, dir)
	if len(list) != 1 {
		t.Fatalf("%d recordings, want 1", len(list))
	}
	return list[0]
}

// recordServed records what a real server answers to client.
func recordServed(t *testing.T, c legacy.RecordConfig, h http.HandlerFunc, client func(url string)) []*legacy.Recording {
	t.Helper()
	rec, dir := newRecorder(t, c)
	recorded := rec.Wrap(h)
	var served sync.WaitGroup // a hijacked connection is not waited for by Close
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		defer served.Done()
		recorded.ServeHTTP(w, r)
	}))
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	ts.Start()
	client(ts.URL)
	ts.Close()
	served.Wait()
	return stored(t, rec, dir)
}

func fetchText(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func readBody(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "ok")
}

func TestRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "contract")
	rec, err := legacy.Record(dir)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Add("X-Two", "1")
		w.Header().Add("X-Two", "2")
		w.Header().Add("Set-Cookie", "sid=0123456789; Path=/; HttpOnly")
		w.Header().Add("Set-Cookie", "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "<b>made</b>\n& done\n")
	})))
	req, err := http.NewRequest(http.MethodPost, ts.URL+"/a%2Fb//c?x=1&x=2", io.MultiReader(strings.NewReader("text of\r\nlines")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header["X-Many"] = []string{"b", "a"}
	req.Host = "app.example"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	ts.Close()
	list := stored(t, rec, dir)
	if len(list) != 1 {
		t.Fatalf("%d recordings, want 1", len(list))
	}
	q, a := list[0].Request, list[0].Response
	if q.Method != "POST" || q.Target != "/a%2Fb//c?x=1&x=2" || q.Protocol != "HTTP/1.1" || q.Scheme != "http" || q.Host != "app.example" ||
		!strings.HasPrefix(q.RemoteAddr, "127.0.0.1:") || !q.Chunked || string(q.Body.Content) != "text of\r\nlines" {
		t.Errorf("request %+v", q)
	}
	if got := fmt.Sprint(q.Header["X-Many"]); got != "[b a]" {
		t.Errorf("X-Many = %s, want the order it came in", got)
	}
	if a.Status != 201 || string(a.Body.Content) != "<b>made</b>\n& done\n" || fmt.Sprint(a.Header["X-Two"]) != "[1 2]" ||
		a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("response %+v", a)
	}
	if len(a.Cookies) != 2 || a.Cookies[0].Name != "sid" || fmt.Sprint(a.Cookies[0].Attributes) != "[Path=/ HttpOnly]" ||
		a.Cookies[1].Name != "gone" || a.Cookies[1].Value != "" {
		t.Errorf("cookies %+v", a.Cookies)
	}
	if list[0].Duration <= 0 || time.Since(list[0].Time) > time.Minute {
		t.Errorf("time %v, duration %v", list[0].Time, list[0].Duration)
	}

	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, list[0].Name): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("mode of %s = %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, list[0].Name))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"  \"version\": 1,\n", "        \"<b>made</b>\\n\",\n", "      \"X-Two: 1\",\n      \"X-Two: 2\"\n"} {
		if !strings.Contains(string(data), line) {
			t.Errorf("no line %q in\n%s", line, data)
		}
	}
}

func TestRecorderMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		title  string
		config legacy.RecordConfig
		want   []string
	}{
		{"nothing said", legacy.RecordConfig{}, []string{"legacy: recording needs a directory"}},
		{"a file", legacy.RecordConfig{Dir: file}, []string{"legacy: recording: ", "file"}},
		{"below a file", legacy.RecordConfig{Dir: file + "/x"}, []string{"legacy: recording: ", "file"}},
		{"everything wrong", legacy.RecordConfig{MaxBody: -1, PerShape: -2, MaxFiles: -3, MaxBytes: -4},
			[]string{"directory", "negative MaxBody -1", "negative PerShape -2", "negative MaxFiles -3", "negative MaxBytes -4"}},
	} {
		_, err := legacy.NewRecorder(test.config)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q in it", test.title, err, want)
			}
		}
	}
	if _, err := legacy.Record(""); err == nil {
		t.Error("no directory and no error")
	}
	rec, _ := newRecorder(t, legacy.RecordConfig{})
	defer func() {
		if recover() == nil {
			t.Error("no panic over a nil handler")
		}
	}()
	rec.Wrap(nil)
}

// What the client sees is what is recorded.
func TestRecordAnswers(t *testing.T) {
	for _, test := range []struct {
		title, method string
		h             http.HandlerFunc
		status        int
		contentType   string
		content       string
	}{
		{"nothing written", "GET", func(http.ResponseWriter, *http.Request) {}, 200, "", ""},
		{"guessed late", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<ht")
			_, _ = io.WriteString(w, "ml>")
		}, 200, "text/html; charset=utf-8", "<html>"},
		{"guessed at the flush", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<ht")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "ml>")
		}, 200, "text/plain; charset=utf-8", "<html>"},
		{"not to be guessed", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, "<html>")
		}, 200, "", "<html>"},
		{"HEAD", "HEAD", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, 200, "text/html; charset=utf-8", ""},
		{"HEAD with a length", "HEAD", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "9") }, 200, "", ""},
		{"204", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
				t.Errorf("Write = %v, want net/http's error", err)
			}
		}, 204, "", ""},
		{"304", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x")
			w.WriteHeader(304)
		}, 304, "", ""},
		{"flushed before there is anything to guess from", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "<html>")
		}, 200, "", "<html>"},
		{"early hints", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Content-Type", "text/x")
			w.WriteHeader(404)
			w.WriteHeader(500) // superfluous
			_, _ = io.WriteString(w, "no")
		}, 404, "text/x", "no"},
		{"headers after the head", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x")
			w.WriteHeader(200)
			w.Header().Set("Content-Type", "text/y")
		}, 200, "text/x", ""},
		{"string, bytes, copy", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x")
			_, _ = io.WriteString(w, "a")
			_, _ = w.Write([]byte("b"))
			_, _ = io.Copy(w, strings.NewReader("c"))
			_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("d"))
		}, 200, "text/x", "abcd"},
	} {
		t.Run(test.title, func(t *testing.T) {
			list := recordServed(t, legacy.RecordConfig{}, test.h, func(url string) {
				req, err := http.NewRequest(test.method, url, nil)
				if err != nil {
					t.Fatal(err)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				content, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != test.status || string(content) != test.content || res.Header.Get("Content-Type") != test.contentType {
					t.Errorf("the client got %d %q %q, %v", res.StatusCode, res.Header.Get("Content-Type"), content, err)
				}
			})
			if len(list) != 1 {
				t.Fatalf("%d recordings, want 1", len(list))
			}
			a := list[0].Response
			if a.Status != test.status || a.Header.Get("Content-Type") != test.contentType || string(a.Body.Content) != test.content {
				t.Errorf("recorded %d %q %q, want %d %q %q", a.Status, a.Header.Get("Content-Type"), a.Body.Content, test.status, test.contentType, test.content)
			}
		})
	}
}

// An answer that is not whole would make a test that demands half an answer.
func TestRecordIncomplete(t *testing.T) {
	for title, h := range map[string]http.HandlerFunc{
		"abort": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		},
		"panic": func(http.ResponseWriter, *http.Request) { panic("a mistake") },
		"less than promised": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "four")
		},
		"more than promised": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, _ = io.WriteString(w, "four")
		},
		"hijacked and no upgrade": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		},
		"written past the recorder": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w.(interface{ Unwrap() http.ResponseWriter }).Unwrap(), "unseen")
		},
		"an invalid status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(20) },
	} {
		list := recordServed(t, legacy.RecordConfig{}, h, func(url string) {
			res, err := http.Get(url)
			if err == nil {
				res.Body.Close()
			}
		})
		if len(list) != 0 {
			t.Errorf("%s: recorded %+v", title, list[0].Response)
		}
	}
}

// failingWriter has a client that is gone, though nobody has noticed yet.
type failingWriter struct{ *httptest.ResponseRecorder }

func (failingWriter) Write([]byte) (int, error)       { return 0, io.ErrClosedPipe }
func (failingWriter) WriteString(string) (int, error) { return 0, io.ErrClosedPipe }
func (failingWriter) FlushError() error               { return io.ErrClosedPipe }

func TestRecordFailedWrites(t *testing.T) {
	for title, write := range map[string]func(w http.ResponseWriter) error{
		"Write":       func(w http.ResponseWriter) error { _, err := w.Write([]byte("x")); return err },
		"WriteString": func(w http.ResponseWriter) error { _, err := io.WriteString(w, "x"); return err },
		"Flush":       func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
	} {
		rec, dir := newRecorder(t, legacy.RecordConfig{})
		rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if err := write(w); err != io.ErrClosedPipe {
				t.Errorf("%s = %v, want the error of the writer below", title, err)
			}
		})).ServeHTTP(failingWriter{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
		if list := stored(t, rec, dir); len(list) != 0 {
			t.Errorf("%s: recorded %+v", title, list[0].Response)
		}
	}
}

// What next panics with goes on as it is.
func TestRecordPanicsGoOn(t *testing.T) {
	for _, want := range []any{http.ErrAbortHandler, "a mistake"} {
		rec, _ := newRecorder(t, legacy.RecordConfig{})
		got := func() (p any) {
			defer func() { p = recover() }()
			rec.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(want) })).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			return nil
		}()
		if got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}
}

// A client that left may have been answered with an error that is about that only.
func TestRecordClientGone(t *testing.T) {
	left := make(chan struct{})
	list := recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, r *http.Request) {
		close(left)
		<-r.Context().Done()
		w.WriteHeader(http.StatusBadGateway)
	}, func(url string) {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Timeout: 50 * time.Millisecond}
		if res, err := client.Do(req); err == nil {
			res.Body.Close()
			t.Error("the client was answered")
		}
		<-left
	})
	if len(list) != 0 {
		t.Errorf("recorded %+v", list[0].Response)
	}
}

func TestRecordBodyLimit(t *testing.T) {
	const limit = 100
	long := strings.Repeat("x", limit+1)
	sum := func(s string) string {
		b := sha256.Sum256([]byte(s))
		return hex.EncodeToString(b[:])
	}
	zipped := func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, s)
		_ = w.Close()
		return b.String()
	}
	for _, test := range []struct {
		title, contentType, coding, body string
		content, omitted, sha256         string // of the answer
		length                           int64
		requestSum                       string
	}{
		{"up to it", "text/plain", "", long[1:], long[1:], "", "", 0, ""},
		{"over it", "text/plain", "", long, "", "longer than 100 bytes", sum(long), 101, ""},
		{"binary", "image/png", "", long + "\x00", "", "longer than 100 bytes", sum(long + "\x00"), 102, ""},
		{"binary at once", "image/png", "", "\x00" + long, "", "longer than 100 bytes", sum("\x00" + long), 102, sum("\x00" + long)},
		{"a form has no sum", "application/x-www-form-urlencoded", "", "a=" + long, "", "longer than 100 bytes", "", 103, ""},
		{"multipart has no sum", "multipart/form-data; boundary=b", "", "--b" + long, "", "longer than 100 bytes", "", 104, ""},
		{"JSON has no sum", "application/json", "", `"` + long + `"`, "", "longer than 100 bytes", "", 103, ""},
		{"what looks like JSON has no sum", "text/plain", "", ` {"` + long, "", "longer than 100 bytes", "", 104, ""},
		{"packed", "text/plain", "gzip", zipped("hello"), "hello", "", "", 0, ""},
		{"longer unpacked", "text/plain", "gzip", zipped(strings.Repeat("0", 1000)), "", "longer than 100 bytes when unpacked", "", int64(len(zipped(strings.Repeat("0", 1000)))), ""},
		{"not packed", "text/plain", "gzip", "hello", "", "not the gzip that it claims to be", "", 5, ""},
		{"half a pack", "text/plain", "gzip", zipped("hello")[:20], "", "not the gzip that it claims to be", "", 20, ""},
		{"another coding", "text/plain", "br", "hello", "", `Content-Encoding "br" cannot be looked into`, "", 5, ""},
	} {
		t.Run(test.title, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.contentType)
			r.Header.Set("Content-Encoding", test.coding)
			got := record(t, legacy.RecordConfig{MaxBody: limit}, r, func(w http.ResponseWriter, r *http.Request) {
				if b, err := io.ReadAll(r.Body); err != nil || string(b) != test.body {
					t.Errorf("next read %q, %v", b, err)
				}
				w.Header().Set("Content-Type", test.contentType)
				w.Header().Set("Content-Encoding", test.coding)
				for _, c := range []byte(test.body) { // in pieces
					_, _ = w.Write([]byte{c})
				}
			})
			for side, b := range map[string]legacy.RecordedBody{"request": got.Request.Body, "response": got.Response.Body} {
				want := test.sha256
				if side == "request" {
					want = test.requestSum
				}
				if string(b.Content) != test.content || !strings.HasPrefix(b.Omitted, test.omitted) || (b.Omitted == "") != (test.omitted == "") ||
					b.SHA256 != want || b.Length != test.length {
					t.Errorf("%s body %+v, want %q, omitted %q, length %d, sum %q", side, b, test.content, test.omitted, test.length, want)
				}
				if coding := b.Coding; b.Omitted == "" && coding != test.coding {
					t.Errorf("%s coding %q, want %q", side, coding, test.coding)
				}
			}
		})
	}
}

func TestRecordShapes(t *testing.T) {
	rec, dir := newRecorder(t, legacy.RecordConfig{PerShape: 2})
	h := rec.Wrap(http.HandlerFunc(readBody))
	ask := func(method, target string) {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, target, nil))
	}
	for i := range 5 {
		ask("GET", fmt.Sprintf("/users/%d", i))
		ask("GET", fmt.Sprintf("/users/%d/photos?page=%d", i, i))
		ask("POST", fmt.Sprintf("/users/%d", i))
		ask("GET", fmt.Sprintf("/files/3f2a9c0%d", i))
		ask("GET", fmt.Sprintf("/files/3f2504e0-4f89-11d3-9a0c-0305e82c330%d", i))
		ask("GET", "/files/"+strings.Repeat("long", 20)+fmt.Sprint(i))
		ask("GET", fmt.Sprintf("/v%d.%d/feedback", i, i)) // "feedback" is no id
	}
	if got, want := len(stored(t, rec, dir)), 5*2; got != want {
		t.Errorf("%d recordings, want %d", got, want)
	}

	// The count goes on in a directory that is used again.
	rec, _ = newRecorder(t, legacy.RecordConfig{Dir: dir, PerShape: 3})
	h = rec.Wrap(http.HandlerFunc(readBody))
	for range 5 {
		ask("GET", "/users/9")
	}
	if got, want := len(stored(t, rec, dir)), 5*2+1; got != want {
		t.Errorf("%d recordings after using the directory again, want %d", got, want)
	}
}

// At a limit recording ends with one line, and traffic goes on.
func TestRecordLimits(t *testing.T) {
	for _, test := range []struct {
		title  string
		config legacy.RecordConfig
		want   int // recordings
		line   string
	}{
		{"files", legacy.RecordConfig{MaxFiles: 3, PerShape: 100}, 3, "there are 3 files in the directory"},
		{"bytes", legacy.RecordConfig{MaxBytes: 1000, PerShape: 100}, 2, "bytes more do not fit in the directory"},
	} {
		t.Run(test.title, func(t *testing.T) {
			var log logged
			test.config.Log = log.logger()
			rec, dir := newRecorder(t, test.config)
			h := rec.Wrap(http.HandlerFunc(readBody))
			after := 0 // requests after the end
			for start := time.Now(); after < 5 && time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
				if log.String() != "" {
					after++
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				if w.Body.String() != "ok" {
					t.Fatalf("answer %q", w.Body)
				}
			}
			if got := len(stored(t, rec, dir)); got != test.want {
				t.Errorf("%d recordings, want %d", got, test.want)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "legacy: recording stopped") || !strings.Contains(got, test.line) {
				t.Errorf("log %q, want one line with %q", got, test.line)
			}
			var again logged
			test.config.Dir, test.config.Log = dir, again.logger()
			rec, _ = newRecorder(t, test.config)
			rec.Wrap(http.HandlerFunc(readBody)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			if got := len(stored(t, rec, dir)); got != test.want {
				t.Errorf("%d recordings after opening a full directory, want %d", got, test.want)
			}
			if again.String() == "" {
				t.Error("nothing in the log of the second recorder")
			}
		})
	}
}

func TestRecordDirectoryGone(t *testing.T) {
	var log logged
	rec, dir := newRecorder(t, legacy.RecordConfig{Log: log.logger(), Dir: filepath.Join(t.TempDir(), "dir")})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	h := rec.Wrap(http.HandlerFunc(readBody))
	for range 5 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Body.String() != "ok" {
			t.Fatalf("answer %q", w.Body)
		}
		time.Sleep(time.Millisecond)
	}
	if err := rec.Close(); err == nil || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("Close = %v, want why recording ended", err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 {
		t.Errorf("log %q, want one line", got)
	}
}

func TestRecordEdit(t *testing.T) {
	t.Run("change", func(t *testing.T) {
		got := record(t, legacy.RecordConfig{Edit: func(r *legacy.Recording) bool {
			if !strings.HasPrefix(r.Request.Header.Get("X-Token"), "MASKED-") {
				t.Errorf("X-Token = %q, want it masked", r.Request.Header.Get("X-Token"))
			}
			r.Request.Target = "/users/somebody"
			r.Response.Body.Content = bytes.ReplaceAll(r.Response.Body.Content, []byte("Ada"), []byte("somebody"))
			return true
		}}, withHeader("/users/ada", "X-Token", "1"), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "I am Ada") })
		if got.Request.Target != "/users/somebody" || string(got.Response.Body.Content) != "I am somebody" || !strings.Contains(got.Name, "-users-somebody-") {
			t.Errorf("recorded %s %q %q", got.Name, got.Request.Target, got.Response.Body.Content)
		}
	})
	t.Run("leave out", func(t *testing.T) {
		rec, dir := newRecorder(t, legacy.RecordConfig{PerShape: 1, Edit: func(r *legacy.Recording) bool { return r.Response.Status == 404 }})
		status := 200
		h := rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		for start := time.Now(); len(filesIn(t, dir)) == 0 && time.Since(start) < 10*time.Second; status = 404 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) // once the place is free again
			time.Sleep(time.Millisecond)
		}
		if list := stored(t, rec, dir); len(list) != 1 || list[0].Response.Status != 404 {
			t.Errorf("%d recordings, want the 404", len(list))
		}
	})
	t.Run("panics", func(t *testing.T) {
		var log logged
		var all sync.WaitGroup // at the same time
		all.Add(3)
		rec, dir := newRecorder(t, legacy.RecordConfig{Log: log.logger(), Edit: func(*legacy.Recording) bool {
			all.Done()
			all.Wait()
			panic("a mistake")
		}})
		for range 3 {
			rec.Wrap(http.HandlerFunc(readBody)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}
		if err := rec.Close(); err == nil || !strings.Contains(err.Error(), "panic: a mistake") {
			t.Errorf("Close = %v", err)
		}
		if got := filesIn(t, dir); len(got) != 0 || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("files %q, log %q", got, log.String())
		}
	})
}

func withHeader(target, name, value string) *http.Request {
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set(name, value)
	return r
}

// What is not finished is in memory, so there is a limit for it too.
func TestRecordInFlight(t *testing.T) {
	rec, dir := newRecorder(t, legacy.RecordConfig{PerShape: 1000})
	var entered, done sync.WaitGroup
	leave := make(chan struct{})
	var mu sync.Mutex
	recorded := 0
	for range 150 {
		w := httptest.NewRecorder()
		entered.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			rec.Wrap(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				if got != http.ResponseWriter(w) {
					recorded++
				}
				mu.Unlock()
				entered.Done()
				<-leave
			})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		}()
	}
	entered.Wait()
	close(leave)
	done.Wait()
	if got := len(stored(t, rec, dir)); recorded != 100 || got != 100 {
		t.Errorf("%d of 150 requests at once are recorded, %d stored, want 100", recorded, got)
	}
}

// 200 clients at once, while the limits are reached.
func TestRecordConcurrently(t *testing.T) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	before := runtime.NumGoroutine()
	var log logged
	list := recordServed(t, legacy.RecordConfig{MaxFiles: 50, PerShape: 20, Log: log.logger()}, func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(w, "%s %s", r.URL.Path, content)
	}, func(url string) {
		var clients sync.WaitGroup
		for i := range 200 {
			clients.Add(1)
			go func() {
				defer clients.Done()
				path := fmt.Sprintf("/%c/%d", 'a'+i%5, i)
				body := strings.Repeat("x", i)
				res, err := http.Post(url+path, "image/png", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if content, err := io.ReadAll(res.Body); err != nil || string(content) != path+" "+body {
					t.Errorf("%s: %d bytes, %v", path, len(content), err)
				}
			}()
		}
		clients.Wait()
	})
	if len(list) == 0 || len(list) > 50 {
		t.Errorf("%d recordings, want 1 to 50", len(list))
	}
	perShape := map[byte]int{}
	for _, r := range list {
		perShape[r.Request.Target[1]]++
		if want := r.Request.Target + " " + string(r.Request.Body.Content); string(r.Response.Body.Content) != want {
			t.Errorf("answer %q to %q: two requests are mixed up", r.Response.Body.Content, want)
		}
	}
	for shape, n := range perShape {
		if n > 20 {
			t.Errorf("%d recordings of /%c/0, want 20 at most", n, shape)
		}
	}
	if strings.Count(log.String(), "\n") > 1 {
		t.Errorf("log %q, want one line at most", log.String())
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for start := time.Now(); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// After Close nothing is recorded, and nothing is left running.
func TestRecorderClose(t *testing.T) {
	rec, dir := newRecorder(t, legacy.RecordConfig{})
	entered, leave := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		rec.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(entered)
			<-leave
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}()
	<-entered
	if err := rec.Close(); err != nil { // does not wait for a handler
		t.Fatal(err)
	}
	close(leave)
	<-done
	rec.Wrap(http.HandlerFunc(readBody)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if got := filesIn(t, dir); len(got) != 0 {
		t.Errorf("files %q after Close", got)
	}
}
