package xheaders_test

import (
	"net"
	"strings"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/xheaders"
)

// TestMistakes: what a wrong configuration costs is the client's address, and never another's in its place.
func TestMistakes(t *testing.T) {
	t.Parallel()
	address := onTCP(t, app(t, map[string]xheaders.Config{
		"other":    {Trust: []string{"127.0.0.9"}},
		"wide":     {Trust: []string{"loopback"}},
		"missing":  {Trust: []string{"127.0.0.8"}, Headers: []string{"Cf-Connecting-Ip"}},
		"toomany":  {Hops: 2},
		"nobody":   {},
		"any":      {Trust: []string{"any"}, Headers: []string{"X-Real-IP"}},
		"rewrite":  {Trust: []string{"127.0.0.8"}, Rewrite: true},
		"keep":     {Trust: []string{"127.0.0.8"}, KeepHeaders: true},
		"insecure": {DangerouslyTrustAll: true},
	}))
	base := nginx(t, address, nginxEdge+"proxy_bind 127.0.0.8;\nproxy_set_header Cf-Connecting-Ip \"\";\n")
	tests := []struct {
		name, config string
		headers      []header
		client       string
		note         string
	}{
		{"the proxy is not in Trust", "other", nil, "127.0.0.8", `peer 127.0.0.8 is this machine but not in Trust: add "loopback"`},
		{"the proxy is not in Trust, forged", "other", []header{{"X-Forwarded-For", "6.6.6.6"}}, "127.0.0.8", ""},
		{"Trust covers the client", "wide", nil, "", "Trust is wider than your proxies"},
		{"Trust covers the client, who forges: the price of a wide Trust", "wide", []header{{"X-Forwarded-For", "6.6.6.6"}}, "6.6.6.6", ""},
		{"the header that is read is not the one sent", "missing", nil, "", "the proxy sends X-Forwarded-For, Headers say Cf-Connecting-Ip"},
		{"the header that is read is stripped, forged", "missing", []header{{"Cf-Connecting-Ip", "6.6.6.6"}}, "", ""},
		{"Hops too high", "toomany", nil, "", "shorter than Hops (1, not 2)"},
		{"nobody is trusted", "nobody", []header{{"X-Forwarded-For", "6.6.6.6"}}, "127.0.0.8", ""},
		{"any, with a header that nginx overwrites", "any", []header{{"X-Real-Ip", "6.6.6.6"}}, client, ""},
		{"Rewrite", "rewrite", []header{{"X-Forwarded-For", "6.6.6.6"}}, client, ""},
		{"KeepHeaders", "keep", []header{{"X-Forwarded-For", "6.6.6.6"}}, client, ""},
		// nginx overwrites X-Real-IP here, so even this mode is right.
		{"DangerouslyTrustAll behind a proxy that overwrites", "insecure", []header{{"X-Real-Ip", "6.6.6.6"}}, client, "every client can choose"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ask(t, client, base, test.config, test.headers)
			if err != nil {
				t.Fatal(err)
			}
			check(t, got, test.client, "http", site)
			if !strings.Contains(got.Explain, test.note) {
				t.Errorf("Explain does not say %q:\n%s", test.note, got.Explain)
			}
		})
	}
}

// TestForwardedHost: the app is asked by another name, port and path than the client asked for.
func TestForwardedHost(t *testing.T) {
	t.Parallel()
	address := onTCP(t, app(t, map[string]xheaders.Config{
		"all":     {Trust: []string{"127.0.0.1"}, Headers: withAll},
		"default": {Trust: []string{"127.0.0.1"}},
	}))
	front := proxy.Address(t)
	proxy.Nginx(t, front, `server {
	listen `+front+`;
	location /app/ {
		proxy_pass http://`+address+`/;
		proxy_set_header Host internal;
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		proxy_set_header X-Forwarded-Proto https;
		proxy_set_header X-Forwarded-Host $host;
		proxy_set_header X-Forwarded-Port 8443;
		proxy_set_header X-Forwarded-Prefix /app;
	}
}`)
	forged := []header{{"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Port", "666"}, {"X-Forwarded-Prefix", "//evil.example"}}
	for _, test := range []struct{ config, host, prefix string }{
		{"all", site + ":8443", "/app"},
		{"default", "internal", ""}, // nginx says more than Headers believe
	} {
		got, err := ask(t, client, "http://"+front+"/app", test.config, forged)
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, client, "https", test.host)
		if got.Prefix != test.prefix {
			t.Errorf("prefix %q, want %q", got.Prefix, test.prefix)
		}
	}
}

// TestIPv6Client: the client comes by IPv6 to a proxy that goes on by IPv4.
func TestIPv6Client(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1")
	}
	l.Close()
	configs := map[string]xheaders.Config{
		"xff": {Trust: []string{"127.0.0.1"}},
		"fwd": {Trust: []string{"127.0.0.1"}, Headers: forwarded},
	}
	address := onTCP(t, app(t, configs))
	v4 := proxy.Address(t)
	v6 := "[::1]:" + port(v4)
	proxy.Nginx(t, v4, `server {
	listen `+v4+`;
	listen `+v6+`;
	location / {
		proxy_pass http://`+address+`;
		`+nginxEdge+`
		proxy_set_header Forwarded 'for="[$remote_addr]";proto=$scheme';
	}
}`)
	for name := range configs {
		got, err := ask(t, "::1", "http://"+v6, name, []header{{"X-Forwarded-For", "6.6.6.6"}, {"Forwarded", "for=6.6.6.6"}})
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, "::1", "http", site)
	}
}
