package pants_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// behindProxy is a server behind one proxy, that of httptest's requests.
func behindProxy() *pants.Server {
	server, err := pants.New(pants.Config{XHeaders: xheaders.Config{Trust: []string{"192.0.2.1"}}})
	if err != nil {
		panic(err)
	}
	return server
}

// An address that is not known is refused: it is no address of the office.
func ExampleRequest_RemoteIP() {
	server := behindProxy()
	h := server.Handler(func(r *pants.Request) {
		if r.RemoteIP() != "203.0.113.9" {
			r.SendResponse("not for "+r.RemoteIP(), pants.Code(403))
			return
		}
		r.SendResponse("the office")
	})
	show(h, "GET", "/", "", "X-Forwarded-For", "203.0.113.9")
	show(h, "GET", "/", "", "X-Forwarded-For", "203.0.113.9, 198.51.100.7") // the left entry is what the client wrote
	// Output:
	// 200 text/plain the office
	// 403 text/plain not for 198.51.100.7
}

// Behind a proxy that ends TLS the scheme is that of the client, not that of the connection.
func ExampleRequest_Scheme() {
	server := behindProxy()
	h := server.Handler(func(r *pants.Request) { r.SendResponse(r.Scheme()) })
	show(h, "GET", "/", "", "X-Forwarded-Proto", "https")
	show(h, "GET", "/", "")
	// Output:
	// 200 text/plain https
	// 200 text/plain http
}

// Off to https, with the same host and URL.
func ExampleRequest_IsSecure() {
	server := behindProxy()
	h := server.Handler(func(r *pants.Request) {
		if !r.IsSecure() {
			r.SendStatus(308)
			r.SendHeaders(http.Header{"Location": {"https://" + r.Host() + r.URL()}})
			r.Finish()
			return
		}
		r.SendResponse("secure")
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://shop.example/cart?item=7", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	show(h, "GET", "/", "", "X-Forwarded-Proto", "https")
	// Output:
	// 308 https://shop.example/cart?item=7
	// 200 text/plain secure
}

// Only HTTP/1.1 and later have event streams of unknown length that a client sees the end of.
func ExampleRequest_Protocol() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		if r.Protocol() == "HTTP/1.0" {
			r.SendResponse("ask again in a minute", pants.Code(505))
			return
		}
		r.SendResponse("an event stream for " + r.Protocol())
	})
	show(h, "GET", "/events", "")
	// Output: 200 text/plain an event stream for HTTP/1.1
}

func ExampleRequest_Method() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		switch r.Method() {
		case "GET", "HEAD":
			r.SendResponse("the entry")
		case "DELETE":
			r.SendResponse("deleted")
		default:
			r.SendHeaders(http.Header{"Allow": {"GET, HEAD, DELETE"}}, pants.EndHeaders(false))
			r.SendResponse("not with "+r.Method(), pants.Code(405))
		}
	})
	show(h, "DELETE", "/entry/7", "")
	show(h, "PATCH", "/entry/7", "")
	// Output:
	// 200 text/plain deleted
	// 405 text/plain not with PATCH
}

// The login page is told where to go on; the URL has to be escaped for that.
func ExampleRequest_URL() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse("/login?next=" + url.QueryEscape(r.URL()))
	})
	show(h, "GET", "/entry/7?page=2", "")
	// Output: 200 text/plain /login?next=%2Fentry%2F7%3Fpage%3D2
}

// Path is as the client sent it; r.HTTP.URL.Path is decoded.
func ExampleRequest_Path() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse(r.Path() + " is " + r.HTTP.URL.Path)
	})
	show(h, "GET", "/tag/c%2Fc++?page=2", "")
	// Output: 200 text/plain /tag/c%2Fc++ is /tag/c/c++
}

// The query as it came, to be passed on to another service.
func ExampleRequest_Query() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse("http://search.internal/find?" + r.Query())
	})
	show(h, "GET", "/search?q=a%20b&page=2", "")
	// Output: 200 text/plain http://search.internal/find?q=a%20b&page=2
}

// A link that somebody made by hand: browsers keep the fragment to themselves.
func ExampleRequest_Fragment() {
	var server pants.Server
	hr := httptest.NewRequest("GET", "/", nil)
	hr.RequestURI = "/page?id=7#comments" // the request line
	server.Handler(func(r *pants.Request) {
		fmt.Println(r.Path(), r.Query(), r.Fragment())
		r.SendResponse("ok")
	}).ServeHTTP(httptest.NewRecorder(), hr)
	// Output: /page id=7 comments
}

func ExampleRequest_Headers() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		if strings.Contains(r.Headers().Get("Accept"), "application/json") {
			r.SendResponse(`{"host": "`+r.Headers().Get("Host")+`"}`, pants.ContentType("application/json"))
			return
		}
		r.SendResponse("text for " + r.Headers().Get("Host"))
	})
	show(h, "GET", "http://shop.example/", "", "accept", "application/json, */*;q=0.1")
	// Output: 200 application/json {"host": "shop.example"}
}

// Host has the port that the client used, Hostname has not.
func ExampleRequest_Host() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) { r.SendResponse(r.Host() + " is " + r.Hostname()) })
	show(h, "GET", "http://Shop.Example:8080/", "")
	// Output: 200 text/plain Shop.Example:8080 is shop.example
}

// One site for each subdomain. Any client can write any host, so look it up.
func ExampleRequest_Hostname() {
	sites := map[string]string{"ada.example.com": "Ada's notes", "grace.example.com": "Grace's notes"}
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		title, ok := sites[r.Hostname()]
		if !ok {
			r.SendResponse("no such site", pants.Code(404))
			return
		}
		r.SendResponse(title)
	})
	show(h, "GET", "http://ADA.example.com:8080/", "")
	show(h, "GET", "http://evil.example/", "")
	// Output:
	// 200 text/plain Ada's notes
	// 404 text/plain no such site
}

// What the client asked for, in one text, for a log.
func ExampleRequest_FullURL() {
	server := behindProxy()
	h := server.Handler(func(r *pants.Request) { r.SendResponse(r.FullURL()) })
	show(h, "GET", "http://shop.example/cart?item=7", "", "X-Forwarded-Proto", "https")
	// Output: 200 text/plain https://shop.example/cart?item=7
}

// A parameter may come several times; one without a value is left out.
func ExampleRequest_Get() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse(fmt.Sprintf("%q %q %t", r.Get().Get("q"), r.Get()["tag"], r.Get().Has("page")))
	})
	show(h, "GET", "/search?q=green+tea&tag=hot&tag=leaf&page=", "")
	// Output: 200 text/plain "green tea" ["hot" "leaf"] false
}

// How long requests take. When the response is finished Time stands still.
func ExampleRequest_Time() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse("done")
		took := r.Time() // "GET /slow took 312ms"
		time.Sleep(time.Millisecond)
		fmt.Println(r.Method(), r.Path(), took > 0, took == r.Time())
	})
	show(h, "GET", "/slow", "")
	// Output:
	// GET /slow true true
	// 200 text/plain done
}

// Work that is no use any more when the client is gone ends with the context.
func ExampleRequest_Context() {
	query := func(ctx context.Context) string { // stands for db.QueryRowContext(ctx, ...)
		return "42 rows for " + pants.FromContext(ctx).RemoteIP()
	}
	var server pants.Server
	h := server.Handler(func(r *pants.Request) { r.SendResponse(query(r.Context())) })
	show(h, "GET", "/", "")
	// Output: 200 text/plain 42 rows for 192.0.2.1
}

// FromContext is for code that has a context or a net/http request only.
func ExampleFromContext() {
	var server pants.Server
	greeting := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		if r == nil { // nobody has put Server.Wrap in front
			http.Error(w, "not here", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "Hello %s, your theme is %s.", r.RemoteIP(), r.Cookies().Get("theme"))
	})
	show(server.Wrap(greeting), "GET", "/", "", "Cookie", "theme=dark")
	// Output: 200  Hello 192.0.2.1, your theme is dark.
}

// A picture of the request for the log. Cookies and Authorization are masked, passwords in a form or a query are not.
func ExampleRequest_String() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		for line := range strings.Lines(r.String()) {
			if strings.Contains(line, "Cookie") || strings.Contains(line, "url") {
				fmt.Print(line)
			}
		}
		r.SendResponse("ok")
	})
	show(h, "GET", "/?q=tea", "", "Cookie", "session=9f86d081884c7d65")
	// Output:
	//     url       = "/?q=tea"
	//         "Cookie": "***"
	// 200 text/plain ok
}

// A debug page: what the client sent cannot become markup.
func ExampleRequest_HTML() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		page := r.HTML()
		fmt.Println(strings.HasPrefix(page, "<pre>"), strings.Contains(page, "<script>"), strings.Contains(page, "&lt;script&gt;"))
		r.SendResponse(page, pants.ContentType("text/html; charset=utf-8"))
	})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/debug?q=<script>", nil))
	// Output: true false true
}
