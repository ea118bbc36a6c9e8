package adapter_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// Param is what chi matched, if that was of the decoded path, and else that decoded. Behind CleanPath it may be left as it is.
func FuzzParam(f *testing.F) {
	for _, rest := range []string{"a%2Fb", "%2541%2B/", "%25%32%35/", "%2541/%41/", "%252541/x/%2541", "..%2F%252e%252e.json", "%252541/../%2541", "/%252F/%2F"} {
		f.Add(rest)
	}
	var server pants.Server
	type kit struct {
		title   string
		outside []func(http.Handler) http.Handler
		unsure  bool
	}
	kits := []kit{
		{"sub-router", nil, false},
		{"StripSlashes", []func(http.Handler) http.Handler{middleware.StripSlashes}, false},
		{"URLFormat", []func(http.Handler) http.Handler{middleware.URLFormat}, false},
		{"CleanPath", []func(http.Handler) http.Handler{middleware.CleanPath}, true},
	}
	var before string // RoutePath at the root, behind the middleware
	var got, matched string
	routers := make([]http.Handler, len(kits))
	for i, kit := range kits {
		c := chi.NewRouter()
		c.Use(kit.outside...)
		c.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				before = chi.RouteContext(r.Context()).RoutePath
				next.ServeHTTP(w, r)
			})
		})
		c.Route("/{v}", func(c chi.Router) {
			adapter.New(c, &server).Handle("/*", func(r *pants.Request) {
				got, matched = adapter.Param(r, "v")+"|"+adapter.Param(r, "*"), chi.URLParam(r.HTTP, "v")+"|"+chi.URLParam(r.HTTP, "*")
				_ = r.SendResponse("")
			})
		})
		routers[i] = c
	}
	f.Fuzz(func(t *testing.T, rest string) {
		u, err := url.ParseRequestURI("/" + rest)
		if err != nil || u.RawQuery != "" {
			t.Skip()
		}
		for i, kit := range kits {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			*r.URL = *u
			w := httptest.NewRecorder()
			before, got, matched = "", "", ""
			if routers[i].ServeHTTP(w, r); w.Code != http.StatusOK {
				continue
			}
			want := matched
			if u.RawPath != "" && (before == "" || kit.unsure) {
				want, err = url.PathUnescape(strings.ReplaceAll(matched, "|", "%7C"))
				if err != nil {
					continue // URLFormat and others may cut an escape in two
				}
			}
			if got != want && (!kit.unsure || got != matched) {
				t.Errorf("%s: Param of %q = %q, want %q of %q", kit.title, "/"+rest, got, want, matched)
			}
		}
	})
}
