package legacy_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/go-pants/kit/adapter/legacy"
)

// oldApp stands for the Pants app, or for the Proxy to it.
var oldApp = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "Python: %s for %s", r.URL.Path, r.Header.Get("X-Real-IP"))
})

// recorded is a directory with the recordings of these requests.
func recorded(targets ...string) (dir string) {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	recorder, err := legacy.Record(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, target := range targets {
		recorder.Wrap(oldApp).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", target, nil))
	}
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}
	return dir
}

// The Proxy is an http.Handler like any other, for routers that are not chi's. A forged X-Real-IP does not reach the app.
func ExampleProxy_ServeHTTP() {
	app := httptest.NewServer(oldApp)
	defer app.Close()
	old, err := legacy.New(legacy.Config{Backend: app.URL})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/users/7", nil)
	r.Header.Set("X-Real-IP", "127.0.0.1")
	w := httptest.NewRecorder()
	old.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 Python: /users/7 for 192.0.2.1
}

// http.ServeMux answers //a and /a/../b with redirects of its own, the app never gets them. Give the Proxy to a router that leaves paths alone, as chi's NotFound and MethodNotAllowed.
func ExampleProxy_incorrect() {
	app := httptest.NewServer(oldApp)
	defer app.Close()
	old, err := legacy.New(legacy.Config{Backend: app.URL})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", old)
	for _, front := range []http.Handler{mux, old} {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, httptest.NewRequest("GET", "/a//b", nil))
		fmt.Printf("asked the app: %t, redirect: %q\n", w.Code == 200, w.Header().Get("Location"))
	}
	// Output:
	// asked the app: false, redirect: "/a/b"
	// asked the app: true, redirect: ""
}

// Record is NewRecorder with the defaults.
func ExampleRecord() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := legacy.Record(dir) // "testdata/contract"
	if err != nil {
		log.Fatal(err)
	}
	recorder.Wrap(oldApp).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/users/7", nil))
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	fmt.Println(len(files), "recording")
	// Output: 1 recording
}

// More of each kind of request, and names that the app gave to its secrets.
func ExampleNewRecorder() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := legacy.NewRecorder(legacy.RecordConfig{Dir: dir, PerShape: 2, Secrets: []string{"iban"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, target := range []string{"/users/1", "/users/2", "/users/3"} { // the third looks like the others
		recorder.Wrap(oldApp).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", target, nil))
	}
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}
	recordings, err := legacy.ReadRecordings(dir)
	fmt.Println(len(recordings), err)
	// Output: 2 <nil>
}

// Wrap goes around the Proxy, where it sees what Python answered, and not around the routes that have moved.
func ExampleRecorder_Wrap() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := legacy.Record(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer recorder.Close()
	front := http.NewServeMux()
	front.Handle("GET /entry/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Go: ", r.PathValue("id"))
	}))
	front.Handle("/", recorder.Wrap(oldApp)) // on chi: router.NotFound(recorder.Wrap(proxy).ServeHTTP)

	w := httptest.NewRecorder()
	front.ServeHTTP(w, httptest.NewRequest("GET", "/entry/7", nil))
	fmt.Println(w.Body)
	// Output: Go: 7
}

// Files are written after the answers: Close, at the end of the program, waits for the last of them.
func ExampleRecorder_Close() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := legacy.Record(dir)
	if err != nil {
		log.Fatal(err)
	}
	recorder.Wrap(oldApp).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(recorder.Close())
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	fmt.Println(len(files))
	// Output:
	// <nil>
	// 1
}

// For a look at what was recorded, before it is committed.
func ExampleReadRecordings() {
	dir := recorded("/users/7", "/login?token=abc")
	defer os.RemoveAll(dir)
	recordings, err := legacy.ReadRecordings(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recordings {
		fmt.Println(r.Request.Method, r.Response.Status, len(r.Masked), "secrets")
	}
	// Output:
	// GET 200 0 secrets
	// GET 200 1 secrets
}

func ExampleParseSetCookie() {
	c := legacy.ParseSetCookie("theme=dark mode; Path=/; HttpOnly")
	fmt.Printf("%s %q %q\n", c.Name, c.Value, c.Attributes)
	// Output: theme "dark mode" ["Path=/" "HttpOnly"]
}
