package sendfile_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestValue(t *testing.T) {
	base := newRoot(t, map[string]string{"root/a.txt": "a", "outside/s.txt": "s"})
	root := filepath.Join(base, "root")
	outside := filepath.Join(base, "outside/s.txt")
	const direct = "\x00" // not offloaded
	type config = sendfile.Config
	nginx := config{Proxy: sendfile.Nginx, Prefix: "/protected/"}
	tests := []struct {
		title string
		conf  config
		name  string
		want  string
	}{
		{"direct", config{}, "a.txt", direct},

		{"nginx", nginx, "a.txt", "/protected/a.txt"},
		{"nginx, prefix without slash", config{Proxy: sendfile.Nginx, Prefix: "/protected"}, "a.txt", "/protected/a.txt"},
		{"nginx, prefix is the root", config{Proxy: sendfile.Nginx, Prefix: "/"}, "a.txt", "/a.txt"},
		{"nginx, absolute", nginx, filepath.Join(root, "sub/a.txt"), "/protected/sub/a.txt"},
		{"nginx, cleaned", nginx, "./sub/..//sub/a.txt", "/protected/sub/a.txt"},
		{"nginx, encoded", nginx, "100% é?#+.txt", "/protected/100%25%20%C3%A9%3F%23%2B.txt"},
		{"nginx, unreserved", nginx, "aZ09-._~", "/protected/aZ09-._~"},
		{"nginx, others", nginx, "!$&'()*,;=:@[]\"<>\\^`{|}", "/protected/%21%24%26%27%28%29%2A%2C%3B%3D%3A%40%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D"},
		{"nginx, line feed", nginx, "a\r\nb", "/protected/a%0D%0Ab"},
		{"nginx, invalid UTF-8", nginx, "\xff", "/protected/%FF"},
		{"nginx, prefix encoded too", config{Proxy: sendfile.Nginx, Prefix: "/é ?"}, "a", "/%C3%A9%20%3F/a"},
		{"nginx, name that begins with two dots", nginx, "..two.txt", "/protected/..two.txt"},
		{"nginx, outside", config{Proxy: sendfile.Nginx, Prefix: "/p", AllowOutside: true}, outside, direct},
		{"nginx, as long as it may be", config{Proxy: sendfile.Nginx, Prefix: "/p"}, strings.Repeat("é", 340) + "12345", "/p/" + strings.Repeat("%C3%A9", 340) + "12345"},
		{"nginx, too long for its buffer", config{Proxy: sendfile.Nginx, Prefix: "/p"}, strings.Repeat("é", 341), direct},
		{"Caddy, long", config{Proxy: sendfile.Caddy, Prefix: "/p"}, strings.Repeat("é", 341), "/p/" + strings.Repeat("%C3%A9", 341)},
		{"Apache, too long for a line of its proxy", config{Proxy: sendfile.ApacheUnescape}, strings.Repeat("é/", 1200) + "x", direct},
		{"Apache, too long as it is", config{Proxy: sendfile.Apache}, strings.Repeat("ddd/", 1800) + "x", direct},
		{"generic, too long for nginx", config{Header: "X-Sendfile", Prefix: "/p"}, strings.Repeat("d", 2046), direct},
		{"Caddy", config{Proxy: sendfile.Caddy, Prefix: "/p"}, "é.txt", "/p/%C3%A9.txt"},

		{"Apache", config{Proxy: sendfile.Apache}, "a.txt", root + "/a.txt"},
		{"Apache, raw", config{Proxy: sendfile.Apache}, "100% é?#+\xff.txt", root + "/100% é?#+\xff.txt"},
		{"Apache, prefix", config{Proxy: sendfile.Apache, Prefix: "/srv/files"}, "a%b", "/srv/files/a%b"},
		{"Apache, control", config{Proxy: sendfile.Apache}, "a\tb", direct},
		{"Apache, line feed", config{Proxy: sendfile.Apache}, "a\nb", direct},
		{"Apache, DEL", config{Proxy: sendfile.Apache}, "a\x7f", direct},
		{"Apache, blank at the end", config{Proxy: sendfile.Apache}, "a ", direct},
		{"Apache, outside", config{Proxy: sendfile.Apache, AllowOutside: true}, outside, direct},
		{"Apache 1.0", config{Proxy: sendfile.ApacheUnescape, Prefix: "/srv"}, "100% é?#+.txt", "/srv/100%25%20%C3%A9%3F%23%2B.txt"},
		{"Apache 1.0, line feed", config{Proxy: sendfile.ApacheUnescape, Prefix: "/srv"}, "a\nb ", "/srv/a%0Ab%20"},

		{"lighttpd", config{Proxy: sendfile.Lighttpd, Prefix: "/srv"}, "100% é?#+.txt", "/srv/100%25%20%C3%A9%3F%23%2B.txt"},
		{"lighttpd, blank at the end", config{Proxy: sendfile.Lighttpd, Prefix: "/srv"}, "a ", "/srv/a%20"},
		{"lighttpd, control", config{Proxy: sendfile.Lighttpd, Prefix: "/srv"}, "tab\tx.txt", direct},
		{"lighttpd, invalid UTF-8", config{Proxy: sendfile.Lighttpd, Prefix: "/srv"}, "\xff", direct},

		{"generic", config{Proxy: sendfile.Generic}, "a.txt", root + "/a.txt"},
		{"generic by header", config{Header: "X-Other"}, "a.txt", root + "/a.txt"},
		{"generic, raw", config{Header: "X-Sendfile", Prefix: "/p"}, "a é?#+.txt", "/p/a é?#+.txt"},
		{"generic, percent sign", config{Header: "X-Sendfile", Prefix: "/p"}, "100%.txt", direct},
		{"generic, percent sign of the prefix", config{Header: "X-Sendfile", Prefix: "/p%20"}, "a", "/p%20/a"},
		{"generic, control", config{Header: "X-Sendfile", Prefix: "/p"}, "a\tb", direct},
		{"generic, invalid UTF-8", config{Header: "X-Sendfile", Prefix: "/p"}, "\xff", direct},
		{"generic, blank at the end", config{Header: "X-Sendfile", Prefix: "/p"}, "a ", direct},
		{"generic, blank at the beginning", config{Header: "X-Sendfile", Prefix: "/p"}, " a", "/p/ a"},
		{"generic, prefix as given", config{Header: "X-Sendfile", Prefix: "/_static//"}, "a", "/_static//a"},
		{"generic, dots of the prefix as given", config{Header: "X-Sendfile", Prefix: "/_static/../"}, "a", "/_static/../a"},
		{"generic, relative prefix", config{Header: "X-Sendfile", Prefix: "_static"}, "a", "_static/a"},
		{"generic, URL", config{Header: "X-Sendfile", Prefix: "http://files.example/"}, "a", "http://files.example/a"},
		{"generic, outside", config{Header: "X-Sendfile", AllowOutside: true}, outside, outside},
		{"generic, outside, X-Accel-Redirect", config{Header: "X-Accel-Redirect", AllowOutside: true}, outside, outside},
		{"generic, outside, prefix", config{Header: "X-Sendfile", Prefix: "/p", AllowOutside: true}, outside, direct},
		{"generic, outside, StripRoot", config{Header: "X-Sendfile", StripRoot: true, AllowOutside: true}, outside, outside},
		{"generic, StripRoot", config{Header: "X-Sendfile", StripRoot: true}, filepath.Join(root, "sub/a.txt"), "sub/a.txt"},
		{"generic, StripRoot, prefix", config{Header: "X-Sendfile", StripRoot: true, Prefix: "/p/"}, "a", "/p/a"},
		{"generic, StripRoot, blank at the beginning", config{Header: "X-Sendfile", StripRoot: true}, " a", direct},
		{"generic, X-Accel-Redirect, relative", config{Header: "X-Accel-Redirect", StripRoot: true}, "a b.txt", "a b.txt"},
		{"generic, X-Accel-Redirect, query", config{Header: "x-accel-redirect", StripRoot: true}, "a?b", direct},
		{"generic, X-Accel-Redirect, named location", config{Header: "X-Accel-Redirect", StripRoot: true}, "@named", direct},
		{"generic, X-Sendfile knows no query", config{Header: "X-Sendfile", StripRoot: true}, "@a?b", "@a?b"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			tt.conf.Root = root
			value, ok, err := newSender(t, tt.conf).Value(tt.name)
			if tt.want == direct {
				if ok || err != nil || value != "" {
					t.Errorf("Value = %q, %v, %v, want it sent directly", value, ok, err)
				}
				return
			}
			if value != tt.want || !ok || err != nil {
				t.Errorf("Value = %q, %v, %v, want %q", value, ok, err, tt.want)
			}
		})
	}
}

func TestValueErrors(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": "a"})
	s := newSender(t, sendfile.Config{Root: root, Proxy: sendfile.Nginx, Prefix: "/p"})
	tests := []struct {
		name string
		want error
	}{
		{"../a", sendfile.ErrOutsideRoot},
		{"/etc/hostname", sendfile.ErrOutsideRoot},
		{root + "x/a", sendfile.ErrOutsideRoot},
		{"", sendfile.ErrNotRegular},
		{"sub/", sendfile.ErrNotRegular},
	}
	for _, tt := range tests {
		if value, ok, err := s.Value(tt.name); value != "" || ok || !errors.Is(err, tt.want) {
			t.Errorf("Value(%q) = %q, %v, %v", tt.name, value, ok, err)
		}
	}
}

func TestSendOffloaded(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": alphabet, "empty": ""})
	type config = sendfile.Config
	tests := []struct {
		title, header string
		conf          config
		ranges        string
	}{
		{"nginx doubles our Accept-Ranges", "X-Accel-Redirect", config{Proxy: sendfile.Nginx, Prefix: "/p"}, ""},
		{"Caddy", "X-Accel-Redirect", config{Proxy: sendfile.Caddy, Prefix: "/p"}, ""},
		{"Apache adds none", "X-Sendfile", config{Proxy: sendfile.Apache, Prefix: "/p"}, "bytes"},
		{"Apache 1.0", "X-Sendfile", config{Proxy: sendfile.ApacheUnescape, Prefix: "/p"}, "bytes"},
		{"lighttpd", "X-Sendfile", config{Proxy: sendfile.Lighttpd, Prefix: "/p"}, "bytes"},
		{"generic", "X-Other", config{Header: "x-other", Prefix: "/p"}, ""},
	}
	requests := []*http.Request{
		newRequest("GET"), newRequest("HEAD"), newRequest("POST"),
		newRequest("GET", "Range", "bytes=1-2"),
		newRequest("GET", "Range", "bytes=99-"),
		newRequest("GET", "If-None-Match", "*"),
		newRequest("GET", "If-Match", `"other"`),
		newRequest("GET", "If-Modified-Since", changedText),
		newRequest("DELETE", "If-None-Match", "*"),
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			tt.conf.Root, tt.conf.ETag = root, fixedTag
			s := newSender(t, tt.conf)
			for _, r := range requests {
				o := &sendfile.Options{Filename: "x", Header: http.Header{
					"Cache-Control": {"max-age=9"}, "X-A": {"a"}, "Set-Cookie": {"a=1"}, tt.header: {"/mine"}, "Content-Length": {"7"}, "Location": {"/"},
				}}
				res, body, err := send(t, s, r, "a.txt", o)
				if err != nil || res.StatusCode != 200 || body != "" {
					t.Fatalf("%s %v: Send = %d %q, %v", r.Method, r.Header, res.StatusCode, body, err)
				}
				for key, want := range map[string]string{
					tt.header: "/p/a.txt", "Content-Length": "0", "Content-Type": "text/plain; charset=utf-8", "Etag": `"tag"`,
					"Last-Modified": changedText, "Cache-Control": "max-age=9", "X-A": "a", "Set-Cookie": "a=1",
					"Content-Disposition": `attachment; filename="x"`, "Accept-Ranges": tt.ranges, "Content-Range": "", "Location": "",
				} {
					if got := strings.Join(res.Header.Values(key), "|"); got != want {
						t.Errorf("%s %v: %s = %q, want %q", r.Method, r.Header, key, got, want)
					}
				}
			}
		})
	}
}

func TestSentDirectlyInstead(t *testing.T) {
	root := newRoot(t, map[string]string{"in/100%.txt": "percent", "in/a.js": "gzipped", "out.txt": "out"})
	tests := []struct {
		title string
		conf  sendfile.Config
		name  string
		o     *sendfile.Options
		body  string
	}{
		{"a name the servers disagree about", sendfile.Config{Proxy: sendfile.Generic}, "100%.txt", nil, "percent"},
		{"a file the server cannot see", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p", AllowOutside: true}, filepath.Join(root, "out.txt"), nil, "out"},
		{"a coding the server would drop", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p"}, "a.js",
			&sendfile.Options{Header: http.Header{"content-encoding": {"gzip"}}}, "gzipped"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			tt.conf.Root = filepath.Join(root, "in")
			res, body, err := send(t, newSender(t, tt.conf), newRequest("GET"), tt.name, tt.o)
			if err != nil || body != tt.body || res.Header["X-Sendfile"] != nil || res.Header["X-Accel-Redirect"] != nil {
				t.Errorf("Send = %q %v, %v", body, res.Header, err)
			}
		})
	}
}

// An app that can be reached without its proxy must not answer such a request
// with nothing but a header.
func TestOffloadIsAsked(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": alphabet})
	s := newSender(t, sendfile.Config{Root: root, Proxy: sendfile.Nginx, Prefix: "/p", Offload: func(r *http.Request) bool {
		return r.RemoteAddr == "10.0.0.1:5"
	}})
	for _, tt := range []struct{ peer, value, body string }{{"10.0.0.1:5", "/p/a.txt", ""}, {"192.0.2.1:5", "", alphabet}} {
		r := newRequest("GET", "X-Sendfile-Type", "X-Accel-Redirect", "X-Accel-Mapping", "/=/")
		r.RemoteAddr = tt.peer
		res, body, err := send(t, s, r, "a.txt", nil)
		if err != nil || body != tt.body || res.Header.Get("X-Accel-Redirect") != tt.value {
			t.Errorf("%s: %q %v, %v", tt.peer, body, res.Header, err)
		}
	}
	if _, err := sendfile.New(sendfile.Config{Root: root, Offload: func(*http.Request) bool { return true }}); err == nil {
		t.Error("Offload without Proxy: no error")
	}
}

// What a client says about offloading is not even looked at: CVE-2025-61780 and
// CVE-2026-34830 in Rack, symfony/symfony#65683.
func TestClientCannotChooseTheHeader(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": alphabet})
	for _, kind := range []string{"X-Sendfile", "X-Accel-Redirect", "x-accel-redirect", "X-Lighttpd-Send-File", "Set-Cookie"} {
		r := newRequest("GET", "X-Sendfile-Type", kind, "X-Accel-Mapping", root+"/=/(.*)", "X-Accel-Mapping", "/=/")
		res, body, err := send(t, newSender(t, sendfile.Config{Root: root}), r, "a.txt", nil)
		if err != nil || body != alphabet || len(res.Header[http.CanonicalHeaderKey(kind)]) != 0 {
			t.Errorf("direct, %s: %q %v, %v", kind, body, res.Header, err)
		}
		res, body, err = send(t, newSender(t, sendfile.Config{Root: root, Proxy: sendfile.Apache}), r, "a.txt", nil)
		if err != nil || body != "" || res.Header.Get("X-Sendfile") != root+"/a.txt" || kind != "X-Sendfile" && len(res.Header[http.CanonicalHeaderKey(kind)]) != 0 {
			t.Errorf("Apache, %s: %q %v, %v", kind, body, res.Header, err)
		}
	}
}

// The extras of nginx go along as they are.
func TestLimitRate(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": alphabet}), Proxy: sendfile.Nginx, Prefix: "/p"})
	res, _, err := send(t, s, newRequest("GET"), "a.txt", &sendfile.Options{Header: http.Header{"X-Accel-Limit-Rate": {"1000000"}}})
	if err != nil || res.Header.Get("X-Accel-Limit-Rate") != "1000000" {
		t.Errorf("header = %v, %v", res.Header, err)
	}
}
