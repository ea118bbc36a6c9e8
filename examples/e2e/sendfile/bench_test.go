package sendfile_test

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/sendfile"
)

// BenchmarkNginx fetches a file that the app has nginx send, and the same one as a static file of nginx, in turn in one run.
func BenchmarkNginx(b *testing.B) {
	for _, size := range []struct {
		title string
		bytes int
	}{{"4KiB", 4 << 10}, {"1MiB", 1 << 20}, {"100MiB", 100 << 20}} {
		b.Run(size.title, func(b *testing.B) {
			address := proxy.Address(b)
			offloadedAndStatic(b, size.bytes, address, func(http string) { proxy.Nginx(b, address, http) })
		})
	}
}

// BenchmarkNginxOverACable is BenchmarkNginx between two hosts. On the loopback interface a MiB takes a third of a millisecond,
// less than any network needs, and the hop to the app shows; over a cable it is gone.
func BenchmarkNginxOverACable(b *testing.B) {
	for _, rate := range []string{"1gbit", "10gbit"} {
		b.Run(rate+"/1MiB", func(b *testing.B) {
			link, address := proxy.NewLink(b, rate), net.JoinHostPort(proxy.LinkAddress, "8080")
			offloadedAndStatic(b, 1<<20, address, func(http string) { link.Nginx(b, address, http) })
		})
	}
}

// offloadedAndStatic measures files of that size from an nginx at the address.
func offloadedAndStatic(b *testing.B, size int, address string, nginx func(http string)) {
	root := folder(b)
	write(b, root, "file.bin", strings.Repeat("0123456789abcde\n", size/16))
	s := newSender(b, sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/protected/"}, root)
	l, err := net.Listen("unix", folder(b)+"/app.sock")
	if err != nil {
		b.Fatal(err)
	}
	app := &http.Server{Handler: s.Files()}
	go app.Serve(l)
	b.Cleanup(func() { app.Close() })
	snippet, err := s.Snippet("unix:" + l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	// As one configures nginx where it counts: connections to the app are kept.
	snippet = strings.Replace(snippet, "proxy_pass http://unix:"+l.Addr().String()+";", "proxy_pass http://app;\nproxy_http_version 1.1;\nproxy_set_header Connection \"\";", 1)
	nginx("sendfile on; upstream app { server unix:" + l.Addr().String() + "; keepalive 8; keepalive_requests 1000000; }\nserver {\nlisten " + address + ";\nkeepalive_requests 1000000;\nlocation /static/ { alias " + root + "/; }\n" + snippet + "}\n")
	inTurn(b,
		func() func() { return fetcher(b, address, "/file.bin") },
		func() func() { return fetcher(b, address, "/static/file.bin") })
}

// inTurn measures ours and theirs one after the other many times in one run, so that whatever else the machine does hits both,
// and reports the medians and their ratio.
func inTurn(b *testing.B, newOurs, newTheirs func() func()) {
	var us, them []time.Duration
	// As many at once as a server has to do with; what counts is how many it gets done.
	const clients, each = 4, 4
	measure := func(f []func(), list *[]time.Duration) {
		var wg sync.WaitGroup
		start := time.Now()
		for _, fetch := range f {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range each {
					fetch()
				}
			}()
		}
		wg.Wait()
		*list = append(*list, time.Since(start)/(clients*each))
	}
	several := func(make func() func()) (list []func()) {
		for range clients {
			list = append(list, make())
		}
		return list
	}
	ours, theirs := several(newOurs), several(newTheirs)
	measure(ours, new([]time.Duration))
	measure(theirs, new([]time.Duration))
	for b.Loop() {
		measure(ours, &us)
		measure(theirs, &them)
	}
	slices.Sort(us)
	slices.Sort(them)
	n := len(us) / 2
	b.ReportMetric(float64(us[n]), "offloaded-ns/req")
	b.ReportMetric(float64(them[n]), "static-ns/req")
	b.ReportMetric(float64(us[n])/float64(them[n]), "ratio")
	b.ReportMetric(0, "ns/op")
}

// fetcher makes a client of one connection that looks at nothing but the length.
func fetcher(b *testing.B, address, path string) func() {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	buf := make([]byte, 256<<10)
	return func() {
		if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
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
		if !found || err != nil || !strings.HasPrefix(head, "HTTP/1.1 200") {
			b.Fatalf("answer %q", head)
		}
		for left := total - (n - len(head) - 4); left > 0; left -= n {
			if n, err = c.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
	}
}
