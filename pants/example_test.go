package pants_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// show prints what a client gets.
func show(h http.Handler, method, target, body string, header ...string) {
	hr := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		hr.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	fmt.Println(w.Code, w.Header().Get("Content-Type"), strings.TrimSpace(w.Body.String()))
}

// The zero Server is ready, its Handler mounts on any router.
func ExampleServer_Handler() {
	var server pants.Server
	mux := http.NewServeMux()
	mux.Handle("/hello", server.Handler(func(r *pants.Request) {
		r.SendResponse("Hello, " + r.Get().Get("name"))
	}))
	show(mux, "GET", "/hello?name=Ada", "")
	// Output: 200 text/plain Hello, Ada
}

// With Wrap an ordinary handler has the Request too.
func ExampleServer_Wrap() {
	var server pants.Server
	h := server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		if err := r.ParseBody(); err != nil {
			http.Error(w, "bad form", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, r.RemoteIP(), " says ", r.Post().Get("say"))
	}))
	show(h, "POST", "/", "say=hello", "Content-Type", "application/x-www-form-urlencoded")
	// Output: 200  192.0.2.1 says hello
}

// New reports every mistake at once.
func ExampleNew() {
	_, err := pants.New(pants.Config{
		CookieSecrets: [][]byte{[]byte("too short")},
		XHeaders:      xheaders.Config{Hops: -1},
	})
	fmt.Println(err)
	// Output:
	// pants: CookieSecrets[0] has 9 bytes, at least 32 are needed
	// pants: XHeaders: xheaders: invalid Hops -1: the number of proxies cannot be negative
}

// A response may be finished after the handler returned.
func ExampleRequest_Go() {
	var server pants.Server
	show(server.Handler(func(r *pants.Request) {
		r.Go(func() {
			time.Sleep(time.Millisecond) // a slow backend
			r.SendResponse("later")
		})
	}), "GET", "/", "")
	// Output: 200 text/plain later
}
