package adapter_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

func say(text string) pants.HandlerFunc {
	return func(r *pants.Request) { _ = r.SendResponse(text + " " + r.Path()) }
}

func TestRouter(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	c.Get("/plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "plain") })
	app := adapter.New(c, &server)
	app.Handle("/any", say("any"))
	app.Handle("GET /users/{id}", func(r *pants.Request) {
		_ = r.SendResponse(adapter.Param(r, "id") + "|" + adapter.Param(r, "none") + "|" + adapter.Pattern(r))
	})
	app.Handle("POST /users/{id}", say("post"))
	app.Mount("/below", func(r *pants.Request) { _ = r.SendResponse(r.Path() + " " + adapter.Pattern(r)) })
	app.NotFound(func(r *pants.Request) { _ = r.SendResponse("none", pants.Code(404)) })
	app.MethodNotAllowed(func(r *pants.Request) { _ = r.SendResponse("not so", pants.Code(405)) })
	app.Handle("GET /http", adapter.HTTP(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		if pants.FromContext(hr.Context()) == nil {
			t.Error("no Request inside of HTTP")
		}
		_, _ = io.WriteString(w, "<html>sniffed")
	})))
	app.Handle("GET /empty", adapter.HTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	app.Handle("GET /redirect", adapter.HTTP(http.RedirectHandler("/elsewhere", http.StatusFound)))
	c.Route("/api", func(c chi.Router) {
		adapter.New(c, &server).Handle("GET /v{version}/*", func(r *pants.Request) {
			_ = r.SendResponse(adapter.Param(r, "version") + "|" + adapter.Param(r, "*") + "|" + adapter.Pattern(r))
		})
	})

	tests := []struct {
		method, target string
		status         int
		content        string
	}{
		{"GET", "/plain", 200, "plain"},
		{"GET", "/any", 200, "any /any"},
		{"PURGE", "/nowhere", 405, "not so"}, // chi knows no such method
		{"DELETE", "/any", 200, "any /any"},
		{"GET", "/users/7", 200, "7||/users/{id}"},
		{"GET", "/users/a%20b", 200, "a b||/users/{id}"},
		{"GET", "/users/a%2Fb%20c", 200, "a/b c||/users/{id}"}, // chi gives out a%2Fb%20c
		{"GET", "/users/100%25", 200, "100%||/users/{id}"},
		{"POST", "/users/7", 200, "post /users/7"},
		{"DELETE", "/users/7", 405, "not so"},
		{"GET", "/below", 200, "/below /below"},
		{"GET", "/below/a//b%2F?x=1", 200, "/below/a//b%2F /below/*"},
		{"GET", "/nowhere", 404, "none"},
		{"GET", "/http", 200, "<html>sniffed"},
		{"GET", "/empty", 200, ""},
		{"GET", "/redirect", 302, "<a href=\"/elsewhere\">Found</a>.\n\n"},
		{"GET", "/api/v2/x/y", 200, "2|x/y|/api/v{version}/*"},
	}
	ts := httptest.NewServer(c)
	defer ts.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, test := range tests {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			req, err := http.NewRequest(test.method, ts.URL+test.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			content, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != test.status || string(content) != test.content {
				t.Errorf("got %d %q, %v; want %d %q", res.StatusCode, content, err, test.status, test.content)
			}
			if test.target == "/http" {
				if got := res.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
					t.Errorf("Content-Type = %q, want net/http's guess", got)
				}
				if res.ContentLength != int64(len(test.content)) {
					t.Errorf("Content-Length = %d, want net/http's own", res.ContentLength)
				}
			}
			if allow := strings.Join(res.Header.Values("Allow"), ", "); test.target == "/users/7" && test.status == 405 && allow != "GET, POST" {
				t.Errorf("Allow = %q", allow)
			}
		})
	}
}

// RFC 9110 section 15.5.6: a 405 has Allow, also when a middleware has chi look at another path than the client's.
func TestMethodNotAllowedOnRoutedPath(t *testing.T) {
	var server pants.Server
	fill := func(c chi.Router) {
		app := adapter.New(c, &server)
		app.Handle("GET /x", say("get"))
		app.Handle("PUT /x", say("put"))
		app.Handle("GET /p/{v}", say("get"))
	}
	with := func(outside, inside func(http.Handler) http.Handler) http.Handler {
		c := chi.NewRouter()
		c.Use(outside)
		adapter.New(c, &server).MethodNotAllowed(func(r *pants.Request) { _ = r.SendResponse("not so", pants.Code(405)) })
		fill(c)
		c.Route("/sub/{s}", func(c chi.Router) {
			c.Use(inside)
			fill(c)
		})
		return c
	}
	nothing := func(next http.Handler) http.Handler { return next }
	tests := []struct {
		title   string
		handler http.Handler
		target  string
		allow   string
	}{
		{"nothing between", with(nothing, nothing), "/x", "GET, PUT"},
		{"nothing between, escaped slash", with(nothing, nothing), "/p/a%2Fb", "GET"},
		{"nothing between, sub-router", with(nothing, nothing), "/sub/a%2Fb/x", "GET, PUT"},
		{"nothing between, prefix again", with(nothing, nothing), "/sub/p/p/sub", "GET"},
		{"StripSlashes", with(middleware.StripSlashes, nothing), "/x/", "GET, PUT"},
		{"StripSlashes, escaped", with(middleware.StripSlashes, nothing), "/p/a%2Bb/", "GET"},
		{"StripSlashes, sub-router", with(middleware.StripSlashes, nothing), "/sub/s/x/", "GET, PUT"},
		{"StripSlashes in a sub-router", with(nothing, middleware.StripSlashes), "/sub/a%2Fb/x/", "GET, PUT"},
		{"CleanPath", with(middleware.CleanPath, nothing), "//x", "GET, PUT"},
		{"CleanPath, sub-router", with(middleware.CleanPath, nothing), "//sub//s/x", "GET, PUT"},
		{"URLFormat", with(middleware.URLFormat, nothing), "/x.json", "GET, PUT"},
		{"URLFormat in a sub-router", with(nothing, middleware.URLFormat), "/sub/s/x.json", "GET, PUT"},
		{"StripPrefix", with(middleware.StripPrefix("/pre"), nothing), "/pre/sub/s/x", "GET, PUT"},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodDelete, "/", nil)
			u, err := url.ParseRequestURI(tt.target)
			if err != nil {
				t.Fatal(err)
			}
			*r.URL = *u
			w := httptest.NewRecorder()
			tt.handler.ServeHTTP(w, r)
			if allow := strings.Join(w.Header().Values("Allow"), ", "); w.Code != 405 || w.Body.String() != "not so" || allow != tt.allow {
				t.Errorf("DELETE %s = %d %q, Allow %q, want %q", tt.target, w.Code, w.Body, allow, tt.allow)
			}
		})
	}
}

// A router is mounted for all methods, which chi tells of its door: /users and /users/ for Route("/users").
func TestMethodNotAllowedAtTheDoor(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	app.MethodNotAllowed(func(r *pants.Request) { _ = r.SendResponse("not so", pants.Code(405)) })
	app.Handle("POST /{anything}", say("outside"))
	c.Route("/users", func(c chi.Router) {
		users := adapter.New(c, &server)
		users.Handle("GET /", say("all"))
		users.Handle("PUT /", say("all"))
		users.Handle("GET /{id}", say("one"))
		c.Route("/{id}/notes", func(c chi.Router) { adapter.New(c, &server).Handle("PATCH /", say("notes")) })
	})
	app.Handle("OPTIONS /users", say("beside"))
	c.Mount("/own", http.StripPrefix("/own", func() http.Handler {
		c := chi.NewRouter()
		own := adapter.New(c, &server)
		own.MethodNotAllowed(func(r *pants.Request) { _ = r.SendResponse("not so", pants.Code(405)) })
		own.Handle("GET /", say("own"))
		own.Handle("PUT /deep", say("own"))
		return c
	}()))
	answers(t, c,
		"DELETE /users", `405 not so Allow ["GET" "PUT" "OPTIONS"]`,
		"DELETE /users/", `405 not so Allow ["GET" "PUT"]`,
		"DELETE /users/7", `405 not so Allow ["GET"]`,
		"DELETE /users/7/notes", `405 not so Allow ["PATCH"]`,
		"DELETE /users/7/notes/", `405 not so Allow ["PATCH"]`,
		"DELETE /own", `405 not so Allow ["GET"]`,
		"DELETE /own/", `405 not so Allow ["GET"]`,
		"DELETE /own/deep", `405 not so Allow ["PUT"]`,
		"DELETE /else", `405 not so Allow ["POST"]`,
	)
}

func TestPatternWithoutChi(t *testing.T) {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) { _ = r.SendResponse(adapter.Pattern(r) + adapter.Param(r, "x")) }).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 200 || w.Body.String() != "" {
		t.Errorf("without chi: %d %q", w.Code, w.Body)
	}
}

func TestMistakesPanicAtStart(t *testing.T) {
	var server pants.Server
	app := adapter.New(chi.NewRouter(), &server)
	for name, f := range map[string]func(){
		"pattern without a slash": func() { app.Handle("x", say("x")) },
		"unknown method":          func() { app.Handle("FETCH /x", say("x")) },
		"nil handler":             func() { app.Handle("/x", nil) },
		"nil http.Handler":        func() { adapter.HTTP(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestLateHandlerKnowsItsOwnRoute: chi takes its Context back when a request is over, and gives it to the next one. A handler that
// is still running then was told the other client's parameters.
func TestLateHandlerKnowsItsOwnRoute(t *testing.T) {
	server, err := pants.New(pants.Config{FinishTimeout: time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	type call struct{ over, told chan string }
	calls := make(chan call, 1)
	late := func(r *pants.Request) {
		c := call{make(chan string), make(chan string)}
		calls <- c
		r.Go(func() {
			for range c.over {
				c.told <- adapter.Param(r, "id") + "|" + adapter.Param(r, "other") + "|" + adapter.Pattern(r)
			}
		})
	}
	other := func(r *pants.Request) { _ = r.SendResponse("other") }
	c := chi.NewRouter()
	app := adapter.New(c, server)
	app.Handle("GET /users/{id}", late)
	app.Handle("GET /static", late)
	app.Mount("/below/{id}", late)
	mustRule(t, app, "/rules/<id>", late)
	app.NotFound(late)
	app.MethodNotAllowed(late)
	app.Handle("GET /other/{id}/{other}", other)
	tests := []struct {
		target string
		status int
		want   string
	}{
		{"/users/mine", 504, "mine||/users/{id}"},
		{"/users/mine%2F", 504, "mine/||/users/{id}"},
		{"/static", 504, "||/static"},
		{"/below/mine/x", 504, "mine||/below/{id}/*"},
		{"/rules/mine", 504, "mine||/rules/<id>"},
		{"/nowhere", 504, "||"},
		{"POST /users/mine", 504, "||"},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			if got := ask(c, tt.target); !strings.HasPrefix(got, fmt.Sprint(tt.status)) {
				t.Errorf("the request: %s, want %d", got, tt.status)
			}
			call := <-calls
			defer close(call.over)
			for range 20 { // the pool may give another Context
				if got := ask(c, "/other/theirs/1"); got != "200 other" {
					t.Fatalf("another request: %s", got)
				}
				call.over <- ""
				if got := <-call.told; got != tt.want {
					t.Fatalf("afterwards: %q, want %q", got, tt.want)
				}
			}
		})
	}
}
