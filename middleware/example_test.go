package middleware_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// XHeaders comes before whatever asks for the client, the log and rate limits too.
func ExampleXHeaders() {
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"192.0.2.1"}})
	if err != nil {
		log.Fatal(err)
	}
	c := chi.NewRouter()
	c.Use(middleware.XHeaders(proxies))
	c.Get("/", func(w http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		fmt.Fprint(w, info.ClientIP())
	})

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: 203.0.113.9
}

// Handlers of net/http have Pants' request object beside their own.
func ExamplePants() {
	var server pants.Server
	c := chi.NewRouter()
	c.Use(middleware.Pants(&server))
	c.Get("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "theme ", pants.FromContext(r.Context()).Cookies().Get("theme"))
	})

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", `theme="dark\073 with stars"`)
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: theme dark; with stars
}

// A handler names the file, and the middleware sends it, where nginx or Apache would in production.
func ExampleSendfile() {
	root, err := os.MkdirTemp("", "files")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := os.WriteFile(filepath.Join(root, "report.txt"), []byte("all is well"), 0o644); err != nil {
		log.Fatal(err)
	}
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		log.Fatal(err)
	}
	c := chi.NewRouter()
	c.Use(middleware.Sendfile(files))
	c.Get("/report", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Sendfile", "report.txt") })

	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest("GET", "/report", nil))
	fmt.Printf("%s, %q\n", w.Body, w.Header().Get("X-Sendfile"))
	// Output: all is well, ""
}

// All three, in the order that they need: who asks first, then what answers.
func Example() {
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"192.0.2.1"}})
	if err != nil {
		log.Fatal(err)
	}
	root, err := os.MkdirTemp("", "files")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		log.Fatal(err)
	}
	var server pants.Server
	c := chi.NewRouter()
	c.Use(middleware.XHeaders(proxies), middleware.Sendfile(files), middleware.Pants(&server))
	c.Get("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, pants.FromContext(r.Context()).RemoteIP()) // as xheaders has decided in front
	})
	c.Get("/missing", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Sendfile", "missing.txt") })

	for _, path := range []string{"/", "/missing"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 203.0.113.9
	// 404 404 Not Found
}
