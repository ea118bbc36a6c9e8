package adapter

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-pants/kit/pants"
)

// Rule mounts h by a rule of pants.web.Application, for GET and HEAD unless methods are named. See the function Rule for what a
// rule may say; Value and Param give h the values, Pattern the rule. chi.URLParam and PathValue of net/http know them too. OPTIONS
// is answered as Pants did, with Allow and no content, where neither a rule of this Router nor chi has a handler for it.
//
// The rules of one Router are tried in Pants' order, whatever the order of the calls: longer domains first, then longer rules. The
// first that fits the host, the path and the method is taken. A value that its converter does not allow is then a 400, not the next
// rule; so is an integer that does not fit an int, for which Python had no limit. Where no rule fits, chi's NotFound or
// MethodNotAllowed answers, with the request as it came.
//
// chi looks first, by Route.Patterns, and this is what differs from Pants:
//
//   - chi's own routes keep their place, and between two Routers chi decides. What it gives to the rules of one is not tried with
//     those of another, nor with a route of chi's that also fits.
//   - A method that no rule has at a pattern is a 405 of chi's, also where Pants would have looked at the host or a value and
//     said 404. Methods in lower case are none.
//   - chi compares the path as the client escaped it. A path with "%2F" for a slash of the rule, with escapes for the letters and
//     digits of its text or its numbers ("/us%65r/%37"), or with a line break at its end, is not found. Escapes that clients do
//     send, of blanks or letters that are not ASCII, make no difference.
//   - Below Route or Mount a rule is for the rest of the path. So it is with a domain, which made a rule of a Pants Module stand
//     for itself.
//
// An error says that the rule cannot be translated, or that its place is taken: by a route that chi has for the same pattern and
// method, which the rule would replace, or by the same rule. Nothing is mounted then. Rules are mounted before the first request,
// as chi's routes are.
func (r *Router) Rule(rule string, h pants.HandlerFunc, methods ...string) error {
	route, err := Rule(rule)
	if err != nil {
		return err
	}
	if err = r.mount(route, h, methods); err != nil {
		return fmt.Errorf("adapter: rule %q: %w", rule, err)
	}
	return nil
}

func (r *Router) mount(route *Route, h pants.HandlerFunc, names []string) error {
	if h == nil {
		return errors.New("it has no handler")
	}
	if len(names) == 0 {
		names = []string{http.MethodGet, http.MethodHead}
	}
	added := &rule{Route: route, handlers: map[string]http.Handler{}}
	at, again := slices.BinarySearchFunc(r.rules.list, added, compareRules)
	if again {
		added = r.rules.list[at]
	}
	handler := r.server.Handler(h)
	var mounted []string
	for _, name := range names {
		name = strings.ToUpper(name)
		if _, twice := added.handlers[name]; twice || slices.Contains(mounted, name) {
			return fmt.Errorf("it has a handler for %s already", name)
		}
		mounted = append(mounted, name)
	}
	places, err := r.places(route, mounted)
	if err != nil {
		return err
	}
	for _, p := range places {
		r.routes.Method(p.method, p.pattern, &r.rules)
	}
	for _, name := range mounted {
		added.handlers[name] = handler
	}
	if !again {
		r.rules.list = slices.Insert(r.rules.list, at, added)
	}
	return nil
}

// rule is a Route with its handlers, by method.
type rule struct {
	*Route
	handlers map[string]http.Handler
}

// rules are those of one Router, in Pants' order.
type rules struct {
	router *Router
	list   []*rule
}

// compareRules puts rules in Pants' order: the longer domain first, then the one with more colons, then by the alphabet; in one
// domain the same of the rest.
func compareRules(a, b *rule) int {
	domainA, pathA, _ := strings.Cut(a.rule, "/")
	domainB, pathB, _ := strings.Cut(b.rule, "/")
	return cmp.Or(compareKeys(domainA, domainB), compareKeys(pathA, pathB))
}

func compareKeys(a, b string) int {
	return cmp.Or(
		cmp.Compare(len(b), len(a)),
		cmp.Compare(strings.Count(b, ":"), strings.Count(a, ":")),
		cmp.Compare(a, b),
	)
}
