package sendfile_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// Every span lies in the file, and together they are not more than the file.
func FuzzRanges(f *testing.F) {
	for _, tt := range rangeTests {
		f.Add(tt.value, tt.size)
	}
	f.Add("bytes=0-", int64(1)<<62)
	f.Add("bytes=-1", int64(0))
	f.Fuzz(func(t *testing.T, value string, size int64) {
		if size < 0 {
			t.Skip("no file has that size")
		}
		got, ok := sendfile.Ranges(value, size)
		if !ok && got != nil {
			t.Fatalf("ignored, but %v", got)
		}
		if len(got) > 50 {
			t.Fatalf("%d spans", len(got))
		}
		left := size
		for _, sp := range got {
			start, length := sp[0], sp[1]
			if start < 0 || length <= 0 || start >= size || length > size-start {
				t.Fatalf("span %v of %d bytes", sp, size)
			}
			if left -= length; left < 0 {
				t.Fatalf("%v is more than %d bytes", got, size)
			}
		}
		// Saying the same again gives the same.
		if len(got) > 0 {
			var list []string
			for _, sp := range got {
				list = append(list, fmt.Sprint(sp[0], "-", sp[0]+sp[1]-1))
			}
			again, ok := sendfile.Ranges("bytes="+strings.Join(list, ", "), size)
			if !ok || fmt.Sprint(again) != fmt.Sprint(got) {
				t.Fatalf("%v became %v", got, again)
			}
		}
	})
}

// What a server makes of the value is the file that was asked for.
func FuzzValue(f *testing.F) {
	for _, name := range []string{
		"a.txt", "100% é?#+.txt", "%41", "a b ", " a", "a\r\nb", "\xff", "..two", "./a//b/../c", "@x", "?", "#", "%2e%2e/x", "a\\b", "\u202e", "~",
	} {
		f.Add(name)
	}
	root := f.TempDir()
	type decode func(string) (string, error)
	uri := func(v string) (string, error) {
		v, _, _ = strings.Cut(v, "?")
		return url.PathUnescape(v)
	}
	raw := func(v string) (string, error) { return v, nil }
	presets := []struct {
		conf    sendfile.Config
		decoded []decode // every way a server may read it
	}{
		{sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/p x/"}, []decode{uri}},
		{sendfile.Config{Proxy: sendfile.Caddy, Prefix: "/p x/"}, []decode{uri}},
		{sendfile.Config{Proxy: sendfile.Apache, Prefix: "/p x/"}, []decode{raw}},
		{sendfile.Config{Proxy: sendfile.ApacheUnescape, Prefix: "/p x"}, []decode{url.PathUnescape}},
		{sendfile.Config{Proxy: sendfile.Lighttpd, Prefix: "/p x"}, []decode{url.PathUnescape}},
		{sendfile.Config{Proxy: sendfile.Generic, Prefix: "/p x"}, []decode{raw, url.PathUnescape}},
		{sendfile.Config{Header: "X-Accel-Redirect", Prefix: "/p x"}, []decode{raw, url.PathUnescape, uri}},
	}
	senders := make([]*sendfile.Sender, len(presets))
	for i := range presets {
		presets[i].conf.Root = root
		senders[i] = newSender(f, presets[i].conf)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for i, s := range senders {
			value, ok, err := s.Value(name)
			if err != nil {
				if !ok && value == "" {
					continue
				}
				t.Fatalf("Value(%q) = %q, %v, %v", name, value, ok, err)
			}
			if !ok {
				continue
			}
			// The value has to survive net/http's header writer.
			if strings.ContainsAny(value, "\r\n\x00") || strings.Trim(value, " \t") != value {
				t.Fatalf("%v: value %q would be altered", presets[i].conf.Proxy, value)
			}
			want := "/p x/" + filepath.Clean(name)
			for _, decoded := range presets[i].decoded {
				got, err := decoded(value)
				if err != nil || got != want && !filepath.IsAbs(name) {
					t.Fatalf("%v: Value(%q) = %q, which means %q (%v), want %q", presets[i].conf.Proxy, name, value, got, err, want)
				}
				if path.Clean(got) != got || !strings.HasPrefix(got, "/p x/") {
					t.Fatalf("%v: Value(%q) = %q, which leads to %q", presets[i].conf.Proxy, name, value, path.Clean(got))
				}
			}
		}
	})
}

// Nothing outside of the root is ever opened, whatever the tree and the name.
// Files inside hold "in", files outside "out".
func FuzzContainment(f *testing.F) {
	for _, seed := range [][2]string{
		{"l>../out", "l"}, {"l>../outdir\n", "l/x"}, {"l>../outdir", "l/"}, {"a/l>../../outdir", "a/l/x"},
		{"d/x\nl>d\nm>l/../../out", "m"}, {"l>m\nm>l", "l"}, {"l>/etc", "l/hostname"}, {"l>.", "l/l/l/in"}, {"l>..", "l/out"},
		{"", "../out"}, {"", "/etc/hostname"}, {"", "//etc/hostname"}, {"l>../outdir/", "l/x"}, {"a>b\nb>../outdir\nb/x", "a/x"},
		{"in.gz>../out", "in"}, {"in.gz>../outdir/x\nin.br>/etc/hostname", "in"}, {"", "in/../../out"}, {"", "./in"}, {"l>in", "l/."}, {"l>ROOT/in", "l"}, {"l>ROOT/../out", "l"}, {"m>ROOT\nl>m/../out", "l"}, {"l>ROOT-sibling/x", "l"}, {"m>..\nl>ROOT/m/out", "l"}, {"l>../root-sibling", "l/x"},
	} {
		f.Add(seed[0], seed[1])
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, tree, name string) {
		if len(tree) > 500 || len(name) > 500 {
			t.Skip("longer than is worth trying")
		}
		base := t.TempDir()
		root := filepath.Join(base, "root")
		for _, file := range []string{"root/in", "root/a/x", "out", "outdir/x", "root-sibling/x"} {
			content := "out"
			if strings.HasPrefix(file, "root/") {
				content = "in"
			}
			writeFile(t, base, file, content)
		}
		for i, line := range strings.Split(tree, "\n") {
			link, target, isLink := strings.Cut(line, ">")
			if i > 20 || !filepath.IsLocal(link) || strings.ContainsRune(line, 0) {
				continue
			}
			// Made through os.Root, so that the tree itself stays where it is.
			r, err := os.OpenRoot(root)
			if err != nil {
				t.Fatal(err)
			}
			if dir := filepath.Dir(link); dir != "." {
				_ = r.Mkdir(dir, 0o777)
			}
			// "ROOT" stands for the root, which a link may name absolutely.
			target = strings.ReplaceAll(target, "ROOT", root)
			if isLink {
				if d, err := r.OpenRoot(filepath.Dir(link)); err == nil {
					if in, err := filepath.EvalSymlinks(filepath.Join(root, filepath.Dir(link))); err == nil && in == filepath.Join(root, filepath.Dir(link)) {
						_ = os.Symlink(target, filepath.Join(in, filepath.Base(link)))
					}
					d.Close()
				}
			} else if f, err := r.OpenFile(link, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666); err == nil {
				_, _ = io.WriteString(f, "in")
				f.Close()
			}
			r.Close()
		}
		s := newSender(t, sendfile.Config{Root: root, Precompressed: []string{"gzip", "br"}, Map: map[string]string{"/p/": ".", "/a": "a"}})
		following := newSender(t, sendfile.Config{Root: root, Precompressed: []string{"gzip", "br"}, FollowSymlinks: true})
		for _, s := range []*sendfile.Sender{s, following} {
			for _, name := range []string{name, root + "/" + name, root + name} {
				rec := httptest.NewRecorder()
				err := s.Send(rec, newRequest("GET", "Accept-Encoding", "*"), name, nil)
				switch {
				case err == nil && rec.Code == 200 && rec.Body.String() == "in":
				case err != nil && rec.Code == 404 && rec.Body.String() == "404 Not Found":
				default:
					t.Fatalf("Send(%q) = %d %q, %v", name, rec.Code, rec.Body, err)
				}
			}
		}
		rec := httptest.NewRecorder()
		r := newRequest("GET")
		r.URL.Path = name
		s.Files().ServeHTTP(rec, r)
		if body := rec.Body.String(); rec.Code == 200 && body != "in" {
			t.Fatalf("Files %q = %q", name, body)
		}
		for _, header := range [][2]string{{"X-Sendfile", name}, {"X-Sendfile", root + "/" + name}, {"X-Accel-Redirect", "/p/" + name}, {"X-Accel-Redirect", "/a/" + url.PathEscape(name)}} {
			rec := httptest.NewRecorder()
			s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(header[0], header[1])
				_, _ = io.WriteString(w, "in")
			})).ServeHTTP(rec, newRequest("GET"))
			if body := rec.Body.String(); rec.Code == 200 && body != "in" {
				t.Fatalf("Intercept %q = %q", header, body)
			}
		}
	})
}
