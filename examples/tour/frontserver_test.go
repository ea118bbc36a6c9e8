package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

var frontKinds = []struct {
	kind string
	conf sendfile.Config
}{
	{"nginx", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/protected/"}},
	{"apache", sendfile.Config{Proxy: sendfile.Apache}},
	{"lighttpd", sendfile.Config{Proxy: sendfile.Lighttpd}},
	{"caddy", sendfile.Config{Proxy: sendfile.Caddy, Prefix: "/protected/"}},
}

// needServer skips where the server is not installed; in CI that is a failure.
func needServer(t *testing.T, kind string) {
	t.Helper()
	_, ok := findProgram(frontServers[kind].programs)
	if ok && kind == "apache" {
		_, err := apacheConf(place{})
		ok = err == nil
	}
	switch {
	case ok:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s not found: run .ci/install", kind)
	default:
		t.Skipf("%s not found", kind)
	}
}

// tempFolder makes the test's own folder the one for temporary files, to see what is left there.
func tempFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

func left(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func newFileSender(t *testing.T, conf sendfile.Config, name, content string) *sendfile.Sender {
	t.Helper()
	conf.Root = t.TempDir()
	if err := os.WriteFile(filepath.Join(conf.Root, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	sender, err := sendfile.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// askedApp tells what it sees, and names a file to the server in front.
func askedApp(t *testing.T, sender *sendfile.Sender) (upstream string) {
	t.Helper()
	proxies, err := xheaders.New(xheaders.Config{Hops: 1})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		info := proxies.Resolve(r)
		fmt.Fprintf(w, "%s %s %s", info.Client, info.Scheme, info.Host)
	})
	mux.HandleFunc("POST /count", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	})
	mux.Handle("GET /files/", http.StripPrefix("/files", sender.Files()))
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	return strings.TrimPrefix(app.URL, "http://")
}

func answer(t *testing.T, req *http.Request, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, body)
}

func TestFrontServer(t *testing.T) {
	const name, content = "100% é?#+.txt", "sent by the server in front"
	for _, front := range frontKinds {
		t.Run(front.kind, func(t *testing.T) {
			needServer(t, front.kind)
			sender := newFileSender(t, front.conf, name, content)
			upstream, address, temp := askedApp(t, sender), freeAddress(t), tempFolder(t)
			stop, err := startServer(front.kind, address, upstream, sender)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			base, port := "http://"+address, address[strings.LastIndexByte(address, ':'):]

			req, err := http.NewRequest(http.MethodGet, base+"/who", nil)
			req.Host = "localhost" + port
			req.Header = http.Header{"X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}}
			if got, want := answer(t, req, err), "200 127.0.0.1 http localhost"+port; got != want {
				t.Errorf("forged headers: the app sees %q, want %q", got, want)
			}

			req, err = http.NewRequest(http.MethodGet, base+"/files/"+url.PathEscape(name), nil)
			if got, want := answer(t, req, err), "200 "+content; got != want {
				t.Errorf("file = %q, want %q", got, want)
			}

			const size = 3 << 20 // over the 1 MiB that nginx takes by default
			req, err = http.NewRequest(http.MethodPost, base+"/count", bytes.NewReader(make([]byte, size)))
			if got, want := answer(t, req, err), fmt.Sprintf("200 %d <nil>", size); got != want {
				t.Errorf("upload: %q, want %q", got, want)
			}

			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			stop()
			stop() // does nothing
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				t.Error("it still accepts connections")
			}
			if names := left(t, temp); names != nil {
				t.Errorf("left behind: %q", names)
			}
			if n := children(t); n != "" {
				t.Errorf("processes left behind: %s", n)
			}
		})
	}
}

func TestFrontServerRefused(t *testing.T) {
	used, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	for _, front := range frontKinds {
		broken := frontServers[front.kind]
		conf := broken.conf
		broken.conf = func(p place) (string, error) {
			text, err := conf(p)
			return text + "\nnonsense;\n", err
		}
		tests := []struct {
			name, address string
			server        frontServer
			sender        sendfile.Config
			absent        bool
			want          []string
		}{
			{"port in use", used.Addr().String(), frontServers[front.kind], front.conf, false, []string{front.kind + " cannot listen on " + used.Addr().String(), "in use"}},
			{"bad configuration", freeAddress(t), broken, front.conf, false, []string{"did not start: exit status", "front.conf"}},
			{"no snippet", freeAddress(t), frontServers[front.kind], sendfile.Config{}, false, []string{"no snippet for Proxy Direct"}},
			{"not installed", freeAddress(t), frontServers[front.kind], front.conf, true, []string{
				" not found: apt-get install " + frontServers[front.kind].packages + ", or run the tour without -" + front.kind}},
		}
		for _, test := range tests {
			t.Run(front.kind+", "+test.name, func(t *testing.T) {
				if test.absent {
					folders := serverFolders
					t.Cleanup(func() { serverFolders = folders })
					serverFolders = nil
					t.Setenv("PATH", t.TempDir())
				} else {
					needServer(t, front.kind)
				}
				was := frontServers[front.kind]
				t.Cleanup(func() { frontServers[front.kind] = was })
				frontServers[front.kind] = test.server

				sender := newFileSender(t, test.sender, "a.txt", "")
				temp := tempFolder(t)
				stop, err := startServer(front.kind, test.address, "127.0.0.1:1", sender)
				if err == nil {
					stop()
					t.Fatal("it started")
				}
				for _, part := range test.want {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("error = %q, lacks %q", err, part)
					}
				}
				if names := left(t, temp); names != nil {
					t.Errorf("left behind: %q", names)
				}
			})
		}
	}
	if _, err := startServer("iis", "127.0.0.1:1", "127.0.0.1:1", nil); err == nil || err.Error() != `no server is called "iis"` {
		t.Errorf("error = %v", err)
	}
}

// TestApacheModule: Apache is often there without the module.
func TestApacheModule(t *testing.T) {
	needServer(t, "apache")
	folders := apacheFolders
	defer func() { apacheFolders = folders }()
	apacheFolders = nil
	_, err := startServer("apache", freeAddress(t), "127.0.0.1:1", newFileSender(t, sendfile.Config{Proxy: sendfile.Apache}, "a.txt", ""))
	if err == nil || !strings.HasPrefix(err.Error(), "mod_mpm_event not found: apt-get install apache2 libapache2-mod-xsendfile, or") {
		t.Errorf("error = %v", err)
	}
}

func TestFrontListen(t *testing.T) {
	for _, address := range []string{"", "0.0.0.0", "::1"} {
		if address != "" && !canListen(address) {
			continue
		}
		for _, front := range frontKinds {
			t.Run(front.kind+" on "+address, func(t *testing.T) {
				needServer(t, front.kind)
				sender := newFileSender(t, front.conf, "a.txt", "")
				_, port, _ := net.SplitHostPort(freeAddress(t))
				address := net.JoinHostPort(address, port)
				stop, err := startServer(front.kind, address, askedApp(t, sender), sender)
				if err != nil {
					t.Fatal(err)
				}
				defer stop()
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				conn.Close()
			})
		}
	}
}

func canListen(host string) bool {
	l, err := net.Listen("tcp", netip.AddrPortFrom(netip.MustParseAddr(host), 0).String())
	if err != nil {
		return false
	}
	return l.Close() == nil
}
