package pants_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

func ExampleRequest_SendResponse() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse("<p>nothing here", pants.Code(404), pants.ContentType("text/html; charset=utf-8"))
	})
	show(h, "GET", "/", "")
	// Output: 404 text/html; charset=utf-8 <p>nothing here
}

// Code is for SendResponse what SendStatus is for the rest.
func ExampleCode() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) { r.SendResponse("come back later", pants.Code(http.StatusServiceUnavailable)) })
	show(h, "GET", "/", "")
	// Output: 503 text/plain come back later
}

// Without a charset browsers guess one: say it with anything but ASCII.
func ExampleContentType() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse(`{"name": "Zoë"}`, pants.ContentType("application/json; charset=utf-8"))
	})
	show(h, "GET", "/", "")
	// Output: 200 application/json; charset=utf-8 {"name": "Zoë"}
}

// The long form of SendResponse, as in Pants.
func ExampleRequest_SendHeaders() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendStatus(201)
		r.SendHeaders(http.Header{"Content-Type": {"text/csv"}})
		r.Send("a,b\n")
		r.Finish()
	})
	show(h, "GET", "/", "")
	// Output: 201 text/csv a,b
}

// Nothing is sent yet, so a later part of the handler may still decide on another status.
func ExampleRequest_SendStatus() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendStatus(201)
		if r.Get().Get("name") == "" {
			r.SendStatus(422)
		}
		r.Send("seen")
		err := r.SendStatus(500) // too late now
		fmt.Println(err)
		r.Finish()
	})
	show(h, "POST", "/", "")
	// Output:
	// pants: headers already sent
	// 422  seen
}

// A middleware's part of the headers, before the handler's.
func ExampleEndHeaders() {
	var server pants.Server
	private := func(h pants.HandlerFunc) pants.HandlerFunc {
		return func(r *pants.Request) {
			r.SendHeaders(http.Header{"Cache-Control": {"private"}}, pants.EndHeaders(false))
			h(r)
		}
	}
	w := httptest.NewRecorder()
	server.Handler(private(func(r *pants.Request) { r.SendResponse("your account") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/account", nil))
	fmt.Println(w.Header().Get("Cache-Control"), w.Body)
	// Output: private your account
}

// An answer that shared caches may keep has no cookies.
func ExampleWithCookies() {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.CookiesOut().Set("seen", "1") // by a middleware perhaps
		r.SendHeaders(http.Header{"Cache-Control": {"public, max-age=60"}}, pants.WithCookies(false))
		r.Send("news")
		r.Finish()
	}).ServeHTTP(w, httptest.NewRequest("GET", "/news", nil))
	fmt.Printf("%q %s\n", w.Header()["Set-Cookie"], w.Body)
	// Output: [] news
}

// Send answers piece by piece. When the client is gone it fails, and there is no use in going on.
func ExampleRequest_Send() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		defer r.Finish()
		r.SendHeaders(http.Header{"Content-Type": {"text/plain"}})
		for _, line := range []string{"one", "two", "three"} {
			if r.Send(line+"\n") != nil {
				return
			}
		}
	})
	show(h, "GET", "/", "")
	// Output:
	// 200 text/plain one
	// two
	// three
}

// A Request is an io.Writer: templates, encoders and io.Copy write to it.
func ExampleRequest_Write() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendHeaders(http.Header{"Content-Type": {"text/csv"}})
		table := csv.NewWriter(r)
		table.Write([]string{"name", "motto"})
		table.Write([]string{"Ada", "first, and foremost"})
		table.Flush()
		r.Finish()
	})
	show(h, "GET", "/table.csv", "")
	// Output:
	// 200 text/csv name,motto
	// Ada,"first, and foremost"
}

// Finish ends what Send has begun, or answers without content.
func ExampleRequest_Finish() {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.SendStatus(303)
		r.SendHeaders(http.Header{"Location": {"/entry/7"}}, pants.EndHeaders(false))
		r.Finish()
		fmt.Println(r.Finish()) // a second one does no harm
	}).ServeHTTP(w, httptest.NewRequest("POST", "/entry", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output:
	// pants: response already finished
	// 303 /entry/7
}

func ExampleRequest_SendFile() {
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Root: "testdata"}})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.SendFile("pants.http.server.txt", &sendfile.Options{Filename: "manual.txt"})
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition"))
	// Output: 200 text/plain attachment; filename="manual.txt"
}

// Behind nginx the answer names the file, and nginx sends it.
func ExampleRequest_SendFile_nginx() {
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Proxy: sendfile.Nginx, Root: "testdata", Prefix: "/protected/"}})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.SendFile("pants.http.server.txt", nil)
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Body.Len(), w.Header().Get("X-Accel-Redirect"))
	// Output: 0 /protected/pants.http.server.txt
}

// The error is for the log: its client has a 404 already.
func ExampleRequest_SendFile_missing() {
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Root: "testdata"}})
	if err != nil {
		panic(err)
	}
	h := server.Handler(func(r *pants.Request) {
		if err := r.SendFile("nothing.txt", nil); errors.Is(err, fs.ErrNotExist) {
			fmt.Println("a link somewhere leads to nothing.txt")
		}
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code)
	// Output:
	// a link somewhere leads to nothing.txt
	// 404
}

// Serve hands a request on to a net/http handler, from the middle of a Pants handler.
func ExampleRequest_Serve() {
	var server pants.Server
	files := http.NotFoundHandler() // http.FileServerFS(assets)
	h := server.Handler(func(r *pants.Request) {
		if r.HTTP.URL.Path == "/static/x" {
			r.Serve(files)
			return
		}
		r.SendResponse("dynamic")
	})
	show(h, "GET", "/static/x", "")
	show(h, "GET", "/x", "")
	// Output:
	// 404 text/plain; charset=utf-8 404 page not found
	// 200 text/plain dynamic
}
