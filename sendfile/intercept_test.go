package sendfile_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// quiet keeps the warnings of a test out of its output and returns them.
func quiet(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	return &b
}

func interceptRoot(t testing.TB) string {
	base := newRoot(t, map[string]string{
		"root/a.txt": alphabet, "root/100%25 é?#+.txt": "odd", "root/a b.txt": "blank", "root/sub/b.txt": "b",
		"root/sub/deep/c.txt": "c", "root/index.html": "index", "root/b.bin": "bin", "secret.txt": "secret", "root/a.js.gz": "gz",
	})
	return filepath.Join(base, "root")
}

func TestIntercept(t *testing.T) {
	root := interceptRoot(t)
	if err := os.Symlink("../secret.txt", filepath.Join(root, "out.txt")); err != nil {
		t.Skip(err)
	}
	mkfifo(t, filepath.Join(root, "fifo"))
	s := newSender(t, sendfile.Config{Root: root, ETag: fixedTag, AllowOutside: true, Map: map[string]string{
		"/protected/": ".", "/protected/s/": "sub", "/deep": "sub/deep",
	}})
	app := func(fields ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(fields); i += 2 {
				w.Header().Add(fields[i], fields[i+1])
			}
			io.WriteString(w, "the app's body")
		}
	}
	status := func(code int, h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			h(codeWriter{w, code}, r)
		}
	}
	const xs, xa = "X-Sendfile", "X-Accel-Redirect"
	tests := []struct {
		title   string
		app     http.HandlerFunc
		request []string
		status  int
		body    string
		header  map[string]string
	}{
		{"nothing asked", app("X-Other", "1"), nil, 200, "the app's body", map[string]string{"X-Other": "1"}},
		{"relative", app(xs, "a.txt"), nil, 200, alphabet, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Etag": `"tag"`, "Content-Length": "26"}},
		{"absolute", app(xs, root+"/sub/b.txt"), nil, 200, "b", nil},
		{"raw path", app(xs, root+"/100%25 é?#+.txt"), nil, 200, "odd", nil},
		{"other case", app("x-sendfile", "a.txt"), nil, 200, alphabet, nil},
		{"status said", status(200, app(xs, "a.txt")), nil, 200, alphabet, nil},
		{"nothing written", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(xs, "a.txt") }, nil, 200, alphabet, nil},
		{"flushed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(xs, "a.txt")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			w.(http.Flusher).Flush()
			w.Header().Set("X-Late", "1")
			fmt.Fprint(w, "late")
		}, nil, 200, alphabet, map[string]string{"X-Late": ""}},
		{"copied", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(xs, "a.txt")
			if n, err := io.Copy(w, strings.NewReader("body")); n != 4 || err != nil {
				t.Error(n, err)
			}
		}, nil, 200, alphabet, nil},

		{"mapped", app(xa, "/protected/a.txt"), nil, 200, alphabet, nil},
		{"mapped, decoded once", app(xa, "/protected/100%2525%20%C3%A9%3F%23%2B.txt"), nil, 200, "odd", nil},
		{"mapped, query cut", app(xa, "/protected/a%20b.txt?x=1"), nil, 200, "blank", nil},
		{"mapped, longest prefix", app(xa, "/protected/s/b.txt"), nil, 200, "b", nil},
		{"mapped, prefix without slash", app(xa, "/deep/c.txt"), nil, 200, "c", nil},
		{"prefix ends in a component", app(xa, "/deeper/c.txt"), nil, 502, "502 Bad Gateway", nil},
		{"unmapped", app(xa, "/other/a.txt"), nil, 502, "502 Bad Gateway", nil},
		{"relative redirect", app(xa, "a.txt"), nil, 502, "502 Bad Gateway", nil},
		{"named location", app(xa, "@named"), nil, 502, "502 Bad Gateway", nil},
		{"bad escape", app(xa, "/protected/%zz"), nil, 502, "502 Bad Gateway", nil},
		{"mapped, dots", app(xa, "/protected/../secret.txt"), nil, 404, "404 Not Found", nil},
		{"mapped, encoded dots", app(xa, "/protected/%2e%2e/secret.txt"), nil, 404, "404 Not Found", nil},
		{"mapped, dots out of the mapped directory only", app(xa, "/protected/s/../a.txt"), nil, 404, "404 Not Found", nil},
		{"mapped, directory", app(xa, "/protected/s/"), nil, 404, "404 Not Found", nil},
		{"mapped, NUL", app(xa, "/protected/a.txt%00"), nil, 404, "404 Not Found", nil},
		{"both: a path is a path", app(xs, "a.txt", xa, "/protected/s/b.txt"), nil, 200, alphabet, nil},
		{"twice: the first", app(xs, "a.txt", xs, "b.bin"), nil, 200, alphabet, nil},
		{"empty is none", app(xs, ""), nil, 200, "the app's body", nil},

		{"missing", app(xs, "missing", "Cache-Control", "max-age=9", "Expires", "x", "ETag", `"e"`, "Content-Disposition", "attachment", "Content-Encoding", "gzip", "Content-Length", "5", "Set-Cookie", "a=1"),
			nil, 404, "404 Not Found", map[string]string{"Cache-Control": "", "Expires": "", "Etag": "", "Content-Disposition": "", "Content-Encoding": "", "Content-Length": "13", "Set-Cookie": "a=1"}},
		{"outside, even with AllowOutside", app(xs, filepath.Dir(root)+"/secret.txt"), nil, 404, "404 Not Found", nil},
		{"outside, sibling", app(xs, root+"x"), nil, 404, "404 Not Found", nil},
		{"dots", app(xs, "../secret.txt"), nil, 404, "404 Not Found", nil},
		{"link out", app(xs, "out.txt"), nil, 404, "404 Not Found", nil},
		{"FIFO", app(xs, "fifo"), nil, 404, "404 Not Found", nil},
		{"directory", app(xs, "sub"), nil, 404, "404 Not Found", nil},
		{"index.html is no redirect (thruster#57)", app(xs, "index.html"), nil, 200, "index", nil},

		{"the app's words stay", app(xs, "a.txt", "Content-Type", "text/x", "Content-Disposition", "inline", "Cache-Control", "private", "ETag", `"e"`, "Last-Modified", changedText, "Vary", "Cookie", "Set-Cookie", "a=1"),
			nil, 200, alphabet, map[string]string{"Content-Type": "text/x", "Content-Disposition": "inline", "Cache-Control": "private", "Etag": `"e"`, "Last-Modified": changedText, "Vary": "Cookie", "Set-Cookie": "a=1"}},
		{"the app's framing does not", app(xs, "a.txt", "Content-Length", "0", "Content-Range", "bytes 0-1/2", "Accept-Ranges", "none", "Transfer-Encoding", "chunked"),
			nil, 200, alphabet, map[string]string{"Content-Length": "26", "Content-Range": "", "Accept-Ranges": "bytes", "Transfer-Encoding": ""}},
		{"coded file", app(xs, "a.js.gz", "Content-Encoding", "gzip", "Content-Type", "text/javascript"),
			nil, 200, "gz", map[string]string{"Content-Encoding": "gzip", "Content-Length": "2"}},
		{"range", app(xs, "a.txt"), []string{"Range", "bytes=1-2"}, 206, "bc", nil},
		{"unsatisfiable range", app(xs, "a.txt"), []string{"Range", "bytes=99-"}, 416, "416 Requested Range Not Satisfiable", nil},
		{"condition on the app's tag", app(xs, "a.txt", "ETag", `"e"`), []string{"If-None-Match", `"e"`}, 304, "", nil},
		{"condition on the file's tag", app(xs, "a.txt"), []string{"If-None-Match", `"tag"`}, 304, "", nil},

		{"other status", status(404, app(xs, "a.txt", xa, "/protected/a.txt")), nil, 404, "the app's body", nil},
		{"status 206", status(206, app(xs, "a.txt")), nil, 206, "the app's body", nil},
		{"status 304", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(xs, "a.txt")
			w.WriteHeader(304)
		}, nil, 304, "", nil},
		{"other headers for proxies", app("X-Sendfile-Temporary", "/etc/hostname", "X-Accel-Limit-Rate", "1", "x-accel-buffering", "no", "X-Accel-Expires", "1"), nil, 200, "the app's body", nil},
		{"a map entry in another case", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["x-sendfile"] = []string{"a.txt"}
		}, nil, 200, alphabet, nil},
	}
	quiet(t)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			server := httptest.NewServer(s.Intercept(tt.app))
			defer server.Close()
			r, _ := http.NewRequest("GET", server.URL+"/../index.html", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Add(tt.request[i], tt.request[i+1])
			}
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != tt.status || string(body) != tt.body {
				t.Errorf("answer = %d %q, %v, want %d %q", res.StatusCode, body, err, tt.status, tt.body)
			}
			for key, want := range tt.header {
				if got := res.Header.Get(key); got != want {
					t.Errorf("%s = %q, want %q", key, got, want)
				}
			}
			for key := range res.Header {
				if strings.HasPrefix(key, "X-Sendfile") || strings.HasPrefix(key, "X-Accel-") {
					t.Errorf("%s leaks", key)
				}
			}
		})
	}
}

type codeWriter struct {
	http.ResponseWriter
	code int
}

func (w codeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(w.code)
	return w.ResponseWriter.Write(p)
}

func TestInterceptRequest(t *testing.T) {
	root := interceptRoot(t)
	tests := []struct {
		title   string
		m       map[string]string
		mapping []string
	}{
		{"no map", nil, nil},
		{"map", map[string]string{"/protected/": "."}, []string{root + "/=/protected/"}},
		{"deepest first", map[string]string{"/a/": ".", "/b": "sub/deep", "/c/": "sub"}, []string{root + "/sub/deep/=/b/," + root + "/sub/=/c/," + root + "/=/a/"}},
		{"what cannot be written is left out", map[string]string{"/a,b/": ".", "/c/": "."}, []string{root + "/=/c/"}},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			s := newSender(t, sendfile.Config{Root: root, Map: tt.m})
			r := newRequest("GET", "X-Sendfile-Type", "X-Accel-Redirect", "X-Accel-Mapping", "/=/", "X-Accel-Mapping", "/x=/y", "X-Other", "1",
				"X_Sendfile_Type", "X-Accel-Redirect", "x-accel_mapping", "/=/", "X.Accel-Mapping", "/=/", "X-Sendfile-Typo", "1")
			r.Header["x-accel-mapping"] = []string{"/=/"} // as a middleware may have it
			s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, inner *http.Request) {
				if got := inner.Header["X-Sendfile-Type"]; fmt.Sprint(got) != "[X-Sendfile]" {
					t.Errorf("X-Sendfile-Type = %q", got)
				}
				if got := inner.Header["X-Accel-Mapping"]; fmt.Sprint(got) != fmt.Sprint(tt.mapping) {
					t.Errorf("X-Accel-Mapping = %q, want %q", got, tt.mapping)
				}
				if inner.Header.Get("X-Other") != "1" || inner.Header.Get("X-Sendfile-Typo") != "1" {
					t.Error("other headers are gone")
				}
				if len(inner.Header) != 3+len(tt.mapping) {
					t.Errorf("aliases are left: %v", inner.Header)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			if r.Header.Get("X-Sendfile-Type") != "X-Accel-Redirect" || len(r.Header["X-Accel-Mapping"]) != 2 {
				t.Errorf("request became %v", r.Header)
			}
		})
	}
}

func TestInterceptNeedsRoot(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(sendfile.Sender).Intercept(http.NotFoundHandler())
}

func TestInterceptLogs(t *testing.T) {
	log := quiet(t)
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	for _, h := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Sendfile", "miss\ning") },
		func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Accel-Redirect", "/x") },
	} {
		s.Intercept(h).ServeHTTP(httptest.NewRecorder(), newRequest("GET"))
	}
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "no such file") || !strings.Contains(got, "no prefix of Map fits") {
		t.Errorf("log = %q", got)
	}
}

// In front of nginx, X-Accel-Buffering is meant for nginx, and files go there too.
func TestInterceptBehindNginx(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t), Proxy: sendfile.Nginx, Prefix: "/p/"})
	rec := httptest.NewRecorder()
	s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Accel-Buffering", "no")
		w.Header().Set("X-Accel-Redirect", "/etc/")
		w.WriteHeader(201)
	})).ServeHTTP(rec, newRequest("GET"))
	if rec.Header().Get("X-Accel-Buffering") != "no" || rec.Header()["X-Accel-Redirect"] != nil {
		t.Errorf("header = %v", rec.Header())
	}
	rec = httptest.NewRecorder()
	s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Sendfile", "a.txt")
	})).ServeHTTP(rec, newRequest("GET"))
	if rec.Header().Get("X-Accel-Redirect") != "/p/a.txt" || rec.Body.Len() != 0 {
		t.Errorf("answer = %q %v", rec.Body, rec.Header())
	}
}

// 1xx answers commit nothing and do not use up the header.
func TestInterceptInformational(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	server := httptest.NewServer(s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Sendfile", "a.txt")
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	})))
	defer server.Close()
	var hints []http.Header
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		hints = append(hints, http.Header(h))
		return nil
	}})
	r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); string(b) != alphabet {
		t.Errorf("body = %q", b)
	}
	if len(hints) != 1 || hints[0].Get("Link") == "" || hints[0]["X-Sendfile"] != nil {
		t.Errorf("hints = %v", hints)
	}
}

func TestInterceptStreams(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	next := make(chan struct{})
	server := httptest.NewServer(s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		if err := rc.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := rc.Flush(); err != nil {
				t.Error(err)
			}
			<-next
		}
	})))
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	br := bufio.NewReader(res.Body)
	for i := range 3 {
		line, err := br.ReadString('\n')
		if err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("read %q, %v", line, err)
		}
		_, _ = br.ReadString('\n')
		next <- struct{}{}
	}
}

func TestInterceptHijack(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	server := httptest.NewServer(s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Sendfile", "a.txt") // too late, then
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello")
		c.Close()
	})))
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	b, _ := io.ReadAll(c)
	if !strings.HasSuffix(string(b), "\r\n\r\nhello") {
		t.Errorf("read %q", b)
	}
}

// A middleware outside that turns a panic into an answer uses the same headers.
func TestInterceptPanic(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	rec := httptest.NewRecorder()
	func() {
		defer func() { _ = recover() }()
		s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Sendfile", "/srv/secret/path")
			panic("x")
		})).ServeHTTP(rec, newRequest("GET"))
	}()
	if rec.Header()["X-Sendfile"] != nil {
		t.Errorf("header = %v", rec.Header())
	}
}

// The temporary files of a form are removed by net/http, which looks at its own
// request.
func TestInterceptForm(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	r := httptest.NewRequest("POST", "/", strings.NewReader("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	s.Intercept(http.HandlerFunc(func(_ http.ResponseWriter, inner *http.Request) {
		if err := inner.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if r.MultipartForm == nil {
		t.Error("net/http would not remove the form's files")
	}
}

// Behind a ReverseProxy: what other interceptors get wrong.
func TestInterceptReverseProxy(t *testing.T) {
	root := interceptRoot(t)
	s := newSender(t, sendfile.Config{Root: root})
	tests := []struct {
		title string
		app   http.HandlerFunc
		want  string
	}{
		{"header and body", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Sendfile", root+"/a.txt")
			io.WriteString(w, strings.Repeat("body", 1000))
		}, alphabet},
		{"Content-Length 0", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Sendfile", root+"/a.txt")
			w.Header().Set("Content-Length", "0")
		}, alphabet},
		{"wrong Content-Length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Sendfile", root+"/a.txt")
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(200) // and no body: the connection is closed
		}, alphabet},
		{"endless body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Sendfile", root+"/a.txt")
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, alphabet},
		{"no file", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "plain") }, "plain"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			app := httptest.NewServer(tt.app)
			defer app.Close()
			target, _ := url.Parse(app.URL)
			proxy := httputil.NewSingleHostReverseProxy(target)
			proxy.Transport = &http.Transport{DisableCompression: true}
			proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			front := httptest.NewUnstartedServer(s.Intercept(proxy))
			front.Config.ErrorLog = proxy.ErrorLog
			front.Start()
			defer front.Close()
			res, err := http.Get(front.URL + "/x/index.html")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b := make([]byte, len(tt.want))
			if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != tt.want {
				t.Errorf("body = %q, %v", b, err)
			}
			if n, err := res.Body.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("then %d, %v", n, err)
			}
		})
	}
}

func TestInterceptKernelSendfile(t *testing.T) {
	const size = 1 << 20
	root := newRoot(t, map[string]string{"big.bin": strings.Repeat("x", size)})
	s := newSender(t, sendfile.Config{Root: root})
	for title, app := range map[string]http.HandlerFunc{
		"replaced": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Sendfile", "big.bin") },
		"passed": func(w http.ResponseWriter, r *http.Request) {
			if err := s.Send(w, r, "big.bin", nil); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(title, func(t *testing.T) {
			l := &countingListener{}
			server := httptest.NewUnstartedServer(s.Intercept(app))
			l.Listener = server.Listener
			server.Listener = l
			server.Start()
			defer server.Close()
			res, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			n, _ := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			server.Close() // bytes count when the handler is done with them
			if got := l.kernel.Load(); n != size || got < size-512 {
				t.Errorf("%d of %d bytes by sendfile", got, n)
			}
		})
	}
}
