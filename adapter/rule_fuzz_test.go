package adapter_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// FuzzRule: no rule panics, what Rule accepts chi can mount, and a path made of the rule's parts leads to it, with what was put
// in for the variables. For any other path chi and Match agree.
func FuzzRule(f *testing.F) {
	for _, a := range readApps(f) {
		for i, rule := range a.Rules {
			path := "/"
			if i < len(a.Requests) {
				path, _ = url.PathUnescape(a.Requests[i].Target)
			}
			f.Add(rule.Rule, path)
		}
	}
	f.Fuzz(func(t *testing.T, rule, path string) {
		route, err := adapter.Rule(rule)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "adapter: rule ") {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := adapter.Rule(route.String())
		if err != nil || !slices.Equal(again.Patterns(), route.Patterns()) {
			t.Fatalf("%q is again %v, %v", route, again, err)
		}
		var server pants.Server
		var values []any
		c := chi.NewRouter()
		if err := adapter.New(c, &server).Rule(rule, func(r *pants.Request) {
			values = valuesOf(r, route)
			_ = r.SendResponse("")
		}); err != nil {
			t.Fatalf("%q: %v", rule, err)
		}

		get := func(host, path string) int {
			values = nil
			hr := httptest.NewRequest(http.MethodGet, "/", nil)
			hr.Host = host
			hr.URL = &url.URL{Path: path}
			if strings.Contains(path, "+") { // "+" itself is a blank
				hr.URL.RawPath = strings.ReplaceAll(hr.URL.EscapedPath(), "+", "%2B")
			}
			w := httptest.NewRecorder()
			c.ServeHTTP(w, hr)
			return w.Code
		}
		host, whole, texts := adapter.Sample(route)
		if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
			return // no host looks like this, whatever its converter says
		}
		if status := get(host, whole); status != http.StatusOK && status != http.StatusBadRequest { // a value may be out of range
			t.Errorf("%q: %s%s leads to %d, chi has %q", rule, host, whole, status, route.Patterns())
		} else if status == http.StatusOK {
			for i, v := range route.Variables() {
				if text, ok := values[i].(string); ok && text != texts[i] {
					t.Errorf("%q: %s%s gives %q for %s, want %q", rule, host, whole, text, v.Name, texts[i])
				}
			}
		}
		if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "\n") || !utf8.ValidString(path) {
			return // no path, or one that Match and chi see differently
		}
		want, ok, err := route.Match(host, path)
		wantStatus := http.StatusOK
		switch {
		case !ok:
			wantStatus = http.StatusNotFound
		case err != nil:
			wantStatus = http.StatusBadRequest
		}
		if status := get(host, path); status != wantStatus || !slices.Equal(values, want) {
			t.Errorf("%q: %s%s is %d %q on chi; Match says %q, %v, %v", rule, host, path, status, values, want, ok, err)
		}
	})
}
