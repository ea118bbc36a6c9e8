// Package adapter mounts Pants handlers on chi, and net/http handlers inside a Pants app.
//
// A Router puts pants.HandlerFunc values on any chi.Router, beside its net/http handlers and behind its middleware:
//
//	c := chi.NewRouter()
//	app := adapter.New(c, server) // *pants.Server
//	app.Handle("GET /users/{id}", func(r *pants.Request) { r.SendResponse("user " + adapter.Param(r, "id")) })
//
// [Router.Rule] takes rules as pants.web.Application had them, with their converters, defaults and domains, and tries them in its
// order. [Value] gives a handler what Python's would have had as an argument:
//
//	err := app.Rule("/user/<int:id>", func(r *pants.Request) {
//		id, _ := adapter.Value[int](r, "id")
//		...
//	})
//
// A rule that cannot be translated exactly is an error that names the rule and the reason: look at it, nothing is mounted then. The
// function [Rule] translates without a Router. What [Param] and Value give is the client's text: never make a path of it.
//
// [HTTP] goes the other way: it runs a net/http handler inside a Pants app.
package adapter

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/pants"
)

// Router mounts Pants handlers on a chi.Router. The chi.Router stays yours: its Use, Group, Route and ordinary handlers work
// as before.
type Router struct {
	routes chi.Router
	server *pants.Server
	rules  rules
}

// New returns a Router that serves with s what it mounts on c.
func New(c chi.Router, s *pants.Server) *Router {
	r := &Router{routes: c, server: s}
	r.rules.router = r
	return r
}

// handler is h for chi to call.
func (r *Router) handler(h pants.HandlerFunc) http.Handler {
	next := r.server.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		if !stays(hr) {
			hr = keep(hr, nil)
		}
		next.ServeHTTP(w, hr)
	})
}

// Handle mounts h at a pattern of chi, for all methods ("/x") or for one ("GET /users/{id}"). Like chi's it panics when the
// pattern or the method is none: that is a mistake in the program.
func (r *Router) Handle(pattern string, h pants.HandlerFunc) {
	r.routes.Handle(pattern, r.handler(h))
}

// Mount gives h everything below the pattern. Path stays whole: h sees the prefix too.
func (r *Router) Mount(pattern string, h pants.HandlerFunc) {
	r.routes.Mount(pattern, r.handler(h))
}

// NotFound gives h the requests that no route is for.
func (r *Router) NotFound(h pants.HandlerFunc) {
	next := r.server.Handler(h)
	r.routes.NotFound(func(w http.ResponseWriter, hr *http.Request) { next.ServeHTTP(w, keep(hr, nil)) })
}

// MethodNotAllowed gives h the requests that a route is for, but not with that method. The Allow header, which RFC 9110 section
// 15.5.6 demands of a 405, is set for it.
func (r *Router) MethodNotAllowed(h pants.HandlerFunc) {
	next := r.server.Handler(h)
	r.routes.MethodNotAllowed(func(w http.ResponseWriter, hr *http.Request) {
		if w.Header().Get("Allow") == "" { // else a rule has said it
			for _, method := range r.allowed(hr) {
				w.Header().Add("Allow", method)
			}
		}
		next.ServeHTTP(w, keep(hr, nil))
	})
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodConnect,
	http.MethodOptions, http.MethodTrace,
}

// allowed are the methods that there is a route for at the path of hr: in the router that it has come to, and in those outside,
// which chi asks as well.
func (r *Router) allowed(hr *http.Request) []string {
	route := chi.RouteContext(hr.Context())
	if route == nil || route.Routes == nil {
		return nil
	}
	rest := cmp.Or(route.RoutePath, hr.URL.RawPath, hr.URL.Path, "/")
	inside, whole := r.behind(route, route.RoutePatterns), wholePath(route, rest)
	find := func(method string) string { return route.Routes.Find(chi.NewRouteContext(), method, whole) }
	refused := routedMethod(hr)
	door := find(refused) // what chi finds for a method that it refuses is where a router is mounted, which is for all
	var beside map[string]http.Handler
	if n := len(route.RoutePatterns); n > 0 && door != "" {
		beside = handlersBeside(r.behind(route, route.RoutePatterns[:n-1]), route.RoutePatterns[n-1], refused)
	}
	var found []string
	for _, method := range methods {
		outside := find(method)
		if outside != "" && outside != door || beside[method] != nil || inside.Match(chi.NewRouteContext(), method, rest) {
			found = append(found, method)
		}
	}
	return found
}

// handlersBeside are those that have the pattern of a door for themselves. Routes hides the door, unless what is mounted is no
// router: then the refused method has a handler, too.
func handlersBeside(mux chi.Routes, pattern, refused string) map[string]http.Handler {
	for _, known := range mux.Routes() {
		if known.Pattern == pattern && known.Handlers[refused] == nil {
			return known.Handlers
		}
	}
	return nil
}

// wholePath is the path that the outermost router looked at; rest is what the routers that the request passed have left of it.
func wholePath(route *chi.Context, rest string) string {
	if route.RoutePath == "" {
		return rest
	}
	passed, _ := mounted(route)
	if n := len(route.RoutePatterns); n > 0 && rest == "/" && !strings.HasSuffix(route.RoutePatterns[n-1], "*") {
		return passed // nothing is left, and the slash is chi's
	}
	return strings.TrimSuffix(passed, "/") + rest
}

// Pattern is the pattern that the request's route was mounted with, over all routers it passed; "" without chi. For a rule it is
// the rule.
func Pattern(r *pants.Request) string {
	hr := r.HTTP
	route, k := chi.RouteContext(hr.Context()), keptIn(hr.Context())
	m := k.rule()
	switch {
	case m != nil:
		return m.pattern(route)
	case route == nil:
		return ""
	case k == nil && hr.Pattern != "":
		return hr.Pattern // see stays
	}
	return route.RoutePattern()
}

// HTTP makes a Pants handler of a net/http handler. The response is finished when h returns, and pants.FromContext works
// inside.
func HTTP(h http.Handler) pants.HandlerFunc {
	if h == nil {
		panic("adapter: HTTP called with a nil http.Handler")
	}
	return func(r *pants.Request) { r.Serve(h) }
}
