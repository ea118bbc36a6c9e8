package xheaders_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// behind returns the request that the handler behind the given middleware sees.
func behind(r *http.Request, wraps ...func(http.Handler) http.Handler) (seen *http.Request) {
	var h http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r })
	for i := len(wraps) - 1; i >= 0; i-- {
		h = wraps[i](h)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	return seen
}

func TestFromContext(t *testing.T) {
	if _, ok := xheaders.FromContext(context.Background()); ok {
		t.Error("an empty context has an Info")
	}
	x := must(t, ten)
	r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9")
	ctx, cancel := context.WithCancel(behind(r, x.Wrap).Context())
	info, ok := xheaders.FromContext(ctx)
	if !ok || info != x.Resolve(r) {
		t.Errorf("FromContext = %+v, %v", info, ok)
	}
	// The context of Wrap is a context like any other.
	cancel()
	if ctx.Err() == nil {
		t.Error("cancel did not work")
	}
	type key struct{}
	r = r.WithContext(context.WithValue(r.Context(), key{}, "outer"))
	if got := behind(r, x.Wrap).Context().Value(key{}); got != "outer" {
		t.Errorf("value of the outer context: %v", got)
	}
}

// TestRewrite: RemoteAddr is always host:port or "", Host what was believed, the URL
// untouched.
func TestRewrite(t *testing.T) {
	all := every
	all.Rewrite = true
	unsafe := pants
	unsafe.Rewrite = true
	cases := []struct {
		name             string
		config           xheaders.Config
		peer, head       string
		wantAddr, wantTo string
	}{
		{"CVE-2026-46415 RemoteAddr is the client", all, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", "203.0.113.9:0", "app.example"},
		{"GHSA-3h23-rrpc-3p87 forged on the left", all, "10.0.0.1:9", "X-Forwarded-For: 127.0.0.1, 203.0.113.9", "203.0.113.9:0", "app.example"},
		{"port noted", all, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9:4431", "203.0.113.9:4431", "app.example"},
		{"IPv6", all, "10.0.0.1:9", "X-Forwarded-For: 2001:db8::9", "[2001:db8::9]:0", "app.example"},
		{"unknown client", all, "10.0.0.1:9", "", "", "app.example"},
		{"garbage", all, "10.0.0.1:9", "X-Forwarded-For: 127.0.0.1, x", "", "app.example"},
		{"untrusted peer", all, "198.51.100.7:51112", "X-Forwarded-For: 127.0.0.1\nX-Forwarded-Host: evil.example", "198.51.100.7:51112", "app.example"},
		{"untrusted bare peer", all, "198.51.100.7", "", "198.51.100.7:0", "app.example"},
		{"untrusted peer with zone", all, "[fe80::1%eth0]:9", "", "[fe80::1%eth0]:9", "app.example"},
		{"untrusted socket", all, "@", "X-Forwarded-For: 127.0.0.1", "", "app.example"},
		{"host", all, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example\nX-Forwarded-Port: 8080", "203.0.113.9:0", "a.example:8080"},
		{"not asked for", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example", "10.0.0.1:9", "app.example"},
		{"DangerouslyTrustAll", unsafe, "10.0.0.1:9", "X-Real-IP: 203.0.113.9:80", "203.0.113.9:80", "app.example"},
		{"DangerouslyTrustAll, no address", unsafe, "10.0.0.1:9", "X-Real-IP: unknown", "", "app.example"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.peer, c.head)
			url := *r.URL
			seen := behind(r, must(t, c.config).Wrap)
			if seen.RemoteAddr != c.wantAddr || seen.Host != c.wantTo {
				t.Errorf("RemoteAddr %q, Host %q; want %q, %q", seen.RemoteAddr, seen.Host, c.wantAddr, c.wantTo)
			}
			if _, _, err := net.SplitHostPort(seen.RemoteAddr); err != nil && seen.RemoteAddr != "" {
				t.Error(err)
			}
			if *seen.URL != url {
				t.Errorf("URL became %v", seen.URL)
			}
			if r.RemoteAddr != c.peer || r.Host != "app.example" {
				t.Errorf("the original request was changed: %q %q", r.RemoteAddr, r.Host)
			}
		})
	}
}

// TestNested: the inner Wrap decides anew, from what the outermost received.
func TestNested(t *testing.T) {
	rewriting := every
	rewriting.Rewrite = true
	none, some := must(t, xheaders.Config{}), must(t, ten)
	wide, writer, real := must(t, trust("10.0.0.0/8", "203.0.113.9")), must(t, rewriting), must(t, realX)
	const head = "X-Forwarded-For: 198.51.100.1, 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Host: a.example\nX-Real-IP: 192.0.2.7"
	cases := []struct {
		name         string
		outer, inner *xheaders.Resolver
		want         string
		wantFor      []string
		wantReal     []string
	}{
		{"trust inside of none", none, some, "203.0.113.9 https", []string{"203.0.113.9"}, nil},
		{"none inside of trust", some, none, "10.0.0.1", nil, nil},
		{"wider inside", some, wide, "198.51.100.1 https", []string{"198.51.100.1, 203.0.113.9"}, nil},
		{"narrower inside", wide, some, "203.0.113.9 https", []string{"203.0.113.9"}, nil},
		{"rewriting outside", writer, some, "203.0.113.9 https", []string{"203.0.113.9"}, nil},
		{"rewriting inside", some, writer, "203.0.113.9 https a.example", []string{"203.0.113.9"}, nil},
		{"another header inside", some, real, "192.0.2.7", nil, []string{"192.0.2.7"}},
		{"nil inside", writer, nil, "10.0.0.1", nil, nil},
		{"the same twice", some, some, "203.0.113.9 https", []string{"203.0.113.9"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := request("10.0.0.1:9", head)
			seen := behind(r, c.outer.Wrap, c.inner.Wrap)
			info, _ := xheaders.FromContext(seen.Context())
			if got := summary(info); got != full(c.want) {
				t.Errorf("got %q, want %q", got, full(c.want))
			}
			if got := seen.Header["X-Forwarded-For"]; !reflect.DeepEqual(got, c.wantFor) {
				t.Errorf("X-Forwarded-For %q, want %q", got, c.wantFor)
			}
			if got := seen.Header["X-Real-Ip"]; !reflect.DeepEqual(got, c.wantReal) {
				t.Errorf("X-Real-Ip %q, want %q", got, c.wantReal)
			}
			// Resolve behind a Wrap takes the request as it arrived, too.
			if got := c.inner.Resolve(behind(r, c.outer.Wrap)); got != info {
				t.Errorf("Resolve says %+v, Wrap %+v", got, info)
			}
			if !reflect.DeepEqual(r.Header, request("10.0.0.1:9", head).Header) {
				t.Errorf("the original headers were changed: %v", r.Header)
			}
		})
	}
}

// TestNestedHost: a Host set between two Wraps is kept, one set by Rewrite is not the
// request's own.
func TestNestedHost(t *testing.T) {
	rewriting := every
	rewriting.Rewrite = true
	between := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.Clone(r.Context())
			r.Host = "between.example"
			r.Header.Set("X-Request-Id", "7")
			r.Header.Set("X-Forwarded-Proto", "https") // nobody outside said so
			next.ServeHTTP(w, r)
		})
	}
	x, none := must(t, rewriting), must(t, xheaders.Config{})
	head := "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example"
	seen := behind(request("10.0.0.1:9", head), x.Wrap, none.Wrap)
	info, _ := xheaders.FromContext(seen.Context())
	if info.Host != "app.example" {
		t.Errorf("Host = %q, want the one that arrived", info.Host)
	}
	if seen.Host != "app.example" || seen.RemoteAddr != "10.0.0.1:9" {
		t.Errorf("Host %q, RemoteAddr %q: still what the outer Wrap believed", seen.Host, seen.RemoteAddr)
	}
	seen = behind(request("10.0.0.1:9", head), x.Wrap, between, none.Wrap)
	info, _ = xheaders.FromContext(seen.Context())
	if info.Host != "between.example" || seen.Header.Get("X-Request-Id") != "7" {
		t.Errorf("Host = %q, headers %v", info.Host, seen.Header)
	}
	seen = behind(request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9"), none.Wrap, between, x.Wrap)
	if got := lines(seen.Header); got != "X-Forwarded-For: 203.0.113.9\nX-Request-Id: 7" {
		t.Errorf("headers\n%s", got)
	}
}

// TestUploads: the temporary files of a form that was parsed behind Wrap are gone when
// the handler has returned, also by a panic.
func TestUploads(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, fails := range []bool{false, true} {
		body := new(bytes.Buffer)
		form := multipart.NewWriter(body)
		part, _ := form.CreateFormFile("file", "a.txt")
		part.Write(make([]byte, 1<<20))
		form.Close()
		r := httptest.NewRequest("POST", "/", body)
		r.Header.Set("Content-Type", form.FormDataContentType())

		h := must(t, ten).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(os.TempDir()); len(left) != 1 {
				t.Errorf("%d temporary files in the handler", len(left))
			}
			if fails {
				panic(http.ErrAbortHandler)
			}
		}))
		func() {
			defer func() {
				if got := recover(); (got != nil) != fails {
					t.Errorf("panic %v", got)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), r)
		}()
		if left, _ := os.ReadDir(os.TempDir()); len(left) != 0 {
			t.Errorf("%d temporary files left", len(left))
		}
	}
}
