package xheaders_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// networks is a part of what https://www.cloudflare.com/ips/ lists.
var networks = []string{"173.245.48.0/20", "162.158.0.0/15", "172.64.0.0/13", "2400:cb00::/32", "2606:4700::/32"}

// TestReadmeDocumented: proxies that cannot run here, as lines of headers of the form that their documentation shows.
//
//	Traefik     doc.traefik.io, "Forwarded Headers" of an entry point, and pkg/middlewares/forwardedheaders of Traefik 3.7
//	AWS ALB     docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
//	Cloudflare  developers.cloudflare.com/fundamentals/reference/http-headers/
func TestReadmeDocumented(t *testing.T) {
	const (
		visitor   = "203.0.113.7"
		edge      = "173.245.48.9" // of Cloudflare
		node      = "10.0.1.77"    // of the ALB
		neighbour = "10.0.9.9"     // not in its subnets
		// The load balancer adds what it pleases, and that is in nobody's Headers.
		amazon = "X-Forwarded-Port: 443\nX-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678\n"
		cf     = "CF-Ray: 230b030023ae2822-SJC\nCF-Visitor: {\"scheme\":\"https\"}\nCF-IPCountry: US\nCDN-Loop: cloudflare; loops=1\nAccept-Encoding: gzip, br\n"
	)
	for _, test := range []struct {
		proxy, name, peer, headers string
		client, scheme             string
	}{
		{"Traefik", "a visitor", "127.0.0.1", "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Host: app.example\nX-Forwarded-Port: 443\nX-Forwarded-Proto: https\nX-Forwarded-Server: 1f4c\nX-Real-Ip: 203.0.113.7", visitor, "https"},
		{"Traefik", "a WebSocket", "127.0.0.1", "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: wss\nX-Real-Ip: 203.0.113.7", visitor, "https"},
		{"Traefik", "forged, which it does not strip", "127.0.0.1", "Forwarded: for=6.6.6.6;proto=http\nTrue-Client-IP: 6.6.6.6\nX-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: https\nX-Real-Ip: 203.0.113.7", visitor, "https"},
		{"Traefik", "behind one in trustedIPs", "127.0.0.1", "X-Forwarded-For: 6.6.6.6, 203.0.113.7\nX-Forwarded-Proto: https\nX-Real-Ip: 6.6.6.6", visitor, "https"},
		{"Traefik", "round it", "127.0.0.2", "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https\nX-Real-Ip: 6.6.6.6", "127.0.0.2", "http"},

		{"AWS ALB", "a visitor", node, amazon + "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: https", visitor, "https"},
		{"AWS ALB", "forged", node, amazon + "X-Forwarded-For: 127.0.0.1, 203.0.113.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil.example\nX-Real-IP: 6.6.6.6\nForwarded: for=6.6.6.6", visitor, "https"},
		{"AWS ALB", "without TLS", node, "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: http\nX-Forwarded-Port: 80", visitor, "http"},
		{"AWS ALB", "IPv6", node, amazon + "X-Forwarded-For: 2001:DB8::21f:5bff:febf:ce22\nX-Forwarded-Proto: https", "2001:db8::21f:5bff:febf:ce22", "https"},
		{"AWS ALB", "with the client's port", node, amazon + "X-Forwarded-For: 203.0.113.7:40312\nX-Forwarded-Proto: https", visitor, "https"},
		{"AWS ALB", "mode remove", node, amazon + "X-Forwarded-Proto: https", "", "https"},
		{"AWS ALB", "mode preserve: the list is the client's own, as the README warns", node, amazon + "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https", "6.6.6.6", "https"},
		{"AWS ALB", "round it", neighbour, "X-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https", neighbour, "http"},
		{"AWS ALB, subnets unknown", "forged", node, amazon + "X-Forwarded-For: 127.0.0.1, 203.0.113.7\nX-Forwarded-Proto: https", visitor, "https"},
		{"AWS ALB, subnets unknown", "round it, with nothing to say", neighbour, "X-Forwarded-Proto: https", "", "http"},

		{"Cloudflare", "a visitor", edge, cf + "CF-Connecting-IP: 203.0.113.7\nX-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: https", visitor, "https"},
		{"Cloudflare", "over IPv6", "2400:cb00:2048:1::c629:d7a2", cf + "CF-Connecting-IP: 2001:db8::7\nX-Forwarded-For: 2001:db8::7\nX-Forwarded-Proto: https", "2001:db8::7", "https"},
		{"Cloudflare", "forged", edge, cf + "CF-Connecting-IP: 203.0.113.7\nX-Forwarded-For: 6.6.6.6,203.0.113.7\nX-Forwarded-Proto: https\nTrue-Client-IP: 6.6.6.6\nX-Real-IP: 6.6.6.6\nX-Forwarded-Host: evil.example", visitor, "https"},
		{"Cloudflare", "round it", "198.51.100.66", "CF-Connecting-IP: 6.6.6.6\nX-Forwarded-Proto: https", "198.51.100.66", "http"},

		{"Cloudflare, then AWS ALB", "a visitor", node, cf + amazon + "CF-Connecting-IP: 203.0.113.7\nX-Forwarded-For: 203.0.113.7, 173.245.48.9\nX-Forwarded-Proto: https", visitor, "https"},
		{"Cloudflare, then AWS ALB", "forged", node, cf + amazon + "CF-Connecting-IP: 203.0.113.7\nX-Forwarded-For: 10.0.0.1,203.0.113.7, 173.245.48.9\nX-Forwarded-Proto: https", visitor, "https"},
		{"Cloudflare, then AWS ALB", "round Cloudflare, to the ALB", node, amazon + "CF-Connecting-IP: 6.6.6.6\nX-Forwarded-For: 6.6.6.6, 173.245.48.9, 198.51.100.66\nX-Forwarded-Proto: https", "198.51.100.66", "https"},
		{"Cloudflare, then AWS ALB", "round both", neighbour, "CF-Connecting-IP: 6.6.6.6\nX-Forwarded-For: 6.6.6.6, 173.245.48.9", neighbour, "http"},
	} {
		t.Run(test.proxy+", "+test.name, func(t *testing.T) {
			x, err := xheaders.New(fromReadme(t, test.proxy, "", networks...).config)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "http://"+site+"/", nil)
			r.RemoteAddr = net.JoinHostPort(test.peer, "40000")
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 8080}))
			for _, line := range strings.Split(strings.TrimSpace(test.headers), "\n") {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			if info := x.Resolve(r); info.ClientIP() != test.client || info.Scheme != test.scheme || info.Host != site {
				t.Errorf("client %q, scheme %q, host %q; want %q, %q, %q\n%s", info.ClientIP(), info.Scheme, info.Host, test.client, test.scheme, site, x.Explain(r))
			}
		})
	}
}

// TestReadmeTraefik: the lines for it leave its headers alone, because what it does by itself is what the Config is for.
func TestReadmeTraefik(t *testing.T) {
	lines := fromReadme(t, "Traefik", "yaml").lines
	if strings.Contains(lines, "forwardedHeaders") || strings.Contains(lines, "passHostHeader") || !strings.Contains(lines, "url: http://127.0.0.1:8080") {
		t.Errorf("lines = %s", lines)
	}
}
