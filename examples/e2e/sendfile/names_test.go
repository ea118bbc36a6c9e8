package sendfile_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// names are legal names of files on a UNIX system. direct lists the servers that cannot be told the name, so that the app has
// to send the file itself.
var names = []struct {
	title, name string
	direct      []string
}{
	{"plain", "plain.txt", nil},
	{"no extension", "README", nil},
	{"space", "a b.txt", nil},
	{"spaces", "a  b   c.txt", nil},
	{"leading space", " a.txt", nil},
	{"trailing space", "a.txt ", []string{"apache"}},
	{"space only", " ", []string{"apache"}},
	{"percent", "100%.txt", nil},
	{"percent escape", "a%41b.txt", nil},
	{"percent escape of a slash", "a%2Fb.txt", nil},
	{"percent escape of dots", "%2e%2e", nil},
	{"percent escape twice", "a%2541b.txt", nil},
	{"percent escape, incomplete", "a%4", nil},
	{"percent escape of NUL", "a%00b.txt", nil},
	{"question mark", "what?.txt", nil},
	{"query", "a.txt?x=1&y=2", nil},
	{"number sign", "a#b.txt", nil},
	{"plus", "a+b.txt", nil},
	{"plus and space", "a+b c.txt", nil},
	{"double quote", `say "hi".txt`, nil},
	{"single quote", "it's.txt", nil},
	{"backquote", "a`b.txt", nil},
	{"backslash", `a\b.txt`, nil},
	{"backslash dots", `..\x.txt`, nil},
	{"non-ASCII", "Grüße é.txt", nil},
	{"combining", "e\u0301.txt", nil},
	{"Chinese", "文件.txt", nil},
	{"emoji", "😀.txt", nil},
	{"right to left", "\u202etxt.exe", nil},
	{"no-break space", "a\u00a0b.txt", nil},
	{"C1 control", "a\u0085b.txt", nil},
	{"invalid UTF-8", "a\xffb.txt", []string{"lighttpd"}},
	{"Latin-1", "caf\xe9.txt", []string{"lighttpd"}},
	{"overlong UTF-8 of a slash", "a\xc0\xafb.txt", []string{"lighttpd"}},
	{"newline", "a\nb.txt", []string{"apache", "lighttpd"}},
	{"header in the name", "a\r\nX-Evil: 1", []string{"apache", "lighttpd"}},
	{"CR", "a\rb.txt", []string{"apache", "lighttpd"}},
	{"tab", "a\tb.txt", []string{"apache", "lighttpd"}},
	{"escape character", "a\x1bb.txt", []string{"apache", "lighttpd"}},
	{"DEL", "a\x7fb.txt", []string{"apache", "lighttpd"}},
	{"leading dot", ".hidden", nil},
	{"leading dots", "..two.txt", nil},
	{"three dots", "...", nil},
	{"trailing dot", "a.txt.", nil},
	{"named location", "@name", nil},
	{"tilde", "~root", nil},
	{"backup", "a.txt~", nil},
	{"semicolon", "a;b.txt", nil},
	{"path parameter", "a;jsessionid=1", nil},
	{"equals", "a=b.txt", nil},
	{"ampersand", "a&b.txt", nil},
	{"colon", "a:b.txt", nil},
	{"drive", "C:", nil},
	{"URL", "http:", nil},
	{"comma", "a,b.txt", nil},
	{"star", "*.txt", nil},
	{"brackets", "[a-z].txt", nil},
	{"braces", "{a,b}.txt", nil},
	{"placeholder", "{env.PATH}.txt", nil},
	{"dollar", "$HOME.txt", nil},
	{"group", "$1.txt", nil},
	{"variable", "${uri}.txt", nil},
	{"parentheses", "a(1).txt", nil},
	{"pipe", "a|b.txt", nil},
	{"angle brackets", "<b>.txt", nil},
	{"caret", "a^b.txt", nil},
	{"exclamation mark", "a!b.txt", nil},
	{"leading dash", "-rf", nil},
	{"underscore", "__init__.py", nil},
	{"index page", "index.html", nil},
	{"index page below", "sub/index.html", nil},
	{"configuration", ".htaccess", nil},
	{"type by extension", "a.html", nil},
	{"compressed", "a.tar.gz", nil},
	{"longest component", strings.Repeat("n", 251) + ".txt", nil},
	{"longest component, encoded", strings.Repeat("é", 125) + ".txt", nil},
	{"deep", strings.Repeat("d/", 60) + "a.txt", nil},
	{"deep, awkward", strings.Repeat("a b%/", 40) + "?.txt", nil},
	{"long path", strings.Repeat(strings.Repeat("d", 200)+"/", 9) + "a.txt", nil},
	{"path at its longest", strings.Repeat(strings.Repeat("d", 200)+"/", 19) + "a.txt", []string{"nginx"}},
	{"path of 11000 encoded bytes", strings.Repeat(strings.Repeat("é", 50)+"/", 38) + "a.txt", []string{"nginx"}},
	{"folder with dots", "..a/.b/c..", nil},
	{"name of the location", "protected/a.txt", nil},
}

// TestNames: byte for byte, with HEAD, a range and a condition, whoever sends the file.
func TestNames(t *testing.T) {
	for _, front := range servers {
		t.Run(front.name, func(t *testing.T) {
			root := folder(t)
			s := newSender(t, front.conf, root)
			content := func(i int) string { return fmt.Sprintf("content of file %d\x00\xff\r\n", i) }
			for i, tt := range names {
				write(t, root, tt.name, content(i))
			}
			var mu sync.Mutex
			var offloaded bool
			base := behind(t, front, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				i, _ := strconv.Atoi(r.URL.Query().Get("i"))
				err := s.Send(w, r, names[i].name, &sendfile.Options{Filename: names[i].name, Header: http.Header{"Cache-Control": {"private"}}})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				offloaded = w.Header()["X-Accel-Redirect"] != nil || w.Header()["X-Sendfile"] != nil
			}), nil)
			for i, tt := range names {
				t.Run(tt.title, func(t *testing.T) {
					address, want := fmt.Sprint(base, "/file?i=", i), content(i)
					res, body := get(t, "GET", address)
					if res.StatusCode != 200 || body != want {
						t.Fatalf("GET = %d %q", res.StatusCode, body)
					}
					mu.Lock()
					if direct := slices.Contains(tt.direct, front.name); offloaded == direct {
						t.Errorf("offloaded %v, want %v", offloaded, !direct)
					}
					mu.Unlock()
					for key, want := range map[string]string{
						"Content-Type": sendfile.ContentType(tt.name), "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT", "Cache-Control": "private",
						"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "Content-Length": strconv.Itoa(len(want)),
					} {
						if got := res.Header.Values(key); len(got) != 1 || got[0] != want {
							t.Errorf("%s = %q, want %q", key, got, want)
						}
					}
					if got := res.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="`) {
						t.Errorf("Content-Disposition = %q", got)
					}
					etag := res.Header.Get("ETag")
					if etag == "" {
						t.Error("no ETag")
					}

					if res, body := get(t, "HEAD", address); res.StatusCode != 200 || body != "" || res.ContentLength != int64(len(want)) {
						t.Errorf("HEAD = %d %q, length %d", res.StatusCode, body, res.ContentLength)
					}
					if res, body := get(t, "GET", address, "Range", "bytes=3-8"); res.StatusCode != 206 || body != want[3:9] ||
						res.Header.Get("Content-Range") != fmt.Sprintf("bytes 3-8/%d", len(want)) {
						t.Errorf("range = %d %q %q", res.StatusCode, body, res.Header.Get("Content-Range"))
					}
					if res, body := get(t, "GET", address, "If-None-Match", etag); res.StatusCode != 304 || body != "" {
						t.Errorf("If-None-Match = %d %q", res.StatusCode, body)
					}
				})
			}
		})
	}
}

// get asks without following redirects, and fails if the answer shows how the file was named to the server.
func get(t testing.TB, method, address string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Header["X-Sendfile"] != nil || res.Header["X-Accel-Redirect"] != nil {
		t.Errorf("the header leaks: %v", res.Header)
	}
	return res, string(body)
}
