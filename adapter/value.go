package adapter

import (
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/pants"
)

// match is what a rule made of a request.
type match struct {
	route  *Route
	texts  []string
	values []any
}

// index is the place of a variable, or -1. m may be nil.
func (m *match) index(name string) int {
	if m == nil {
		return -1
	}
	return slices.IndexFunc(m.route.variables, func(v variable) bool { return v.Name == name })
}

// Value is the value of a rule's variable, as Pants gave it to the handler: an int of the converter int, a float64 of float, a
// string of the others. ok is false if the request did not come by a rule with such a variable, or if T is not its type.
func Value[T int | float64 | string](r *pants.Request, name string) (value T, ok bool) {
	m := keptIn(r.HTTP.Context()).rule()
	if i := m.index(name); i >= 0 {
		value, ok = m.values[i].(T)
	}
	return value, ok
}

// pattern is the rule as one had to write it at the outermost router: the patterns of the routers outside stand before its path.
func (m *match) pattern(route *chi.Context) string {
	domain, path, _ := strings.Cut(m.route.rule, "/")
	outside := ""
	if route != nil && len(route.RoutePatterns) > 1 {
		outer := chi.Context{RoutePatterns: route.RoutePatterns[:len(route.RoutePatterns)-1]}
		outside = strings.TrimSuffix(outer.RoutePattern(), "/*")
	}
	return domain + outside + "/" + path
}
