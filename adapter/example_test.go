package adapter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

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
