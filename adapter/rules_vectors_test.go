package adapter_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
)

// app is a line of testdata/rules.jsonl: rules that make an app of Pants, and where requests led there. See the README beside it.
type app struct {
	Rules    []*appRule    `json:"rules"`
	Requests []*appRequest `json:"requests,omitempty"`
}

type appRule struct {
	Rule    string   `json:"rule"`
	Methods []string `json:"methods,omitempty"`
	Refused string   `json:"refused,omitempty"` // what the error of Rule says
	Error   string   `json:"error,omitempty"`   // the class of Pants' exception
}

type appRequest struct {
	Method string `json:"method,omitempty"`
	Host   string `json:"host,omitempty"`
	Target string `json:"target"`
	Differ string `json:"differ,omitempty"` // why the status here is another
	Ours   int    `json:"ours,omitempty"`   // it
	answer
}

// answer is what a request led to.
type answer struct {
	Status int      `json:"status"`
	Rule   *int     `json:"rule,omitempty"` // the place of the rule, also if its value was refused
	Values []any    `json:"values,omitempty"`
	Allow  []string `json:"allow,omitempty"`
}

func (a answer) String() string {
	text := strconv.Itoa(a.Status)
	if a.Rule != nil {
		text += fmt.Sprintf(" by rule %d", *a.Rule)
	}
	return fmt.Sprintf("%s %v Allow %q", text, a.Values, a.Allow)
}

func readApps(t testing.TB) []*app {
	t.Helper()
	file, err := os.Open("testdata/rules.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	apps, err := scanApps(bufio.NewScanner(file))
	if err != nil {
		t.Fatal(err)
	}
	return apps
}

func scanApps(lines *bufio.Scanner) ([]*app, error) {
	var apps []*app
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		a := &app{}
		if err := json.Unmarshal(lines.Bytes(), a); err != nil {
			return nil, fmt.Errorf("%s: %w", lines.Bytes(), err)
		}
		for _, r := range a.Requests {
			for i, value := range r.Values {
				r.Values[i] = unpack(value)
			}
		}
		apps = append(apps, a)
	}
	return apps, lines.Err()
}

// unpack makes a Go value of one that was written down.
func unpack(packed any) any {
	object, ok := packed.(map[string]any)
	if !ok {
		return packed
	}
	for kind, text := range object {
		text := text.(string)
		switch kind {
		case "int":
			if n, err := strconv.Atoi(text); err == nil {
				return n
			}
		case "float":
			if f, err := strconv.ParseFloat(text, 64); err == nil {
				return f
			}
		case "b64":
			if b, err := base64.StdEncoding.DecodeString(text); err == nil {
				return string(b)
			}
		}
	}
	return packed
}

// mountApp mounts the rules on chi. A handler writes down what it was called with.
func mountApp(rules []*appRule) (http.Handler, func() answer, error) {
	var server pants.Server
	var seen answer
	c := chi.NewRouter()
	router := adapter.New(c, &server)
	for i, rule := range rules {
		route, err := adapter.Rule(rule.Rule)
		if err != nil {
			return nil, nil, err
		}
		err = router.Rule(rule.Rule, func(r *pants.Request) {
			seen.Rule = &i
			seen.Values = valuesOf(r, route)
			_ = r.SendResponse("")
		}, rule.Methods...)
		if err != nil {
			return nil, nil, err
		}
	}
	return c, func() answer { was := seen; seen = answer{}; return was }, nil
}

// valuesOf are the values of all variables, asked for by name.
func valuesOf(r *pants.Request, route *adapter.Route) []any {
	var values []any
	for _, v := range route.Variables() {
		var value any
		var ok bool
		switch v.Converter {
		case "int":
			value, ok = adapter.Value[int](r, v.Name)
		case "float":
			value, ok = adapter.Value[float64](r, v.Name)
		default:
			value, ok = adapter.Value[string](r, v.Name)
			ok = ok && value == adapter.Param(r, v.Name)
		}
		if !ok {
			value = fmt.Errorf("no value of %s", v.Name)
		}
		values = append(values, value)
	}
	return values
}

// ask sends a request to the app.
func (q *appRequest) ask(h http.Handler, seen func() answer) answer {
	method := q.Method
	if method == "" {
		method = http.MethodGet
	}
	hr := httptest.NewRequest(method, q.Target, nil)
	if q.Host != "" {
		hr.Host = q.Host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	a := seen()
	a.Status = w.Code
	for _, line := range w.Header()["Allow"] {
		a.Allow = append(a.Allow, strings.Split(line, ", ")...)
	}
	slices.Sort(a.Allow)
	return a
}

// compare tells how ours is not what Pants answered; "" if it is. chi's own 405 names more methods.
func (q *appRequest) compare(ours answer) string {
	want := q.answer
	switch {
	case q.Ours != 0:
		if ours.Status != q.Ours {
			return fmt.Sprintf("got %s, want %d: %s", ours, q.Ours, q.Differ)
		}
		return ""
	case ours.Status != want.Status:
	case want.Status == http.StatusBadRequest:
		return ""
	case want.Rule != nil && (ours.Rule == nil || *ours.Rule != *want.Rule):
	case !slices.Equal(ours.Values, want.Values):
	case slices.ContainsFunc(want.Allow, func(m string) bool { return !slices.Contains(ours.Allow, m) }):
	default:
		return ""
	}
	return fmt.Sprintf("got %s, want %s", ours, want)
}

// TestRulesAsPants asks what real Pants was asked.
func TestRulesAsPants(t *testing.T) {
	rules, refused, requests, differ := 0, 0, 0, 0
	for _, a := range readApps(t) {
		mountable := true
		for _, rule := range a.Rules {
			_, err := adapter.Rule(rule.Rule)
			switch {
			case rule.Refused != "":
				refused++
				mountable = false // what it has for requests says what Pants makes of it
				if err == nil || !strings.Contains(err.Error(), rule.Refused) || !strings.Contains(err.Error(), strconv.Quote(rule.Rule)) {
					t.Errorf("rule %q: error %v, want one with the rule and %q", rule.Rule, err, rule.Refused)
				}
			case err != nil:
				t.Errorf("rule %q: %v", rule.Rule, err)
			default:
				rules++
			}
		}
		if !mountable {
			continue
		}
		h, seen, err := mountApp(a.Rules)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, q := range a.Requests {
			requests++
			if q.Ours != 0 {
				differ++
				if q.Ours == q.Status {
					t.Errorf("%s %s with %q does not differ", q.Method, q.Target, a.names())
				}
			}
			if wrong := q.compare(q.ask(h, seen)); wrong != "" {
				t.Errorf("%s %s %s with %q: %s", q.Method, q.Host, q.Target, a.names(), wrong)
			}
		}
	}
	if rules < 100 || refused < 60 || requests < 350 || differ > 20 {
		t.Error("testdata/rules.jsonl is not all there")
	}
	t.Logf("%d rules, %d refused, %d requests of which %d differ", rules, refused, requests, differ)
}

func (a *app) names() []string {
	var names []string
	for _, r := range a.Rules {
		names = append(names, strings.Join(append([]string{r.Rule}, r.Methods...), " "))
	}
	return names
}
