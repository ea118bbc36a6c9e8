package legacy_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// An app that gives no answer, or none that is one, is a 502 or a 504, and a line in the log.
func TestNoAnswer(t *testing.T) {
	app := newStandIn(t)
	stopped := newStandIn(t)
	stopped.stop()
	// A listener that does not accept, with a queue that is full, is as good as a host that drops everything.
	full := fullListener(t)
	tests := []struct {
		name, backend, request string
		status                 int
		log                    string
	}{
		{"nobody listens", stopped.url(), request("GET", "/a"), 502, "method=GET path=/a "},
		{"no such socket", "unix:///nowhere/app.sock", request("GET", "/a?secret"), 502, "method=GET path=/a "},
		{"a host without an address", "http://app.invalid", request("GET", "/a"), 502, "backend=http://app.invalid"},
		{"no connection in time", full, request("GET", "/a"), 504, "i/o timeout"},
		{"no answer in time", app.url(), request("GET", "/wait"), 504, "method=GET path=/wait "},
		{"POST, no answer in time", app.url(), post("/wait", "x"), 504, "method=POST path=/wait "},
		{"closed without an answer", app.url(), request("GET", "/silent"), 502, "without an answer"},
		{"POST, closed without an answer", app.url(), post("/silent", "x"), 502, "without an answer"},
		{"half a head", app.url(), request("GET", "/halfhead"), 502, "malformed"},
		{"no HTTP", app.url(), request("GET", "/garbage"), 502, "malformed"},
		{"a status of two digits", app.url(), request("GET", "/status?99"), 502, "malformed"},
		{"status 0", app.url(), request("GET", "/status?000"), 502, "invalid status"},
		{"a length that is none", app.url(), request("GET", "/header?Content-Length:x"), 502, "Content-Length"},
		{"a blank in a header's name", app.url(), request("GET", "/header?X%20Y:z"), 502, "invalid header name"},
		{"a header without a colon", app.url(), request("GET", "/header?X-Y"), 502, "malformed"},
		{"a head of 2 MiB", app.url(), request("GET", "/longhead"), 502, "longer than 1048576"},
		{"another protocol, unasked", app.url(), request("GET", "/unasked"), 502, "changes to protocol"},
		{"another protocol, not the one asked for", app.url(), "GET /unasked HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n", 502, "changes to protocol"},
		{"HEAD", stopped.url(), request("HEAD", "/a"), 502, "method=HEAD"},
		{"a head over what Pants takes", app.url(), request("GET", "/a", "X-A: "+strings.Repeat("x", 60_000), "X-B: "+strings.Repeat("x", 5_400)), 502, "method=GET path=/a "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log logged
			patience := 15 * time.Second
			if test.status == 504 {
				patience = 300 * time.Millisecond
			}
			proxy := newProxy(t, legacy.Config{Backend: test.backend, DialTimeout: patience, ResponseTimeout: patience, Log: log.logger()})
			address := front(t, proxy)
			leavesNothing(t)
			got := ask(t, address, test.request)
			text := map[int]string{502: "502 Bad Gateway", 504: "504 Gateway Timeout"}[test.status]
			if strings.HasPrefix(test.request, "HEAD") {
				text = ""
			}
			if got.status != test.status || got.content != text {
				t.Errorf("got %v, %v, want %d", got, got.err, test.status)
			}
			if s := log.String(); !strings.Contains(s, test.log) || strings.Count(s, "level=ERROR") != 1 || strings.Contains(s, "secret") {
				t.Errorf("logged %s", s)
			}
		})
	}
}

// fullListener is the address of one whose queue takes no more connections.
func fullListener(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	shrinkQueue(t, l.(*net.TCPListener))
	for range 20 {
		c, err := net.DialTimeout("tcp", l.Addr().String(), 50*time.Millisecond)
		if err != nil {
			return "http://" + l.Addr().String()
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("the queue of a listener does not fill up here")
	return ""
}

// A deadline that a middleware has set is one for the app too.
func TestDeadlineOfMiddleware(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url()})
	address := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond)
		defer cancel()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	}))
	if got := ask(t, address, request("GET", "/wait")); got.status != 504 {
		t.Errorf("got %v, %v", got, got.err)
	}
	if got := receive(t, "the app is told", app.gone); got != "/wait" {
		t.Errorf("gone: %s", got)
	}
}

// A negative ResponseTimeout is none, and the content may take any time.
func TestNoTimeout(t *testing.T) {
	app := newStandIn(t)
	patient := front(t, newProxy(t, legacy.Config{Backend: app.url(), ResponseTimeout: -1}))
	brisk := front(t, newProxy(t, legacy.Config{Backend: app.url(), ResponseTimeout: 500 * time.Millisecond}))
	for _, test := range []struct {
		address, path string
		pauses        int
		want          string
	}{{patient, "/wait", 1, "waited"}, {brisk, "/drip", 3, "012"}} {
		c := dial(t, test.address)
		_, _ = io.WriteString(c, request("GET", test.path))
		done := make(chan reply)
		go func() { done <- readReply(bufio.NewReader(c), "GET") }()
		time.Sleep(700 * time.Millisecond)
		for range test.pauses {
			app.wait <- struct{}{}
		}
		if got := receive(t, "the answer", done); got.content != test.want || got.err != nil {
			t.Errorf("%s: got %v, %v", test.path, got, got.err)
		}
	}
}

// An app that does not read what it is sent is a 504 like one that does not answer.
func TestAppThatDoesNotRead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := front(t, newProxy(t, legacy.Config{Backend: "http://" + l.Addr().String(), ResponseTimeout: 300 * time.Millisecond}))
	if got := ask(t, address, post("/a", strings.Repeat("x", 10<<20))); got.status != 504 {
		t.Errorf("got %v, %v", got, got.err)
	}
}

// What net/http would not let in, a middleware may have made; it is not sent.
func TestUnsendable(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url()})
	for name, spoil := range map[string]func(*http.Request){
		"method": func(r *http.Request) { r.Method = "GET /x HTTP/1.1\r\nX:" },
		"target": func(r *http.Request) { r.RequestURI = "/a b" },
		"host":   func(r *http.Request) { r.Host = "a\r\nX-Real-IP: 6.6.6.6" },
	} {
		r := httptest.NewRequest(http.MethodGet, "/a", nil)
		spoil(r)
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, r)
		if w.Code != 400 {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
	if n := len(app.seen()); n != 0 {
		t.Errorf("the app got %v", app.last())
	}
}
