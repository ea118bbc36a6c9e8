package pants_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// nothing is a writer that does nothing, so that only the handler's work is measured.
type nothing struct{ header http.Header }

func (w nothing) Header() http.Header               { return w.header }
func (w nothing) Write(p []byte) (int, error)       { return len(p), nil }
func (w nothing) WriteString(s string) (int, error) { return len(s), nil }
func (w nothing) WriteHeader(int)                   {}
func (w nothing) SetWriteDeadline(time.Time) error  { return nil }
func (w nothing) FlushError() error                 { return nil }

func bareHello(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain")
	h.Set("Content-Length", "12")
	_, _ = w.(nothing).WriteString("Hello World.")
}

// The convenience costs at most three allocations, and accessors that a handler does not use cost none.
func TestAllocations(t *testing.T) {
	var s pants.Server
	hr := httptest.NewRequest(http.MethodGet, "/?a=b&c=d", nil)
	hr.Header.Set("Cookie", "a=b; c=d")
	measure := func(h http.Handler) float64 {
		w := nothing{http.Header{}}
		return testing.AllocsPerRun(200, func() {
			clear(w.header)
			h.ServeHTTP(w, hr)
		})
	}
	bare := measure(http.HandlerFunc(bareHello))
	hello := s.Handler(func(r *pants.Request) { _ = r.SendResponse("Hello World.") })
	tests := []struct {
		name    string
		handler http.Handler
		above   float64
	}{
		{"hello", hello, 3},
		{"hello in an HTTPServer", s.HTTPServer(hello).Handler, 3},
		{"hello below a logging writer", wrapped(hello), 4},
		{"Wrap around a bare handler", s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", "text/plain")
			h.Set("Content-Length", "12")
			_, _ = w.Write(helloBytes)
		})), 3},
		{"accessors without a copy", s.Handler(func(r *pants.Request) {
			_, _, _, _, _, _ = r.Method(), r.Protocol(), r.URL(), r.Path(), r.Query(), r.Host()
			_ = r.SendResponse("Hello World.")
		}), 3},
	}
	for _, test := range tests {
		got := measure(test.handler)
		t.Logf("%s: %v allocations, bare %v", test.name, got, bare)
		if got > bare+test.above {
			t.Errorf("%s: %v allocations, bare handler %v, want at most %v more", test.name, got, bare, test.above)
		}
	}
}

var helloBytes = []byte("Hello World.")

// wrapped puts a writer in between that knows nothing but the three methods.
func wrapped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		next.ServeHTTP(struct{ http.ResponseWriter }{w}, hr)
	})
}

func BenchmarkHello(b *testing.B) {
	var s pants.Server
	hr := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, h := range map[string]http.Handler{
		"bare":                   http.HandlerFunc(bareHello),
		"pants":                  s.Handler(func(r *pants.Request) { _ = r.SendResponse("Hello World.") }),
		"pants in an HTTPServer": s.HTTPServer(s.Handler(func(r *pants.Request) { _ = r.SendResponse("Hello World.") })).Handler,
	} {
		b.Run(name, func(b *testing.B) {
			w := nothing{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, hr)
			}
		})
	}
}

// asked counts how often its header map is asked for when the head is on its way: net/http copies it then.
type asked struct {
	httptest.ResponseRecorder
	sent   bool
	copies int
}

func (w *asked) Header() http.Header {
	if w.sent {
		w.copies++
	}
	return w.ResponseRecorder.Header()
}

func (w *asked) WriteHeader(status int) { w.sent = true; w.ResponseRecorder.WriteHeader(status) }

func TestHeaderIsNotCopied(t *testing.T) {
	var s pants.Server
	send := func(r *pants.Request) { _ = r.SendResponse("Hello World.") }
	tests := map[string]http.Handler{
		"Handler": s.Handler(send),
		"headers": s.Handler(func(r *pants.Request) { r.Writer.Header().Set("X-A", "b"); send(r) }),
		"Send":    s.Handler(func(r *pants.Request) { _ = r.Send("Hello World."); _ = r.Finish() }),
		"Wrap": s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-A", "b")
			_, _ = w.Write(helloBytes)
		})),
		"Wrap, SendResponse": s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) { send(pants.FromContext(hr.Context())) })),
		"HTTPServer":         s.HTTPServer(s.Wrap(s.Handler(send))).Handler,
	}
	for name, h := range tests {
		w := &asked{ResponseRecorder: *httptest.NewRecorder()}
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Body.String() != "Hello World." || w.copies > 0 {
			t.Errorf("%s: %q, with %d copies of the header", name, w.Body, w.copies)
		}
	}
}

// Cookies take a few allocations together, not one each, and room for no more of them than came: not for the padding of
// base64, and next to none for a header of ';' or of words.
func TestAllocationsOfCookies(t *testing.T) {
	many := func(n int, pair string) string { return strings.TrimSuffix(strings.Repeat(pair+"; ", n), "; ") }
	numbered := func(n int) string {
		pairs := make([]string, n)
		for i := range pairs {
			pairs[i] = fmt.Sprintf("name%d=value%d", i, i)
		}
		return strings.Join(pairs, "; ")
	}
	for _, tt := range []struct {
		name, header string
		allocations  float64
		bytes        uint64
	}{
		{"one", "a=b", 5, 800},
		{"one with padding", "a=Zm9vYg==", 5, 800},
		{"one of '='", "a=" + strings.Repeat("=", 900), 5, 800},
		{"ten", numbered(10), 8, 3800},
		{"as many as may be", numbered(1000), 80, 280_000},
		{"semicolons", strings.Repeat(";", 64<<10), 4, 1000},
		{"words", many(20_000, "a"), 4, 1000},
		{"equal names", many(900, "a=b"), 80, 280_000},
		{"a header each", strings.ReplaceAll(numbered(1000), "; ", "\n"), 80, 280_000},
		{"without names", strings.Repeat("=;", 1000), 8, 65_000}, // room for a thousand names, and none of them
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s pants.Server
			hr := httptest.NewRequest(http.MethodGet, "/", nil)
			hr.Header["Cookie"] = strings.Split(tt.header, "\n")
			h := s.Handler(func(r *pants.Request) {
				r.Cookies()
				_ = r.SendResponse("")
			})
			w := nothing{http.Header{}}
			serve := func() {
				clear(w.header)
				h.ServeHTTP(w, hr)
			}
			if n := testing.AllocsPerRun(100, serve); n > tt.allocations {
				t.Errorf("%v allocations, want at most %v", n, tt.allocations)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 100 {
				serve()
			}
			runtime.ReadMemStats(&after)
			if n := (after.TotalAlloc - before.TotalAlloc) / 100; n > tt.bytes {
				t.Errorf("%d bytes, want at most %d", n, tt.bytes)
			}
		})
	}
}
