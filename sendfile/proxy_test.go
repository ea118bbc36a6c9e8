//go:build unix

package sendfile_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// realProxy is a server as it is installed. conf makes a whole configuration
// around a snippet; check and run are its arguments, FILE being that.
type realProxy struct {
	name, binary string
	conf         func(t *testing.T, binary, dir, snippet string, port int) string
	check, run   []string
}

var realProxies = map[sendfile.Proxy]realProxy{
	sendfile.Nginx: {"nginx", "nginx", func(_ *testing.T, _, dir, snippet string, port int) string {
		temp := ""
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			temp += kind + "_temp_path " + dir + "/" + kind + ";\n"
		}
		return fmt.Sprintf("daemon off; worker_processes 1; pid %s/pid; error_log %s/log;\nevents {}\nhttp {\naccess_log off;\n%sserver {\nlisten 127.0.0.1:%d;\n%s}\n}\n", dir, dir, temp, port, snippet)
	}, []string{"-t", "-p", "DIR", "-e", "DIR/log", "-c", "FILE"}, []string{"-p", "DIR", "-e", "DIR/log", "-c", "FILE"}},
	sendfile.Apache: {"apache", "apache2", func(t *testing.T, binary, dir, snippet string, port int) string {
		modules := filepath.Join(filepath.Dir(binary), "../lib/apache2/modules")
		if _, err := os.Stat(filepath.Join(modules, "mod_xsendfile.so")); err != nil {
			t.Skip("mod_xsendfile not found")
		}
		conf := fmt.Sprintf("ServerRoot %s\nPidFile %s/pid\nListen 127.0.0.1:%d\nServerName localhost\nMutex file:%s default\nErrorLog %s/log\nUser nobody\nGroup nogroup\n", dir, dir, port, dir, dir)
		for _, m := range []string{"mpm_event", "authz_core", "headers", "proxy", "proxy_http", "xsendfile"} {
			conf += fmt.Sprintf("LoadModule %s_module %s/mod_%s.so\n", m, modules, m)
		}
		return conf + snippet
	}, []string{"-t", "-f", "FILE"}, []string{"-DFOREGROUND", "-f", "FILE"}},
	sendfile.Lighttpd: {"lighttpd", "lighttpd", func(_ *testing.T, binary, dir, snippet string, port int) string {
		return fmt.Sprintf("server.document-root = \"%s\"\nserver.bind = \"127.0.0.1\"\nserver.port = %d\nserver.errorlog = \"%s/log\"\nserver.pid-file = \"%s/pid\"\nserver.upload-dirs = ( \"%s\" )\nserver.modules = ( \"mod_proxy\" )\n%s", dir, port, dir, dir, dir, snippet)
	}, []string{"-tt", "-m", "MODULES", "-f", "FILE"}, []string{"-D", "-m", "MODULES", "-f", "FILE"}},
	sendfile.Caddy: {"caddy", "caddy", func(_ *testing.T, _, _, snippet string, port int) string {
		return fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:%d {\n%s}\n", port, snippet)
	}, []string{"validate", "--adapter", "caddyfile", "--config", "FILE"}, []string{"run", "--adapter", "caddyfile", "--config", "FILE"}},
}

// The snippet of each server is accepted by it, and delivers.
func TestRealProxies(t *testing.T) {
	for proxy, server := range realProxies {
		t.Run(server.name, func(t *testing.T) {
			binary, err := exec.LookPath(server.binary)
			if err != nil {
				t.Skip(server.binary + " not found")
			}
			if out, err := exec.Command(binary, "version").Output(); proxy == sendfile.Caddy && (err != nil || strings.HasPrefix(strings.TrimPrefix(string(out), "v"), "2.6.")) {
				t.Skip("Caddy 2.6 does not decode X-Accel-Redirect")
			}
			dir := t.TempDir()
			for _, d := range []string{filepath.Dir(dir), dir} {
				_ = os.Chmod(d, 0o755) // the server may run as somebody else
			}
			name := "100% é?#+.txt"
			root := filepath.Join(dir, "my files")
			writeFile(t, root, name, alphabet)
			writeFile(t, dir, "secret.txt", "secret")

			c := sendfile.Config{Proxy: proxy, Root: root}
			if proxy == sendfile.Nginx || proxy == sendfile.Caddy {
				c.Prefix = "/protected"
			}
			s := newSender(t, c)
			app := httptest.NewServer(http.StripPrefix("/app", s.Files()))
			defer app.Close()
			u, _ := url.Parse(app.URL)
			snippet, err := s.Snippet(u.Host)
			if err != nil {
				t.Fatal(err)
			}
			port := freePort(t)
			file := filepath.Join(dir, "conf")
			if err := os.WriteFile(file, []byte(server.conf(t, binary, dir, snippet, port)), 0o644); err != nil {
				t.Fatal(err)
			}
			args := func(list []string) []string {
				out := make([]string, len(list))
				for i, a := range list {
					out[i] = strings.NewReplacer("FILE", file, "DIR", dir, "MODULES", filepath.Join(filepath.Dir(binary), "../lib/lighttpd")).Replace(a)
				}
				return out
			}
			env := append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
			check := exec.Command(binary, args(server.check)...)
			check.Env = env
			if out, err := check.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out, snippet)
			}
			run := exec.Command(binary, args(server.run)...)
			run.Env = env
			var out strings.Builder
			run.Stdout, run.Stderr = &out, &out
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = run.Process.Signal(os.Interrupt)
				done := make(chan struct{})
				go func() { _ = run.Wait(); close(done) }()
				select {
				case <-done:
				case <-time.After(5 * time.Second):
					_ = run.Process.Kill()
					<-done
				}
				if t.Failed() {
					log, _ := os.ReadFile(filepath.Join(dir, "log"))
					t.Logf("%s\n%s\n%s", out.String(), log, snippet)
				}
			}()
			base := fmt.Sprintf("http://127.0.0.1:%d", port)
			awaitPort(t, port)

			if err := s.SelfTest(context.Background(), base+"/app"); err != nil {
				t.Errorf("SelfTest: %v", err)
			}
			for _, tt := range []struct {
				title, method, path string
				fields              []string
				status              int
				body                string
			}{
				{"file", "GET", "/app/" + url.PathEscape(name), nil, 200, alphabet},
				{"range", "GET", "/app/" + url.PathEscape(name), []string{"Range", "bytes=1-3"}, 206, "bcd"},
				{"HEAD", "HEAD", "/app/" + url.PathEscape(name), nil, 200, ""},
				{"missing", "GET", "/app/missing", nil, 404, "404 Not Found"},
				{"the location itself", "GET", "/protected/" + url.PathEscape(name), nil, 404, "*"},
				{"next to the location", "GET", "/protected../secret.txt", nil, 404, "*"},
			} {
				r, _ := http.NewRequest(tt.method, base+tt.path, nil)
				for i := 0; i < len(tt.fields); i += 2 {
					r.Header.Set(tt.fields[i], tt.fields[i+1])
				}
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Errorf("%s: %v", tt.title, err)
					continue
				}
				b, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != tt.status || tt.body != "*" && string(b) != tt.body || strings.Contains(string(b), "secret") {
					t.Errorf("%s: answer = %d %q %v", tt.title, res.StatusCode, b, res.Header)
				}
				if res.Header["X-Sendfile"] != nil || res.Header["X-Accel-Redirect"] != nil {
					t.Errorf("%s: header leaks: %v", tt.title, res.Header)
				}
				if tt.status == 200 && (res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Content-Length") != "26" ||
					res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || res.Header.Get("Etag") == "" || res.Header.Get("Last-Modified") != changedText ||
					fmt.Sprint(res.Header["Accept-Ranges"]) != "[bytes]") {
					t.Errorf("%s: header = %v", tt.title, res.Header)
				}
				if tt.status == 200 {
					r, _ := http.NewRequest("GET", base+tt.path, nil)
					r.Header.Set("If-None-Match", res.Header.Get("Etag"))
					again, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					again.Body.Close()
					if again.StatusCode != 304 {
						t.Errorf("If-None-Match with its tag = %d", again.StatusCode)
					}
				}
			}
		})
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func awaitPort(t *testing.T, port int) {
	t.Helper()
	for range 100 {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not answer")
}
