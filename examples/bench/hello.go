package main

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v5"
)

const (
	bare      = "net/http, bare"
	serveMux  = "net/http ServeMux"
	onChi     = "chi"
	ginPeer   = "gin"
	echoPeer  = "echo"
	muxPeer   = "gorilla mux"
	kit       = "kit Handler"
	kitOnChi  = "kit Handler on chi"
	kitWrap   = "kit Wrap"
	mostAbove = 3 // allocations, for the convenience
)

const hello = "Hello World."

// sayHello is what most handlers of net/http do.
func sayHello(w http.ResponseWriter, _ *http.Request) { writeText(w, hello) }

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, text)
}

// requestObject is as large as a Request, and has pointers in it.
type requestObject struct {
	w    http.ResponseWriter
	hr   *http.Request
	took time.Duration
	_    [240 - 4*8]byte
}

// lastObject keeps the object on the heap, where one is that a handler may keep.
var lastObject *requestObject

var programStart = time.Now()

// timed says hello as somebody would who has nothing but two of the things that Pants' API asks for: an object for each request,
// which may be kept and is in no pool therefore, and which knows how long it took.
func timed(w http.ResponseWriter, hr *http.Request) {
	start := time.Since(programStart) // reads one clock, time.Now reads two
	lastObject = &requestObject{w: w, hr: hr}
	sayHello(lastObject.w, lastObject.hr)
	lastObject.took = time.Since(programStart) - start
}

// helloRows are what a framework costs that does next to nothing.
func helloRows() []row {
	var server pants.Server
	pantsHello := func(r *pants.Request) { _ = r.SendResponse(hello) }
	app := chi.NewRouter()
	adapter.New(app, &server).Handle("GET /hello", pantsHello)

	return []row{ask("hello", "200 text/plain\n"+hello, get("/hello"), nil, nil, []peer{
		{who: bare, handler: http.HandlerFunc(sayHello)},
		{who: "bare, an object and its time", handler: http.HandlerFunc(timed)},
		{who: serveMux, handler: onServeMux("GET /hello", sayHello)},
		{who: onChi, handler: onChiRouter("/hello", sayHello)},
		{who: "chi, an object and its time", handler: onChiRouter("/hello", timed), like: onChi},
		{who: ginPeer, handler: onGin("/hello", func(c *gin.Context) { c.String(http.StatusOK, hello) })},
		{who: echoPeer, handler: onEcho("/hello", func(c *echo.Context) error { return c.String(http.StatusOK, hello) })},
		{who: muxPeer, handler: onMux("/hello", sayHello)},
		{who: kit, handler: server.Handler(pantsHello), like: ginPeer, times: goal(echoPeer, 1, 2.5), allocs: []limit{{to: bare, most: mostAbove}}},
		{who: kitOnChi, handler: app, like: onChi, times: goal(onChi, 1.25, 2.5), allocs: []limit{{to: onChi, most: mostAbove}}},
		{who: "kit Handler in HTTPServer", handler: server.HTTPServer(server.Handler(pantsHello)).Handler, allocs: []limit{{to: bare, most: mostAbove}}},
		{who: kitWrap, handler: server.Wrap(http.HandlerFunc(sayHello)), allocs: []limit{{to: bare, most: mostAbove}}},
	})}
}

func onServeMux(pattern string, h http.HandlerFunc) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc(pattern, h)
	return m
}

func onChiRouter(pattern string, h http.HandlerFunc) http.Handler {
	c := chi.NewRouter()
	c.HandleFunc(pattern, h)
	return c
}

func onGin(pattern string, h gin.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Any(pattern, h)
	return engine
}

func onEcho(pattern string, h echo.HandlerFunc) http.Handler {
	e := echo.New()
	e.Any(pattern, h)
	return e
}

func onMux(pattern string, h http.HandlerFunc) http.Handler {
	m := mux.NewRouter()
	m.HandleFunc(pattern, h)
	return m
}
