// Package middleware offers the kit's parts as func(http.Handler) http.Handler, the form that chi's Use and most routers
// take. There is no logic here: each function names a method of the package that does the work.
//
//	c := chi.NewRouter()
//	c.Use(middleware.XHeaders(proxies)) // *xheaders.Resolver: first, so that all behind it know the client
//	c.Use(middleware.Sendfile(files))   // *sendfile.Sender: outside of what compresses
//	c.Use(middleware.Pants(server))     // *pants.Server
package middleware

import (
	"net/http"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// XHeaders resolves who a request came from, for xheaders.FromContext and everything of the kit behind it.
func XHeaders(x *xheaders.Resolver) func(http.Handler) http.Handler { return x.Wrap }

// Pants makes pants.FromContext work in ordinary handlers.
func Pants(s *pants.Server) func(http.Handler) http.Handler { return s.Wrap }
