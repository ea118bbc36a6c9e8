package legacy_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// GET /users/{id} has moved to Go. Everything else, and every other method of that path, is still Python's.
func Example() {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // stands for the Pants app
		fmt.Fprintf(w, "Python: %s %s for %s", r.Method, r.RequestURI, r.Header.Get("X-Real-IP"))
	}))
	defer app.Close()

	var server pants.Server
	old, err := legacy.New(legacy.Config{Backend: app.URL, Server: &server})
	if err != nil {
		log.Fatal(err)
	}
	r := chi.NewRouter()
	r.NotFound(old.ServeHTTP)
	r.MethodNotAllowed(old.ServeHTTP)
	adapter.New(r, &server).Handle("GET /users/{id}", func(r *pants.Request) {
		r.SendResponse("Go: user " + adapter.Param(r, "id"))
	})

	for _, request := range []struct{ method, target string }{
		{"GET", "/users/7"}, {"POST", "/users/7"}, {"GET", "/users/7/photos?size=%zz;raw"}, {"GET", "//users/7"},
	} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(request.method, request.target, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 Go: user 7
	// 200 Python: POST /users/7 for 192.0.2.1
	// 200 Python: GET /users/7/photos?size=%zz;raw for 192.0.2.1
	// 200 Python: GET //users/7 for 192.0.2.1
}

// Behind nginx on the same machine, with an app that listens on a socket and names its files in X-Sendfile. Both halves have
// the limits and the proxies of one pants.Server.
func ExampleNew() {
	root, err := os.MkdirTemp("", "files") // file_root of the app
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		log.Fatal(err)
	}
	server, err := pants.New(pants.Config{
		MaxRequest: 5 << 20, // no more than the app's max_request
		XHeaders:   xheaders.Config{Trust: []string{"loopback"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	old, err := legacy.New(legacy.Config{Backend: "unix:///run/app.sock", Server: server, Sendfile: files})
	if err != nil {
		log.Fatal(err)
	}
	r := chi.NewRouter()
	r.NotFound(old.ServeHTTP)
	r.MethodNotAllowed(old.ServeHTTP)

	_, err = legacy.New(legacy.Config{Backend: "https://127.0.0.1", DialTimeout: -1})
	fmt.Println(err)
	// Output:
	// legacy: invalid Backend "https://127.0.0.1": the connection to the app is plain HTTP
	// legacy: negative DialTimeout -1ns
}
