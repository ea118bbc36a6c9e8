package sendfile_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestZeroSender(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": "a", "sub/b.txt": "b"})
	t.Chdir(root)
	var s sendfile.Sender
	for _, name := range []string{"a.txt", filepath.Join(root, "a.txt")} {
		if _, body, err := send(t, &s, newRequest("GET"), name, nil); err != nil || body != "a" {
			t.Errorf("Send(%q) = %q, %v", name, body, err)
		}
	}
	// The working directory of the call counts, not that of New.
	t.Chdir(filepath.Join(root, "sub"))
	if _, body, err := send(t, &s, newRequest("GET"), "b.txt", nil); err != nil || body != "b" {
		t.Errorf("after Chdir = %q, %v", body, err)
	}
	if _, _, err := send(t, &s, newRequest("GET"), "../a.txt", nil); !errors.Is(err, sendfile.ErrOutsideRoot) {
		t.Errorf("../a.txt: %v, want ErrOutsideRoot", err)
	}
}

func TestRelativeRoot(t *testing.T) {
	root := newRoot(t, map[string]string{"sub/b.txt": "b"})
	t.Chdir(root)
	s := newSender(t, sendfile.Config{Root: "sub"})
	t.Chdir("/")
	if _, body, err := send(t, s, newRequest("GET"), "b.txt", nil); err != nil || body != "b" {
		t.Errorf("Send = %q, %v", body, err)
	}
	if _, body, err := send(t, s, newRequest("GET"), filepath.Join(root, "sub/b.txt"), nil); err != nil || body != "b" {
		t.Errorf("absolute = %q, %v", body, err)
	}
}

func TestRootSpelledThroughLink(t *testing.T) {
	root := newRoot(t, map[string]string{"real/a.txt": "a"})
	link := filepath.Join(root, "link")
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	s := newSender(t, sendfile.Config{Root: link})
	for _, name := range []string{"a.txt", filepath.Join(link, "a.txt"), filepath.Join(root, "real/a.txt")} {
		if _, body, err := send(t, s, newRequest("GET"), name, nil); err != nil || body != "a" {
			t.Errorf("Send(%q) = %q, %v", name, body, err)
		}
	}
}

func TestSendRefuses(t *testing.T) {
	root := newRoot(t, map[string]string{
		"in/a.txt":          "a",
		"in/sub/b.txt":      "b",
		"outside/s.txt":     "secret",
		"in-sibling/n.txt":  "near",
		"in/..two.txt":      "two dots",
		"in/shut/inner.txt": "x",
	})
	in := filepath.Join(root, "in")
	outside := filepath.Join(root, "outside", "s.txt")
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(in, name)); err != nil {
			t.Skip(err)
		}
	}
	link("../outside/s.txt", "out.txt")
	link("../outside", "outdir")
	link(outside, "absout.txt")
	link(filepath.Join(in, "a.txt"), "absin.txt")
	link("sub/b.txt", "in.txt")
	link("sub/../a.txt", "dots.txt")
	link("loop", "loop")
	link("nowhere", "dangling")
	link("sub", "subdir")
	mkfifo(t, filepath.Join(in, "fifo"))
	link("/dev/null", "null")

	const ok = 0
	tests := []struct {
		title, name string
		status      int
		cause       error
	}{
		{"file", "a.txt", ok, nil},
		{"file below", "sub/b.txt", ok, nil},
		{"dot component", "./a.txt", ok, nil},
		{"dots that stay inside", "sub/../a.txt", ok, nil},
		{"dots through a missing directory", "missing/../a.txt", ok, nil},
		{"doubled slash", "sub//b.txt", ok, nil},
		{"name that begins with two dots", "..two.txt", ok, nil},
		{"absolute, inside", filepath.Join(in, "a.txt"), ok, nil},
		{"absolute, inside, not clean", in + "/sub/../a.txt", ok, nil},
		{"link inside", "in.txt", ok, nil},
		{"link with dots that stay inside", "dots.txt", ok, nil},
		{"file behind a link to a directory", "subdir/b.txt", ok, nil},

		{"missing", "missing.txt", 404, fs.ErrNotExist},
		{"missing directory", "missing/a.txt", 404, fs.ErrNotExist},
		{"file used as a directory", "a.txt/b", 404, fs.ErrNotExist},
		{"component too long", strings.Repeat("x", 300), 404, fs.ErrNotExist},
		{"path too long", strings.Repeat("x/", 5000) + "x", 404, fs.ErrNotExist},
		{"NUL", "a.txt\x00.html", 404, fs.ErrNotExist},
		{"line feed", "a\r\nX-Evil: 1", 404, fs.ErrNotExist},
		{"dangling link", "dangling", 404, fs.ErrNotExist},
		{"link to itself", "loop", 404, nil},

		{"empty name", "", 404, sendfile.ErrNotRegular},
		{"root", ".", 404, sendfile.ErrNotRegular},
		{"root, absolute", in, 404, sendfile.ErrNotRegular},
		{"directory", "sub", 404, sendfile.ErrNotRegular},
		{"directory with slash", "sub/", 404, sendfile.ErrNotRegular},
		{"file with slash", "a.txt/", 404, sendfile.ErrNotRegular},
		{"file with slash and dot", "a.txt/.", 404, sendfile.ErrNotRegular},
		{"root by way of a file", "a.txt/..", 404, sendfile.ErrNotRegular},
		{"FIFO", "fifo", 404, sendfile.ErrNotRegular},
		{"device of the root", "null", 404, sendfile.ErrOutsideRoot},

		{"dots", "../outside/s.txt", 404, sendfile.ErrOutsideRoot},
		{"dots only", "..", 404, sendfile.ErrOutsideRoot},
		{"dots behind a directory", "sub/../../outside/s.txt", 404, sendfile.ErrOutsideRoot},
		{"dots out and in again", "../in/a.txt", 404, sendfile.ErrOutsideRoot},
		{"absolute, outside", outside, 404, sendfile.ErrOutsideRoot},
		{"absolute, outside by dots", in + "/../outside/s.txt", 404, sendfile.ErrOutsideRoot},
		{"absolute, a sibling with the same beginning", in + "-sibling/n.txt", 404, sendfile.ErrOutsideRoot},
		{"link out", "out.txt", 404, sendfile.ErrOutsideRoot},
		{"link out, absolute", "absout.txt", 404, sendfile.ErrOutsideRoot},
		{"link in, absolute: os.Root refuses", "absin.txt", 404, sendfile.ErrOutsideRoot},
		{"directory link out", "outdir/s.txt", 404, sendfile.ErrOutsideRoot},
		{"directory link out with slash", "outdir/", 404, sendfile.ErrNotRegular},
	}
	for _, c := range []sendfile.Config{{Root: in}, {Root: in, Proxy: sendfile.Nginx, Prefix: "/p"}} {
		s := newSender(t, c)
		for _, tt := range tests {
			t.Run(tt.title, func(t *testing.T) {
				o := &sendfile.Options{Filename: "x", Header: http.Header{"Cache-Control": {"max-age=9"}, "Expires": {"x"}, "X-A": {"a"}}}
				res, body, err := send(t, s, newRequest("GET"), tt.name, o)
				if tt.status == ok {
					if res.StatusCode != 200 || err != nil {
						t.Fatalf("Send = %d, %v", res.StatusCode, err)
					}
					return
				}
				if res.StatusCode != tt.status {
					t.Fatalf("status = %d, want %d (%v)", res.StatusCode, tt.status, err)
				}
				if err == nil || tt.cause != nil && !errors.Is(err, tt.cause) {
					t.Errorf("error = %v, want one that is %v", err, tt.cause)
				}
				if strings.ContainsAny(err.Error(), "\r\n\x00") {
					t.Errorf("error %q would forge lines in a log", err)
				}
				if body != "404 Not Found" || res.Header.Get("Content-Type") != "text/plain" {
					t.Errorf("answer = %q, %v", body, res.Header)
				}
				for _, key := range []string{"Cache-Control", "Expires", "Etag", "Last-Modified", "Content-Disposition", "Accept-Ranges", "X-A", "X-Accel-Redirect"} {
					if res.Header[key] != nil {
						t.Errorf("error answer has %s %q", key, res.Header[key])
					}
				}
			})
		}
	}
}

func TestSendForbidden(t *testing.T) {
	root := newRoot(t, map[string]string{"a.txt": "a"})
	path := filepath.Join(root, "a.txt")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	s := newSender(t, sendfile.Config{Root: root})
	res, body, err := send(t, s, newRequest("GET"), "a.txt", nil)
	if res.StatusCode != 403 || body != "You do not have permission to access that file." || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Send = %d %q, %v", res.StatusCode, body, err)
	}
}

func TestSendDevice(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: "/dev"})
	if _, _, err := send(t, s, newRequest("GET"), "null", nil); !errors.Is(err, sendfile.ErrNotRegular) {
		t.Errorf("error = %v, want ErrNotRegular", err)
	}
}

// Pants sends an absolute path wherever it leads, and a relative one too; only
// the former is kept.
func TestAllowOutside(t *testing.T) {
	root := newRoot(t, map[string]string{"in/a.txt": "a", "outside/s.txt": "s"})
	s := newSender(t, sendfile.Config{Root: filepath.Join(root, "in"), AllowOutside: true})
	if _, body, err := send(t, s, newRequest("GET"), filepath.Join(root, "outside/s.txt"), nil); err != nil || body != "s" {
		t.Errorf("absolute = %q, %v", body, err)
	}
	if _, _, err := send(t, s, newRequest("GET"), "../outside/s.txt", nil); !errors.Is(err, sendfile.ErrOutsideRoot) {
		t.Errorf("relative: %v, want ErrOutsideRoot", err)
	}
	if _, _, err := send(t, s, newRequest("GET"), filepath.Join(root, "outside"), nil); !errors.Is(err, sendfile.ErrNotRegular) {
		t.Errorf("directory: %v, want ErrNotRegular", err)
	}
}

func TestFollowSymlinks(t *testing.T) {
	base := newRoot(t, map[string]string{"in/a.txt": "a", "in/sub/b.txt": "b", "in-sibling/n.txt": "near", "out.txt": "secret"})
	in := filepath.Join(base, "in")
	for name, target := range map[string]string{
		"abs.txt": filepath.Join(in, "a.txt"), "absdir": filepath.Join(in, "sub"), "chain.txt": "abs.txt", "rel.txt": "a.txt",
		"through.txt": "../in/a.txt", "out": filepath.Join(base, "out.txt"), "outrel": "../out.txt", "outchain": "outrel",
		"sibling": filepath.Join(base, "in-sibling", "n.txt"), "self": in, "dangling": filepath.Join(in, "nothing"), "loop": filepath.Join(in, "loop"),
	} {
		if err := os.Symlink(target, filepath.Join(in, name)); err != nil {
			t.Skip(err)
		}
	}
	mkfifo(t, filepath.Join(in, "fifo"))
	if err := os.Symlink(filepath.Join(in, "fifo"), filepath.Join(in, "tofifo")); err != nil {
		t.Skip(err)
	}
	tests := []struct {
		name, body string
		cause      error
	}{
		{"a.txt", "a", nil},
		{"abs.txt", "a", nil},
		{"absdir/b.txt", "b", nil},
		{"chain.txt", "a", nil},
		{"rel.txt", "a", nil},
		{"through.txt", "a", nil}, // out and in again: the result counts
		{"self/self/a.txt", "a", nil},
		{filepath.Join(in, "abs.txt"), "a", nil},
		{"out", "", sendfile.ErrOutsideRoot},
		{"outrel", "", sendfile.ErrOutsideRoot},
		{"outchain", "", sendfile.ErrOutsideRoot},
		{"sibling", "", sendfile.ErrOutsideRoot},
		{"self", "", sendfile.ErrNotRegular},
		{"absdir", "", sendfile.ErrNotRegular},
		{"tofifo", "", sendfile.ErrNotRegular},
		{"dangling", "", sendfile.ErrOutsideRoot}, // nothing to find out
		{"loop", "", sendfile.ErrOutsideRoot},
		{"../out.txt", "", sendfile.ErrOutsideRoot},
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink("in", link); err != nil {
		t.Skip(err)
	}
	t.Chdir(in)
	for _, root := range []string{in, link, ""} {
		s := newSender(t, sendfile.Config{Root: root, FollowSymlinks: true})
		for _, tt := range tests {
			res, body, err := send(t, s, newRequest("GET"), tt.name, nil)
			if tt.cause == nil && (err != nil || body != tt.body) || tt.cause != nil && (!errors.Is(err, tt.cause) || res.StatusCode != 404) {
				t.Errorf("Root %q: Send(%q) = %d %q, %v", root, tt.name, res.StatusCode, body, err)
			}
		}
	}
}
