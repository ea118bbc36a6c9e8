package adapter

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// place is a method and a pattern of chi.
type place struct{ method, pattern string }

// places are where chi must call the rules so that route is found.
func (r *Router) places(route *Route, methods []string) (places []place, err error) {
	trial := chi.NewRouter()
	defer func() { // chi's way to refuse a method, or a pattern
		if v := recover(); v != nil {
			places, err = nil, fmt.Errorf("%v", v)
		}
	}()
	known := r.routes.Routes()
	for _, pattern := range route.patterns {
		for _, method := range append([]string{http.MethodOptions}, methods...) {
			p := place{method, pattern}
			if slices.Contains(places, p) {
				continue
			}
			trial.Method(method, pattern, &r.rules)
			switch r.holder(known, p) {
			case nobody:
				places = append(places, p)
			case others:
				if slices.Contains(methods, method) {
					return nil, fmt.Errorf("chi has a route for %s %s already", method, pattern)
				}
			}
		}
	}
	return places, nil
}

// Who has a place on chi.
type holder uint8

const (
	nobody holder = iota
	ours
	others
)

func (r *Router) holder(known []chi.Route, p place) holder {
	for _, route := range known {
		if shape(route.Pattern) != shape(p.pattern) {
			continue
		}
		h := route.Handlers[p.method]
		if chain, ok := h.(*chi.ChainHandler); ok { // a router of Group or With
			h = chain.Endpoint
		}
		switch {
		case h == http.Handler(&r.rules):
			return ours
		case h != nil || route.SubRoutes != nil:
			return others
		}
	}
	// Mount and Route have two more places than Routes tells.
	if !strings.ContainsAny(p.pattern, "{*") && r.routes.Find(chi.NewRouteContext(), p.method, p.pattern) == p.pattern {
		return others
	}
	return nobody
}

// shape is a pattern without its keys: what chi tells patterns apart by.
func shape(pattern string) string {
	var b strings.Builder
	depth, inKey := 0, false
	for _, c := range pattern {
		switch {
		case c == '{':
			depth++
			inKey = inKey || depth == 1
		case c == '}':
			depth--
			inKey = false
		case c == ':':
			inKey = false
		}
		if !inKey || c == '{' {
			b.WriteRune(c)
		}
	}
	return strings.NewReplacer("{:^", "{:", "$}", "}").Replace(b.String())
}
