package pants_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// query is what a handler sees of a query.
func query(t *testing.T, s *pants.Server, raw string) (values url.Values, status int) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RequestURI = "/?" + raw
	w := httptest.NewRecorder()
	s.Handler(func(r *pants.Request) {
		values = r.Get()
		_ = r.SendResponse("")
	}).ServeHTTP(w, r)
	return values, w.Code
}

// What is encoded as a form is read back the same, but for empty values; and where net/url can read a query, the values that
// are not empty are the same.
func FuzzQuery(f *testing.F) {
	for _, raw := range []string{"", "a=1&b=2", "a=1;b=2", "a", "a=", "=b", "a=1&a=2", "a+b=%20", "%zz=%", "a=%u00e9", "&&=&", "a=b=c", "a=%C3%A9%FF"} {
		f.Add(raw)
	}
	var s pants.Server
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.ContainsAny(raw, "#") {
			return // the query ends there
		}
		values, status := query(t, &s, raw)
		if status != http.StatusOK {
			if strings.Count(raw, "&") < 10_000 {
				t.Fatalf("status %d for %q", status, raw)
			}
			return
		}
		again, _ := query(t, &s, values.Encode())
		if !reflect.DeepEqual(again, values) {
			t.Fatalf("%q reads %q, encoded and read again %q", raw, values, again)
		}
		theirs, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for name, list := range theirs {
			var full []string
			for _, value := range list {
				if value != "" {
					full = append(full, value)
				}
			}
			if !reflect.DeepEqual([]string(values[name]), full) {
				t.Fatalf("%q: %q = %q, net/url says %q", raw, name, values[name], full)
			}
		}
	})
}
