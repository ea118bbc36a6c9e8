package sendfile_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// inFrontOf runs this process's part: Intercept around a ReverseProxy to app.
func inFrontOf(t *testing.T, s *sendfile.Sender, app http.Handler) *httptest.Server {
	t.Helper()
	upstream := httptest.NewServer(app)
	t.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	front := httptest.NewUnstartedServer(s.Intercept(proxy))
	front.Config.ErrorLog = proxy.ErrorLog
	front.Start()
	t.Cleanup(front.Close)
	return front
}

// rawGet sends a request line as it is: no client cleans the path.
func rawGet(t *testing.T, server *httptest.Server, path string, fields ...string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", path, strings.Join(fields, ""))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("answer is cut: %v", err)
	}
	return res, string(body)
}

// Each line is one that another interceptor got wrong behind
// httputil.ReverseProxy: basecamp/thruster's sendfile_handler.go above all, then
// GitLab's workhorse.
func TestInterceptFailuresElsewhere(t *testing.T) {
	quiet(t)
	root := interceptRoot(t)
	mkfifo(t, filepath.Join(root, "fifo"))
	s := newSender(t, sendfile.Config{Root: root, Map: map[string]string{"/protected/": "."}})
	const notFound = "404 Not Found"
	tests := []struct {
		title, path, header, value string
		status                     int // of the app
		length                     string
		request                    []string
		want                       int
		body                       string
	}{
		{"body sent with the header: ErrBodyNotAllowed, and an empty reply", "/x", "X-Sendfile", "a.txt", 200, "", nil, 200, alphabet},
		{"/index.html in the URL: 301 and a cut body (thruster#57)", "/some/index.html", "X-Sendfile", "a.txt", 200, "", nil, 200, alphabet},
		{"index.html as the file", "/index.html", "X-Sendfile", "index.html", 200, "", nil, 200, "index"},
		{"dots in the URL: 400", "/a/../b", "X-Sendfile", "a.txt", 200, "", nil, 200, alphabet},
		{"encoded dots in the URL", "/a/%2e%2e/b", "X-Sendfile", "a.txt", 200, "", nil, 200, alphabet},
		{"slash at the end of the URL", "/a.txt/", "X-Sendfile", "a.txt", 200, "", nil, 200, alphabet},
		{"URL of another type", "/x.html", "X-Sendfile", "b.bin", 200, "", nil, 200, "bin"},
		{"directory: a listing, cut", "/x", "X-Sendfile", "sub", 200, "", nil, 404, notFound},
		{"directory with slash", "/x", "X-Sendfile", "sub/", 200, "", nil, 404, notFound},
		{"directory, mapped: nginx redirects", "/x", "X-Accel-Redirect", "/protected/sub", 200, "", nil, 404, notFound},
		{"FIFO: hangs", "/x", "X-Sendfile", "fifo", 200, "", nil, 404, notFound},
		{"outside of the root: served", "/x", "X-Sendfile", "/etc/hostname", 200, "", nil, 404, notFound},
		{"dots in the value", "/x", "X-Sendfile", root + "/../secret.txt", 200, "", nil, 404, notFound},
		{"root as a prefix of the text (CVE-2026-34785)", "/x", "X-Sendfile", root + "x/a.txt", 200, "", nil, 404, notFound},
		{"slash behind a link (CVE-2026-39822)", "/x", "X-Sendfile", "sub/../../secret.txt/", 200, "", nil, 404, notFound},
		{"missing", "/x", "X-Sendfile", "missing", 200, "", nil, 404, notFound},
		{"app says 404: 200", "/x", "X-Sendfile", "a.txt", 404, "", nil, 404, "the app's body"},
		{"app says 500", "/x", "X-Sendfile", "a.txt", 500, "", nil, 500, "the app's body"},
		{"app says 302", "/x", "X-Sendfile", "a.txt", 302, "", nil, 302, "the app's body"},
		{"app says 206", "/x", "X-Sendfile", "a.txt", 206, "", nil, 206, "the app's body"},
		{"app says 304: 200", "/x", "X-Sendfile", "a.txt", 304, "", nil, 304, ""},
		{"app says 204", "/x", "X-Sendfile", "a.txt", 204, "", nil, 204, ""},
		{"Content-Length 0 kept: empty answer (thruster PR 10)", "/x", "X-Sendfile", "a.txt", 200, "0", nil, 200, alphabet},
		{"range", "/x", "X-Sendfile", "a.txt", 200, "", []string{"Range: bytes=3-5\r\n"}, 206, "def"},
		{"client names header and mapping (CVE-2025-61780)", "/x", "X-Sendfile", "a.txt", 200, "",
			[]string{"X-Sendfile-Type: X-Accel-Redirect\r\n", "X-Accel-Mapping: /=/\r\n"}, 200, alphabet},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			front := inFrontOf(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := fmt.Sprint(r.Header["X-Sendfile-Type"], r.Header["X-Accel-Mapping"]); got != "[X-Sendfile] ["+root+"/=/protected/]" {
					t.Errorf("the app sees %s", got)
				}
				w.Header().Set(tt.header, tt.value)
				w.Header().Set("X-Accel-Expires", "9")
				w.Header().Set("Cache-Control", "max-age=9")
				if tt.length != "" {
					w.Header().Set("Content-Length", tt.length)
				}
				w.WriteHeader(tt.status)
				if tt.length == "" && tt.status != 304 && tt.status != 204 {
					io.WriteString(w, "the app's body")
				}
			}))
			res, body := rawGet(t, front, tt.path, tt.request...)
			if res.StatusCode != tt.want || body != tt.body {
				t.Errorf("answer = %d %q, want %d %q", res.StatusCode, body, tt.want, tt.body)
			}
			for key := range res.Header {
				if strings.HasPrefix(key, "X-Sendfile") || strings.HasPrefix(key, "X-Accel-") {
					t.Errorf("%s leaks", key)
				}
			}
			if cached := res.Header["Cache-Control"] != nil; cached == (tt.body == notFound) {
				t.Errorf("Cache-Control = %q", res.Header["Cache-Control"])
			}
			if tt.body == alphabet && res.Header.Get("Content-Length") != "26" {
				t.Errorf("Content-Length = %q", res.Header.Get("Content-Length"))
			}
		})
	}
}

// A nil Sender is Intercept switched off: nothing is sent, nothing leaks.
// thruster deletes one header of the request only, and none of the answer.
func TestInterceptDisabled(t *testing.T) {
	var off *sendfile.Sender
	front := inFrontOf(t, off, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header["X-Sendfile-Type"] != nil || r.Header["X-Accel-Mapping"] != nil {
			t.Errorf("the app sees %v", r.Header)
		}
		for _, key := range []string{"X-Sendfile", "X-Sendfile-Temporary", "X-Accel-Redirect", "X-Accel-Buffering", "X-Accel-Charset"} {
			w.Header().Set(key, "/etc/hostname")
		}
		w.WriteHeader(http.StatusEarlyHints)
		if r.URL.Path == "/empty" {
			return
		}
		io.WriteString(w, "the app's body")
	}))
	for path, want := range map[string]string{"/x": "the app's body", "/empty": ""} {
		c, err := http.NewRequest("GET", front.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Header.Set("X-Sendfile-Type", "X-Sendfile")
		c.Header.Set("X-Accel-Mapping", "/=/")
		res, err := http.DefaultClient.Do(c)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 200 || string(body) != want {
			t.Errorf("%s: answer = %d %q", path, res.StatusCode, body)
		}
		for key := range res.Header {
			if strings.HasPrefix(key, "X-Sendfile") || strings.HasPrefix(key, "X-Accel-") {
				t.Errorf("%s: %s leaks", path, key)
			}
		}
	}
}

func TestInterceptUnescape(t *testing.T) {
	quiet(t)
	root := interceptRoot(t)
	for _, tt := range []struct {
		title, value string
		status       int
		body         string
	}{
		{"decoded once", "/100%2525%20%C3%A9%3F%23%2B.txt", 200, "odd"},
		{"plain", "/sub/b.txt", 200, "b"},
		{"raw is another name", "/100%25 é?#+.txt", 404, "404 Not Found"},
		{"encoded dots", "/%2e%2e/secret.txt", 404, "404 Not Found"},
		{"encoded slash", "/sub%2Fb.txt", 200, "b"},
		{"encoded NUL", "/a.txt%00", 404, "404 Not Found"},
		{"malformed", "/100%.txt", 502, "502 Bad Gateway"},
	} {
		t.Run(tt.title, func(t *testing.T) {
			s := newSender(t, sendfile.Config{Root: root, Unescape: true})
			rec := httptest.NewRecorder()
			s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Sendfile", root+tt.value)
			})).ServeHTTP(rec, newRequest("GET"))
			if rec.Code != tt.status || rec.Body.String() != tt.body {
				t.Errorf("answer = %d %q", rec.Code, rec.Body)
			}
		})
	}
}

// An upgraded connection goes through in both directions, behind a ReverseProxy.
func TestInterceptUpgrade(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	front := inFrontOf(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			t.Errorf("header = %v", r.Header)
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(c, "echo ", line)
		}
	}))
	c, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	br := bufio.NewReader(c)
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Upgrade") != "websocket" {
		t.Fatalf("answer = %d %v", res.StatusCode, res.Header)
	}
	for _, word := range []string{"one", "two"} {
		fmt.Fprintln(c, word)
		if got, err := br.ReadString('\n'); got != "echo "+word+"\n" {
			t.Fatalf("read %q, %v", got, err)
		}
	}
}

// A stream behind a ReverseProxy arrives piece by piece (frankenphp#1543 lost the
// flusher).
func TestInterceptFlushesThroughReverseProxy(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	next := make(chan struct{})
	front := inFrontOf(t, s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next
		}
	}))
	res, err := http.Get(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	br := bufio.NewReader(res.Body)
	for i := range 3 {
		if line, err := br.ReadString('\n'); err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("read %q, %v", line, err)
		}
		_, _ = br.ReadString('\n')
		next <- struct{}{}
	}
	if _, err := br.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("then %v", err)
	}
}

// Where there is no connection to take, a library that sends its 101 first gets
// to say so, and the client does not see the 101.
func TestInterceptUpgradeWithoutAConnection(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: interceptRoot(t)})
	server := httptest.NewServer(http.TimeoutHandler(s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusSwitchingProtocols)
		if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack = %v, want http.ErrNotSupported", err)
		}
		http.Error(w, "no upgrade", http.StatusNotImplemented)
	})), 20*time.Second, ""))
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 501 || string(b) != "no upgrade\n" {
		t.Errorf("answer = %d %q, %v", res.StatusCode, b, err)
	}
}
