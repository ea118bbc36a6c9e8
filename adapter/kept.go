package adapter

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// kept is the context of a request with a copy of what chi knows of its route. chi takes its own Context back when its router
// returns, and gives it to the next request: a handler that is still running then, after FinishTimeout say, would be told the
// parameters of another client.
type kept struct {
	context.Context
	route  chi.Context
	routed bool // by chi
	match  *match
	room   [8]string
}

// keep is hr with a context that stays as it is. m is nil where no rule led here.
func keep(hr *http.Request, m *match) *http.Request {
	k := &kept{Context: hr.Context(), match: m}
	if route := chi.RouteContext(k.Context); route != nil {
		k.routed = true
		k.copy(route)
	}
	return hr.WithContext(k)
}

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

func (k *kept) Value(key any) any {
	switch {
	case key == chi.RouteCtxKey && k.routed:
		return &k.route
	case key == matchKey{} && k.match != nil:
		return k.match
	}
	return k.Context.Value(key)
}
