package pants_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// counter is a writer below that counts what comes through its ReadFrom.
type counter struct {
	http.ResponseWriter
	bytes int64
}

func (c *counter) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(struct{ io.Writer }{c.ResponseWriter}, src)
	c.bytes += n
	return n, err
}

// A regular file reaches the ReadFrom of the writer below whichever way it is copied: only there is the kernel's sendfile.
func TestFilesReachReadFrom(t *testing.T) {
	info, err := os.Stat("regressions_test.go")
	if err != nil {
		t.Fatal(err)
	}
	copies := map[string]func(w http.ResponseWriter, f *os.File) (int64, error){
		"io.Copy":  func(w http.ResponseWriter, f *os.File) (int64, error) { return io.Copy(w, f) },
		"io.CopyN": func(w http.ResponseWriter, f *os.File) (int64, error) { return io.CopyN(w, f, info.Size()) },
		"WriteTo":  func(w http.ResponseWriter, f *os.File) (int64, error) { return f.WriteTo(w) },
		"through Unwrap": func(w http.ResponseWriter, f *os.File) (int64, error) {
			return io.Copy(w.(interface{ Unwrap() http.ResponseWriter }).Unwrap(), f)
		},
	}
	s := newServer(t, pants.Config{})
	for name, copyFile := range copies {
		for _, nested := range []bool{false, true} {
			h := s.Handler(func(r *pants.Request) {
				f, err := os.Open("regressions_test.go")
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				if n, err := copyFile(r.Writer, f); n != info.Size() || err != nil {
					t.Errorf("%s: %d, %v", name, n, err)
				}
				_ = r.Finish()
			})
			if nested {
				h = s.Wrap(h)
			}
			below := &counter{ResponseWriter: httptest.NewRecorder()}
			h.ServeHTTP(below, httptest.NewRequest(http.MethodGet, "/", nil))
			if below.bytes != info.Size() {
				t.Errorf("%s, below Wrap %v: %d of %d bytes through ReadFrom", name, nested, below.bytes, info.Size())
			}
		}
	}
}

// Set-Cookie lines of a middleware, of SendHeaders and of CookiesOut add up.
func TestNoSetCookieIsLost(t *testing.T) {
	s := newServer(t, pants.Config{})
	w := httptest.NewRecorder()
	w.Header().Set("Set-Cookie", "middleware=1")
	s.Handler(func(r *pants.Request) {
		r.CookiesOut().Set("first", "2")
		_ = r.SendCookies()
		_ = r.SendHeaders(http.Header{"set-cookie": {"own=3"}}, pants.EndHeaders(false))
		r.CookiesOut().Set("late", "4")
		_ = r.SendResponse("")
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := strings.Join(w.Result().Header["Set-Cookie"], " "); got != "middleware=1 first=2 own=3 late=4" {
		t.Errorf("Set-Cookie: %s", got)
	}
	// A refused SendHeaders without cookies does not hold for what is sent in its place.
	w = respond(s, http.MethodGet, func(r *pants.Request) {
		r.CookiesOut().Set("a", "1")
		_ = r.SendHeaders(http.Header{"A": {"\n"}}, pants.WithCookies(false))
		_ = r.SendResponse("")
	})
	if got := w.Header().Get("Set-Cookie"); got != "a=1" {
		t.Errorf("after a refused SendHeaders: %q", got)
	}
}

// A refused call leaves nothing behind: neither a length nor a status, nor a 500 for what was mended.
func TestRefusedLeavesNoTrace(t *testing.T) {
	s := newServer(t, pants.Config{})
	bad := func(r *pants.Request, f func() error) {
		r.CookiesOut().Set("a b", "c")
		if f() == nil {
			t.Error("no error")
		}
		delete(r.CookiesOut(), "a b")
	}
	for name, refused := range map[string]func(r *pants.Request) error{
		"SendResponse": func(r *pants.Request) error { return r.SendResponse("x", pants.Code(404), pants.ContentType("a/b")) },
		"Finish":       func(r *pants.Request) error { return r.Finish() },
		"SendHeaders":  func(r *pants.Request) error { return r.SendHeaders(nil) },
		"SendFile":     func(r *pants.Request) error { return r.SendFile("send_test.go", nil) },
	} {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			bad(r, func() error { return refused(r) })
			if err := r.Send("a longer text"); err != nil {
				t.Errorf("%s: Send = %v", name, err)
			}
			_ = r.Finish()
		})
		if w.Code != 200 || w.Body.String() != "a longer text" || w.Header().Get("Content-Length") != "" || w.Header()["Content-Type"] != nil || w.Header()["Etag"] != nil {
			t.Errorf("%s: %d %q %v", name, w.Code, w.Body, w.Header())
		}
	}
	for name, options := range map[string][]pants.HeadersOption{"sent": nil, "merged": {pants.EndHeaders(false)}} {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"Content-Type": {"text/first"}, "Set-Cookie": {"first=1"}}, pants.EndHeaders(false))
			bad(r, func() error {
				return r.SendHeaders(http.Header{"Content-Type": {"text/x"}, "Set-Cookie": {"a=b"}, "X-New": {"x"}}, options...)
			})
			_ = r.SendHeaders(http.Header{"Set-Cookie": {"a=b"}})
			_ = r.Finish()
		})
		if w.Header().Get("Content-Type") != "text/first" || fmt.Sprint(w.Header()["Set-Cookie"]) != "[first=1 a=b]" || w.Header()["X-New"] != nil {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	w := respond(s, http.MethodGet, func(r *pants.Request) {
		_ = r.SendHeaders(http.Header{"A": {"\n"}})
		_ = r.SendHeaders(http.Header{"A": {"mended"}}, pants.EndHeaders(false))
		time.AfterFunc(10*time.Millisecond, func() { _ = r.SendResponse("later") })
	})
	if w.Code != 200 || w.Body.String() != "later" || w.Header().Get("A") != "mended" {
		t.Errorf("mended: %d %q %v", w.Code, w.Body, w.Header())
	}
}

// Statuses that are none, through the writer: a 500, and not a panic of net/http or an empty 200.
func TestBadStatusThroughTheWriter(t *testing.T) {
	s := newServer(t, pants.Config{})
	for _, status := range []int{-1, 0, 50, 99, 1000} {
		write := func(w http.ResponseWriter) {
			w.WriteHeader(status)
			if _, err := io.WriteString(w, "content"); err == nil {
				t.Errorf("%d: no error", status)
			}
		}
		for name, h := range map[string]http.Handler{
			"Handler": s.Handler(func(r *pants.Request) { write(r.Writer) }),
			"Wrap":    s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w) })),
		} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			if w.Code != 500 {
				t.Errorf("%s, %d: status %d", name, status, w.Code)
			}
		}
	}
}

// Headers are checked where they go out without a commit too: with a 1xx, with the 200 that Wrap's return implies, and as framing.
func TestHeadersAreCheckedEverywhere(t *testing.T) {
	s := newServer(t, pants.Config{})
	tests := map[string]http.Handler{
		"1xx": s.Handler(func(r *pants.Request) {
			r.Writer.Header().Set("Link", "</a>\r\nX: y")
			r.Writer.WriteHeader(http.StatusEarlyHints)
		}),
		"implied 200": s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("A", "b\nc") })),
		"negative length": s.Handler(func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"Content-Length": {"-5"}})
		}),
		"two lengths": s.Handler(func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"Content-Length": {"1"}, "content-length": {"2"}})
		}),
		"two lengths in the map": s.Handler(func(r *pants.Request) {
			r.Writer.Header()["content-length"] = []string{"5"}
			r.Writer.WriteHeader(200)
		}),
		"unknown encoding": s.Handler(func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"Transfer-Encoding": {"gzip"}})
		}),
	}
	for name, h := range tests {
		ts := httptest.NewServer(h)
		conn, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 500 ") {
			t.Errorf("%s: %q, %v", name, line, err)
		}
		conn.Close()
		ts.Close()
	}
}

// Names that differ in case only are one header, in order; an empty Content-Type is none.
func TestNamesAndTypes(t *testing.T) {
	s := newServer(t, pants.Config{})
	for range 20 {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			_ = r.SendHeaders(http.Header{"x-a": {"2"}, "X-A": {"1"}})
			_ = r.Finish()
		})
		if got := strings.Join(w.Header()["X-A"], ","); got != "1,2" {
			t.Fatalf("X-A = %q", got)
		}
	}
	w := respond(s, http.MethodGet, func(r *pants.Request) {
		if err := r.SendResponse("x", pants.ContentType("")); err != nil {
			t.Error(err)
		}
	})
	if w.Code != 200 || w.Header().Get("Content-Type") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// Trailers: of an answer without content, beside those of a middleware, and those of the request.
func TestTrailers(t *testing.T) {
	s := newServer(t, pants.Config{})
	h := s.Handler(func(r *pants.Request) {
		if got := r.HTTP.Trailer.Get("X-Request"); got != "yes" {
			t.Errorf("request trailer %q", got)
		}
		r.Writer.Header().Set("Trailer", "X-Own")
		_ = r.SendHeaders(nil)
		r.Writer.Header().Set("X-Own", "1")
		_ = r.Finish()
	})
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		h.ServeHTTP(w, hr)
		w.Header().Set(http.TrailerPrefix+"X-Outer", "2")
	}))
	defer ts.Close()
	req, err := http.NewRequest(http.MethodPost, ts.URL, io.NopCloser(strings.NewReader("body")))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Request": {"yes"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if res.Trailer.Get("X-Own") != "1" || res.Trailer.Get("X-Outer") != "2" {
		t.Errorf("trailers %v", res.Trailer)
	}
}

// Cookie headers that Python reads to their end, where ours lost cookies.
func TestCookieBacktracking(t *testing.T) {
	tests := []struct {
		header string
		want   map[string]string
	}{
		{`sid= theme="dark"; lang=en`, map[string]string{"sid": "", "theme": "dark", "lang": "en"}},
		{`a= "x; b=2`, map[string]string{"a": "", "b": "2"}},
		{`a =b="x y" c=1; d=2`, map[string]string{"d": "2"}},
		{`$a=1; b=2`, map[string]string{"$a": "1", "b": "2"}},
		{`a=Wed, b=2`, map[string]string{"a": "Wed,", "b": "2"}},
	}
	for _, test := range tests {
		got := readCookies(t, test.header)
		for name, value := range test.want {
			if got[name] == nil || got[name].Value != value {
				t.Errorf("%q: %s = %+v, want %q", test.header, name, got[name], value)
			}
		}
	}
}

// A secure cookie set over a cookie that was being deleted lives: Max-Age goes before expires in a browser.
func TestSecureCookieOverADeletedOne(t *testing.T) {
	s := secureServer(t, formats["own"], noon)
	w := respond(s, http.MethodGet, func(r *pants.Request) {
		old := r.CookiesOut().Set("sid", "")
		old.MaxAge, old.Unparsed = -1, []string{"Comment=old"}
		if err := r.SetSecureCookie(&http.Cookie{Name: "sid", Unparsed: []string{"Comment=new"}}, "x"); err != nil {
			t.Error(err)
		}
		_ = r.SendResponse("")
	})
	if line := w.Header().Get("Set-Cookie"); strings.Contains(line, "Max-Age") || !strings.Contains(line, "Comment=new") {
		t.Errorf("Set-Cookie = %q", line)
	}
}

func TestSecureCookieEdges(t *testing.T) {
	for name, config := range formats {
		s := secureServer(t, config, noon)
		for _, lifetime := range []int{1 << 41, -1 << 41, int(^uint(0) >> 1), -int(^uint(0)>>1) - 1} {
			if header, err := setSecure(t, s, &http.Cookie{Name: "c", MaxAge: lifetime}, "x"); err == nil {
				t.Errorf("%s, lifetime %d: %q, no error", name, lifetime, header)
			}
		}
		header, err := setSecure(t, s, &http.Cookie{Name: "c", MaxAge: -5}, "x")
		if err != nil {
			t.Fatal(err)
		}
		var text string
		if err := getSecure(s, header, "c", &text); !errors.Is(err, pants.ErrExpiredCookie) {
			t.Errorf("%s, over from the start: %v, want ErrExpiredCookie", name, err)
		}
		if header, err = setSecure(t, s, &http.Cookie{Name: "c"}, map[string]any{"A": "x", "B": 1, "C": "y"}); err != nil {
			t.Fatal(err)
		}
		var half struct{ A, B, C string }
		if err := getSecure(s, header, "c", &half); err == nil || half.A != "" || half.C != "" {
			t.Errorf("%s: %+v with %v, want nothing with an error", name, half, err)
		}
	}
}

func TestHostnameIsASCII(t *testing.T) {
	hr := httptest.NewRequest(http.MethodGet, "/", nil)
	hr.Host = "\u212aIT.Example:80"
	var got string
	var s pants.Server
	s.Handler(func(r *pants.Request) {
		got = r.Hostname()
		_ = r.Finish()
	}).ServeHTTP(httptest.NewRecorder(), hr)
	if got != "\u212ait.example" {
		t.Errorf("Hostname = %q", got)
	}
}

func TestFilenames(t *testing.T) {
	tests := []struct{ parameter, want string }{
		{`filename="a.txt"`, "a.txt"},
		{`filename="a\"b.txt"`, `a"b.txt`},
		{"filename=\"a\u202egpj.exe\"", "agpj.exe"},
		{"filename=\"a\u0085\u2028b\"", "ab"},
		{"filename=\"\x01a\x7f\"", "a"},
		{"filename=\"caf\xe9\"", "caf\xe9"},
		{`filename=".."`, ""},
		{`filename=".\u0001."`, "u0001."},
		{`filename*=UTF-8''na%C3%AFve.txt`, "naïve.txt"},
		{`filename*=iso-8859-1''na%EFve.txt`, "naïve.txt"},
		{`filename*=UTF-8''%ff; filename="fallback"`, "fallback"},
		{`filename*0="a"; filename*1=".txt"`, "a.txt"},
		{`filename*0*=UTF-8''%41`, "A"},
		{`filename*=UTF-8''..%2f..%2fpasswd`, "passwd"},
	}
	for _, test := range tests {
		body := "--b\r\nContent-Disposition: form-data; name=f; " + test.parameter + "\r\n\r\nx\r\n--b--\r\n"
		_, files, err := pants.ParseForm([]byte(body), "b", pants.Limits{}, false)
		if err != nil || len(files["f"]) != 1 || files["f"][0].Filename != test.want {
			t.Errorf("%s: %v, %v; want %q", test.parameter, files["f"], err, test.want)
			if len(files["f"]) == 1 {
				t.Logf("Filename %q", files["f"][0].Filename)
			}
		}
	}
}

// Twice the header must not cost four times the memory.
func TestLongHeadersTakeLinearMemory(t *testing.T) {
	s := newServer(t, pants.Config{})
	cost := func(size int) uint64 {
		hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x"))
		hr.Header.Set("Content-Type", "multipart/form-data"+strings.Repeat(`;a="\""`, size/7))
		h := s.Handler(func(r *pants.Request) { _ = r.Finish() })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h.ServeHTTP(httptest.NewRecorder(), hr)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	cost(1000)
	if once, twice := cost(50_000), cost(100_000); twice > 3*once {
		t.Errorf("%d bytes for 50 000, %d for 100 000", once, twice)
	}
}
