package pants_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// readCookies is what a handler sees of a Cookie header.
func readCookies(t *testing.T, header string) (cookies pants.Cookies) {
	t.Helper()
	var s pants.Server
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", header)
	s.Handler(func(r *pants.Request) {
		cookies = r.Cookies()
		_ = r.SendResponse("")
	}).ServeHTTP(httptest.NewRecorder(), r)
	return cookies
}

// Whatever bytes a cookie's value has: if the cookie is written, it is read back the same, between any neighbours.
func FuzzCookieRoundTrip(f *testing.F) {
	for _, value := range []string{"", "a", "a b", `"`, `\`, `\054`, "a;b,c", "\x00\xff", "é", "\r\n", `j{"a": [1, null]}`, "Wed, 09-Jun-2021 10:18:14 GMT", "="} {
		f.Add("name", value)
	}
	f.Add("a.b|~", "x")
	f.Add("path", "x")
	var s pants.Server
	f.Fuzz(func(t *testing.T, name, value string) {
		w := httptest.NewRecorder()
		var sendErr error
		s.Handler(func(r *pants.Request) {
			r.CookiesOut().Set(name, value)
			if sendErr = r.SendResponse("ok"); sendErr != nil {
				delete(r.CookiesOut(), name)
				_ = r.SendResponse("ok")
			}
		}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		lines := w.Header()["Set-Cookie"]
		if sendErr != nil {
			if len(lines) != 0 {
				t.Fatalf("refused (%v) and sent: %q", sendErr, lines)
			}
			return
		}
		if len(lines) != 1 || strings.ContainsAny(lines[0], "\r\n\x00") {
			t.Fatalf("Set-Cookie = %q", lines)
		}
		pair := lines[0]
		for _, header := range []string{pair, "before=1; " + pair, pair + "; after=2", "junk; ;; " + pair + ";after=\"x\""} {
			if got := readCookies(t, header)[name]; got == nil || got.Value != value {
				t.Fatalf("%q is read as %+v, want %q", header, got, value)
			}
		}
	})
}

// Reading never fails and never invents: each cookie read is one that the header holds, and cookies after a ';' are found
// whatever stood before.
func FuzzCookieHeader(f *testing.F) {
	for _, header := range []string{"a=1; b=2", "a=1 b=2", "a", "=", `a="`, `a="x\"; b=2`, "a=Wed, 09-Jun-2021 10:18:14 GMT; b=2", ";;;", "a=\xff; b=1", "$Version=1; a=2"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		for name, c := range readCookies(t, header) {
			if !strings.Contains(header, name) || c.Name != name {
				t.Fatalf("cookie %q = %+v is not in %q", name, c, header)
			}
		}
		if strings.ContainsRune(header, '"') {
			return // an open quote may rightly swallow what follows
		}
		if got := readCookies(t, header+"; last=1").Get("last"); got != "1" {
			t.Fatalf("last = %q after %q", got, header)
		}
	})
}
