package main

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// growthConfig lifts the limits of Config.Limits that are below the largest sizes: there are 1000 parts at the most by default.
var growthConfig = pants.Config{MaxRequest: -1, MemoryLimit: formMemory, Limits: pants.Limits{Parts: -1}}

func noEnd() {}

// counted is a request to a Pants handler that counts something in it, and whether that was n.
func counted(hr *http.Request, body []byte, n int, count func(*pants.Request) int) (do func() bool, end func()) {
	server, err := pants.New(growthConfig)
	must(err)
	got := 0
	h := server.Handler(func(r *pants.Request) {
		got = count(r)
		_ = r.SendResponse("ok")
	})
	x := &exchange{handler: h, request: hr, body: body, w: sink{header: http.Header{}}}
	return func() bool {
		got = -1
		x.do()
		return got == n
	}, noEnd
}

// again is the same request once more: net/http's keeps what was parsed.
func again(hr *http.Request, body []byte) *http.Request {
	out := *hr
	out.Body = io.NopCloser(bytes.NewReader(body))
	return &out
}

// repeated joins n texts.
func repeated(n int, separator string, text func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(text(i))
	}
	return b.String()
}

func queryOf(n int) *http.Request {
	return arrivedTarget("/?" + repeated(n, "&", func(i int) string { return fmt.Sprintf("name%d=value+%%26+%d", i, i) }))
}

func arrivedTarget(target string) *http.Request {
	hr := arrived(proxyPeer, "X-Forwarded-Proto: https")
	u, err := url.ParseRequestURI(target)
	must(err)
	hr.URL, hr.RequestURI = u, target
	return hr
}

func cookiesOf(n int) *http.Request {
	hr := arrived(proxyPeer, "X-Forwarded-Proto: https")
	hr.Header.Set("Cookie", repeated(n, "; ", func(i int) string { return fmt.Sprintf("name%d=value%d", i, i) }))
	return hr
}

func partsOf(n int) (hr *http.Request, body []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := range n {
		must(w.WriteField(fmt.Sprint("name", i), fmt.Sprint("value ", i)))
	}
	must(w.Close())
	hr = arrivedTarget("/")
	hr.Method, hr.ContentLength = http.MethodPost, int64(b.Len())
	hr.Header.Set("Content-Type", w.FormDataContentType())
	return hr, b.Bytes()
}

// forwardedBy is a request that came through n trusted proxies: n entries, the leftmost is the client.
func forwardedBy(n int) *http.Request {
	return arrived(proxyPeer, "X-Forwarded-For: "+repeated(n, ", ", func(i int) string {
		if i == 0 {
			return "203.0.113.9"
		}
		return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
	}))
}

var growthClient = netip.MustParseAddr("203.0.113.9")

func resolved(c xheaders.Config, n int) (do func() bool, end func()) {
	x, err := xheaders.New(c)
	must(err)
	hr := forwardedBy(n)
	return func() bool { return x.Resolve(hr).Client == growthClient }, noEnd
}

func chiResolved(m func(http.Handler) http.Handler, n int) (do func() bool, end func()) {
	var found netip.Addr
	h := m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { found = chimiddleware.GetClientIPAddr(r.Context()) }))
	hr := forwardedBy(n)
	return func() bool {
		found = netip.Addr{}
		h.ServeHTTP(nil, hr)
		return found == growthClient
	}, noEnd
}

const parkedName = "parked requests"

func growths() []growth {
	return []growth{
		{name: "query pairs", most: 10_000, curves: []curve{
			{"kit Get", func(n int) (func() bool, func()) {
				return counted(queryOf(n), nil, n, func(r *pants.Request) int { return len(r.Get()) })
			}, linear},
			{"url.ParseQuery", func(n int) (func() bool, func()) {
				query := queryOf(n).URL.RawQuery
				return func() bool { values, err := url.ParseQuery(query); return err == nil && len(values) == n }, noEnd
			}, 0},
		}},
		{name: "cookies", most: 1000, curves: []curve{
			{"kit Cookies", func(n int) (func() bool, func()) {
				return counted(cookiesOf(n), nil, n, func(r *pants.Request) int { return len(r.Cookies()) })
			}, linear},
			{"net/http Cookies", func(n int) (func() bool, func()) {
				hr := cookiesOf(n)
				return func() bool { return len(hr.Cookies()) == n }, noEnd
			}, 0},
		}},
		{name: "multipart parts", most: 10_000, note: "Limits.Parts is raised, from 1000.", curves: []curve{
			{"kit Post", func(n int) (func() bool, func()) {
				hr, body := partsOf(n)
				return counted(hr, body, n, func(r *pants.Request) int { return len(r.Post()) })
			}, linear},
			{"multipart.Reader", func(n int) (func() bool, func()) {
				hr, body := partsOf(n)
				return func() bool { return len(readParts(again(hr, body))) == n }, noEnd
			}, 0},
		}},
		{name: "proxies trusted in X-Forwarded-For", most: 1000, curves: []curve{
			{"xheaders Trust", func(n int) (func() bool, func()) { return resolved(xheaders.Config{Trust: ten}, n) }, linear},
			{"chi ClientIPFromXFF", func(n int) (func() bool, func()) {
				return chiResolved(chimiddleware.ClientIPFromXFF(ten...), n)
			}, 0},
		}},
		{name: "proxies counted in X-Forwarded-For", most: 1000, curves: []curve{
			{"xheaders Hops", func(n int) (func() bool, func()) { return resolved(xheaders.Config{Hops: n}, n) }, linear},
			{"chi ClientIPFromXFFTrustedProxies", func(n int) (func() bool, func()) {
				return chiResolved(chimiddleware.ClientIPFromXFFTrustedProxies(n), n)
			}, 0},
		}},
		{name: parkedName, most: 5000, note: "Each on its own connection, in memory, to an HTTPServer; all are parked, then all are finished.\n" +
			"net/http has a handler that waits, on a server without time limits.",
			curves: []curve{
				{"kit, deferred", parkedCurve(kitParking), linear},
				{"net/http, waiting", parkedCurve(bareParking), 0},
			}},
	}
}

// readParts are the fields of a form, as multipart.Reader gives them: ParseMultipartForm ends at 1000 parts.
func readParts(hr *http.Request) map[string]string {
	reader, err := hr.MultipartReader()
	if err != nil {
		return nil
	}
	fields := map[string]string{}
	for {
		p, err := reader.NextPart()
		if err != nil {
			return fields
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return nil
		}
		fields[p.FormName()] = string(content)
	}
}
