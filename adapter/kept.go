package adapter

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// stays tells whether hr itself has all that Param and Pattern are asked for: chi notes it there when it has found the route, for
// PathValue and in hr.Pattern, and that stays with the request. What a middleware has told chi since is not there, and not how chi
// read a path that can be read in two ways.
func stays(hr *http.Request) bool {
	route := chi.RouteContext(hr.Context())
	if route == nil {
		return true
	}
	if hr.Pattern == "" || hr.URL.RawPath != "" {
		return false
	}
	for i, key := range route.URLParams.Keys {
		if hr.PathValue(key) != route.URLParams.Values[i] {
			return false
		}
	}
	return true
}

// kept is the context of a request with a copy of what chi knows of its route. chi takes its own Context back when its router
// returns, and gives it to the next request: a handler that is still running then, after FinishTimeout say, would be told the
// parameters of another client.
type kept struct {
	context.Context
	route  chi.Context
	routed bool   // by chi
	match  *match // nil where no rule led here
	room   [8]string
}

// keep is hr with a context that stays as it is.
func keep(hr *http.Request, m *match) *http.Request {
	k := &kept{Context: hr.Context(), match: m}
	if route := chi.RouteContext(k.Context); route != nil {
		k.routed = true
		k.copy(route)
	}
	return hr.WithContext(k)
}

// copy is what Clone of chi does, in one allocation.
func (k *kept) copy(route *chi.Context) {
	room := k.room[:0]
	own := func(list []string) []string {
		start := len(room)
		room = append(room, list...)
		return room[start:len(room):len(room)]
	}
	k.route.Routes, k.route.RoutePath, k.route.RouteMethod = route.Routes, route.RoutePath, route.RouteMethod
	k.route.RoutePatterns = own(route.RoutePatterns)
	k.route.URLParams = chi.RouteParams{Keys: own(route.URLParams.Keys), Values: own(route.URLParams.Values)}
}

type keptKey struct{}

func (k *kept) Value(key any) any {
	switch {
	case key == keptKey{}:
		return k
	case key == chi.RouteCtxKey && k.routed:
		return &k.route
	}
	return k.Context.Value(key)
}

// rule is the match of the rule that led here, nil for none. k may be nil.
func (k *kept) rule() *match {
	if k == nil {
		return nil
	}
	return k.match
}

func keptIn(ctx context.Context) *kept {
	k, _ := ctx.Value(keptKey{}).(*kept)
	return k
}
