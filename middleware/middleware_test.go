package middleware_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

func TestOnChi(t *testing.T) {
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"192.0.2.1"}})
	if err != nil {
		t.Fatal(err)
	}
	var server pants.Server
	c := chi.NewRouter()
	c.Use(middleware.XHeaders(proxies), middleware.Pants(&server))
	c.Get("/", func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		r.CookiesOut().Set("seen", "a b")
		_, _ = io.WriteString(w, r.RemoteIP()+" "+r.Scheme())
	})
	w, hr := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	hr.Header.Set("X-Forwarded-For", "6.6.6.6, 203.0.113.9")
	hr.Header.Set("X-Forwarded-Proto", "https")
	c.ServeHTTP(w, hr)
	if got := w.Body.String(); got != "203.0.113.9 https" {
		t.Errorf("content = %q", got)
	}
	if got := w.Header().Get("Set-Cookie"); got != `seen="a b"` {
		t.Errorf("Set-Cookie = %q", got)
	}
}
