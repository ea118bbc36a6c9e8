package sendfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestNew(t *testing.T) {
	root := newRoot(t, map[string]string{"file": "x", "sub/file": "x"})
	tests := []struct {
		title string
		conf  sendfile.Config
		wrong []string // parts of the error; none: accepted
	}{
		{"zero", sendfile.Config{}, nil},
		{"root", sendfile.Config{Root: root}, nil},
		{"direct ignores a prefix", sendfile.Config{Prefix: "/p/"}, nil},
		{"direct ignores StripRoot", sendfile.Config{StripRoot: true}, nil},
		{"header only", sendfile.Config{Header: "X-Sendfile"}, nil},
		{"header of any case", sendfile.Config{Header: "x-lighttpd-SEND2file"}, nil},
		{"nginx", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p/"}, nil},
		{"nginx, prefix is the whole site", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/"}, nil},
		{"nginx, same header in another case", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p", Header: "x-accel-redirect"}, nil},
		{"Caddy matches any header", sendfile.Config{Proxy: sendfile.Caddy, Prefix: "/p", Header: "X-Sendfile"}, nil},
		{"generic prefix may be a URL", sendfile.Config{Proxy: sendfile.Generic, Prefix: "http://files.example/"}, nil},
		{"generic prefix may be odd", sendfile.Config{Proxy: sendfile.Generic, Prefix: "/_static/..//"}, nil},
		{"Apache elsewhere", sendfile.Config{Proxy: sendfile.Apache, Prefix: "/srv/files"}, nil},
		{"siblings", sendfile.Config{Precompressed: []string{"br", "zstd", "gzip"}}, nil},
		{"map", sendfile.Config{Root: root, Map: map[string]string{"/": ".", "/p/": "sub", "/q": "./sub/"}}, nil},

		{"unknown proxy", sendfile.Config{Proxy: 99}, []string{"unknown Proxy 99"}},
		{"missing root", sendfile.Config{Root: filepath.Join(root, "none")}, []string{"Root", "no such file"}},
		{"root is a file", sendfile.Config{Root: filepath.Join(root, "file")}, []string{"Root", "not a directory"}},
		{"NUL in root", sendfile.Config{Root: "a\x00b"}, []string{`invalid Root "a\x00b"`}},
		{"header with a blank", sendfile.Config{Header: "X Sendfile"}, []string{`invalid Header "X Sendfile"`}},
		{"header with a line feed", sendfile.Config{Proxy: sendfile.Generic, Header: "X\nY"}, []string{`invalid Header "X\nY"`}},
		{"nginx without prefix", sendfile.Config{Proxy: sendfile.Nginx}, []string{"Nginx needs a Prefix"}},
		{"Caddy without prefix", sendfile.Config{Proxy: sendfile.Caddy}, []string{"Caddy needs a Prefix"}},
		{"nginx, relative prefix", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "p/"}, []string{`Prefix "p/" of Nginx must begin with a slash`}},
		{"nginx, prefix with dots", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p/../"}, []string{`Prefix "/p/../" of Nginx is not a clean path`}},
		{"nginx, doubled slash", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p//"}, []string{"not a clean path"}},
		{"nginx does not know X-Sendfile", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p", Header: "X-Sendfile"}, []string{"Nginx acts on X-Accel-Redirect only"}},
		{"Apache does not know X-Accel-Redirect", sendfile.Config{Proxy: sendfile.Apache, Header: "X-Accel-Redirect"}, []string{"Apache acts on X-Sendfile only"}},
		{"lighttpd's own header works over FastCGI only", sendfile.Config{Proxy: sendfile.Lighttpd, Header: "X-LIGHTTPD-send-file"}, []string{"Lighttpd acts on X-Sendfile only"}},
		{"relative prefix for Apache", sendfile.Config{Proxy: sendfile.Apache, Prefix: "p"}, []string{"must begin with a slash"}},
		{"line feed in prefix", sendfile.Config{Proxy: sendfile.Generic, Prefix: "/p\n"}, []string{`invalid Prefix "/p\n"`}},
		{"blank at the end of the prefix", sendfile.Config{Proxy: sendfile.Generic, Prefix: "/p "}, []string{`invalid Prefix "/p "`}},
		{"StripRoot for Apache", sendfile.Config{Proxy: sendfile.Apache, StripRoot: true}, []string{"StripRoot is for Generic, not Apache"}},
		{"unknown sibling", sendfile.Config{Precompressed: []string{"gz"}}, []string{`unknown Precompressed "gz"`}},
		{"sibling twice", sendfile.Config{Precompressed: []string{"br", "br"}}, []string{`Precompressed "br" twice`}},
		{"siblings behind nginx", sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p", Precompressed: []string{"br"}}, []string{"Precompressed works with Direct only"}},
		{"siblings, generic by header", sendfile.Config{Header: "X-Sendfile", Precompressed: []string{"br"}}, []string{"Precompressed works with Direct only"}},
		{"map without root", sendfile.Config{Map: map[string]string{"/p/": "."}}, []string{"Map needs a Root"}},
		{"map, relative prefix", sendfile.Config{Root: root, Map: map[string]string{"p/": "."}}, []string{`invalid prefix "p/" in Map`}},
		{"map, prefix with dots", sendfile.Config{Root: root, Map: map[string]string{"/p/../q/": "."}}, []string{"invalid prefix"}},
		{"map leaves root", sendfile.Config{Root: root, Map: map[string]string{"/p/": "../x"}}, []string{`directory "../x" in Map leaves Root`}},
		{"map, absolute", sendfile.Config{Root: root, Map: map[string]string{"/p/": "/etc"}}, []string{"leaves Root"}},
		{"map, empty directory", sendfile.Config{Root: root, Map: map[string]string{"/p/": ""}}, []string{"leaves Root"}},
		{"map to nothing", sendfile.Config{Root: root, Map: map[string]string{"/p/": "none"}}, []string{`directory "none" in Map`}},
		{"map to a file", sendfile.Config{Root: root, Map: map[string]string{"/p/": "file"}}, []string{`"file" in Map is no directory`}},
		{"all at once", sendfile.Config{Proxy: sendfile.Nginx, Header: "a b", Root: filepath.Join(root, "none"), StripRoot: true},
			[]string{"invalid Header", "needs a Prefix", "StripRoot", "Root"}},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			s, err := sendfile.New(tt.conf)
			if len(tt.wrong) == 0 {
				if err != nil || s == nil {
					t.Errorf("New: %v", err)
				}
				return
			}
			if err == nil || s != nil {
				t.Fatalf("New = %v, %v", s, err)
			}
			for _, part := range tt.wrong {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "sendfile: ") {
					t.Errorf("line %q does not name the package", line)
				}
			}
		})
	}
}

// What Pants writes by default is refused by every server tested. It works, but
// not in silence.
func TestNewWarns(t *testing.T) {
	tests := []struct {
		title string
		conf  sendfile.Config
		lines int
	}{
		{"relative values", sendfile.Config{Header: "X-Sendfile", StripRoot: true}, 1},
		{"below a prefix", sendfile.Config{Header: "X-Sendfile", StripRoot: true, Prefix: "/p"}, 0},
		{"absolute values", sendfile.Config{Header: "X-Sendfile"}, 0},
		{"direct", sendfile.Config{StripRoot: true}, 0},
	}
	for _, tt := range tests {
		log := quiet(t)
		newSender(t, tt.conf)
		if got := strings.Count(log.String(), "without Prefix"); got != tt.lines {
			t.Errorf("%s: %d warnings, want %d", tt.title, got, tt.lines)
		}
	}
}
