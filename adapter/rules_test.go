package adapter_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// mustRule mounts rules that the test takes for good.
func mustRule(t *testing.T, r *adapter.Router, rule string, h pants.HandlerFunc, methods ...string) {
	t.Helper()
	if err := r.Rule(rule, h, methods...); err != nil {
		t.Fatal(err)
	}
}

// ask is the status and the content that a request leads to. A target may have its method in front.
func ask(h http.Handler, target string, header ...string) string {
	method, path, ok := strings.Cut(target, " ")
	if !ok {
		method, path = http.MethodGet, target
	}
	hr := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			hr.Host = header[i+1]
		}
		hr.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	text := strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body))
	if allow := w.Header().Values("Allow"); allow != nil {
		text += fmt.Sprintf(" Allow %q", allow)
	}
	return text
}

// answers asks for each target and compares: pairs of a target and what it leads to.
func answers(t *testing.T, h http.Handler, pairs ...string) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := ask(h, pairs[i]); got != pairs[i+1] {
			t.Errorf("%s: %s, want %s", pairs[i], got, pairs[i+1])
		}
	}
}

// describe answers with what a handler can know of its rule.
func describe(r *pants.Request) {
	id, isInt := adapter.Value[int](r, "id")
	name, isText := adapter.Value[string](r, "name")
	param := adapter.Param(r, "id") + adapter.Param(r, "name")
	_ = r.SendResponse(fmt.Sprintf("%s %d %v, %q %v, %q", adapter.Pattern(r), id, isInt, name, isText, param))
}

func TestRouterRule(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	mustRule(t, app, "/user/<int:id>", describe)
	mustRule(t, app, "/user/<name>", describe)
	mustRule(t, app, "/user/<name>", describe, "post")
	mustRule(t, app, "/page/<int(max=9):id=02>", describe)
	mustRule(t, app, "/<name>.html", describe)
	app.Handle("PUT /user/{name}", say("chi's"))
	app.Handle("GET /user/me", say("chi's"))
	answers(t, c,
		"/user/007", "200 /user/<int:id> 7 true, \"\" false, \"007\"",
		"/user/%2541", "200 /user/<name> 0 false, \"%41\" true, \"%41\"",
		"/user/a%2521!", "200 /user/<name> 0 false, \"a%21!\" true, \"a%21!\"", // decoded once, with RawPath too
		"POST /user/7", "200 /user/<name> 0 false, \"7\" true, \"7\"",
		"HEAD /user/7", "200",
		"OPTIONS /user/7", `200 Allow ["GET, HEAD, POST"]`,
		"PUT /user/7", "200 chi's /user/7",
		"/user/me", "200 chi's /user/me",
		"POST /user/me", "200 /user/<name> 0 false, \"me\" true, \"me\"",
		"/page/", "200 /page/<int(max=9):id=02> 2 true, \"\" false, \"02\"",
		"/page/10", "400 400 Bad Request: id is out of range",
		"/a.b.html", "200 /<name>.html 0 false, \"a.b\" true, \"a.b\"",
		"/user/a%2Fb", "404 404 page not found",
	)
	if got := strings.Join(strings.Fields(ask(c, "DELETE /user/7")), " "); !strings.HasPrefix(got, "405") || !strings.Contains(got, `"GET"`) {
		t.Errorf("DELETE /user/7: %s", got)
	}
}

// What a handler of net/http sees of a rule's variables, also of those that share a segment.
func TestRouterRuleNetHTTP(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	h := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		texts := []string{hr.PathValue("name"), chi.URLParam(hr, "name"), adapter.Param(r, "name"), hr.PathValue("format")}
		_, _ = io.WriteString(w, strings.Join(texts, " "))
	})
	mustRule(t, adapter.New(c, &server), "/<name>.<any(html json):format>", adapter.HTTP(h))
	answers(t, c, "/a%20b.c.html", "200 a b.c a b.c a b.c html")
}

// The other variables stay where they are.
func TestRouterRuleBelowRoute(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	c.Route("/{tenant}/api", func(c chi.Router) {
		app := adapter.New(c, &server)
		mustRule(t, app, "/user/<int:id>", func(r *pants.Request) {
			_, known := adapter.Value[string](r, "tenant")
			tenant, id := adapter.Param(r, "tenant"), adapter.Param(r, "id")
			_ = r.SendResponse(fmt.Sprintf("%s %s %v %s %s", adapter.Pattern(r), tenant, known, id, r.Path()))
		})
		mustRule(t, app, "<sub>.example.com/", func(r *pants.Request) { _ = r.SendResponse(adapter.Pattern(r)) })
		mustRule(t, app, "/<any('a b'):rest>", say("rest"))
		app.NotFound(func(r *pants.Request) { _ = r.SendResponse("none of the api", pants.Code(404)) })
	})
	c.NotFound(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "none", http.StatusNotFound) })
	answers(t, c,
		"/x%21/api/user/7", "200 /{tenant}/api/user/<int:id> x! false 7 /x%21/api/user/7",
		"/x/api/a%20b", "200 rest /x/api/a%20b",
		"/x/api/a+b", "200 rest /x/api/a+b",
		"/x/api/c", "404 none of the api",
		"/x", "404 none",
	)
	if got := ask(c, "/x/api/", "Host", "ada.example.com"); got != "200 <sub>.example.com/{tenant}/api/" {
		t.Errorf("a domain below Route: %s", got)
	}
}

// A group's rules stay behind its middleware, and know the NotFound that chi was given afterwards.
func TestRouterRuleInGroup(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			if hr.Header.Get("Authorization") == "" {
				http.Error(w, "who?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, hr)
		})
	}
	c.Group(func(c chi.Router) {
		c.Use(guard)
		app := adapter.New(c, &server)
		mustRule(t, app, "/<any('my secret'):page>", say("secret"))
		mustRule(t, app, "/<any('a' 'b c'):page>", say("more"), "GET", "POST")
	})
	open := adapter.New(c, &server)
	mustRule(t, open, "/open/<path:any>.txt", say("open"))
	mustRule(t, open, "/<path:everything>", say("open"))
	c.Route("/deep", func(c chi.Router) {
		c.With(guard).Group(func(c chi.Router) { mustRule(t, adapter.New(c, &server), "/<any('a b'):page>", say("deep")) })
		c.NotFound(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "none so deep", http.StatusNotFound) })
	})
	c.NotFound(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "none", http.StatusNotFound) })
	c.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not so", http.StatusMethodNotAllowed) })
	for _, pair := range []struct{ target, authorization, want string }{
		{"/my%20secret", "", "401 who?"},
		{"/my%20secret", "me", "200 secret /my%20secret"},
		{"/b%20c", "me", "200 more /b%20c"},
		{"/other", "me", "404 none"}, // chi has no way on to the other Router
		{"/deep/a%20b", "me", "200 deep /deep/a%20b"},
		{"/deep/a%20b", "", "401 who?"},
		{"/deep/c", "me", "404 none so deep"},
		{"POST /my%20secret", "me", `405 not so Allow ["GET, HEAD"]`},
		{"/open/a.txt", "", "200 open /open/a.txt"},
		{"/open/a/b", "", "200 open /open/a/b"},
		{"PUT /open/a/b", "", "405 not so"},
	} {
		if got := ask(c, pair.target, "Authorization", pair.authorization); got != pair.want {
			t.Errorf("%s as %q: %s, want %s", pair.target, pair.authorization, got, pair.want)
		}
	}
}

// The rules look at the host that a believed proxy named.
func TestRouterRuleHost(t *testing.T) {
	server, err := pants.New(pants.Config{XHeaders: xheaders.Config{
		Trust:   []string{"192.0.2.1"},
		Headers: []string{"X-Forwarded-For", "X-Forwarded-Host"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := chi.NewRouter()
	app := adapter.New(c, server)
	mustRule(t, app, "<sub>.example.com/", func(r *pants.Request) { _ = r.SendResponse("app of " + adapter.Param(r, "sub")) })
	mustRule(t, app, "/", say("front"))
	for _, test := range []struct{ host, forwarded, want string }{
		{"ADA.example.com:8080", "", "200 app of ada"},
		{"backend:81", "bob.example.com", "200 app of bob"},
		{"bob.example.com", "www.example.org", "200 front /"},
		{"example.com", "", "200 front /"},
	} {
		if got := ask(c, "/", "Host", test.host, "X-Forwarded-Host", test.forwarded); got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.host, test.forwarded, got, test.want)
		}
	}
}

// Whoever answers where no rule fits finds the request untouched: a proxy to the Python app sends the body on.
func TestRouterRuleLeavesTheBody(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	mustRule(t, app, "<sub>.example.com/<any('a b'):page>", say("rule"), "POST")
	var w http.ResponseWriter
	c.NotFound(func(got http.ResponseWriter, hr *http.Request) {
		body, err := io.ReadAll(hr.Body)
		if got != w || err != nil || string(body) != "all of it" || hr.MultipartForm != nil {
			t.Errorf("writer %T, body %q, %v", got, body, err)
		}
		got.WriteHeader(http.StatusTeapot)
	})
	recorder := httptest.NewRecorder()
	w = recorder
	c.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("all of it")))
	if recorder.Code != http.StatusTeapot {
		t.Errorf("status %d", recorder.Code)
	}
}

// A form that was read already has its files on disk: they stay, also where a rule looks at the host.
func TestRouterRuleLeavesTheForm(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	mustRule(t, adapter.New(c, &server), "<sub>.example.com/<any('a b'):page>", say("rule"), "POST")
	c.NotFound(func(_ http.ResponseWriter, hr *http.Request) {
		file, _, err := hr.FormFile("file")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if content, err := io.ReadAll(file); err != nil || string(content) != "content" {
			t.Errorf("%q, %v", content, err)
		}
	})
	body := "--x\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\ncontent\r\n--x--\r\n"
	hr := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
	hr.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if err := hr.ParseMultipartForm(1); err != nil { // bytes in memory
		t.Fatal(err)
	}
	defer hr.MultipartForm.RemoveAll()
	c.ServeHTTP(httptest.NewRecorder(), hr)
}

// Allow is there once, whoever of the two says it.
func TestRouterRuleMethodNotAllowed(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	app := adapter.New(c, &server)
	app.MethodNotAllowed(func(r *pants.Request) { _ = r.SendResponse("not so", pants.Code(405)) })
	mustRule(t, app, "/<any('a b'):page>", say("rule"))
	mustRule(t, app, "/<any('a c'):page>", say("rule"), "POST")
	answers(t, c,
		"POST /a%20b", `405 not so Allow ["GET, HEAD"]`,
		"DELETE /a%20b", `405 not so Allow ["GET" "HEAD" "POST" "OPTIONS"]`,
	)
}

func TestRouterRuleWithMiddleware(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	c.Use(middleware.GetHead, middleware.StripSlashes)
	app := adapter.New(c, &server)
	mustRule(t, app, "/once/<name>", describe)
	mustRule(t, app, "/a/<any('b+' c 'd%41!'):name>", describe, "GET")
	answers(t, c,
		"/a/c/", "200 /a/<any('b+' c 'd%41!'):name> 0 false, \"c\" true, \"c\"",
		"HEAD /a/c/", "200",
		"/a/b%2B/", "200 /a/<any('b+' c 'd%41!'):name> 0 false, \"b+\" true, \"b+\"",
		"/a/d%2541!/", "200 /a/<any('b+' c 'd%41!'):name> 0 false, \"d%41!\" true, \"d%41!\"", // decoded once
		"/a/b+/", "404 404 page not found",
		"/once/%25%32%35/", "200 /once/<name> 0 false, \"%25\" true, \"%25\"", // a part of the raw path, and decoded
	)
}

func TestRouterRuleRefused(t *testing.T) {
	var server pants.Server
	c := chi.NewRouter()
	c.Get("/taken/{id}", http.NotFound)
	c.Get("/taken/{id:^[0-9]{2}$}", http.NotFound)
	c.Options("/options/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "chi's") })
	c.Handle("/all", http.NotFoundHandler())
	c.Mount("/mounted", http.NotFoundHandler())
	c.Route("/routed", func(c chi.Router) { c.Get("/below", http.NotFound) })
	app := adapter.New(c, &server)
	app.Mount("/mine", say("mine"))
	mustRule(t, app, "/user/<name>", say("first"))
	mustRule(t, app, "/options/<name>", say("rule"))
	other := adapter.New(c.With(middleware.NoCache), &server)
	before := len(c.Routes())
	for _, test := range []struct {
		router  *adapter.Router
		rule    string
		methods []string
		want    string
	}{
		{app, "/taken/<name>", nil, "chi has a route for GET /taken/{name} already"},
		{app, "/taken/<int(min=1 digits=2):id>", []string{"GET"}, "chi has a route for GET /taken/{id:[0-9]{2}} already"},
		{app, "/options/<name>", []string{"OPTIONS"}, "chi has a route for OPTIONS /options/{name} already"},
		{app, "/all", []string{"PATCH"}, "chi has a route for PATCH /all already"},
		{app, "/mounted", nil, "chi has a route for GET /mounted already"},
		{app, "/mounted/", nil, "chi has a route for GET /mounted/ already"},
		{app, "/mounted/<path:rest>", nil, "chi has a route for GET /mounted/* already"},
		{app, "/mine/<path:rest>.txt", nil, "chi has a route for GET /mine/* already"},
		{app, "/routed", nil, "chi has a route for GET /routed already"},
		{app, "/routed/below", nil, "chi has a route for GET /routed/below already"},
		{app, "/routed/<path:rest>", nil, "chi has a route for GET /routed/* already"},
		{app, "/new/<int:id=7>/<path:rest>", []string{"GET", "FETCH"}, "chi: 'FETCH' http method is not supported."},
		{app, "/user/<name>", []string{"POST", "head"}, "it has a handler for HEAD already"},
		{app, "/other", []string{"GET", "get"}, "it has a handler for GET already"},
		{app, "/other", []string{""}, "chi: '' http method is not supported."},
		{other, "/user/<name>", nil, "chi has a route for GET /user/{name} already"},
		{other, "/user/<id>", nil, "chi has a route for GET /user/{id} already"},
	} {
		err := test.router.Rule(test.rule, say("second"), test.methods...)
		if want := fmt.Sprintf("adapter: rule %q: %s", test.rule, test.want); err == nil || err.Error() != want {
			t.Errorf("%s %s: error %v, want %s", test.rule, test.methods, err, want)
		}
	}
	if err := app.Rule("/nil", nil); err == nil || err.Error() != `adapter: rule "/nil": it has no handler` {
		t.Errorf("without a handler: %v", err)
	}
	if after := len(c.Routes()); after != before {
		t.Errorf("%d routes before what was refused, %d after", before, after)
	}
	answers(t, c,
		"/user/x", "200 first /user/x",
		"OPTIONS /options/x", "200 chi's",
		"/options/x", "200 rule /options/x",
		"/new/7/x", "404 404 page not found",
	)
	// What is no conflict: other methods there, and other rules of the same Router.
	mustRule(t, app, "/taken/<name>", say("rule"), "POST")
	mustRule(t, app, "/user/<string(length=1):nm>", say("longer"))
	answers(t, c, "POST /taken/x", "200 rule /taken/x", "/user/x", "200 longer /user/x", "/user/xx", "200 first /user/xx")
}
