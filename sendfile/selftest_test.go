package sendfile_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// front is a proxy that acts on a header in one way or another. decode makes a
// path of the value.
func front(t *testing.T, app http.Handler, header string, decode func(string) string, root string) string {
	t.Helper()
	upstream := httptest.NewServer(app)
	t.Cleanup(upstream.Close)
	target, _ := url.Parse(upstream.URL)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(res *http.Response) error {
		value := res.Header.Get(header)
		if value == "" {
			return nil
		}
		res.Header.Del(header)
		var body []byte
		if decode != nil {
			b, err := os.ReadFile(filepath.Join(root, decode(value)))
			if err != nil {
				b, res.StatusCode = []byte("404 not found"), 404
			}
			body = b
		}
		res.Header.Del("Content-Length")
		res.ContentLength = int64(len(body))
		res.Body = io.NopCloser(strings.NewReader(string(body)))
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

func TestSelfTest(t *testing.T) {
	root := t.TempDir()
	other := t.TempDir()
	decoded := func(v string) string {
		p, err := url.PathUnescape(v)
		if err != nil {
			return "bad escape"
		}
		return strings.TrimPrefix(p, "/p/")
	}
	raw := func(v string) string { return strings.TrimPrefix(v, "/p/") }
	nginx := sendfile.Config{Proxy: sendfile.Nginx, Root: root, Prefix: "/p/"}
	apache := sendfile.Config{Proxy: sendfile.Apache, Root: root, Prefix: "/p"}
	apache1 := sendfile.Config{Proxy: sendfile.ApacheUnescape, Root: root, Prefix: "/p"}
	generic := sendfile.Config{Proxy: sendfile.Generic, Root: root, Prefix: "/p"}
	tests := []struct {
		title  string
		conf   sendfile.Config
		header string
		decode func(string) string
		dir    string
		wrong  string
	}{
		{"nginx", nginx, "X-Accel-Redirect", decoded, root, ""},
		{"Apache", apache, "X-Sendfile", raw, root, ""},
		{"Apache 1.0", apache1, "X-Sendfile", decoded, root, ""},
		{"generic, odd names go directly", generic, "X-Sendfile", decoded, root, ""},
		{"header not acted on", nginx, "X-Other", decoded, root, "does not act on this header"},
		{"header taken away", nginx, "X-Accel-Redirect", nil, root, "proxy_ignore_headers"},
		{"other directory", nginx, "X-Accel-Redirect", decoded, other, "its alias is not Root"},
		{"Apache is 1.0", apache, "X-Sendfile", decoded, root, "use ApacheUnescape"},
		{"Apache is 0.12", apache1, "X-Sendfile", raw, root, "use Apache"},
		{"another file", nginx, "X-Accel-Redirect", func(string) string { return "../wrong" }, filepath.Join(root, "x"), "other content"},
	}
	writeFile(t, root, "wrong", "wrong")
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			s := newSender(t, tt.conf)
			address := front(t, http.StripPrefix("/files", s.Files()), tt.header, tt.decode, tt.dir)
			err := s.SelfTest(context.Background(), address+"/files/")
			if tt.wrong == "" && err != nil || tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
				t.Errorf("SelfTest = %v, want %q", err, tt.wrong)
			}
			if left, _ := filepath.Glob(filepath.Join(root, "sendfile-probe*")); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
		})
	}

	t.Run("not reached", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		if err := newSender(t, nginx).SelfTest(context.Background(), server.URL); err == nil || !strings.Contains(err.Error(), "did not reach this Sender") {
			t.Errorf("SelfTest = %v", err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		if err := newSender(t, nginx).SelfTest(context.Background(), server.URL); err == nil {
			t.Error("no error")
		}
	})
	t.Run("no sense", func(t *testing.T) {
		for _, tt := range []struct {
			conf sendfile.Config
			base string
		}{
			{sendfile.Config{Root: root}, "http://x/"},
			{sendfile.Config{Proxy: sendfile.Apache}, "http://x/"},
			{nginx, "x"},
			{nginx, "ftp://x/"},
			{nginx, "http://x\n/"},
		} {
			if err := newSender(t, tt.conf).SelfTest(context.Background(), tt.base); err == nil {
				t.Errorf("SelfTest(%q) of %+v: no error", tt.base, tt.conf)
			}
		}
	})
	t.Run("root that cannot be written", func(t *testing.T) {
		s := newSender(t, sendfile.Config{Proxy: sendfile.Apache, Root: "/proc/self"})
		if err := s.SelfTest(context.Background(), "http://127.0.0.1:1/"); err == nil || !strings.Contains(err.Error(), "cannot write a probe") {
			t.Errorf("SelfTest = %v", err)
		}
	})
}
