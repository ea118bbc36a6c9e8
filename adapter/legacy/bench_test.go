package legacy_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// The peer is httputil.ReverseProxy as its documentation has it, beside which a Proxy may take a tenth more time at most.
// Connections to the app are kept by both, or by neither.
//
//	go test -run '^$' -bench . ./adapter/legacy
//
// BenchmarkOverhead asks both in turn, so that whatever else the machine does counts for both, and reports the difference in
// percent. Benchmark has the allocations of each, with those of the client and of the app, which are the same.

// benchRequests are what is measured.
var benchRequests = []struct{ name, request string }{
	{"GET", "GET /big?1024 HTTP/1.1\r\nHost: app.example\r\nUser-Agent: x\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nCookie: a=b; c=d\r\n\r\n"},
	{"POST 1 KiB", "POST /big?1024 HTTP/1.1\r\nHost: app.example\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", 1024)},
	{"POST 1 MiB", "POST /big?1024 HTTP/1.1\r\nHost: app.example\r\nContent-Type: text/plain\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 1<<20)},
	{"GET 1 MiB", "GET /big?1048576 HTTP/1.1\r\nHost: app.example\r\n\r\n"},
}

// contestants serves both on ports of their own.
func contestants(b *testing.B, keep bool) (ours, peer string) {
	app := newStandIn(b)
	app.forgets = true
	proxy := newProxy(b, legacy.Config{Backend: app.url(), KeepAlive: keep})
	b.Cleanup(func() { legacy.DropIdle(proxy) })
	target, err := url.Parse(app.url())
	if err != nil {
		b.Fatal(err)
	}
	bare := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{DisableKeepAlives: !keep, MaxIdleConnsPerHost: 16},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	b.Cleanup(bare.Transport.(*http.Transport).CloseIdleConnections)
	return front(b, proxy), front(b, bare)
}

// asker is a client with one connection.
type asker struct {
	out io.Writer
	in  *bufio.Reader
}

func newAsker(b *testing.B, address string) asker {
	c := dial(b, address)
	_ = c.SetDeadline(time.Time{})
	return asker{c, bufio.NewReader(c)}
}

func (a asker) ask(b *testing.B, request string) {
	if _, err := io.WriteString(a.out, request); err != nil {
		b.Fatal(err)
	}
	res, err := http.ReadResponse(a.in, nil)
	if err != nil {
		b.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n < 1024 || res.StatusCode != 200 {
		b.Fatal(res.StatusCode, n, err)
	}
}

func kept(keep bool) string {
	if keep {
		return "kept connections"
	}
	return "a connection each"
}

func BenchmarkOverhead(b *testing.B) {
	for _, keep := range []bool{true, false} {
		for _, r := range benchRequests {
			b.Run(fmt.Sprint(kept(keep), "/", r.name), func(b *testing.B) {
				ours, peer := contestants(b, keep)
				proxy, bare := newAsker(b, ours), newAsker(b, peer)
				var spent [2]time.Duration
				for b.Loop() {
					start := time.Now()
					proxy.ask(b, r.request)
					between := time.Now()
					bare.ask(b, r.request)
					spent[0] += between.Sub(start)
					spent[1] += time.Since(between)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "ns/legacy")
				b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "ns/ReverseProxy")
				b.ReportMetric(100*(float64(spent[0])/float64(spent[1])-1), "%more")
			})
		}
	}
}

func Benchmark(b *testing.B) {
	for _, keep := range []bool{true, false} {
		for _, r := range benchRequests[:2] {
			for i, name := range []string{"legacy", "ReverseProxy"} {
				b.Run(fmt.Sprint(kept(keep), "/", r.name, "/", name), func(b *testing.B) {
					ours, peer := contestants(b, keep)
					client := newAsker(b, []string{ours, peer}[i])
					b.ReportAllocs()
					for b.Loop() {
						client.ask(b, r.request)
					}
				})
			}
		}
	}
}
