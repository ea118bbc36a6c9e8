package pants_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
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
	fmt.Println(strings.Count(err.Error(), "\n")+1 >= 2)
	// Output: true
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

// A bare goroutine works as well, but its panic ends the process, and nothing tells it that its client left: look at the
// error of what you send.
func ExampleRequest_Go_incorrect() {
	var server pants.Server
	done := make(chan error)
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse("too early")
		go func() { done <- r.Send("lost") }() // the response is over
	})
	show(h, "GET", "/", "")
	fmt.Println(errors.Is(<-done, pants.ErrFinished))
	// Output:
	// 200 text/plain too early
	// true
}

func ExampleRequest_SendResponse() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse("<p>nothing here", pants.Code(404), pants.ContentType("text/html; charset=utf-8"))
	})
	show(h, "GET", "/", "")
	// Output: 404 text/html; charset=utf-8 <p>nothing here
}

// The long form of SendResponse, as in Pants.
func ExampleRequest_SendHeaders() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendStatus(201)
		r.SendHeaders(http.Header{"Content-Type": {"text/csv"}})
		r.Send("a,b\n")
		fmt.Fprintf(r, "%d,%d\n", 1, 2) // a Request is an io.Writer
		r.Finish()
	})
	show(h, "GET", "/", "")
	// Output:
	// 201 text/csv a,b
	// 1,2
}

func ExampleRequest_SendFile() {
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Root: "testdata", Proxy: sendfile.Generic, Prefix: "/_static/"}})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.SendFile("pants.http.server.txt", &sendfile.Options{Filename: "manual.txt"})
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("X-Sendfile"))
	fmt.Println(w.Header().Get("Content-Disposition"))
	// Output:
	// /_static/pants.http.server.txt
	// attachment; filename="manual.txt"
}

func ExampleRequest_Files() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		for _, f := range r.Files()["document"] {
			content, err := f.Body()
			if err != nil {
				r.SendResponse("cannot be read", pants.Code(500))
				return
			}
			fmt.Fprintf(r, "%s, %s, %d bytes: %s", f.Filename, f.ContentType, f.Size, content)
		}
		r.Finish()
	})
	show(h, "POST", "/", "--b\r\nContent-Disposition: form-data; name=document; filename=\"notes.txt\"\r\n\r\nhello\r\n--b--\r\n",
		"Content-Type", "multipart/form-data; boundary=b")
	// Output: 200  notes.txt, application/unknown, 5 bytes: hello
}

func ExampleRequest_BodyReader() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		n, err := io.Copy(io.Discard, r.BodyReader())
		r.SendResponse(fmt.Sprint(n, " bytes, ", err))
	})
	show(h, "PUT", "/", "0123456789")
	// Output: 200 text/plain 10 bytes, <nil>
}

func ExampleRequest_CookiesOut() {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		c := r.CookiesOut().Set("theme", "dark; with stars")
		c.Path, c.SameSite = "/", http.SameSiteLaxMode
		r.SendResponse("ok")
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("Set-Cookie"))
	// Output: theme="dark\073 with stars"; Path=/; SameSite=Lax
}

// A secure cookie comes back as it was, or not at all.
func ExampleRequest_SecureCookie() {
	server, err := pants.New(pants.Config{CookieSecrets: [][]byte{[]byte("32 random bytes from a safe place")}})
	if err != nil {
		panic(err)
	}
	type user struct{ ID int }
	login := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		if err := r.SetSecureCookie(&http.Cookie{Name: "user", Path: "/"}, user{ID: 7}); err != nil {
			r.SendResponse("no login today", pants.Code(500))
			return
		}
		r.SendResponse("welcome")
	}).ServeHTTP(login, httptest.NewRequest("GET", "/login", nil))
	cookie, _, _ := strings.Cut(login.Header().Get("Set-Cookie"), ";")

	home := server.Handler(func(r *pants.Request) {
		var u user
		if err := r.SecureCookie("user", &u); err != nil {
			r.SendResponse(err.Error(), pants.Code(403))
			return
		}
		r.SendResponse(fmt.Sprint("user ", u.ID))
	})
	show(home, "GET", "/", "", "Cookie", cookie)
	show(home, "GET", "/", "", "Cookie", cookie[:len(cookie)-4]+"AAAA")
	show(home, "GET", "/", "")
	// Output:
	// 200 text/plain user 7
	// 403 text/plain pants: bad secure cookie
	// 403 text/plain http: named cookie not present
}

// Serve hands a request on to a net/http handler, from the middle of a Pants handler.
func ExampleRequest_Serve() {
	var server pants.Server
	files := http.NotFoundHandler()
	h := server.Handler(func(r *pants.Request) {
		if strings.HasPrefix(r.Path(), "/static/") {
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

// Counters for a debug page: are cookies of the Python app still coming?
func ExampleServer_CookieStats() {
	server, err := pants.New(pants.Config{LegacyCookies: pants.LegacyCookies{Secret: []byte("secret"), Write: true}})
	if err != nil {
		panic(err)
	}
	h := server.Handler(func(r *pants.Request) {
		r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")
		r.SendResponse("welcome")
	})
	show(h, "GET", "/", "")
	stats := server.CookieStats() // expvar.Publish("cookies", expvar.Func(func() any { return server.CookieStats() }))
	fmt.Println(stats.WrittenLegacy, stats.ReadLegacy, stats.LastLegacy.IsZero())
	// Output:
	// 200 text/plain welcome
	// 1 0 false
}
