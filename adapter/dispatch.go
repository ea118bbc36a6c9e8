package adapter

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/pants"
)

// ServeHTTP is what chi calls for the patterns of all rules: a path may fit several.
func (s *rules) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	path, method, host := routedPath(hr), routedMethod(hr), ""
	var allowed []string
	for _, rule := range s.list {
		if rule.domain != nil && host == "" {
			host = s.router.hostname(hr)
		}
		texts, ok := rule.find(host, path)
		if !ok {
			continue
		}
		handler, ok := rule.handlers[method]
		if !ok {
			for method := range rule.handlers {
				allowed = append(allowed, method)
			}
			continue
		}
		texts, values, err := rule.convert(texts)
		if err != nil {
			s.router.answer(w, hr, http.StatusBadRequest, err.Error())
			return
		}
		handler.ServeHTTP(w, carry(hr, &match{route: rule.Route, texts: texts, values: values}))
		return
	}
	if len(allowed) == 0 {
		notFound(s.router.mux(hr))(w, hr)
		return
	}
	slices.Sort(allowed)
	w.Header().Set("Allow", strings.Join(slices.Compact(allowed), ", "))
	if method == http.MethodOptions {
		s.router.answer(w, hr, http.StatusOK, "")
		return
	}
	methodNotAllowed(s.router.mux(hr))(w, hr)
}

// answer sends a short text.
func (r *Router) answer(w http.ResponseWriter, hr *http.Request, status int, text string) {
	r.server.Handler(func(r *pants.Request) {
		if text != "" {
			text = fmt.Sprintf("%d %s: %s", status, http.StatusText(status), text)
		}
		_ = r.SendResponse(text, pants.Code(status))
	}).ServeHTTP(w, hr)
}

// routedPath is the path that chi looked at, decoded as Pants did: "+" is a blank, what is no escape stays.
func routedPath(hr *http.Request) string {
	path := ""
	if route := chi.RouteContext(hr.Context()); route != nil {
		path = route.RoutePath
	}
	raw := hr.URL.RawPath
	if raw == "" {
		return strings.ReplaceAll(cmp.Or(path, hr.URL.Path, "/"), "+", " ") // "+" that came as %2B has a RawPath
	}
	path = cmp.Or(path, raw)
	if !escaped(hr) { // chi's StripSlashes has decoded it
		if strings.Contains(raw, "+") {
			path = strings.ReplaceAll(path, "+", " ")
		}
		return path
	}
	if decoded, err := url.QueryUnescape(path); err == nil {
		return decoded
	}
	return path // a middleware has cut an escape in two
}

// routedMethod is the method that chi looked for.
func routedMethod(hr *http.Request) string {
	if route := chi.RouteContext(hr.Context()); route != nil && route.RouteMethod != "" {
		return route.RouteMethod
	}
	return hr.Method
}

// hostname is Request.Hostname for hr, whose body is not read yet and may be for another handler.
func (r *Router) hostname(hr *http.Request) string {
	question := new(http.Request)
	*question = *hr
	question.Body, question.MultipartForm = nil, nil
	var host string
	r.server.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		host = pants.FromContext(hr.Context()).Hostname()
	})).ServeHTTP(nothing{}, question)
	return host
}

// nothing is a ResponseWriter for a request that gets no answer.
type nothing struct{}

func (nothing) Header() http.Header         { return http.Header{} }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) WriteHeader(int)             {}

// mux is the router that called the rules. It may be one that r.routes, a router of Group or With, was made of.
func (r *Router) mux(hr *http.Request) chi.Routes {
	route := chi.RouteContext(hr.Context())
	if route == nil || len(route.RoutePatterns) == 0 {
		return r.routes
	}
	return r.behind(route, route.RoutePatterns[:len(route.RoutePatterns)-1])
}

// behind is the router that a request has come to by these patterns.
func (r *Router) behind(route *chi.Context, patterns []string) chi.Routes {
	if route.Routes == nil {
		return r.routes
	}
	at := route.Routes
	for _, pattern := range patterns {
		whole := strings.TrimSuffix(pattern, "/") + "/*" // a router is mounted at three patterns, and Routes tells of this one
		known := at.Routes()
		below := slices.IndexFunc(known, func(route chi.Route) bool {
			return route.SubRoutes != nil && (route.Pattern == pattern || route.Pattern == whole)
		})
		if below < 0 {
			at = r.routes // something that is no router was mounted
			continue
		}
		at = known[below].SubRoutes
	}
	return at
}

func notFound(mux chi.Routes) http.HandlerFunc {
	if m, ok := mux.(interface{ NotFoundHandler() http.HandlerFunc }); ok {
		return m.NotFoundHandler()
	}
	return http.NotFound
}

func methodNotAllowed(mux chi.Routes) http.HandlerFunc {
	if m, ok := mux.(*chi.Mux); ok {
		return m.MethodNotAllowedHandler()
	}
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }
}

// carry is hr with the match, for Param, Value and Pattern, and for handlers that know chi or net/http only.
func carry(hr *http.Request, m *match) *http.Request {
	if route := chi.RouteContext(hr.Context()); route != nil {
		for i, v := range m.route.variables {
			route.URLParams.Add(v.Name, m.texts[i])
		}
	}
	hr = keep(hr, m)
	for i, v := range m.route.variables {
		hr.SetPathValue(v.Name, m.texts[i])
	}
	return hr
}
