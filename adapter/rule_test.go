package adapter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// TestRule translates rules, and matches each without and with chi. The values are Pants' own: testdata/rules.jsonl has the
// rules too, and more.
func TestRule(t *testing.T) {
	type values = []any
	tests := []struct {
		rule     string
		patterns string // separated by blanks
		host     string // "": example.com
		target   string
		values   values
	}{
		{"/", "/", "", "/", nil},
		{"/welcome", "/welcome", "", "/welcome", nil},
		{"welcome", "/welcome", "", "/welcome", nil},
		{"/a/b/", "/a/b/", "", "/a/b/", nil},
		{"/~user/a.b-c_d", "/~user/a.b-c_d", "", "/~user/a.b-c_d", nil},
		{"/café", "/{1:caf(?:é|%[Cc]3%[Aa]9)}", "", "/caf%C3%A9", nil},
		{"/100%/x", "/{1:100(?:%|%25)}/x", "", "/100%25/x", nil},
		{"/@me/*", "/{1:(?:@|%40)me}/{2:(?:\\*|%2[Aa])}", "", "/%40me/*", nil},
		{"/a+b", "/{1:a%2[Bb]b}", "", "/a%2Bb", nil},
		{"/{id}", "/{1:(?:\\x7b|%7[Bb])id(?:\\x7d|%7[Dd])}", "", "/%7Bid%7D", nil},

		{"/user/<name>", "/user/{name}", "", "/user/ada", values{"ada"}},
		{"/user/<string:name>", "/user/{name}", "", "/user/a+b%2Bc", values{"a b+c"}},
		{"/user/<str:name>", "/user/{name}", "", "/user/%C3%A9", values{"é"}},
		{"/user/<string(min=2 max=3):name>", "/user/{name}", "", "/user/%C3%A9", values{"é"}}, // two bytes
		{"/user/<string(length=3):name>/x", "/user/{name}/x", "", "/user/abc/x", values{"abc"}},
		{"/<string:name>.html", `/{name:[^/]+\.html}`, "", "/a.b.html", values{"a.b"}},
		{"/v<name>", "/{name:v[^/]+}", "", "/v%0Ax", values{"\nx"}},
		{"/<aa>-<bb>", "/{aa-bb:[^/]+-[^/]+}", "", "/x-y-z", values{"x-y", "z"}},
		{"/<aa><bb>", "/{aa-bb:[^/]+}", "", "/%C3%A9", values{"\xc3", "\xa9"}}, // two bytes, which chi reads as one letter
		{"/<aa>x<bb><cc>", "/{aa-bb-cc:[^/]+x[^/]+}", "", "/%C3%A9x%C3%A9", values{"é", "\xc3", "\xa9"}},
		{"/<aa>/<bb>", "/{aa}/{bb}", "", "/x%21/100%25", values{"x!", "100%"}},

		{"/user/<int:id>", "/user/{id:-?[0-9]+}", "", "/user/-5", values{-5}},
		{"/user/<integer:id>", "/user/{id:-?[0-9]+}", "", "/user/007", values{7}},
		{"/y/<int(digits=4):year>", "/y/{year:-?[0-9]{4}}", "", "/y/2014", values{2014}},
		{"/n/<int(min=5 max=70):nr>", "/n/{nr:[0-9]+}", "", "/n/70", values{70}},
		{"/<int:year>-<int:month>", "/{year-month:-?[0-9]+--?[0-9]+}", "", "/2014--5", values{2014, -5}},
		{"/<int:aa><int:bb>", "/{aa-bb:-?[0-9]+-?[0-9]+}", "", "/123", values{12, 3}},

		{"/f/<float:val>", `/f/{val:-?[0-9]+(?:\.[0-9]+)?}`, "", "/f/-1.25", values{-1.25}},
		{"/f/<float(min=1.5 max=10):val>", `/f/{val:[0-9]+(?:\.[0-9]+)?}`, "", "/f/10", values{10.0}},

		{"/files/<path:name>", "/files/*", "", "/files/a%2Fb/c%20d", values{"a/b/c d"}},
		{"/files/<path:name>.txt", "/files/*", "", "/files/a.txt/b.txt", values{"a.txt/b"}},
		{"/<path:dir>/edit", "/*", "", "/a/b/edit", values{"a/b"}},
		{"/v<path:rest>", "/v*", "", "/v1/x", values{"1/x"}},
		{"/<int:id>/<path:aa>/<bb>", "/{id:-?[0-9]+}/*", "", "/1/x/y/z", values{1, "x/y", "z"}},

		{"/<any(call text):action>", "/{action:(?:call|text)}", "", "/text", values{"text"}},
		{"/<any(call):action>/<int:id>", "/{action:call}/{id:-?[0-9]+}", "", "/call/5", values{"call", 5}},
		{"/<any('call me' im):action>", "/{action}", "", "/call+me", values{"call me"}},
		{"/<any('x/y' z):pick>/end", "/*", "", "/x/y/end", values{"x/y"}},
		{"/p<int:nr>.<any(html json):fmt>", `/{nr-fmt:p-?[0-9]+\.(?:html|json)}`, "", "/p7.json", values{7, "json"}},

		{`/tel/<regex("(\d{3}-\d{4})"):no>`, `/tel/{no:(\d{3}-\d{4})}`, "", "/tel/555-1234", values{"555-1234"}},
		{`/v/<regex("v(\d*)"):nr>/x`, `/v/{nr:v(\d*)}/x`, "", "/v/v12/x", values{"12"}},
		{`/r/<regex("([^/.]+?)(?:\.html)?"):page>`, "/r/{page}", "", "/r/a.html", values{"a"}},
		{`/r/<regex("(\d+/\d+)"):span>/x`, "/r/*", "", "/r/1/2/x", values{"1/2"}},
		{`/r/<regex("(.{2})"):pair>`, "/r/*", "", "/r/%C3%A9", values{"é"}},

		{"/page/<path:slug=welcome>", "/page/ /page/*", "", "/page/", values{"welcome"}},
		{"/page/<int:id=2>/other", "/page/ /page/{id:-?[0-9]+}/other", "", "/page/", values{2}},
		{"/a/<int:xx=1>/b/<int:yy=2>", "/a/ /a/{xx:-?[0-9]+}/b/ /a/{xx:-?[0-9]+}/b/{yy:-?[0-9]+}", "", "/a/5/b/", values{5, 2}},
		{"/<name>.<any(html json):fmt=HTML>", `/{name-fmt:[^/]+\.(?:html|json)} /{name:[^/]+\.}`, "", "/a.", values{"a", "html"}},
		{`/<regex("v(\d+)"):ver=v7>`, `/ /{ver:v(\d+)}`, "", "/", values{"7"}},

		{"example.com/x", "/x", "", "/x", nil},
		{".example.com/x", "/x", "www.example.com", "/x", nil},
		{"<user>.example.com/blog/<int:year>", "/blog/{year:-?[0-9]+}", "Ada.example.com:81", "/blog/2014", values{"ada", 2014}},
		{"api<int:nr>.<any(de fr):land>/<path:rest>", "/*", "api7.fr", "/x/y", values{7, "fr", "x/y"}},
		{`<regex("([a-z]+)-\d+"):node>.local/`, "/", "web-12.local", "/", values{"web"}},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			route, err := adapter.Rule(test.rule)
			if err != nil {
				t.Fatal(err)
			}
			if got := route.Patterns(); !slices.Equal(got, strings.Split(test.patterns, " ")) {
				t.Errorf("Patterns = %q, want %q", got, test.patterns)
			}
			if want := "/" + strings.TrimPrefix(test.rule, "/"); route.String() != test.rule && route.String() != want {
				t.Errorf("String = %q", route)
			}
			if test.host == "" {
				test.host = "example.com"
			}
			host, _, _ := strings.Cut(strings.ToLower(test.host), ":")
			path, err := url.QueryUnescape(test.target)
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := route.Match(host, path)
			if !ok || err != nil || !slices.Equal(got, test.values) {
				t.Errorf("Match(%q, %q) = %#v, %v, %v; want %#v", host, path, got, ok, err, test.values)
			}
			h, seen, err := mountApp([]*appRule{{Rule: test.rule}})
			if err != nil {
				t.Fatal(err)
			}
			q := appRequest{Host: test.host, Target: test.target}
			if a := q.ask(h, seen); a.Status != 200 || !slices.Equal(a.Values, test.values) {
				t.Errorf("on chi %s %s: %s, want %#v", test.host, test.target, a, test.values)
			}
		})
	}
}

// TestRuleRefused has the reasons; testdata/rules.jsonl has more rules for each, and what Pants makes of them.
func TestRuleRefused(t *testing.T) {
	tests := []struct{ rule, reason string }{
		{"/<x>", `"<x>" is no variable to Pants: "x" is no name: it takes two or more letters, digits or _`},
		{"/a/<int:id>/<bad-name>", `"<bad-name>" is no variable to Pants: after its name comes "=" and a default, or ">"`},
		{"/<date:day>", `there is no converter "date"`},
		{"/<name>/<int:name>", `two variables are named "name"`},
		{"/<any(1 2):act>", `variable "act", converter any: its choice 1 is no text to Pants: write it in double quotes`},
		{"/<any(a b):act=c>", `variable "act", converter any: it does not match its default "c"`},
		{"/<string(max=3):text>", `variable "text", converter string: it has a max but no min, which Pants refuses`},
		{"/<string(1001):text>", `variable "text", converter string: its length 1001 is over 1000, the most that Go's regexp takes`},
		{"/<int(min=5):nr=3>", `variable "nr", converter int: its default is out of range`},
		{"/<int(size=3):nr>", `variable "nr", converter int: it has no option "size"`},
		{`/<regex("(a)(b)"):text>`, `variable "text", converter regex: the regular expression "(a)(b)" has 2 groups, not one`},
		{`/<regex("(?=a)(.)"):text>`, `variable "text", converter regex: the regular expression "(?=a)(.)": "(?=" is more than a group`},
		{`/<regex("(a)\1"):text>`, `variable "text", converter regex: the regular expression "(a)\\1": "\\1" is an escape of Python's`},
		{"/<regex('(a)'):text>", `"<regex('(a)'):text>" is no variable to Pants: '(a)' has one of : > ) in single quotes: write it in double quotes`},
		{"<sub=www>.example.com/", `variable "sub" of the domain has a default: Pants makes the whole domain optional then`},
		{"<path:host>/", `variable "host" of the domain may match a slash`},
		{"example.com:8080/", `the domain has ":8080": a host is compared in lower case and without a port`},
		{"<path:rest=a/b>", `its only slash is inside a variable: Pants takes the rule for a domain`},
		{"/\xff", "it is not UTF-8"},
	}
	for _, test := range tests {
		route, err := adapter.Rule(test.rule)
		if want := fmt.Sprintf("adapter: rule %q: %s", test.rule, test.reason); err == nil || err.Error() != want || route != nil {
			t.Errorf("Rule(%q) = %v, error\n%v, want\n%v", test.rule, route, err, want)
		}
		var server pants.Server
		c := chi.NewRouter()
		if err2 := adapter.New(c, &server).Rule(test.rule, say("x")); err2 == nil || err2.Error() != err.Error() || len(c.Routes()) != 0 {
			t.Errorf("Router.Rule(%q): %v, routes %v", test.rule, err2, c.Routes())
		}
	}
}

func TestRouteVariables(t *testing.T) {
	route, err := adapter.Rule(`<sub>.example.com/<Integer:id>/<any(html json):format=JSON>`)
	if err != nil {
		t.Fatal(err)
	}
	want := []adapter.Variable{
		{Name: "sub", Converter: "domainpart"},
		{Name: "id", Converter: "int"},
		{Name: "format", Converter: "any", Default: "json", HasDefault: true},
	}
	if got := route.Variables(); !slices.Equal(got, want) {
		t.Errorf("Variables = %+v, want %+v", got, want)
	}
	route.Patterns()[0] = "changed"
	if got := route.Patterns()[0]; got == "changed" {
		t.Error("Patterns gives out its own slice")
	}
}

// A rule fits, and yet a value cannot be given.
func TestRouteMatchBadValue(t *testing.T) {
	tests := []struct{ rule, path, err string }{
		{"/<int(max=7):nr>", "/8", "nr is out of range"},
		{"/<int:nr>", "/99999999999999999999", "nr is out of range"},
		{"/<float(min=1.5):nr>", "/1.25", "nr is out of range"},
		{`/<regex("v(\d*)"):nr>`, "/v", "nr is missing"},
		{"/<int:aa=1>/<bb>", "/", "bb is missing"},
	}
	for _, test := range tests {
		route, err := adapter.Rule(test.rule)
		if err != nil {
			t.Fatal(err)
		}
		values, ok, err := route.Match("example.com", test.path)
		if !ok || err == nil || err.Error() != test.err || values != nil {
			t.Errorf("%s %s: %v, %v, %v; want %s", test.rule, test.path, values, ok, err, test.err)
		}
		h, _, err := mountApp([]*appRule{{Rule: test.rule}})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, test.path, nil))
		if want := "400 Bad Request: " + test.err; w.Code != 400 || w.Body.String() != want {
			t.Errorf("on chi %s %s: %d %q, want %q", test.rule, test.path, w.Code, w.Body, want)
		}
	}
}
