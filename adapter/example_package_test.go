package adapter_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// An app of pants.web, on chi: its rules as they were, a pattern of chi's, a net/http handler and a middleware.
func Example() {
	var server pants.Server
	c := chi.NewRouter()
	c.Use(middleware.GetHead)
	app := adapter.New(c, &server)
	err := errors.Join(
		app.Rule("/entry/<int:id>", func(r *pants.Request) { // @app.route("/entry/<int:id>")
			id, _ := adapter.Value[int](r, "id")
			r.SendResponse(fmt.Sprint("entry ", id))
		}),
		app.Rule("/entry", func(r *pants.Request) { r.SendResponse("one more", pants.Code(201)) }, "POST"),
	)
	if err != nil {
		log.Fatal(err)
	}
	app.Handle("GET /tags/{tag}", func(r *pants.Request) { r.SendResponse("tag " + adapter.Param(r, "tag")) })
	c.Get("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })

	for _, line := range [][2]string{{"GET", "/entry/7"}, {"POST", "/entry"}, {"GET", "/tags/tea"}, {"GET", "/health"}} {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(line[0], line[1], nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 entry 7
	// 201 one more
	// 200 tag tea
	// 200 ok
}
