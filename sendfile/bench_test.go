package sendfile_test

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// discard is a ResponseWriter that costs nothing itself.
type discard struct{ h http.Header }

func (w *discard) Header() http.Header         { return w.h }
func (w *discard) WriteHeader(int)             {}
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
func (w *discard) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(io.Discard, r)
}

const severalRanges = "bytes=0-99999,200000-299999,400000-499999,-100000"

// benchFiles gives run our handler and that of net/http for the same file.
func benchFiles(b *testing.B, run func(b *testing.B, rng string, ours, theirs http.Handler)) {
	root := b.TempDir()
	s := newSender(b, sendfile.Config{Root: root})
	for _, tt := range []struct {
		title string
		size  int64
		rng   string
	}{{"4KiB", 4 << 10, ""}, {"1MiB", 1 << 20, ""}, {"100MiB", 100 << 20, ""}, {"OneRange", 1 << 20, "bytes=1000-600999"}, {"SeveralRanges", 1 << 20, severalRanges}} {
		name := tt.title + ".bin"
		path := filepath.Join(root, name)
		if err := os.WriteFile(path, []byte(strings.Repeat("0123456789abcde\n", int(tt.size/16))), 0o666); err != nil {
			b.Fatal(err)
		}
		b.Run(tt.title, func(b *testing.B) {
			run(b, tt.rng, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := s.Send(w, r, name, nil); err != nil {
					b.Error(err)
				}
			}), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.ServeFile(w, r, path)
			}))
		})
	}
}

// inTurn measures ours and theirs one after the other many times in one run, so
// that whatever else the machine does hits both, and reports the medians and
// their ratio: below 1 is faster than theirs.
func inTurn(b *testing.B, ours, theirs func()) {
	const batch = 8
	var us, them []time.Duration
	measure := func(f func(), list *[]time.Duration) {
		start := time.Now()
		for range batch {
			f()
		}
		*list = append(*list, time.Since(start)/batch)
	}
	measure(ours, new([]time.Duration)) // connections, caches
	measure(theirs, new([]time.Duration))
	for b.Loop() {
		if len(us)%2 == 0 {
			measure(ours, &us)
			measure(theirs, &them)
		} else {
			measure(theirs, &them)
			measure(ours, &us)
		}
	}
	b.ReportMetric(float64(median(us)), "ours-ns/req")
	b.ReportMetric(float64(median(them)), "theirs-ns/req")
	b.ReportMetric(float64(median(us))/float64(median(them)), "ratio")
	b.ReportMetric(0, "ns/op") // of sixteen requests: of no interest
}

func median[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// BenchmarkHandler is the work of the handler alone, ours or http.ServeFile.
func BenchmarkHandler(b *testing.B) {
	benchFiles(b, func(b *testing.B, rng string, ours, theirs http.Handler) {
		r := newRequest("GET")
		if rng != "" {
			r.Header.Set("Range", rng)
		}
		serve := func(h http.Handler) func() {
			return func() { h.ServeHTTP(&discard{make(http.Header)}, r) }
		}
		b.Run("Ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				serve(ours)()
			}
		})
		b.Run("ServeFile", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				serve(theirs)()
			}
		})
		b.Run("Ratio", func(b *testing.B) { inTurn(b, serve(ours), serve(theirs)) })
	})
}

// BenchmarkServer is a request over TCP, kernel sendfile included: ours and
// http.ServeFile in turn.
func BenchmarkServer(b *testing.B) {
	benchFiles(b, func(b *testing.B, rng string, ours, theirs http.Handler) {
		fetch := func(h http.Handler) func() {
			server := httptest.NewServer(h)
			b.Cleanup(server.Close)
			// How fast one connection is depends on where the system lets both
			// ends run: many, one after the other.
			var list []func()
			for range 16 {
				list = append(list, fetcher(b, server.Listener.Addr().String(), "/", rng))
			}
			n := 0
			return func() {
				list[n%len(list)]()
				n++
			}
		}
		inTurn(b, fetch(ours), fetch(theirs))
	})
}

// fetcher makes a client that costs little: one connection, and nothing is
// looked at but the length.
func fetcher(b *testing.B, address, path, rng string) func() {
	b.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	request := "GET " + path + " HTTP/1.1\r\nHost: x\r\n"
	if rng != "" {
		request += "Range: " + rng + "\r\n"
	}
	request += "\r\n"
	buf := make([]byte, 256<<10)
	return func() {
		if _, err := io.WriteString(c, request); err != nil {
			b.Fatal(err)
		}
		n, err := c.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		head, _, found := strings.Cut(string(buf[:min(n, 2048)]), "\r\n\r\n")
		_, length, _ := strings.Cut(head, "Content-Length: ")
		length, _, _ = strings.Cut(length, "\r\n")
		total, err := strconv.Atoi(length)
		if !found || err != nil {
			b.Fatalf("answer %q", head)
		}
		for left := total - (n - len(head) - 4); left > 0; left -= n {
			if n, err = c.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
	}
}
