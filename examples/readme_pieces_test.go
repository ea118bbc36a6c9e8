package examples_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// pieces are the blocks of Go in the README that are no whole program, each known by a text in it, with what a reader would have
// written around it: before it, and after it a look at what it does. answer and check are in the frame below.
var pieces = []struct{ text, before, after string }{
	{
		"adapter.Param(r",
		`server := new(pants.Server)
		plainHandler := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "plain") }`,
		`check(answer(c, "/users/7"), "user 7")
		check(answer(c, "/plain"), "plain")`,
	},
	{
		"signal.NotifyContext",
		`server := new(pants.Server)
		handler := server.Handler(func(r *pants.Request) { r.SendResponse("served") })
		go func() {
			defer func() { check(fmt.Sprint(syscall.Kill(os.Getpid(), syscall.SIGTERM)), "<nil>") }()
			for range 1000 {
				if res, err := http.Get("http://127.0.0.1:8080/"); err == nil {
					content, _ := io.ReadAll(res.Body)
					check(string(content), "served")
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			log.Fatal("nobody listens")
		}()`,
		`check(fmt.Sprint(ctx.Err()), "context canceled")`,
	},
	{
		"proxies.SetTrust",
		`lists := map[string]string{"/ips-v4": "173.245.48.0/20\n103.21.244.0/22\n", "/ips-v6": "2400:cb00::/32\n2606:4700::/32"}
		http.DefaultTransport = answering(func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			check(r.URL.Scheme + "://" + r.URL.Host, "https://www.cloudflare.com")
			io.WriteString(w, lists[r.URL.Path])
			return w.Result()
		})
		proxies, err := xheaders.New(xheaders.Config{Headers: []string{"CF-Connecting-IP", "X-Forwarded-Proto"}})
		check(fmt.Sprint(err), "<nil>")`,
		`client := func() string {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = "[2400:cb00::1]:443"
			r.Header.Set("CF-Connecting-IP", "203.0.113.7")
			return proxies.Resolve(r).ClientIP()
		}
		check(client(), "2400:cb00::1") // nobody is trusted yet
		check(fmt.Sprint(update(proxies, "10.0.0.0/24")), "<nil>")
		check(client(), "203.0.113.7")
		for _, bad := range []string{"", "<!doctype html><title>An error</title>"} {
			lists["/ips-v4"] = bad
			if update(proxies, "10.0.0.0/24") == nil {
				log.Fatalf("%q is taken for a list", bad)
			}
			check(client(), "203.0.113.7")
		}`,
	},
	{
		"legacy.New(",
		`server := new(pants.Server)
		l, err := net.Listen("tcp", "127.0.0.1:8081")
		if err != nil {
			log.Fatal(err)
		}
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "python ", r.URL) }))`,
		`c.Get("/moved", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "go") })
		check(answer(c, "/old?a=b"), "python /old?a=b")
		check(answer(c, "/moved"), "go")`,
	},
	{
		"Write: true",
		``,
		`if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		server.Handler(func(r *pants.Request) {
			check(fmt.Sprint(r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")), "<nil>")
			r.SendResponse("")
		}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		other, err := pants.New(pants.Config{LegacyCookies: pants.LegacyCookies{Secret: []byte("the cookie_secret")}})
		check(fmt.Sprint(err), "<nil>")
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", w.Result().Cookies()[0].Name + "=" + w.Result().Cookies()[0].Value)
		other.Handler(func(r *pants.Request) {
			var user string
			check(fmt.Sprint(r.SecureCookie("user", &user)), "<nil>")
			check(user, "ada")
			r.SendResponse("")
		}).ServeHTTP(httptest.NewRecorder(), r)`,
	},
	{
		"app.Rule(",
		`server, c := new(pants.Server), chi.NewRouter()`,
		`check(fmt.Sprint(err), "<nil>")
		check(answer(c, "/entry/7"), "entry 7")`,
	},
	{
		"legacy.Record(",
		`c := chi.NewRouter()
		python := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "python") })`,
		`check(answer(c, "/old"), "python")
		check(fmt.Sprint(recorder.Close()), "<nil>")
		files, _ := filepath.Glob("testdata/contract/*.json")
		check(fmt.Sprint(len(files)), "1")`,
	},
	{
		"deployments :=",
		`before, after := []byte(strings.Repeat("b", 32)), []byte(strings.Repeat("a", 32))`,
		`session := func(secrets [][]byte, cookie string) (user, next string) {
			server, err := pants.New(pants.Config{CookieSecrets: secrets})
			check(fmt.Sprint(err), "<nil>")
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Cookie", cookie)
			server.Handler(func(r *pants.Request) {
				r.SecureCookie("user", &user)
				r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")
				r.SendResponse("")
			}).ServeHTTP(w, r)
			next, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
			return user, next
		}
		deployments = append([][][]byte{{before}}, deployments...)
		for i := range deployments[1:] { // while one goes on to the next, some machines have one and some the other
			for _, pair := range [][2]int{{i, i + 1}, {i + 1, i}} {
				_, cookie := session(deployments[pair[0]], "")
				user, _ := session(deployments[pair[1]], cookie)
				check(fmt.Sprint(pair, user), fmt.Sprint(pair, "ada"))
			}
		}`,
	},
	{
		"objects store",
		`stored := memory{}
		server := new(pants.Server)
		content := strings.Repeat("0123456789", 300_000)
		var form strings.Builder
		m := multipart.NewWriter(&form)
		part, _ := m.CreateFormFile("photo", "a.jpg")
		io.WriteString(part, content)
		m.Close()`,
		`post := func(objects store) *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(form.String()))
			r.Header.Set("Content-Type", m.FormDataContentType())
			server.Handler(upload(objects)).ServeHTTP(w, r)
			return w
		}
		check(post(stored).Body.String(), "stored")
		check(fmt.Sprint(len(stored)), "1")
		for key, got := range stored {
			if got != content || strings.Contains(key, "a.jpg") {
				log.Fatalf("%q: %d bytes of %d", key, len(got), len(content))
			}
		}
		check(fmt.Sprint(post(memory(nil)).Code), "502")`,
	},
	{
		"files.Value(",
		`server := new(pants.Server)
		files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: os.TempDir(), Prefix: "/protected/"})
		check(fmt.Sprint(err), "<nil>")`,
		`ask := func(name string) string {
			w := httptest.NewRecorder()
			server.Handler(download(files)).ServeHTTP(w, httptest.NewRequest("GET", "/?name="+name, nil))
			return fmt.Sprint(w.Code, " ", w.Header().Get("X-Accel-Redirect"))
		}
		check(ask("no+such+file.jpg"), "200 /protected/no%20such%20file.jpg")
		check(ask("../secret"), "404 ")`,
	},
}

// packages are those that a piece or what is around it may need.
var packages = []string{
	"context", "crypto/rand", "errors", "fmt", "io", "log", "mime/multipart", "net", "net/http", "net/http/httptest", "os", "os/signal", "path/filepath", "slices", "strings", "syscall", "time",
	"github.com/go-chi/chi/v5", "github.com/go-pants/kit/adapter", "github.com/go-pants/kit/adapter/legacy",
	"github.com/go-pants/kit/pants", "github.com/go-pants/kit/sendfile", "github.com/go-pants/kit/xheaders",
}

// around makes a program of a piece.
func around(t *testing.T, source string) string {
	t.Helper()
	i := slices.IndexFunc(pieces, func(p struct{ text, before, after string }) bool { return strings.Contains(source, p.text) })
	if i < 0 {
		t.Fatalf("nothing is known of\n%s", source)
	}
	declarations, statements := "", source
	if _, err := parser.ParseFile(token.NewFileSet(), "", "package main\n"+source, 0); err == nil {
		declarations, statements = source, ""
	}
	body := fmt.Sprintf(frame, declarations, pieces[i].before, statements, pieces[i].after)
	var imports strings.Builder
	for _, path := range packages {
		name := strings.TrimSuffix(path, "/v5")
		if name = name[strings.LastIndexByte(name, '/')+1:]; strings.Contains(body, name+".") {
			fmt.Fprintf(&imports, "\t%q\n", path)
		}
	}
	first, second := freeAddress(t), freeAddress(t)
	return "package main\n\nimport (\n" + imports.String() + ")\n" +
		strings.NewReplacer("127.0.0.1:8080", first, "127.0.0.1:8081", second, `":8080"`, `"`+first+`"`).Replace(body)
}

const frame = `
%s
func main() {
%s
%s
%s
}

func check(got, want string) {
	if got != want {
		log.Output(2, fmt.Sprintf("got %%q, want %%q", got, want))
		os.Exit(1)
	}
}

func answer(h http.Handler, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Body.String()
}

// memory is an object storage that is short of the real thing; nil is one that fails.
type memory map[string]string

func (m memory) PutObject(_ context.Context, key string, content io.Reader, size int64) error {
	if m == nil {
		return errors.New("no storage")
	}
	b, err := io.ReadAll(content)
	if err == nil && int64(len(b)) != size {
		err = fmt.Errorf("%%d bytes, not %%d", len(b), size)
	}
	m[key] = string(b)
	return err
}

// answering is a network that answers.
type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }
`
