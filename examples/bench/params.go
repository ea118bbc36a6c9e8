package main

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v5"
)

// paramsRows are hello with a part of the path in it.
func paramsRows() []row {
	var server pants.Server
	app := chi.NewRouter()
	adapter.New(app, &server).Handle("GET /users/{id}", func(r *pants.Request) { _ = r.SendResponse("user " + adapter.Param(r, "id")) })
	ruled := chi.NewRouter()
	must(adapter.New(ruled, &server).Rule("/users/<int:id>", func(r *pants.Request) {
		if id, _ := adapter.Value[int](r, "id"); id == 42 {
			_ = r.SendResponse("user " + adapter.Param(r, "id"))
		}
	}))
	mounted := http.NewServeMux()
	mounted.Handle("GET /users/{id}", server.Handler(func(r *pants.Request) { _ = r.SendResponse("user " + r.HTTP.PathValue("id")) }))

	return []row{ask("one parameter", "200 text/plain\nuser 42", get("/users/42"), nil, nil, []peer{
		{who: bare, handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			id, _ := strings.CutPrefix(hr.URL.Path, "/users/")
			writeText(w, "user "+id)
		})},
		{who: serveMux, handler: onServeMux("GET /users/{id}", func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, "user "+hr.PathValue("id"))
		})},
		{who: onChi, handler: onChiRouter("/users/{id}", func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, "user "+chi.URLParam(hr, "id"))
		})},
		{who: ginPeer, handler: onGin("/users/:id", func(c *gin.Context) { c.String(http.StatusOK, "user "+c.Param("id")) })},
		{who: echoPeer, handler: onEcho("/users/:id", func(c *echo.Context) error {
			return c.String(http.StatusOK, "user "+c.Param("id"))
		})},
		{who: muxPeer, handler: onMux("/users/{id}", func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, "user "+mux.Vars(hr)["id"])
		})},
		{who: "kit Handler on ServeMux", handler: mounted, like: serveMux},
		{who: kitOnChi, handler: app, like: onChi},
		{who: "kit Rule <int:id> on chi", handler: ruled, like: onChi},
	})}
}
