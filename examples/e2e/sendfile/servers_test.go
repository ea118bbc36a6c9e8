// Package sendfile_test sends files through the real servers, each configured by the text that Sender.Snippet prints.
package sendfile_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/sendfile"
)

// server is a proxy in front of a Sender.
type server struct {
	name  string
	conf  sendfile.Config
	start func(t testing.TB, address, snippet string)
}

var servers = []server{
	{"nginx", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/protected/"}, func(t testing.TB, address, snippet string) {
		proxy.Nginx(t, address, "sendfile on; server {\nlisten "+address+";\n"+snippet+"}\n")
	}},
	{"apache", sendfile.Config{Proxy: sendfile.Apache}, func(t testing.TB, address, snippet string) {
		if _, err := os.Stat("/usr/lib/apache2/modules/mod_xsendfile.so"); err != nil && os.Getenv("CI") != "true" {
			t.Skip("mod_xsendfile not found")
		}
		proxy.Apache(t, address, []string{"headers", "proxy", "proxy_http", "xsendfile"}, snippet)
	}},
	{"lighttpd", sendfile.Config{Proxy: sendfile.Lighttpd}, func(t testing.TB, address, snippet string) {
		proxy.Lighttpd(t, address, []string{"proxy"}, snippet)
	}},
	{"caddy", sendfile.Config{Proxy: sendfile.Caddy, Prefix: "/protected/"}, func(t testing.TB, address, snippet string) {
		proxy.Caddy(t, address, "http://"+address+" {\n"+snippet+"}\n")
	}},
}

// changed is when the files of a test were.
var changed = time.Unix(1700000000, 0)

// folder is one that a server may read which runs as another user.
func folder(t testing.TB) string {
	t.Helper()
	dir := proxy.Folder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t testing.TB, root, name, content string) {
	t.Helper()
	path := root + "/" + name
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, changed, changed); err != nil {
		t.Fatal(err)
	}
}

func newSender(t testing.TB, conf sendfile.Config, root string) *sendfile.Sender {
	t.Helper()
	conf.Root = root
	s, err := sendfile.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// behind starts app and the server in front of it. edit, if any, breaks the configuration.
func behind(t testing.TB, front server, s *sendfile.Sender, app http.Handler, edit func(snippet string) string) (base string) {
	t.Helper()
	upstream := httptest.NewServer(app)
	t.Cleanup(upstream.Close)
	return inFront(t, front, s, strings.TrimPrefix(upstream.URL, "http://"), edit)
}

func inFront(t testing.TB, front server, s *sendfile.Sender, upstream string, edit func(snippet string) string) (base string) {
	t.Helper()
	snippet, err := s.Snippet(upstream)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		before := snippet
		if snippet = edit(snippet); snippet == before {
			t.Fatalf("nothing to change in\n%s", snippet)
		}
	}
	address := proxy.Address(t)
	front.start(t, address, snippet)
	return "http://" + address
}

// TestUnixSocket: the app listens on a socket, and the snippet says so.
func TestUnixSocket(t *testing.T) {
	for _, front := range servers {
		t.Run(front.name, func(t *testing.T) {
			root := folder(t)
			name := "100% é?#+.txt"
			write(t, root, name, "content")
			s := newSender(t, front.conf, root)
			socket := folder(t) + "/app.sock"
			l, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(socket, 0o777); err != nil {
				t.Fatal(err)
			}
			app := &http.Server{Handler: s.Files()}
			go app.Serve(l)
			t.Cleanup(func() { app.Close() })
			base := inFront(t, front, s, "unix:"+socket, nil)
			res, body := get(t, "GET", base+"/"+url.PathEscape(name))
			if res.StatusCode != 200 || body != "content" {
				t.Errorf("answer = %d %q", res.StatusCode, body)
			}
			if err := s.SelfTest(t.Context(), base); err != nil {
				t.Error(err)
			}
		})
	}
}
