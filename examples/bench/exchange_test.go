package main

import (
	"fmt"
	"net/http"
	"testing"
)

// TestExchange: a handler finds nothing of the request before, and an answer tells a wrong length.
func TestExchange(t *testing.T) {
	body := []byte("a=b")
	hr := post("/?c=d", "application/x-www-form-urlencoded", body)
	seen := func(w http.ResponseWriter, hr *http.Request) {
		text := fmt.Sprintf("%d %d %s%s %s", len(w.Header()), len(hr.Form), hr.PathValue("id"), hr.FormValue("a"), hr.FormValue("c"))
		hr.SetPathValue("id", "x")
		w.Header().Set("X-Was", "here")
		writeText(w, text)
	}
	tests := []struct {
		name, want string
		handler    http.HandlerFunc
	}{
		{"nothing left", "200 text/plain\n0 0 b d", seen},
		{"a header", "200 text/plain\nX-Was: a\nX-Was: b\n", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["X-Was"] = []string{"a", "b"}
			writeText(w, "")
		}},
		{"the first status", "404 text/plain\nno", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusNotFound)
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("no"))
		}},
		{"a wrong length", "200 text/plain with a Content-Length of 3\nno", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			writeText(w, "no")
		}},
		{"a cookie", "200 text/plain\nSet-Cookie: a=b; Path=/; HttpOnly\n", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", "a=b; httponly; path=/")
			writeText(w, "")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := &exchange{handler: test.handler, request: hr, body: body, w: sink{header: http.Header{}}}
			for range 2 {
				headers := []string{"X-Was", "Set-Cookie"}
				if test.name == "nothing left" {
					headers = nil
				}
				if got := x.answer(headers...); got != test.want {
					t.Errorf("answer %q, want %q", got, test.want)
				}
			}
		})
	}
	if n := testing.AllocsPerRun(100, (&exchange{handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), request: hr, body: body}).do); n != 0 {
		t.Errorf("%v allocations for a request that nobody answers", n)
	}
}
