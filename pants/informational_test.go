package pants_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"testing"

	"github.com/go-pants/kit/pants"
)

// What a 103 said is not in the final response when the handler has taken it back, nor in the 500 of a handler that panics.
func TestHeadersOfAnInformationalResponse(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(origin.Close)
	target, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, pants.Config{})
	hint := func(r *pants.Request) http.Header {
		h := r.Writer.Header()
		h.Set("Link", "</a>; rel=preload")
		h.Add("Set-Cookie", "a=b")
		h.Set("X-Outer", "hint")
		r.Writer.WriteHeader(http.StatusEarlyHints)
		return h
	}
	tests := map[string]struct {
		handler pants.HandlerFunc
		status  int
		link    string
		cookie  string
		outer   string
	}{
		"deleted":       {func(r *pants.Request) { hint(r).Del("Link"); _ = r.SendResponse("ok") }, 200, "", "a=b", "hint"},
		"cleared":       {func(r *pants.Request) { clear(hint(r)); _ = r.SendResponse("ok") }, 200, "", "", ""},
		"kept":          {func(r *pants.Request) { hint(r); _ = r.SendResponse("ok") }, 200, "</a>; rel=preload", "a=b", "hint"},
		"panic":         {func(r *pants.Request) { hint(r); panic("test") }, 500, "", "", "outer"},
		"reverse proxy": {func(r *pants.Request) { r.Serve(httputil.NewSingleHostReverseProxy(target)) }, 200, "", "", ""}, // which clears all headers after a 1xx
	}
	for name, test := range tests {
		for _, http2 := range []bool{false, true} {
			h := s.Handler(test.handler)
			ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Outer", "outer") // as a middleware does
				h.ServeHTTP(w, r)
			}), http2)
			hints := 0
			ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				if code == http.StatusEarlyHints && h.Get("Link") != "" {
					hints++
				}
				return nil
			}})
			hr, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := ts.Client().Do(hr)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			res.Body.Close()
			if hints != 1 || res.StatusCode != test.status || res.Header.Get("Link") != test.link || res.Header.Get("X-Outer") != test.outer {
				t.Errorf("%s, HTTP/2 %v: %d hints, then %d %v", name, http2, hints, res.StatusCode, res.Header)
			}
			if res.Header.Get("Set-Cookie") != test.cookie {
				t.Errorf("%s, HTTP/2 %v: Set-Cookie %q", name, http2, res.Header["Set-Cookie"])
			}
		}
	}
}
