package xheaders_test

import (
	"net/http"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// TestClean: whatever Wrap left in place, nothing unbelieved is passed on.
func TestClean(t *testing.T) {
	user := headers(ten, "X-Forwarded-For", "X-Forwarded-User")
	keptUser := user
	keptUser.KeepHeaders = true
	const forged = "Cookie: a\nX-Forwarded-For: 6.6.6.6, 203.0.113.9\nX-Forwarded-User: bob\nX_Forwarded_For: x\nX-Real-IP: 127.0.0.1\nForwarded: for=x\nX-Forwarded-Host: evil"
	const believed = "Cookie: a\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-User: bob"
	cases := []struct {
		name string
		peer string
		wrap []xheaders.Config
		want string
	}{
		{"no Wrap", "10.0.0.1:9", nil, "Cookie: a"},
		{"trusted", "10.0.0.1:9", []xheaders.Config{user}, believed},
		{"KeepHeaders", "10.0.0.1:9", []xheaders.Config{keptUser}, believed},
		{"KeepHeaders, untrusted peer", "198.51.100.7:9", []xheaders.Config{keptUser}, "Cookie: a"},
		{"DangerouslyTrustAll", "198.51.100.7:9", []xheaders.Config{pants}, "Cookie: a"},
		{"the inner Wrap decides", "10.0.0.1:9", []xheaders.Config{keptUser, {KeepHeaders: true}}, "Cookie: a"},
		{"the inner Wrap believes", "10.0.0.1:9", []xheaders.Config{{KeepHeaders: true}, keptUser}, believed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.peer, forged)
			var wraps []func(http.Handler) http.Handler
			for _, config := range c.wrap {
				wraps = append(wraps, must(t, config).Wrap)
			}
			seen := behind(r, wraps...)
			before := lines(seen.Header)
			if got := lines(xheaders.Clean(seen)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if got := lines(seen.Header); got != before {
				t.Errorf("the request was changed:\n%s\nwas\n%s", got, before)
			}
		})
	}
}

// TestCleanKeepsWhatIsOurs: behind a Wrap, a middleware may name the user it has found.
func TestCleanKeepsWhatIsOurs(t *testing.T) {
	seen := behind(request("198.51.100.7:9", "X-Forwarded-User: mallory"), must(t, ten).Wrap)
	seen.Header.Set("X-Forwarded-User", "alice")
	if got := lines(xheaders.Clean(seen)); got != "X-Forwarded-User: alice" {
		t.Errorf("got %s", got)
	}
}

// TestCleanAllocations: a request with nothing to remove costs nothing.
func TestCleanAllocations(t *testing.T) {
	r := request("198.51.100.7:9", "Cookie: a\nAccept: b\nUser-Agent: c")
	if got := testing.AllocsPerRun(100, func() { xheaders.Clean(r) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
