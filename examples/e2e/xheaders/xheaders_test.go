package xheaders_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/xheaders"
)

// topology is a way from the client to the app.
type topology struct {
	name    string
	front   func(t *testing.T, app string) (base string) // starts the proxies and returns where the client asks
	socket  bool                                         // the app is on a unix socket
	scheme  string                                       // how the client comes
	configs map[string]xheaders.Config                   // all of them give the same answer
	around  []string                                     // configs that a stranger may try who goes round the proxies
}

var (
	defaults  []string // X-Forwarded-For, X-Forwarded-Proto
	withHost  = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}
	withAll   = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix"}
	realIP    = []string{"X-Real-IP", "X-Forwarded-Proto"}
	forwarded = []string{"Forwarded"}
)

// asOne are the configurations for proxies that all set headers, by address, number and both.
func asOne(hops int, headers []string, trust ...string) map[string]xheaders.Config {
	return map[string]xheaders.Config{
		"trust": {Trust: trust, Headers: headers},
		"hops":  {Hops: hops, Headers: headers},
		"both":  {Trust: trust, Hops: hops, Headers: headers},
	}
}

func with(configs map[string]xheaders.Config, name string, c xheaders.Config) map[string]xheaders.Config {
	configs[name] = c
	return configs
}

var byAddress = []string{"trust", "both"}

var topologies = []topology{
	{
		name: "nginx", scheme: "http", around: append(byAddress, "real", "all"),
		front: func(t *testing.T, app string) string { return nginx(t, app, nginxEdge) },
		configs: with(with(asOne(1, defaults, "127.0.0.1"),
			"real", xheaders.Config{Trust: []string{"127.0.0.1"}, Headers: realIP}),
			"all", xheaders.Config{Trust: []string{"127.0.0.1"}, Headers: withAll}),
	},
	{
		name: "nginx over a unix socket", scheme: "http", socket: true,
		front: func(t *testing.T, app string) string { return nginx(t, "unix:"+app+":", nginxEdge) },
		configs: with(asOne(1, defaults, "unix"),
			"real", xheaders.Config{Trust: []string{"unix"}, Headers: realIP}),
	},
	{
		name: "nginx with TLS", scheme: "https", around: byAddress,
		front:   func(t *testing.T, app string) string { return nginxTLS(t, app) },
		configs: asOne(1, defaults, "127.0.0.1"),
	},
	{
		name: "HAProxy", scheme: "http", around: byAddress,
		front:   func(t *testing.T, app string) string { return haproxy(t, app, haproxyEdge, "") },
		configs: asOne(1, defaults, "127.0.0.1"),
	},
	{
		name: "HAProxy with Forwarded", scheme: "http", around: byAddress,
		front:   func(t *testing.T, app string) string { return haproxy(t, app, haproxyForwarded, "") },
		configs: asOne(1, forwarded, "127.0.0.1"),
	},
	{
		name: "Caddy", scheme: "http", around: byAddress,
		front:   func(t *testing.T, app string) string { return caddy(t, app) },
		configs: asOne(1, withHost, "127.0.0.1"),
	},
	{
		name: "Apache", scheme: "http", around: byAddress,
		front:   func(t *testing.T, app string) string { return apache(t, app) },
		configs: asOne(1, defaults, "127.0.0.1"),
	},
	{
		name: "nginx, then HAProxy", scheme: "http", around: byAddress,
		front: func(t *testing.T, app string) string {
			inner := haproxy(t, app, "\toption forwardfor\n", "source 127.0.0.9")
			return nginx(t, strings.TrimPrefix(inner, "http://"), nginxEdge+"proxy_bind 127.0.0.8;\n")
		},
		configs: asOne(2, defaults, "127.0.0.8", "127.0.0.9"),
	},
	{
		name: "nginx with TLS, then HAProxy", scheme: "https", around: byAddress,
		front: func(t *testing.T, app string) string {
			inner := haproxy(t, app, "\toption forwardfor\n", "source 127.0.0.9")
			return nginxTLS(t, strings.TrimPrefix(inner, "http://"))
		},
		configs: asOne(2, defaults, "127.0.0.1", "127.0.0.9"),
	},
	{
		name: "HAProxy, then nginx", scheme: "http", around: byAddress,
		front: func(t *testing.T, app string) string {
			inner := nginx(t, app, nginxInner+"proxy_bind 127.0.0.8;\n")
			return haproxy(t, strings.TrimPrefix(inner, "http://"), haproxyEdge, "source 127.0.0.9")
		},
		configs: asOne(2, defaults, "127.0.0.8", "127.0.0.9"),
	},
	{
		name: "HAProxy, then nginx over a unix socket", scheme: "http", socket: true,
		front: func(t *testing.T, app string) string {
			inner := nginx(t, "unix:"+app+":", nginxInner)
			return haproxy(t, strings.TrimPrefix(inner, "http://"), haproxyEdge, "source 127.0.0.9")
		},
		configs: asOne(2, defaults, "unix", "127.0.0.9"),
	},
	{
		name: "HAProxy, then nginx, with Forwarded", scheme: "http", around: byAddress,
		front: func(t *testing.T, app string) string {
			inner := nginx(t, app, `proxy_set_header Host $host;
proxy_set_header Forwarded "$http_forwarded, for=$remote_addr";
proxy_bind 127.0.0.8;
`)
			return haproxy(t, strings.TrimPrefix(inner, "http://"), haproxyForwarded, "source 127.0.0.9")
		},
		configs: asOne(2, forwarded, "127.0.0.8", "127.0.0.9"),
	},
	{
		name: "HAProxy, then HAProxy, with Forwarded in two lines", scheme: "http", around: byAddress,
		front: func(t *testing.T, app string) string {
			inner := haproxy(t, app, "\thttp-request add-header Forwarded for=%[src]\n", "source 127.0.0.9")
			return haproxy(t, strings.TrimPrefix(inner, "http://"), haproxyForwarded, "source 127.0.0.8")
		},
		configs: asOne(2, forwarded, "127.0.0.8", "127.0.0.9"),
	},
	{
		name: "Caddy, then nginx", scheme: "http", around: byAddress,
		front: func(t *testing.T, app string) string {
			inner := nginx(t, app, nginxInner+"proxy_bind 127.0.0.8;\n")
			return caddy(t, strings.TrimPrefix(inner, "http://"))
		},
		configs: asOne(2, withHost, "127.0.0.1", "127.0.0.8"),
	},
}

// forgeries are what a client may send to look like another. None of it may change an answer.
var forgeries = []struct {
	name    string
	headers []header
}{
	{"nothing forged", nil},
	{"X-Forwarded-For", []header{{"X-Forwarded-For", "6.6.6.6"}}},
	{"X-Forwarded-For of a proxy", []header{{"X-Forwarded-For", "6.6.6.6, 127.0.0.1, 127.0.0.8, 127.0.0.9"}}},
	{"X-Forwarded-For in two lines", []header{{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "7.7.7.7"}}},
	{"X-Forwarded-For that is garbage", []header{{"X-Forwarded-For", "unknown, \"a, ;b"}}},
	{"X-Forwarded-For that is empty", []header{{"X-Forwarded-For", ""}}},
	{"X-Forwarded-For, many", []header{{"X-Forwarded-For", strings.Repeat("6.6.6.6, ", 100) + "7.7.7.7"}}},
	{"X-Real-IP", []header{{"X-Real-Ip", "6.6.6.6"}}},
	{"X-Real-IP in two lines", []header{{"X-Real-Ip", "6.6.6.6"}, {"X-Real-Ip", "7.7.7.7"}}},
	{"X-Forwarded-Host", []header{{"X-Forwarded-Host", "evil.example"}}},
	{"X-Forwarded-Host in two lines", []header{{"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Host", "evil.example:81"}}},
	{"X-Forwarded-Port, -Prefix and -Server", []header{{"X-Forwarded-Port", "666"}, {"X-Forwarded-Prefix", "/evil"}, {"X-Forwarded-Server", "evil.example"}}},
	{"X-Forwarded-Proto https", []header{{"X-Forwarded-Proto", "https"}}},
	{"X-Forwarded-Proto http", []header{{"X-Forwarded-Proto", "http"}}},
	{"X-Forwarded-Proto, a list", []header{{"X-Forwarded-Proto", "https, https, http"}}},
	{"X-Forwarded-Proto in two lines", []header{{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "wss"}}},
	{"X-Forwarded-Ssl and Front-End-Https", []header{{"X-Forwarded-Ssl", "on"}, {"Front-End-Https", "on"}}},
	{"Forwarded", []header{{"Forwarded", "for=6.6.6.6;proto=https;host=evil.example"}}},
	{"Forwarded of a proxy", []header{{"Forwarded", "for=6.6.6.6;proto=https, for=127.0.0.1, for=127.0.0.8, for=127.0.0.9"}}},
	{"Forwarded with an open quote", []header{{"Forwarded", `for="6.6.6.6`}}},
	{"Forwarded with a quote that wants the rest", []header{{"Forwarded", `for=6.6.6.6;x="`}}},
	{"Forwarded in two lines", []header{{"Forwarded", "for=6.6.6.6"}, {"Forwarded", "for=7.7.7.7;host=evil.example"}}},
	{"aliases with underscores", []header{{"X_Forwarded_For", "6.6.6.6"}, {"X_Forwarded_Proto", "wss"}, {"X_Real_IP", "6.6.6.6"}}},
	{"aliases with dots", []header{{"X.Forwarded.For", "6.6.6.6"}, {"X.Forwarded.Host", "evil.example"}}},
	{"other spellings", []header{{"x-forwarded-for", "6.6.6.6"}, {"X-FORWARDED-HOST", "evil.example"}}},
	// CVE-2022-31813: a proxy that obeys drops what it has just set.
	{"Connection names them", []header{{"Connection", "close, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Real-IP, Forwarded"}}},
	{"names of CDNs", []header{{"Cf-Connecting-Ip", "6.6.6.6"}, {"True-Client-Ip", "6.6.6.6"}, {"X-Client-Ip", "6.6.6.6"}, {"Fastly-Client-Ip", "6.6.6.6"}}},
	{"all at once", []header{
		{"X-Forwarded-For", "6.6.6.6"}, {"X-Real-Ip", "6.6.6.6"}, {"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Proto", "wss"},
		{"X-Forwarded-Port", "666"}, {"Forwarded", "for=6.6.6.6;proto=wss;host=evil.example"}, {"X_forwarded_for", "6.6.6.6"},
	}},
}

func TestBehindProxies(t *testing.T) {
	for _, top := range topologies {
		t.Run(top.name, func(t *testing.T) {
			t.Parallel()
			h := app(t, top.configs)
			address := ""
			if top.socket {
				address = onSocket(t, h)
			} else {
				address = onTCP(t, h)
			}
			base := top.front(t, address)
			for _, forged := range forgeries {
				for name := range top.configs {
					t.Run(forged.name+"/"+name, func(t *testing.T) {
						got, err := ask(t, client, base, name, forged.headers)
						if err != nil {
							t.Fatal(err)
						}
						check(t, got, client, top.scheme, site)
						if !got.Trusted || got.Prefix != "" {
							t.Errorf("trusted %v, prefix %q\n%s", got.Trusted, got.Prefix, got.Explain)
						}
					})
				}
				for _, name := range top.around {
					t.Run(forged.name+"/"+name+", round the proxies", func(t *testing.T) {
						got, err := ask(t, stranger, "http://"+address, name, forged.headers)
						if err != nil {
							t.Fatal(err)
						}
						check(t, got, stranger, "http", site)
						if got.Trusted {
							t.Errorf("trusted\n%s", got.Explain)
						}
					})
				}
			}
		})
	}
}

// Every header that may be believed is set, whatever the client sent.
const (
	nginxEdge = `proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $host;
proxy_set_header X-Forwarded-Port "";
proxy_set_header X-Forwarded-Prefix "";
proxy_set_header X-Real-IP $remote_addr;
`
	// The proxy before this one has set the scheme, and nobody else can get here.
	nginxInner = `proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
`
	haproxyEdge = `	option forwardfor
	http-request set-header X-Forwarded-Proto http
`
	// Without host: the client's Host header could close the quotes around it. The app has the Host header anyway.
	haproxyForwarded = `	http-request set-header Forwarded for=%[src];proto=http
`
)

func nginx(t *testing.T, upstream, directives string) (base string) {
	t.Helper()
	address := proxy.Address(t)
	proxy.Nginx(t, address, fmt.Sprintf(`server {
	listen %s;
	location / {
		proxy_pass http://%s;
		%s
	}
}`, address, upstream, directives))
	return "http://" + address
}

func nginxTLS(t *testing.T, upstream string) (base string) {
	t.Helper()
	address := proxy.Address(t)
	certificate, key := proxy.Certificate(t, site)
	proxy.Nginx(t, address, fmt.Sprintf(`server {
	listen %s ssl;
	ssl_certificate %s;
	ssl_certificate_key %s;
	location / {
		proxy_pass http://%s;
		%s
	}
}`, address, certificate, key, upstream, nginxEdge))
	return "https://" + address
}

func haproxy(t *testing.T, upstream, directives, server string) (base string) {
	t.Helper()
	address := proxy.Address(t)
	proxy.HAProxy(t, address, fmt.Sprintf(`frontend front
	bind %s
%s	default_backend back
backend back
	server app %s %s
`, address, directives, upstream, server))
	return "http://" + address
}

func caddy(t *testing.T, upstream string) (base string) {
	t.Helper()
	address := proxy.Address(t)
	// reverse_proxy sets X-Forwarded-For, -Proto and -Host by itself, and drops what came from a client.
	proxy.Caddy(t, address, fmt.Sprintf("http://:%s {\n\tbind 127.0.0.1\n\treverse_proxy %s\n}\n", port(address), upstream))
	return "http://" + address
}

func apache(t *testing.T, upstream string) (base string) {
	t.Helper()
	address := proxy.Address(t)
	proxy.Apache(t, address, []string{"proxy", "proxy_http", "headers"}, fmt.Sprintf(`ProxyPreserveHost On
RequestHeader set X-Forwarded-Proto "expr=%%{REQUEST_SCHEME}"
ProxyPass "/" "http://%s/"
`, upstream))
	return "http://" + address
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
