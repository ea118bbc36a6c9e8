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
	for _, target := range []string{"/users/7", "/users"} {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		fmt.Println(w.Code, w.Body)
	}
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
	for _, request := range []string{"GET /user/007", "POST /user/ada+l", "GET /user/0"} {
		method, target, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(method, target, nil))
		fmt.Println(w.Code, w.Body)
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
