package sendfile_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// TestErrors: what is no file is answered by the app, and no server gets to know of it. Each would do something else with it:
// nginx shows its internal location for a folder, Apache and Caddy hang on a FIFO, all of them deliver what a link out of the
// root leads to, and a 404 would keep the caching headers of the file.
func TestErrors(t *testing.T) {
	for _, front := range servers {
		t.Run(front.name, func(t *testing.T) {
			root, secret := folder(t), folder(t)
			write(t, root, "a.txt", "content")
			write(t, root, "sub/a.txt", "content")
			write(t, secret, "secret.txt", "secret")
			for name, target := range map[string]string{"out": secret + "/secret.txt", "outdir": secret} {
				if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
					t.Fatal(err)
				}
			}
			if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o666); err != nil {
				t.Fatal(err)
			}
			s := newSender(t, front.conf, root)
			base := behind(t, front, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = s.Send(w, r, r.URL.Query().Get("n"), &sendfile.Options{Filename: "x", Header: http.Header{"Cache-Control": {"max-age=604800"}, "Expires": {"Thu, 01 Jan 2099 00:00:00 GMT"}}})
			}), nil)
			for _, tt := range []struct {
				title, method, path string
				fields              []string
				status              int
				body                string
			}{
				{"file", "GET", "/?n=a.txt", nil, 200, "content"},
				{"POST", "POST", "/?n=a.txt", nil, 200, "content"},
				{"range beyond the end", "GET", "/?n=a.txt", []string{"Range", "bytes=99-"}, 416, "*"},
				{"another tag", "GET", "/?n=a.txt", []string{"If-None-Match", `"other"`}, 200, "content"},
				{"what a client says of headers", "GET", "/?n=a.txt", []string{"X-Sendfile-Type", "X-Other", "X-Accel-Mapping", "/=/"}, 200, "content"},
				{"missing", "GET", "/?n=missing", nil, 404, "404 Not Found"},
				{"folder", "GET", "/?n=sub", nil, 404, "404 Not Found"},
				{"folder with slash", "GET", "/?n=sub/", nil, 404, "404 Not Found"},
				{"FIFO", "GET", "/?n=fifo", nil, 404, "404 Not Found"},
				{"link out", "GET", "/?n=out", nil, 404, "404 Not Found"},
				{"folder link out", "GET", "/?n=outdir/secret.txt", nil, 404, "404 Not Found"},
				{"dots", "GET", "/?n=../secret.txt", nil, 404, "404 Not Found"},
				{"outside", "GET", "/?n=" + secret + "/secret.txt", nil, 404, "404 Not Found"},
			} {
				t.Run(tt.title, func(t *testing.T) {
					res, body := get(t, tt.method, base+tt.path, tt.fields...)
					if res.StatusCode != tt.status || tt.body != "*" && body != tt.body {
						t.Errorf("answer = %d %q, want %d %q", res.StatusCode, body, tt.status, tt.body)
					}
					if tt.status != 404 {
						return
					}
					for _, key := range []string{"Cache-Control", "Expires", "Content-Disposition", "Etag", "Last-Modified", "Location"} {
						if res.Header[key] != nil {
							t.Errorf("%s = %q", key, res.Header[key])
						}
					}
				})
			}
		})
	}
}

// TestNginxETag: with NginxETag the app and nginx give a file the same tag.
func TestNginxETag(t *testing.T) {
	root := folder(t)
	write(t, root, "a.txt", "content")
	conf := servers[0].conf
	conf.ETag = sendfile.NginxETag
	conf.Offload = func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/direct/") }
	s := newSender(t, conf, root)
	base := behind(t, servers[0], s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Send(w, r, filepath.Base(r.URL.Path), nil); err != nil {
			t.Error(err)
		}
	}), nil)
	offloaded, _ := get(t, "GET", base+"/a.txt")
	direct, _ := get(t, "GET", base+"/direct/a.txt")
	if a, b := offloaded.Header.Get("ETag"), direct.Header.Get("ETag"); a != b || a == "" {
		t.Errorf("offloaded %s, direct %s", a, b)
	}
	if res, _ := get(t, "GET", base+"/direct/a.txt", "If-None-Match", offloaded.Header.Get("ETag")); res.StatusCode != 304 {
		t.Errorf("If-None-Match = %d", res.StatusCode)
	}
}

// TestLocation: the internal location is none for clients, and no way to what lies beside the root.
func TestLocation(t *testing.T) {
	for _, front := range servers {
		t.Run(front.name, func(t *testing.T) {
			parent := folder(t)
			root := parent + "/files"
			write(t, root, "a.txt", "content")
			write(t, parent, "secret.txt", "secret")
			write(t, parent, "files-old/secret.txt", "secret")
			s := newSender(t, front.conf, root)
			base := behind(t, front, s, http.StripPrefix("/app", s.Files()), nil)
			for path, want := range map[string]int{
				"/app/a.txt": 200, "/protected/a.txt": 404, "/protected../secret.txt": 404, "/protected/../secret.txt": 404, "/protected-old/secret.txt": 404,
				"/files/a.txt": 404, "/app/..%2fsecret.txt": 404, "/app/%2e%2e/secret.txt": 404, "/app/../files-old/secret.txt": 404,
			} {
				r, err := http.NewRequest("GET", base, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.URL.Opaque = "//" + r.URL.Host + path // as it is
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				// Some refuse "..", or an encoded slash, themselves.
				if res.StatusCode != want && (want == 200 || res.StatusCode < 300) || strings.Contains(string(body), "secret") {
					t.Errorf("%s: answer = %d %q", path, res.StatusCode, body)
				}
			}
		})
	}
}
