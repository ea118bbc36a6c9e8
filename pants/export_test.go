package pants

import (
	"testing"
	"time"
)

// SetClock freezes the time that cookies and caching headers of s depend on. Call it before the first request.
func SetClock(s *Server, now func() time.Time) { s.clock = now }

// ParseForm is parseMultipart with the limits of l.
func ParseForm(data []byte, boundary string, l Limits) (post map[string][]string, files map[string][]*File, err error) {
	f, err := parseMultipart(data, boundary, l.withDefaults())
	return f.post, f.files, err
}

// SetBodyIdle changes how long a body may stall, until the test ends.
func SetBodyIdle(t *testing.T, d time.Duration) {
	old := bodyIdle
	bodyIdle = d
	t.Cleanup(func() { bodyIdle = old })
}
