package adapter_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// Param is decoded once, whichever text chi was given to match: StripSlashes and URLFormat cut the decoded path, CleanPath the
// escaped one.
func TestParamIsDecodedOnce(t *testing.T) {
	var server pants.Server
	show := func(names ...string) pants.HandlerFunc {
		return func(r *pants.Request) {
			texts := make([]string, len(names))
			for i, name := range names {
				texts[i] = adapter.Param(r, name)
			}
			_ = r.SendResponse(strings.Join(texts, "|"))
		}
	}
	// what every router below has
	fill := func(c chi.Router) {
		app := adapter.New(c, &server)
		app.Handle("GET /p/{v}", show("v"))
		app.Handle("GET /p/{v:[^/]{1,99}}/and/{w}", show("v", "w"))
		app.Handle("GET /all/*", show("*"))
		app.Mount("/mounted/{v}", show("v"))
		c.Route("/in/{v}", func(c chi.Router) {
			adapter.New(c, &server).Handle("GET /", show("v"))
			adapter.New(c, &server).Handle("GET /{w}", show("v", "w"))
		})
	}
	type chain = []func(http.Handler) http.Handler
	with := func(outside chain) http.Handler {
		c := chi.NewRouter()
		c.Use(outside...)
		fill(c)
		return c
	}
	below := func(outside, inside chain) http.Handler {
		c := chi.NewRouter()
		c.Use(outside...)
		c.Route("/sub/{s}", func(c chi.Router) {
			c.Use(inside...)
			fill(c)
		})
		return c
	}
	stripped := func(outside, inside chain) http.Handler {
		c, sub := chi.NewRouter(), chi.NewRouter()
		c.Use(outside...)
		sub.Use(inside...)
		fill(sub)
		c.Mount("/pre", http.StripPrefix("/pre", sub))
		return c
	}
	handled := func(outside ...func(http.Handler) http.Handler) http.Handler {
		c, sub := chi.NewRouter(), chi.NewRouter()
		c.Use(outside...)
		fill(sub)
		c.Handle("/p/*", sub)
		return c
	}
	// the router of a language: what is before it is not routed
	language := func(cut func(*http.Request) string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				chi.RouteContext(r.Context()).RoutePath = strings.TrimPrefix(cut(r), "/en")
				next.ServeHTTP(w, r)
			})
		}
	}
	slashes, format, clean := middleware.StripSlashes, middleware.URLFormat, middleware.CleanPath
	tests := []struct {
		title   string
		handler http.Handler
		target  string
		want    string
	}{
		{"nothing between", with(nil), "/p/%2541%2B", "%41+"},
		{"nothing between, no RawPath", with(nil), "/p/%2541%20b", "%41 b"},
		{"nothing between, mounted", with(nil), "/mounted/%2541%2B/x/y", "%41+"},
		{"nothing between, mounted, nothing below", with(nil), "/mounted/%2541%2B", "%41+"},
		{"nothing between, mounted, slash below", with(nil), "/mounted/%2541%2B/", "%41+"},
		{"nothing between, two", with(nil), "/p/%2541%2B/and/%252541", "%41+|%2541"},
		{"nothing between, sub-router", with(nil), "/in/%2541%2B/%252541", "%41+|%2541"},
		{"nothing between, sub-router, other order", with(nil), "/in/%252541%2B/%2541", "%2541+|%41"},
		{"nothing between, sub-router, nothing below", with(nil), "/in/%2541%2B", "%41+"},
		{"nothing between, sub-router, slash below", with(nil), "/in/%2541%2B/", "%41+"},
		{"nothing between, wildcard", with(nil), "/all/%2541%2B//%2F", "%41+///"},
		{"sub-router", below(nil, nil), "/sub/x/p/%2541%2B", "%41+"},
		{"sub-router, text of the prefix again", below(nil, nil), "/sub/%2541/p/%252541%2B", "%2541+"},
		{"sub-router of a sub-router", below(nil, nil), "/sub/%2541/in/%2541%2B/%2525", "%41+|%25"},
		{"handled", handled(), "/p/%2541%2B", "%41+"},

		{"StripSlashes", with(chain{slashes}), "/p/%2541%2B/", "%41+"},
		{"StripSlashes, dots", with(chain{slashes}), "/p/%252e%252e%2B/", "%2e%2e+"},
		{"StripSlashes, raw path holds the text too", with(chain{slashes}), "/p/%25%32%35/", "%25"},
		{"StripSlashes, raw path holds the text too, between slashes", with(chain{slashes}), "/all/%2541/%41/", "%41/A"},
		{"StripSlashes, nothing stripped", with(chain{slashes}), "/p/%2541%2B", "%41+"},
		{"StripSlashes, no RawPath", with(chain{slashes}), "/p/%2541%20b/", "%41 b"},
		{"StripSlashes, two", with(chain{slashes}), "/p/%2541%2B/and/%252541/", "%41+|%2541"},
		{"StripSlashes, mounted", with(chain{slashes}), "/mounted/%2541%2B/", "%41+"},
		{"StripSlashes, mounted, something below", with(chain{slashes}), "/mounted/%2541%2B/x/", "%41+"},
		{"StripSlashes, sub-router", with(chain{slashes}), "/in/%2541%2B/%252541/", "%41+|%2541"},
		{"StripSlashes, sub-router, nothing below", with(chain{slashes}), "/in/%2541%2B/", "%41+"},
		{"StripSlashes, wildcard with slashes", with(chain{slashes}), "/all/%2541%2B%2F%2F/", "%41+//"},
		{"StripSlashes before a sub-router", below(chain{slashes}, nil), "/sub/%2541/p/%252541%2B/", "%2541+"},
		{"StripSlashes in a sub-router", below(nil, chain{slashes}), "/sub/%2541/p/%252541%2B/", "%2541+"},
		{"StripSlashes twice", below(chain{slashes}, chain{slashes}), "/sub/%2541/p/%252541%2B//", "%2541+"},
		{"StripSlashes, handled", handled(slashes), "/p/%2541%2B/", "%41+"},

		{"URLFormat", with(chain{format}), "/p/%2541%2B.json", "%41+"},
		{"URLFormat, two dots", with(chain{format}), "/p/%2541%2B.tar.gz", "%41+.tar"},
		{"URLFormat, escape in the format", with(chain{format}), "/p/%2541%2B.%2541", "%41+"},
		{"URLFormat, no format", with(chain{format}), "/p/%2541%2B", "%41+"},
		{"URLFormat, sub-router", with(chain{format}), "/in/%2541%2B/%252541.json", "%41+|%2541"},
		{"URLFormat in a sub-router", below(nil, chain{format}), "/sub/%2541/p/%252541%2B.json", "%2541+"},
		{"StripSlashes, then URLFormat", with(chain{slashes, format}), "/p/%2541%2B.json/", "%41+"},

		{"CleanPath", with(chain{clean}), "//p//%2541%2B", "%41+"},
		{"CleanPath, nothing to clean", with(chain{clean}), "/p/%2541%2B", "%41+"},
		{"CleanPath, slash at the end", with(chain{clean}), "/p/%2541%2B/", "%41+"},
		{"CleanPath, two", with(chain{clean}), "//p/%2541%2B/and//%252541", "%41+|%2541"},
		{"CleanPath, sub-router", with(chain{clean}), "//in/%2541%2B//%252541", "%41+|%2541"},
		{"CleanPath, then URLFormat", with(chain{clean, format}), "//p/%2541%2B.json", "%41+"},
		{"CleanPath, then StripSlashes", with(chain{clean, slashes}), "//p/%2541%2B/", "%41+"},
		{"StripSlashes, then CleanPath", with(chain{slashes, clean}), "/p/%2541%2B/", "%41+"},

		{"StripPrefix outside", http.StripPrefix("/pre", with(nil)), "/pre/p/%2541%2B", "%41+"},
		{"StripPrefix outside, StripSlashes", http.StripPrefix("/pre", with(chain{slashes})), "/pre/p/%2541%2B/", "%41+"},
		{"StripPrefix outside, sub-router", http.StripPrefix("/pre", with(nil)), "/pre/in/%2541%2B/%252541", "%41+|%2541"},
		{"StripPrefix as middleware", with(chain{middleware.StripPrefix("/pre")}), "/pre/p/%2541%2B", "%41+"},
		{"StripPrefix as middleware, then StripSlashes", with(chain{middleware.StripPrefix("/pre"), slashes}), "/pre/p/%2541%2B/", "%41+"},
		{"StripPrefix inside", stripped(nil, nil), "/pre/p/%2541%2B", "%41+"},
		{"StripPrefix inside, sub-router", stripped(nil, nil), "/pre/in/%2541%2B/%252541", "%41+|%2541"},
		{"StripPrefix inside, StripSlashes before", stripped(chain{slashes}, nil), "/pre/p/%2541%2B/", "%41+"},
		{"StripPrefix inside, StripSlashes behind", stripped(nil, chain{slashes}), "/pre/p/%2541%2B/", "%41+"},
		{"StripPrefix inside, CleanPath before", stripped(chain{clean}, nil), "/pre//p/%2541%2B", "%41+"},

		{"decoded by somebody", with(chain{language(func(r *http.Request) string { return r.URL.Path })}), "/en/p/%2541%2B", "%41+"},
		{"escaped by somebody", with(chain{language(func(r *http.Request) string { return r.URL.EscapedPath() })}), "/en/p/%2541%2B", "%41+"},
		{"not to be known", with(chain{language(func(*http.Request) string { return "/p/%41" })}), "/%2541%2B", "%41"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			w := httptest.NewRecorder()
			tt.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.target, nil))
			if got := w.Body.String(); w.Code != http.StatusOK || got != tt.want {
				t.Errorf("%s = %d %q, want %q", tt.target, w.Code, got, tt.want)
			}
		})
	}
}

// TestParamOfWhoeverRouted: the parameters are chi's, also those that a middleware or a test has made up, and net/http's where there
// is no chi.
func TestParamOfWhoeverRouted(t *testing.T) {
	var server pants.Server
	show := func(r *pants.Request) { _ = r.SendResponse(adapter.Param(r, "id") + "|" + adapter.Param(r, "tenant")) }
	addTenant := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			chi.RouteContext(hr.Context()).URLParams.Add("tenant", "acme")
			next.ServeHTTP(w, hr)
		})
	}
	withChi := func(middlewares ...func(http.Handler) http.Handler) http.Handler {
		c := chi.NewRouter()
		adapter.New(c.With(middlewares...), &server).Handle("GET /users/{id}", show)
		return c
	}
	replaced := func(next http.Handler) http.Handler { // as http.StripPrefix does
		return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			other := new(http.Request)
			*other = *hr
			next.ServeHTTP(w, other)
		})
	}
	twice := chi.NewRouter()
	twice.Route("/users/{id}", func(c chi.Router) { adapter.New(c, &server).Handle("GET /{id}", show) })
	byNetHTTP := http.NewServeMux()
	byNetHTTP.Handle("GET /users/{id}/{tenant...}", server.Handler(show))
	ownContext := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) { // as tests of chi's handlers do
		route := chi.NewRouteContext()
		route.URLParams.Add("id", "7")
		server.Handler(show).ServeHTTP(w, hr.WithContext(context.WithValue(hr.Context(), chi.RouteCtxKey, route)))
	})
	ownValue := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		hr.SetPathValue("id", "7")
		server.Handler(show).ServeHTTP(w, hr)
	})
	for _, tt := range []struct {
		name, target, want string
		handler            http.Handler
	}{
		{"chi", "/users/7", "7|", withChi()},
		{"a middleware's", "/users/7", "7|acme", withChi(addTenant)},
		{"a middleware's, escaped path", "/users/a%2Fb", "a/b|acme", withChi(addTenant)},
		{"a middleware that copies the request", "/users/7", "7|acme", withChi(addTenant, replaced)},
		{"one name twice", "/users/6/7", "7|", twice},
		{"ServeMux", "/users/7/a/b", "7|a/b", byNetHTTP},
		{"ServeMux, escaped path", "/users/a%2Fb/c%2F", "a/b|c/", byNetHTTP},
		{"a context of one's own", "/", "7|", ownContext},
		{"a PathValue of one's own", "/", "7|", ownValue},
	} {
		w := httptest.NewRecorder()
		tt.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.target, nil))
		if got := w.Body.String(); w.Code != 200 || got != tt.want {
			t.Errorf("%s: %d %q, want %q", tt.name, w.Code, got, tt.want)
		}
	}
}

// TestHandleAddsNoAllocation: what a late handler may ask for costs the others nothing.
func TestHandleAddsNoAllocation(t *testing.T) {
	var server pants.Server
	h := func(r *pants.Request) { _ = r.SendResponse(adapter.Param(r, "id")) }
	plain, app := chi.NewRouter(), chi.NewRouter()
	plain.Method(http.MethodGet, "/users/{id}", server.Handler(h))
	adapter.New(app, &server).Handle("GET /users/{id}", h)
	count := func(c http.Handler) float64 {
		hr, w := httptest.NewRequest(http.MethodGet, "/users/7", nil), httptest.NewRecorder()
		return testing.AllocsPerRun(100, func() {
			w.Body.Reset()
			c.ServeHTTP(w, hr)
		})
	}
	if got, most := count(app), count(plain); got > most {
		t.Errorf("%v allocations by Handle, %v by the pants.Server's handler", got, most)
	}
}
