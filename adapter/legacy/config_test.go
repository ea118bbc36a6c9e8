package legacy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/sendfile"
)

func TestBackend(t *testing.T) {
	for _, good := range []string{
		"http://127.0.0.1:8080", "http://localhost", "http://localhost/", "http://[::1]:8080", "http://app.internal:65535", "HTTP://a:1",
		"unix:///run/app.sock", "unix:///run/with blank%20?#.sock",
	} {
		if _, err := legacy.New(legacy.Config{Backend: good}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, why := range map[string]string{
		"":                           "where the app listens",
		"127.0.0.1:8080":             "invalid Backend",
		"localhost:8080":             "http:// or unix://",
		"//localhost:8080":           "http:// or unix://",
		"https://localhost":          "plain HTTP",
		"ftp://localhost":            "http:// or unix://",
		"http://":                    "no host",
		"http://:8080":               "no host",
		"http://localhost:0":         "1 to 65535",
		"http://localhost:65536":     "1 to 65535",
		"http://localhost:x":         "invalid port",
		"http://localhost/app":       "path and query",
		"http://localhost?a":         "path and query",
		"http://localhost/?":         "path and query",
		"http://localhost#a":         "path and query",
		"http:localhost":             "path and query",
		"http://user:pw@localhost":   "log in",
		"http://local host":          "invalid",
		"unix://run/app.sock":        "absolute path",
		"unix://":                    "absolute path",
		"unix:/run/app.sock":         "http:// or unix://",
		"unix:///run/\x00":           "absolute path",
		"http://localhost:8080\r\nX": "invalid",
	} {
		_, err := legacy.New(legacy.Config{Backend: bad})
		if err == nil || !strings.Contains(err.Error(), why) || !strings.HasPrefix(err.Error(), "legacy: ") {
			t.Errorf("%q: %v, want %q", bad, err, why)
		}
	}
}

// Every mistake is reported, in one error.
func TestMistakes(t *testing.T) {
	nowhere, err := sendfile.New(sendfile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = legacy.New(legacy.Config{Backend: "https://a", DialTimeout: -time.Second, Sendfile: nowhere})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`invalid Backend "https://a"`, "negative DialTimeout -1s", "Sendfile: sendfile: Intercept without Root"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
