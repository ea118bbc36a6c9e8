package legacy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

var fiveMiB = strings.Repeat("0123456789abcdef", 5<<20/16)

// sameRequests are answered through the Proxy as they are by the app itself, but for what differs says.
var sameRequests = []struct {
	name, request string
	differs       string // why it must not be the same; see want
	want          string // content through the Proxy: begins with that
}{
	{"a path", request("GET", "/a/b"), "", ""},
	{"the root", request("GET", "/"), "", ""},
	{"//", request("GET", "//a//b/"), "", ""},
	{"// and bytes that net/url would escape", request("GET", "//a|b\xe9\"<>^`{}\\"), "", ""},
	{"%2F", request("GET", "/a%2Fb/%2e%2E/c%2f"), "", ""},
	{"..", request("GET", "/a/../../b/./c"), "", ""},
	{";", request("GET", "/a;b=c?d;e=f;g"), "", ""},
	{"%zz in the query", request("GET", "/a?b=%zz&c=%&d=%a"), "", ""},
	{"? without a query", request("GET", "/a?"), "", ""},
	{"??", request("GET", "/a??b?c"), "", ""},
	{"#", request("GET", "/a#b?c#d"), "", ""},
	{"+ and blanks", request("GET", "/a+b%20c?d+e=%20"), "", ""},
	{"all the signs", request("GET", "/!$&'()*+,;=:@-._~?!$&'()*+,;=:@/?-._~"), "", ""},
	{"UTF-8, not escaped", request("GET", "/caf\u00e9?q=\u4f60"), "", ""},
	{"bytes that are no UTF-8", request("GET", "/caf\xe9\xff?q=\xfe\x80"), "", ""},
	{"a target of 8 KiB", request("GET", "/"+strings.Repeat("a%2F", 1024)+"?"+strings.Repeat("b;", 2048)), "", ""},
	{"10 001 parameters", request("GET", "/?"+strings.Repeat("a&", 10_001)), "", ""},
	{"a target of no kind", request("GET", "mailto:x"), "", ""},
	{"OPTIONS *", request("OPTIONS", "*"), "", ""},
	{"OPTIONS /", request("OPTIONS", "/a"), "", ""},
	{"DELETE", request("DELETE", "/a"), "", ""},
	{"a method nobody knows", request("FROBNICATE", "/a"), "", ""},
	{"TRACE", request("TRACE", "/a"), "", ""},
	{"Host with capitals", strings.Replace(request("GET", "/"), "app.example:81", "App.Example", 1), "", ""},
	{"HTTP/1.1 to the letter of its Host", strings.Replace(request("GET", "/"), "app.example:81", "[::1]:8080", 1), "", ""},
	{"headers", request("GET", "/", "X-A: 1x", "X-B:  blanks \t", "Cookie: a=b; c=d", "Cookie: e=f", "Accept: */*", "x-lower: y", "X_Under: z"), "", ""},
	{"a header with bytes", request("GET", "/", "X-A: caf\xe9"), "", ""},
	{"an empty header", request("GET", "/", "X-A:", "User-Agent: "), "", ""},
	{"no headers of ours", request("GET", "/"), "", ""},
	{"Range and conditions", request("GET", "/", "Range: bytes=0-1", `If-None-Match: "x"`, "If-Modified-Since: Tue, 13 May 2014 16:53:20 GMT"), "", ""},
	{"Accept-Encoding", request("GET", "/", "Accept-Encoding: gzip, br"), "", ""},
	{"10 KiB of cookies", request("GET", "/", "Cookie: "+strings.Repeat("a=b; ", 2000)+"c=d"), "", ""},

	{"a body", post("/a", "hello"), "", ""},
	{"a form", post("/a", "a=b&c=d", "Content-Type: application/x-www-form-urlencoded"), "", ""},
	{"a broken multipart form", post("/a", "--b\r\nbroken", "Content-Type: multipart/form-data; boundary=b"), "", ""},
	{"a body of 0 bytes", post("/a", ""), "", ""},
	{"a body of 5 MiB", post("/a", fiveMiB), "", ""},
	{"GET with a body", request("GET", "/a", "Content-Length: 5") + "hello", "", ""},
	{"POST without a body", request("POST", "/a"), "", ""},
	{"PUT, PATCH", request("PUT", "/a", "Content-Length: 3") + "put", "", ""},
	{"OPTIONS with a body", request("OPTIONS", "/a", "Content-Length: 5") + "hello", "", ""},

	{"HEAD", request("HEAD", "/twice"), "", ""},
	{"HEAD without a length", request("HEAD", "/nolength"), "", ""},
	{"HEAD with a length of 5 MiB", request("HEAD", "/big?5242880"), "", ""},
	{"204", request("GET", "/204"), "", ""},
	{"304", request("GET", "/304", `If-None-Match: "x"`), "", ""},
	{"500", request("GET", "/500"), "", ""},
	{"a status without a phrase", request("GET", "/status?299"), "", ""},
	{"a status nobody knows", request("GET", "/status?799%20Foo"), "", ""},
	{"an answer without a length", request("GET", "/nolength"), "", ""},
	{"an answer of HTTP/1.0", request("GET", "/http10"), "", ""},
	{"an answer without a type", request("GET", "/notype"), "", ""},
	{"5 MiB", request("GET", "/big?5242880"), "", ""},
	{"headers that come twice", request("GET", "/twice"), "", ""},
	{"a blank in a header's value", request("GET", "/header?X-A:%20%20a%20%20b"), "", ""},
	{"X-Sendfile, nobody takes it", request("GET", "/sendfile?/srv/a"), "", ""},
	{"interim answers", request("GET", "/interim"), "", ""},
	{"half an answer", request("GET", "/half"), "", ""},
	{"a reset", request("GET", "/reset"), "", ""},

	{"%zz in the path", request("GET", "/a%zz"), "net/http refuses it before anybody is asked", "400 Bad Request"},
	{"absolute-form", request("GET", "http://app.example:81/a?b;c"), "Pants takes the whole for the path", "GET /a?b;c\n"},
	{"absolute-form without a path", request("GET", "http://app.example:81?b"), "Pants takes the whole for the path", "GET /?b\n"},
	{"absolute-form, Host of the target", strings.Replace(request("GET", "http://app.example:81/"), "Host: app.example:81", "Host: evil", 1), "RFC 9112 section 3.2.2", "GET /\nconnection: close\nhost: app.example:81\n"},
	{"HTTP/1.0", "GET /a HTTP/1.0\r\nHost: app.example\r\n\r\n", "the app hears HTTP/1.1", "GET /a\nconnection: close\nhost: app.example\n"},
	{"HTTP/1.0 without Host", "GET /a HTTP/1.0\r\n\r\n", "HTTP/1.1 must have one, and Pants makes this of none", "GET /a\nconnection: close\nhost: 127.0.0.1\n"},
	{"chunked", chunked("/a", "hel", "lo"), "Pants reads no chunks", "POST /a\nconnection: close\ncontent-length: 5\n"},
	{"chunked, nothing in it", chunked("/a"), "Pants reads no chunks", "POST /a\nconnection: close\ncontent-length: 0\n"},
	{"chunked, 5 MiB", chunked("/a", fiveMiB[:3<<20], fiveMiB[3<<20:]), "Pants reads no chunks", "POST /a\nconnection: close\ncontent-length: 5242880\n"},
	{"100-continue", request("POST", "/a", "Expect: 100-continue", "Content-Length: 5") + "hello", "it was answered here", "POST /a\nconnection: close\ncontent-length: 5\nhost"},
	{"CONNECT", request("CONNECT", "app.example:81"), "there is no tunnel here", "501 Not Implemented"},
	{"no HTTP", request("GET", "/garbage"), "", "502 Bad Gateway"},
	{"no answer", request("GET", "/silent"), "", "502 Bad Gateway"},
	{"half a head", request("GET", "/halfhead"), "", "502 Bad Gateway"},
}

// A request reaches the app as if there were nothing between, and the answer the client.
func TestSameAsDirect(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url()})
	kept := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: true})
	for name, address := range map[string]string{"": front(t, proxy), "KeepAlive ": front(t, kept)} {
		for _, test := range sameRequests {
			if name != "" && strings.Contains(test.request, "/nolength") {
				continue // what Config.KeepAlive warns of
			}
			t.Run(name+test.name, func(t *testing.T) {
				got := ask(t, address, test.request)
				if test.want != "" {
					if name != "" {
						test.want = strings.Replace(test.want, "connection: close\n", "", 1)
					}
					if !strings.HasPrefix(got.content, test.want) {
						t.Errorf("got %.300v, %v, want %q (%s)", got, got.err, test.want, test.differs)
					}
					return
				}
				compare(t, got, ask(t, app.Addr().String(), test.request))
			})
		}
	}
}

// compare reports where two answers differ that should be the same to a client.
func compare(t *testing.T, got, want reply) {
	t.Helper()
	if (got.err != nil) != (want.err != nil) {
		t.Errorf("%.200v ends with %v, directly with %v", got, got.err, want.err)
	}
	if got.status != want.status {
		t.Errorf("status %d, directly %d", got.status, want.status)
	}
	if a, b := without(got.content, written...), without(want.content, written...); a != b {
		t.Errorf("content\n%.2000s\ndirectly\n%.2000s", a, b)
	}
	ours := map[string]bool{"Date": true, "Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "X-Hop": true}
	if want.status == 204 || want.status == 304 {
		ours["Content-Length"], ours["Content-Type"] = true, true // net/http knows that there is no content
	}
	if strings.Contains(want.content, "remote_ip") {
		ours["Content-Length"] = true // the echo of a longer head is longer
	}
	for name, values := range want.header {
		if !ours[name] && !slices.Equal(got.header[name], values) {
			t.Errorf("%s is %q, directly %q", name, got.header[name], values)
		}
	}
	for name, values := range got.header {
		if _, there := want.header[name]; !there && !ours[name] {
			t.Errorf("%s: %q, directly none", name, values)
		}
	}
}

// The fields that are about one connection stay on it.
func TestConnectionHeadersStay(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	got := ask(t, address, request("GET", "/twice"))
	for _, name := range []string{"X-Hop", "Keep-Alive", "Proxy-Authenticate"} {
		if got.header[name] != nil {
			t.Errorf("%s: %q came from the app", name, got.header[name])
		}
	}
	ask(t, address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop,\tx-other\r\nX-Hop: 1\r\nX-Other: 2\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n"+
		"Proxy-Authorization: Basic x\r\nTE: trailers\r\nTrailer: x\r\nUpgrade: websocket\r\nHTTP2-Settings: x\r\nX-Stays: 3\r\n\r\n")
	r := app.last()
	for _, name := range []string{"x-hop", "x-other", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "upgrade", "http2-settings", "transfer-encoding"} {
		if r.header[name] != nil {
			t.Errorf("%s: %q reached the app", name, r.header[name])
		}
	}
	if r.get("connection") != "close" || r.get("x-stays") != "3" {
		t.Errorf("the app got %v", r.header)
	}
}

// An answer's header takes the place of one that a middleware has set; cookies and Vary are added.
func TestHeadersOfMiddleware(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url()})
	address := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Content-Type", "X-Dup", "Set-Cookie", "Vary", "X-Own"} {
			w.Header().Set(name, "own")
		}
		proxy.ServeHTTP(w, r)
	}))
	got := ask(t, address, request("GET", "/twice"))
	if s := fmt.Sprint(got.header["Content-Type"], got.header["X-Dup"], got.header["Set-Cookie"], got.header["Vary"], got.header["X-Own"]); s !=
		"[text/plain] [a b] [own a=b c=d] [own] [own]" {
		t.Error(s)
	}
}
