package sendfile

import (
	"errors"
	"net/http"
	"strings"
)

// Files serves request paths from Root, for GET and HEAD. It has no listings, no
// index files and no redirects, and never leaves Root, whatever AllowOutside
// says. Mounted below a path it needs http.StripPrefix. Files whose names begin
// with a dot are files like any other.
func (s *Sender) Files() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			s.strip(w.Header())
			w.Header().Set("Allow", "GET, HEAD")
			_ = writeText(w, r, http.StatusMethodNotAllowed, "405 Method Not Allowed")
			return
		}
		// "//etc/passwd" must not become an absolute path.
		name := strings.TrimLeft(r.URL.Path, "/")
		abortCut(s.send(w, r, name, nil, false))
	})
}

// abortCut makes a body that is not complete look like one, whatever the
// protocol: it closes the connection or resets the stream.
func abortCut(err error) {
	var cut *cutError
	if errors.As(err, &cut) {
		panic(http.ErrAbortHandler)
	}
}
