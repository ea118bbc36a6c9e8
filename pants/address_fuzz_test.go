package pants_test

import (
	"net"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// Whatever stands in a configuration as the address: it is refused, or understood in one way.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{
		"", ":80", "0.0.0.0:80", "[::]:80", "[::ffff:0.0.0.0]:80", "[fe80::1%eth0]:80", "localhost:http", "tcp4://:80", "tcp6://[::1]:0",
		"unix:///run/app.sock?mode=0660", "unix:/run/a%20b", "unix:///run/%00", "unix://run/a", "systemd:", "systemd:web", "http://a:80", "::1:80",
	} {
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, secure bool) {
		got, err := pants.ParseAddress(text, secure)
		if err != nil {
			return
		}
		network, rest, _ := strings.Cut(got, " ")
		switch network {
		case "tcp", "tcp4", "tcp6":
			host, port, err := net.SplitHostPort(rest)
			if err != nil || port == "" {
				t.Errorf("%q is %q: %v", text, got, err)
			}
			if again, err := pants.ParseAddress(network+"://"+net.JoinHostPort(host, port), secure); err != nil || again != network+" "+net.JoinHostPort(host, port) {
				t.Errorf("%q is %q, and that is %q, %v", text, got, again, err)
			}
		case "unix":
			if !strings.HasPrefix(rest, "/") || strings.ContainsRune(rest, 0) {
				t.Errorf("%q is %q", text, got)
			}
		case "systemd":
			if text != "systemd:"+rest {
				t.Errorf("%q is %q", text, got)
			}
		default:
			t.Errorf("%q is %q", text, got)
		}
	})
}
