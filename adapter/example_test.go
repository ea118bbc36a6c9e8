package adapter_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// get prints what a client gets.
func get(h http.Handler, target string) { request(h, http.MethodGet, target) }

func request(h http.Handler, method, target string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	fmt.Println(w.Code, w.Body)
}

func ExampleRouter() {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	app.Handle("GET /users/{id}", func(r *pants.Request) {
		r.SendResponse("user " + adapter.Param(r, "id") + " by " + adapter.Pattern(r))
	})
	app.NotFound(func(r *pants.Request) {
		r.SendResponse("nothing at "+r.Path(), pants.Code(http.StatusNotFound))
	})
	get(c, "/users/7")
	get(c, "/users")
	// Output:
	// 200 user 7 by /users/{id}
	// 404 nothing at /users
}

// HTTP puts a net/http handler where a Pants handler is wanted.
func ExampleHTTP() {
	var server pants.Server
	c := chi.NewRouter()
	adapter.New(c, &server).Mount("/old", adapter.HTTP(http.RedirectHandler("/new", http.StatusMovedPermanently)))
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/old/page", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 301 /new
}

// A rule, the patterns of chi that find it, and what it captures.
func ExampleRule() {
	route, err := adapter.Rule("<user>.example.com/blog/<int:year>/<path:slug=index>")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(route.Patterns(), "  "))
	for _, v := range route.Variables() {
		fmt.Println(v.Name, "is", v.Converter)
	}
	fmt.Println(route.Match("ada.example.com", "/blog/1843/notes/g"))
	fmt.Println(route.Match("ada.example.com", "/blog/1843/"))
	fmt.Println(route.Match("example.com", "/blog/1843/"))
	// Output:
	// /blog/{year:-?[0-9]+}/  /blog/{year:-?[0-9]+}/*
	// user is domainpart
	// year is int
	// slug is path
	// [ada 1843 notes/g] true <nil>
	// [ada 1843 index] true <nil>
	// [] false <nil>
}

// What Pants reads in another way than it looks is an error.
func ExampleRule_refused() {
	_, err := adapter.Rule("/user/<x>")
	fmt.Println(err)
	// Output: adapter: rule "/user/<x>": "<x>" is no variable to Pants: "x" is no name: it takes two or more letters, digits or _
}

// Rules of a Pants app, whose handlers were called with request, id and with request, name.
func ExampleRouter_Rule() {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	err := errors.Join(
		app.Rule("/user/<int(min=1):id>", func(r *pants.Request) {
			id, _ := adapter.Value[int](r, "id")
			r.SendResponse(fmt.Sprintf("user %d by %s", id, adapter.Pattern(r)))
		}),
		app.Rule("/user/<name>", func(r *pants.Request) {
			r.SendResponse("rename " + adapter.Param(r, "name"))
		}, http.MethodPost),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range []string{"GET /user/007", "POST /user/ada+l", "GET /user/0"} {
		method, target, _ := strings.Cut(line, " ")
		request(c, method, target)
	}
	// Output:
	// 200 user 7 by /user/<int(min=1):id>
	// 200 rename ada l
	// 400 400 Bad Request: id is out of range
}

func ExampleValue() {
	var server pants.Server
	c := chi.NewRouter()
	err := adapter.New(c, &server).Rule("/<any(gold silver):metal>/<float:price=1.5>", func(r *pants.Request) {
		metal, _ := adapter.Value[string](r, "metal")
		price, _ := adapter.Value[float64](r, "price")
		_, ok := adapter.Value[int](r, "price")
		r.SendResponse(fmt.Sprintln(metal, price*2, ok))
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, target := range []string{"/gold/12.25", "/silver/"} {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		fmt.Print(w.Body)
	}
	// Output:
	// gold 24.5 false
	// silver 3 false
}

// Pants handlers and those of net/http stand side by side on one router, behind the same middleware.
func ExampleNew() {
	server, err := pants.New(pants.Config{MaxRequest: 1 << 20})
	if err != nil {
		panic(err)
	}
	c := chi.NewRouter()
	app := adapter.New(c, server)
	app.Handle("/", func(r *pants.Request) { r.SendResponse("a Pants handler") })
	c.Get("/plain", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a net/http handler") })
	get(c, "/")
	get(c, "/plain")
	// Output:
	// 200 a Pants handler
	// 200 a net/http handler
}

// A pattern with a method is for that one, and for no other.
func ExampleRouter_Handle() {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	app.Handle("GET /entries", func(r *pants.Request) { r.SendResponse("all of them") })
	app.Handle("POST /entries", func(r *pants.Request) { r.SendResponse("one more", pants.Code(201)) })
	app.Handle("/health", func(r *pants.Request) { r.SendResponse("ok") })
	request(c, "GET", "/entries")
	request(c, "POST", "/entries")
	request(c, "PUT", "/health")
	// Output:
	// 200 all of them
	// 201 one more
	// 200 ok
}

// A handler that looks at the path itself, as most Pants apps without pants.web do. It sees the whole path.
func ExampleRouter_Mount() {
	var server pants.Server
	c := chi.NewRouter()
	adapter.New(c, &server).Mount("/wiki", func(r *pants.Request) {
		page := strings.TrimPrefix(r.Path(), "/wiki/")
		r.SendResponse("page " + page)
	})
	get(c, "/wiki/pants/history")
	// Output: 200 page pants/history
}

func ExampleRouter_NotFound() {
	var server pants.Server
	c := chi.NewRouter()
	adapter.New(c, &server).NotFound(func(r *pants.Request) {
		r.SendResponse("nothing at "+r.Path(), pants.Code(404))
	})
	get(c, "/nowhere")
	// Output: 404 nothing at /nowhere
}

// The handler says what it likes; Allow is there already.
func ExampleRouter_MethodNotAllowed() {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	app.MethodNotAllowed(func(r *pants.Request) {
		r.SendResponse("not with "+r.Method(), pants.Code(405))
	})
	app.Handle("GET /entries", func(r *pants.Request) { r.SendResponse("all of them") })
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest("DELETE", "/entries", nil))
	fmt.Println(w.Code, w.Header().Get("Allow"), w.Body)
	// Output: 405 GET not with DELETE
}

// Param is decoded, with a slash in it too. It is the client's text: look it up, and never make a path of it.
func ExampleParam() {
	var server pants.Server
	c := chi.NewRouter()
	adapter.New(c, &server).Handle("GET /tags/{tag}", func(r *pants.Request) {
		r.SendResponse(adapter.Param(r, "tag"))
	})
	get(c, "/tags/green%20tea")
	get(c, "/tags/c%2Fc++")
	// Output:
	// 200 green tea
	// 200 c/c++
}

// For metrics: the pattern is one of few, the paths are without number.
func ExamplePattern() {
	var server pants.Server
	c := chi.NewRouter()
	c.Route("/api", func(c chi.Router) {
		adapter.New(c, &server).Handle("GET /users/{id}", func(r *pants.Request) {
			r.SendResponse(r.Method() + " " + adapter.Pattern(r))
		})
	})
	get(c, "/api/users/7")
	// Output: 200 GET /api/users/{id}
}

// Match answers for a rule without a router, for a test of the rules that move.
func ExampleRoute_Match() {
	route, err := adapter.Rule("/entry/<int(max=999):id>")
	if err != nil {
		panic(err)
	}
	for _, path := range []string{"/entry/7", "/entry/ada", "/entry/1000"} {
		values, ok, err := route.Match("example.com", path)
		fmt.Println(values, ok, err)
	}
	// Output:
	// [7] true <nil>
	// [] false <nil>
	// [] true id is out of range
}

// A rule with a default has two patterns on chi.
func ExampleRoute_Patterns() {
	route, err := adapter.Rule("/entry/<int:id=1>")
	if err != nil {
		panic(err)
	}
	for _, pattern := range route.Patterns() {
		fmt.Println(pattern)
	}
	// Output:
	// /entry/
	// /entry/{id:-?[0-9]+}
}

func ExampleRoute_Variables() {
	route, err := adapter.Rule("/entry/<int:id>/<slug=index>")
	if err != nil {
		panic(err)
	}
	for _, v := range route.Variables() {
		fmt.Printf("%s %s %q\n", v.Name, v.Converter, v.Default)
	}
	// Output:
	// id int ""
	// slug string "index"
}

func ExampleRoute_String() {
	route, err := adapter.Rule("welcome")
	if err != nil {
		panic(err)
	}
	fmt.Println(route)
	// Output: /welcome
}

// What a rule cannot say is an error when the program starts, not a route that never answers: look at it.
func ExampleRouter_Rule_refused() {
	var server pants.Server
	app := adapter.New(chi.NewRouter(), &server)
	page := func(r *pants.Request) { r.SendResponse("page") }
	fmt.Println(app.Rule("/page/<path:name>", page))
	fmt.Println(app.Rule("/page/<path:name>", page))
	// Output:
	// <nil>
	// adapter: rule "/page/<path:name>": it has a handler for GET already
}
