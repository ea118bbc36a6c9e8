package pants_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// respond runs a handler on a recorder.
func respond(s *pants.Server, method string, h pants.HandlerFunc) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler(h).ServeHTTP(w, httptest.NewRequest(method, "/", nil))
	return w
}

// A response goes from open to head sent to finished; each call says what it could not do, and does nothing then.
func TestOrderOfCalls(t *testing.T) {
	s := newServer(t, pants.Config{})
	type step struct {
		name string
		call func(*pants.Request) error
		want error
	}
	status := func(code int, want error) step {
		return step{"SendStatus", func(r *pants.Request) error { return r.SendStatus(code) }, want}
	}
	headers := func(want error, o ...pants.HeadersOption) step {
		return step{"SendHeaders", func(r *pants.Request) error { return r.SendHeaders(http.Header{"X-A": {"b"}}, o...) }, want}
	}
	cookies := func(want error) step {
		return step{"SendCookies", func(r *pants.Request) error { return r.SendCookies() }, want}
	}
	send := func(want error) step {
		return step{"Send", func(r *pants.Request) error { return r.Send("x") }, want}
	}
	write := func(want error) step {
		return step{"Writer.Write", func(r *pants.Request) error { _, err := r.Writer.Write([]byte("w")); return err }, want}
	}
	response := func(want error) step {
		return step{"SendResponse", func(r *pants.Request) error { return r.SendResponse("whole") }, want}
	}
	finish := func(want error) step {
		return step{"Finish", func(r *pants.Request) error { return r.Finish() }, want}
	}
	file := func(want error) step {
		return step{"SendFile", func(r *pants.Request) error { return r.SendFile("send_test.go", nil) }, want}
	}
	tests := []struct {
		name    string
		steps   []step
		status  int
		content string
		header  string // X-A
	}{
		{"by hand", []step{status(404, nil), headers(nil), send(nil), send(nil), finish(nil)}, 404, "xx", "b"},
		{"status again before the head", []step{status(404, nil), status(201, nil), finish(nil)}, 201, "", ""},
		{"status after the head", []step{headers(nil), status(404, pants.ErrHeadersSent), finish(nil)}, 200, "", "b"},
		{"headers after the head", []step{send(nil), headers(pants.ErrHeadersSent), cookies(pants.ErrHeadersSent), finish(nil)}, 200, "x", ""},
		{"headers kept open", []step{headers(nil, pants.EndHeaders(false)), status(404, nil), send(nil), finish(nil)}, 404, "x", "b"},
		{"whole response after pending headers", []step{headers(nil, pants.EndHeaders(false)), response(nil)}, 200, "whole", "b"},
		{"whole response after pending status", []step{status(404, nil), response(nil)}, 404, "whole", ""},
		{"whole response after the head", []step{send(nil), response(pants.ErrHeadersSent), finish(nil)}, 200, "x", ""},
		{"two responses", []step{response(nil), response(pants.ErrFinished), send(pants.ErrFinished), finish(pants.ErrFinished)}, 200, "whole", ""},
		{"file after the end", []step{response(nil), file(pants.ErrFinished)}, 200, "whole", ""},
		{"file after the head", []step{send(nil), file(pants.ErrHeadersSent), finish(nil)}, 200, "x", ""},
		{"mixed with the writer", []step{headers(nil, pants.EndHeaders(false)), write(nil), send(nil), write(nil), finish(nil)}, 200, "wxw", "b"},
		{"writer after the end", []step{response(nil), write(pants.ErrFinished)}, 200, "whole", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := respond(s, http.MethodGet, func(r *pants.Request) {
				for i, step := range test.steps {
					if err := step.call(r); !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
						t.Errorf("step %d, %s: %v, want %v", i, step.name, err, step.want)
					}
				}
			})
			if w.Code != test.status || w.Body.String() != test.content || w.Header().Get("X-A") != test.header {
				t.Errorf("%d %q, X-A %q; want %d %q, %q", w.Code, w.Body, w.Header().Get("X-A"), test.status, test.content, test.header)
			}
		})
	}
}

// What cannot be sent is refused as an error, and leaves the response as it was: the handler may send something else.
func TestRefusedIsNotSent(t *testing.T) {
	s := newServer(t, pants.Config{})
	tests := map[string]func(*pants.Request) error{
		"status 0":              func(r *pants.Request) error { return r.SendStatus(0) },
		"status 101":            func(r *pants.Request) error { return r.SendStatus(101) },
		"status 1000":           func(r *pants.Request) error { return r.SendStatus(1000) },
		"response with 100":     func(r *pants.Request) error { return r.SendResponse("x", pants.Code(100)) },
		"header value":          func(r *pants.Request) error { return r.SendHeaders(http.Header{"A": {"b\nc"}}) },
		"header value with NUL": func(r *pants.Request) error { return r.SendHeaders(http.Header{"A": {"b\x00c"}}) },
		"header name":           func(r *pants.Request) error { return r.SendHeaders(http.Header{"A B": {"c"}}) },
		"empty header name":     func(r *pants.Request) error { return r.SendHeaders(http.Header{"": {"c"}}) },
		"pending header":        func(r *pants.Request) error { return r.SendHeaders(http.Header{"A": {"\r"}}, pants.EndHeaders(false)) },
		"content type":          func(r *pants.Request) error { return r.SendResponse("x", pants.ContentType("a\r\nb: c")) },
		"cookie name": func(r *pants.Request) error {
			defer delete(r.CookiesOut(), "a b")
			r.CookiesOut().Set("a b", "c")
			return r.SendResponse("x")
		},
		"cookie path": func(r *pants.Request) error {
			defer delete(r.CookiesOut(), "a")
			r.CookiesOut().Set("a", "c").Path = "/;Domain=evil"
			return r.SendCookies()
		},
		"nil cookie": func(r *pants.Request) error {
			defer delete(r.CookiesOut(), "a")
			r.CookiesOut()["a"] = nil
			return r.SendHeaders(nil)
		},
		"file header": func(r *pants.Request) error {
			return r.SendFile("send_test.go", &sendfile.Options{Header: http.Header{"A": {"\n"}}})
		},
		"file after status": func(r *pants.Request) error {
			_ = r.SendStatus(404)
			defer func() { _ = r.SendStatus(200) }()
			return r.SendFile("send_test.go", nil)
		},
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			w := respond(s, http.MethodGet, func(r *pants.Request) {
				if err := call(r); err == nil {
					t.Error("no error")
				}
				if err := r.SendResponse("after all"); err != nil {
					t.Error(err)
				}
			})
			if w.Code != 200 || w.Body.String() != "after all" || w.Header()["A"] != nil || w.Header()["Set-Cookie"] != nil {
				t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
			}
		})
	}
}

// The same mistakes through r.Writer, where net/http would alter the header in silence: a 500, under Handler and under Wrap.
func TestRefusedThroughTheWriter(t *testing.T) {
	s := newServer(t, pants.Config{})
	write := func(w http.ResponseWriter) {
		w.Header().Set("A", "b\r\nc")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusCreated)
		if _, err := io.WriteString(w, "content"); err == nil {
			t.Error("no error")
		}
	}
	hr := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, h := range map[string]http.Handler{
		"Handler": s.Handler(func(r *pants.Request) { write(r.Writer) }),
		"Wrap":    s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w) })),
	} {
		w := httptest.NewRecorder()
		w.Header().Set("X-Frame-Options", "DENY") // by a middleware in front
		h.ServeHTTP(w, hr)
		if w.Code != 500 || w.Body.String() != "500 Internal Server Error" || w.Header()["A"] != nil ||
			w.Header().Get("Content-Encoding") != "" || w.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %d %q %v", name, w.Code, w.Body, w.Header())
		}
	}
}

func TestSendResponse(t *testing.T) {
	s := newServer(t, pants.Config{})
	tests := []struct {
		name, method  string
		options       []pants.ResponseOption
		status        int
		content       string
		contentType   string
		contentLength string
	}{
		{"default", "GET", nil, 200, "text", "text/plain", "4"},
		{"code and type", "POST", []pants.ResponseOption{pants.Code(404), pants.ContentType("text/html")}, 404, "text", "text/html", "4"},
		{"HEAD", "HEAD", nil, 200, "", "text/plain", "4"},
		{"no content", "GET", []pants.ResponseOption{pants.Code(204)}, 204, "", "", ""},
		{"reset content", "GET", []pants.ResponseOption{pants.Code(205)}, 205, "", "text/plain", "0"},
		{"not modified", "GET", []pants.ResponseOption{pants.Code(304)}, 304, "", "", ""},
		{"a code of one's own", "GET", []pants.ResponseOption{pants.Code(799)}, 799, "text", "text/plain", "4"},
	}
	for _, test := range tests {
		w := respond(s, test.method, func(r *pants.Request) {
			if err := r.SendResponse("text", test.options...); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		})
		h := w.Header()
		if w.Code != test.status || w.Body.String() != test.content || h.Get("Content-Type") != test.contentType || h.Get("Content-Length") != test.contentLength {
			t.Errorf("%s: %d %q %v", test.name, w.Code, w.Body, h)
		}
	}
}

// Cookies go out once, with whatever sends the headers, unless they are left out.
func TestCookiesOut(t *testing.T) {
	s := newServer(t, pants.Config{})
	tests := []struct {
		name string
		send func(*pants.Request)
		want string
	}{
		{"SendResponse", func(r *pants.Request) { _ = r.SendResponse("") }, "a=1, b=2"},
		{"Writer", func(r *pants.Request) { r.Writer.WriteHeader(200) }, "a=1, b=2"},
		{"Finish", func(*pants.Request) {}, "a=1, b=2"},
		{"panic", func(*pants.Request) { panic("x") }, "a=1, b=2"},
		{"some first", func(r *pants.Request) { _ = r.SendCookies("b"); _ = r.SendHeaders(nil) }, "b=2, a=1"},
		{"some only", func(r *pants.Request) { _ = r.SendCookies("b"); _ = r.SendHeaders(nil, pants.WithCookies(false)) }, "b=2"},
		{"unknown", func(r *pants.Request) { _ = r.SendCookies("z"); _ = r.SendHeaders(nil, pants.WithCookies(false)) }, ""},
		{"none", func(r *pants.Request) { _ = r.SendHeaders(nil, pants.WithCookies(false)) }, ""},
		{"none with the first headers", func(r *pants.Request) {
			_ = r.SendHeaders(nil, pants.WithCookies(false), pants.EndHeaders(false))
			_ = r.Send("x")
		}, "a=1, b=2"},
		{"beside one's own", func(r *pants.Request) {
			r.Writer.Header().Add("Set-Cookie", "own=0")
			_ = r.Send("x")
		}, "own=0, a=1, b=2"},
	}
	for _, test := range tests {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			r.CookiesOut().Set("b", "2")
			r.CookiesOut().Set("a", "1")
			test.send(r)
			_ = r.Finish()
		})
		if got := strings.Join(w.Result().Header["Set-Cookie"], ", "); got != test.want {
			t.Errorf("%s: Set-Cookie %q, want %q", test.name, got, test.want)
		}
	}
}

// Trailers, early hints and a flush work through r.Writer as they do in net/http.
func TestWriterIsANetHTTPWriter(t *testing.T) {
	s := newServer(t, pants.Config{})
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		r.Writer.Header().Set("Trailer", "X-Declared")
		_, _ = io.WriteString(r.Writer, "one")
		if err := http.NewResponseController(r.Writer).Flush(); err != nil {
			t.Error(err)
		}
		if n, err := io.Copy(r.Writer, strings.NewReader(" two")); n != 4 || err != nil {
			t.Errorf("Copy: %d, %v", n, err)
		}
		r.Writer.Header().Set("X-Declared", "yes")
		r.Writer.Header().Set(http.TrailerPrefix+"X-Late", "too")
		_ = r.Finish()
	}))
	defer ts.Close()
	res, err := http.Get(ts.URL)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(content) != "one two" || res.Trailer.Get("X-Declared") != "yes" || res.Trailer.Get("X-Late") != "too" {
		t.Errorf("%q, %v, trailers %v", content, err, res.Trailer)
	}
}

func TestSendFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "example.jpg"), []byte("not really"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The example of the Pants document.
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{Proxy: sendfile.Generic, Prefix: "/_static/", Root: dir}})
	w := respond(s, http.MethodGet, func(r *pants.Request) {
		if err := r.SendFile(filepath.Join(dir, "example.jpg"), nil); err != nil {
			t.Error(err)
		}
	})
	h := w.Header()
	if w.Code != 200 || h.Get("X-Sendfile") != "/_static/example.jpg" || h.Get("Content-Type") != "image/jpeg" || h.Get("Content-Length") != "0" {
		t.Errorf("%d %v", w.Code, h)
	}
	direct := newServer(t, pants.Config{Sendfile: sendfile.Config{Root: dir}})
	for name, test := range map[string]struct {
		path   string
		status int
	}{
		"relative": {"example.jpg", 200}, "missing": {"none.jpg", 404}, "folder": {".", 404}, "outside": {"../x", 404}, "empty": {"", 404},
	} {
		w := respond(direct, http.MethodGet, func(r *pants.Request) {
			if err := r.SendFile(test.path, nil); (err == nil) != (test.status == 200) {
				t.Errorf("%s: %v", name, err)
			}
			if err := r.Send("more"); !errors.Is(err, pants.ErrFinished) {
				t.Errorf("%s: not finished: %v", name, err)
			}
		})
		if w.Code != test.status && (w.Code != 403 || test.status != 404) {
			t.Errorf("%s: status %d, want %d", name, w.Code, test.status)
		}
	}
}

// What a middleware or the handler has said of caching before is not less said than in Options.Header: with "no-store" in front, a
// file of one user would else lie in caches for a week.
func TestSendFileCaching(t *testing.T) {
	type fields = http.Header
	week := "max-age=604800"
	for _, test := range []struct {
		name          string
		front         fields // of a middleware
		before        fields // of SendHeaders
		header        fields // of Options
		control, dies string // dies: "+" is a date of ours
	}{
		{"nothing said", nil, nil, nil, week, "+"},
		{"middleware says no-store", fields{"Cache-Control": {"no-store"}}, nil, nil, "no-store", ""},
		{"handler says private", nil, fields{"Cache-Control": {"private"}}, nil, "private", ""},
		{"options win", fields{"Cache-Control": {"no-store"}}, nil, fields{"cache-control": {"max-age=9"}}, "max-age=9", ""},
		{"middleware says NoCache", fields{"Cache-Control": {"no-cache"}, "Expires": {"0"}}, nil, nil, "no-cache", "0"},
		{"options say Expires", nil, nil, fields{"Expires": {"0"}}, "", "0"},
		{"middleware says Expires", fields{"Expires": {"0"}}, nil, nil, "", "0"},
		{"options keep no Expires", nil, nil, fields{"Expires": nil}, week, ""},
		{"options keep no field", nil, nil, fields{"Cache-Control": nil}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, wrapped := range []bool{false, true} {
				serve := func(r *pants.Request) {
					if test.before != nil {
						if err := r.SendHeaders(test.before, pants.EndHeaders(false)); err != nil {
							t.Error(err)
						}
					}
					if err := r.SendFile("send_test.go", &sendfile.Options{Header: test.header}); err != nil {
						t.Error(err)
					}
				}
				s := new(pants.Server)
				h := http.Handler(s.Handler(serve))
				if wrapped {
					h = s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { serve(pants.FromContext(r.Context())) }))
				}
				w := httptest.NewRecorder()
				for name, values := range test.front {
					w.Header()[name] = values
				}
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				control, dies := w.Header().Get("Cache-Control"), w.Header().Get("Expires")
				if _, err := http.ParseTime(dies); err == nil {
					dies = "+"
				}
				if w.Code != http.StatusOK || control != test.control || dies != test.dies {
					t.Errorf("wrapped %t: %d, Cache-Control = %q, Expires = %q, want %q, %q", wrapped, w.Code, control, dies, test.control, test.dies)
				}
			}
		})
	}
}

// Images that are built reproducibly set all times to 0: a tag of nothing but the size would be that of the next release too.
func TestSendFileETag(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.txt")
	if err := os.WriteFile(name, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{Sendfile: sendfile.Config{Root: dir}})
	for _, test := range []struct {
		name     string
		modified time.Time
		want     string
	}{
		{"whole second", time.Unix(0x52d9b780, 0), `"5-52d9b780"`},
		{"with a fraction", time.Unix(0x52d9b780, 1), `"5-134a45a2adcb0001"`},
		{"the first second", time.Unix(1, 0), `"5-1"`},
		{"never dated", time.Unix(0, 0), ""},
		{"before there was a date", time.Unix(-9, 0), ""},
	} {
		if err := os.Chtimes(name, test.modified, test.modified); err != nil {
			t.Fatal(err)
		}
		w := respond(s, http.MethodGet, func(r *pants.Request) { _ = r.SendFile("a.txt", nil) })
		if got := w.Header().Get("ETag"); w.Code != http.StatusOK || got != test.want {
			t.Errorf("%s: %d, ETag = %q, want %q", test.name, w.Code, got, test.want)
		}
	}
}
