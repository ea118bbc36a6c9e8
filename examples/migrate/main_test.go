package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy/legacytest"
	"github.com/go-pants/kit/pants"
)

// python starts app.py with a guest book of its own: on real Pants if PANTS_HOME names a checkout of Pants 1.0.1, on the stand-in
// in testdata/python3 otherwise.
func python(t *testing.T, real bool, book string, environment ...string) (address string) {
	t.Helper()
	program, path := "python3", "testdata/python3"
	if real {
		program, path = "python2.7", os.Getenv("PANTS_HOME")
		if path == "" {
			t.Skip("PANTS_HOME does not name a checkout of Pants 1.0.1")
		}
	}
	interpreter, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") == "true" && !real {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	command := exec.Command(interpreter, "-B", "app.py", port)
	command.Env = append(append(os.Environ(), "PYTHONPATH="+path, "GUESTBOOK_DATA="+book), environment...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", program, &out)
		}
	})
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s does not listen: %s", program, &out)
	return ""
}

// newBook is a copy of the guest book.
func newBook(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("entries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	book := filepath.Join(t.TempDir(), "entries.jsonl")
	if err := os.WriteFile(book, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return book
}

// front is the Go program, with so much moved, before an app.
func front(t *testing.T, app, book string, moved int, record string) *httptest.Server {
	t.Helper()
	g, err := newGuestbook("http://"+app, "files", book)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := g.routes(moved, record)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = g.server.HTTPServer(handler)
	ts.Start()
	t.Cleanup(ts.Close)
	return ts
}

// newClient is a browser that follows no redirect.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

const urlencoded = "application/x-www-form-urlencoded"

// form is an upload.
func form() (contentType, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("caption", "a dot; or two")
	part, _ := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="picture"; filename="dot.gif"`}, "Content-Type": {"image/gif"},
	})
	_, _ = part.Write([]byte("GIF89a\r\n\x00\xff"))
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

// step is a request of somebody who uses the guest book, and what Pants 1.0.1 answers. Content that begins with { is compared as
// JSON.
type step struct {
	method, target, contentType, body string
	status                            int
	content                           string
	header                            map[string]string
}

func steps() []step {
	multipart, upload := form()
	text := map[string]string{"Content-Type": "text/plain"}
	file := map[string]string{"Cache-Control": "max-age=604800", "Accept-Ranges": "bytes"}
	return []step{
		{"GET", "/", "", "", 200, "Welcome, stranger. Visit 1. 2 entries.\n", text},
		{"GET", "/", "", "", 200, "Welcome, stranger. Visit 2. 2 entries.\n", text},
		{"HEAD", "/entry/1", "", "", 200, "", map[string]string{"Content-Type": "application/json"}},
		{"POST", "/sign", urlencoded, "text=nobody", 403, "Log in first.\n", text},
		{"POST", "/login", urlencoded, "name=", 400, "Who are you?\n", text},
		{"POST", "/login", urlencoded, "name=Ada+L.", 303, "", map[string]string{"Location": "/", "Content-Length": "0"}},
		{"GET", "/", "", "", 200, "Welcome, Ada L.. Visit 3. 2 entries.\n", text},
		{"POST", "/sign", urlencoded, "text=Hello%2C+world%21", 201, `{"id": 3, "name": "Ada L.", "text": "Hello, world!"}`, nil},
		{"GET", "/entry/3", "", "", 200, `{"id": 3, "name": "Ada L.", "text": "Hello, world!"}`, nil},
		{"GET", "/entry/1", "", "", 200, `{"id": 1, "name": "Ada", "text": "Hello from 1843"}`, nil},
		{"GET", "/entry/7", "", "", 404, "No such entry.\n", text},
		{"POST", "/upload", multipart, upload, 200, `{"filename": "dot.gif", "type": "image/gif", "bytes": 10, "caption": "a dot; or two"}`, nil},
		{"POST", "/upload", urlencoded, "picture=none", 400, "No picture.\n", text},
		{"GET", "/files/letter.txt", "", "", 200, "Dear guest,\nwrite something.\n", file},
		{"HEAD", "/files/letter.txt", "", "", 200, "", map[string]string{"Content-Length": "29"}},
		{"GET", "/download/letter.txt", "", "", 200, "Dear guest,\nwrite something.\n", map[string]string{"Content-Disposition": `attachment; filename="guestbook-letter.txt"`}},
		{"GET", "/later", "", "", 200, "Later.\n", text},
		{"POST", "/logout", urlencoded, "", 200, "Bye.\n", text},
		{"GET", "/", "", "", 200, "Welcome, stranger. Visit 4. 3 entries.\n", text},
	}
}

func (s step) do(t *testing.T, client *http.Client, base string) {
	t.Helper()
	hr, err := http.NewRequest(s.method, base+s.target, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	if s.contentType != "" {
		hr.Header.Set("Content-Type", s.contentType)
	}
	res, err := client.Do(hr)
	if err != nil {
		t.Fatalf("%s %s: %v", s.method, s.target, err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != s.status || !same(string(content), s.content) {
		t.Errorf("%s %s: %d %q, %v; want %d %q", s.method, s.target, res.StatusCode, content, err, s.status, s.content)
	}
	for name, want := range s.header {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s %s: %s = %q, want %q", s.method, s.target, name, got, want)
		}
	}
}

func same(got, want string) bool {
	if !strings.HasPrefix(want, "{") {
		return got == want
	}
	var a, b map[string]any
	return json.Unmarshal([]byte(got), &a) == nil && json.Unmarshal([]byte(want), &b) == nil && fmt.Sprint(a) == fmt.Sprint(b)
}

// A visit goes the same way before anything has moved, when half has, and when everything has; and, to know what is right,
// without the Go program.
func TestVisit(t *testing.T) {
	for _, real := range []bool{false, true} {
		for _, environment := range [][]string{nil, {"GUESTBOOK_SENDFILE=1"}} {
			t.Run(fmt.Sprintf("real Pants %v, %v", real, environment), func(t *testing.T) {
				for moved := -1; moved <= 2; moved++ {
					if moved < 0 && environment != nil {
						continue // Pants alone only names the files
					}
					book := newBook(t)
					address := python(t, real, book, environment...)
					base := "http://" + address
					if moved >= 0 {
						base = front(t, address, book, moved, "").URL
					}
					t.Run(fmt.Sprintf("moved %d", moved), func(t *testing.T) {
						client := newClient(t)
						for _, s := range steps() {
							if environment != nil {
								delete(s.header, "Cache-Control") // who only names a file says nothing of caching
							}
							s.do(t, client, base)
						}
					})
				}
			})
		}
	}
}

// An absolute path in the address leads nowhere.
func TestFilesStayInside(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("not for guests"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := front(t, "127.0.0.1:1", newBook(t), 2, "").URL
	for _, route := range []string{"/files/", "/download/"} {
		for _, name := range []string{secret, strings.ReplaceAll(secret, "/", "%2F"), "../main.go", "..%2Fmain.go"} {
			step{"GET", route + name, "", "", 404, "404 Not Found", nil}.do(t, newClient(t), base)
		}
		step{"GET", route + "letter.txt", "", "", 200, "Dear guest,\nwrite something.\n", nil}.do(t, newClient(t), base)
	}
}

// Who is logged in on one side is logged in on the other.
func TestLoginOnEitherSide(t *testing.T) {
	for _, real := range []bool{false, true} {
		t.Run(fmt.Sprintf("real Pants %v", real), func(t *testing.T) {
			book := newBook(t)
			address := python(t, real, book)
			sides := map[string]string{"Python": "http://" + address, "Go": front(t, address, book, 2, "").URL}
			for in, base := range sides {
				for at, other := range sides {
					client := newClient(t) // a jar knows hosts, not ports
					step{"POST", "/login", urlencoded, "name=Grace", 303, "", nil}.do(t, client, base)
					step{"GET", "/", "", "", 200, "Welcome, Grace. Visit 1. 2 entries.\n", nil}.do(t, client, other)
					if t.Failed() {
						t.Fatalf("logged in by %s, asked %s", in, at)
					}
				}
			}
		})
	}
}

// The old program learns who the client is, and what Pants does not understand.
func TestWhatPythonSees(t *testing.T) {
	book := newBook(t)
	address := python(t, false, book)
	ts := front(t, address, book, 0, "")
	hr, err := http.NewRequest(http.MethodGet, ts.URL+"/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("X-Real-IP", "6.6.6.6") // forged
	hr.Header.Set("X-Forwarded-For", "6.6.6.6")
	hr.Host = "guestbook.example"
	res, err := http.DefaultClient.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	content, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if string(content) != "127.0.0.1 http guestbook.example\n" {
		t.Errorf("Python sees %q", content)
	}
	// Pants takes a body in chunks for none. The Go program knows the length by the time it passes it on.
	contentType, upload := form()
	for base, want := range map[string]int{ts.URL: 200, "http://" + address: 400} {
		hr, err := http.NewRequest(http.MethodPost, base+"/upload", struct{ io.Reader }{strings.NewReader(upload)})
		if err != nil {
			t.Fatal(err)
		}
		hr.Header.Set("Content-Type", contentType)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(hr)
		if want == 400 && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) {
			continue // it has answered, and closed, before the whole body came
		}
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", base, res.StatusCode, want)
		}
	}
}

// Recordings of what Python answered are tests of the Go handlers.
func TestContract(t *testing.T) {
	for _, real := range []bool{false, true} {
		t.Run(fmt.Sprintf("real Pants %v", real), func(t *testing.T) {
			book, dir := newBook(t), t.TempDir()
			g, err := newGuestbook("http://"+python(t, real, book), "files", book)
			if err != nil {
				t.Fatal(err)
			}
			before, err := g.routes(0, dir)
			if err != nil {
				t.Fatal(err)
			}
			ts := httptest.NewServer(before)
			client := newClient(t)
			for _, s := range steps() {
				s.do(t, client, ts.URL)
			}
			ts.Close()
			if err := g.recorder.Close(); err != nil {
				t.Fatal(err)
			}
			// Everything has moved, and there is no Python any more.
			fresh, err := newGuestbook("http://127.0.0.1:1", "files", newBook(t))
			if err != nil {
				t.Fatal(err)
			}
			after, err := fresh.routes(2, "")
			if err != nil {
				t.Fatal(err)
			}
			user := signedIn(t, fresh)
			visits := map[string]string{} // equal values have equal placeholders
			legacytest.Replay(t, dir, after, legacytest.Options{
				// The recordings do not have the cookies; the test makes some that are as good.
				Unmask: func(place, placeholder string) string {
					switch place {
					case "request cookie user":
						return user
					case "request cookie visits":
						if visits[placeholder] == "" {
							visits[placeholder] = fmt.Sprint(len(visits) + 1)
						}
						return visits[placeholder]
					}
					return ""
				},
			})
		})
	}
}

// signedIn is the cookie of a user who has logged in.
func signedIn(t *testing.T, g *guestbook) string {
	t.Helper()
	w := httptest.NewRecorder()
	g.server.Handler(func(r *pants.Request) {
		_ = r.SetSecureCookie(&http.Cookie{Name: "user"}, []byte("Ada L."))
		_ = r.Finish()
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	value, _, _ := strings.Cut(strings.TrimPrefix(w.Header().Get("Set-Cookie"), "user="), ";")
	return value
}
