package pants_test

import (
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

func TestAddresses(t *testing.T) {
	tests := []struct {
		text   string
		secure bool
		want   string
	}{
		{"", false, "tcp :80"},
		{"", true, "tcp :443"},
		{":8080", false, "tcp :8080"},
		{":8080", true, "tcp :8080"},
		{":http", false, "tcp :http"},
		{"localhost:8080", false, "tcp localhost:8080"},
		{"127.0.0.1:8080", false, "tcp4 127.0.0.1:8080"},
		{"0.0.0.0:80", false, "tcp4 0.0.0.0:80"},
		{"[::ffff:0.0.0.0]:80", false, "tcp4 [::ffff:0.0.0.0]:80"},
		{"[::]:80", false, "tcp [::]:80"},
		{"[::1]:0", false, "tcp [::1]:0"},
		{"[fe80::1%eth0]:80", false, "tcp [fe80::1%eth0]:80"},
		{"tcp://:80", false, "tcp :80"},
		{"tcp://0.0.0.0:80", false, "tcp4 0.0.0.0:80"},
		{"tcp4://:80", false, "tcp4 :80"},
		{"tcp4://localhost:80", false, "tcp4 localhost:80"},
		{"tcp6://:80", true, "tcp6 :80"},
		{"tcp6://[::1]:80", false, "tcp6 [::1]:80"},
		{"unix:///run/app.sock", false, "unix /run/app.sock"},
		{"unix:/run/app.sock", false, "unix /run/app.sock"},
		{"unix:///run/app.sock?mode=0660", false, "unix /run/app.sock 0660"},
		{"unix:///run/app.sock?mode=666", false, "unix /run/app.sock 0666"},
		{"unix:///run/a%20b%3F.sock", false, "unix /run/a b?.sock"},
		{"systemd:", false, "systemd "},
		{"systemd:web", true, "systemd web"},
	}
	for _, test := range tests {
		if got, err := pants.ParseAddress(test.text, test.secure); err != nil || got != test.want {
			t.Errorf("%q: %q, %v; want %q", test.text, got, err, test.want)
		}
	}
}

func TestAddressesRefused(t *testing.T) {
	tests := []struct{ text, why string }{
		{"8080", "missing port"},
		{"localhost", "missing port"},
		{"localhost:", "missing port"},
		{"::1:80", "too many colons"},
		{"[::1]", "missing port"},
		{"/run/app.sock", "unix:///run/app.sock"},
		{"http://localhost:80", "unknown scheme \"http\""},
		{"https://:443", "unknown scheme"},
		{"tcp5://:80", "unknown scheme"},
		{"tcp4://", "missing port"},
		{"tcp4://:80/path", "want host:port"},
		{":80/", "want host:port"},
		{"user@host:80", "want host:port"},
		{"unix:", "absolute"},
		{"unix://", "absolute"},
		{"unix://run/app.sock", "absolute"},
		{"unix:app.sock", "absolute"},
		{"unix:///run/%zz", "escape"},
		{"unix:///run/%00", "NUL"},
		{"unix:///run/a?mode=", "invalid mode"},
		{"unix:///run/a?mode=0680", "invalid mode"},
		{"unix:///run/a?mode=01777", "invalid mode"},
		{"unix:///run/a?mode=66", "invalid mode"},
		{"unix:///run/a?mode=-660", "invalid mode"},
		{"unix:///run/a?mode=0660&owner=x", "invalid mode"},
		{"unix:///run/a?owner=www-data", "unknown option"},
	}
	for _, test := range tests {
		got, err := pants.ParseAddress(test.text, false)
		if err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%q: %q, %v; want an error with %q", test.text, got, err, test.why)
		}
	}
}
