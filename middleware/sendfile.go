package middleware

import (
	"net/http"

	"github.com/go-pants/kit/sendfile"
)

// Sendfile sends the files that handlers name in X-Sendfile or X-Accel-Redirect, as a proxy in front would. It panics if the
// Sender has no Root.
func Sendfile(s *sendfile.Sender) func(http.Handler) http.Handler { return s.Intercept }
