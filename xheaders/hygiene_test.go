package xheaders_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// lines writes headers as "Name: value", sorted.
func lines(h http.Header) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[key] {
			out = append(out, fmt.Sprintf("%s: %s", key, value))
		}
	}
	return strings.Join(out, "\n")
}

// TestHygiene: what a handler behind Wrap finds in the headers.
func TestHygiene(t *testing.T) {
	kept := ten
	kept.KeepHeaders = true
	users := headers(ten, "X-Forwarded-For", "X-Forwarded-User")
	two := headers(hops(2), every.Headers...)
	cases := []struct {
		name       string
		config     xheaders.Config
		peer, head string
		want       string
	}{
		{"nothing to do", ten, "10.0.0.1:9", "Accept: */*\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https",
			"Accept: */*\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https"},
		{"untrusted peer: everything goes", every, "198.51.100.7:9",
			"Accept: */*\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: x\nX-Forwarded-Port: 1\nX-Forwarded-Prefix: /x\nX-Forwarded-Ssl: on\nFront-End-Https: on\nForwarded: for=1.1.1.1\nX-Real-IP: 1.1.1.1\nTrue-Client-IP: 1.1.1.1\nCF-Connecting-IP: 1.1.1.1\nX-Forwarded-User: root\nX-Forwarded-Client-Cert: x\nX-Forwarded-Anything: x\nX-Client-IP: 1.1.1.1",
			"Accept: */*"},
		{"untrusted peer: the configured header of one's own goes", headers(ten, "My-Client"), "198.51.100.7:9", "My-Client: 1.1.1.1\nMy_Client: 1.1.1.1", ""},
		{"what is not in Headers goes", ten, "10.0.0.1:9",
			"X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: x\nX-Forwarded-Port: 1\nX-Forwarded-Prefix: /x\nX-Forwarded-Ssl: on\nFront-End-Https: on\nForwarded: for=1.1.1.1\nX-Real-IP: 1.1.1.1\nX-Forwarded-User: root",
			"X-Forwarded-For: 203.0.113.9"},
		{"GHSA-7x63-xv5r-3p2x X-Forwarded-Uri not in Headers", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Uri: /admin", "X-Forwarded-For: 203.0.113.9"},
		{"untrusted peer: what platforms and CDNs name the client by goes", every, "198.51.100.7:9",
			"Accept: */*\nX-Appengine-Remote-Addr: 1.1.1.1\nX-Appengine-User-IP: 1.1.1.1\nCloudFront-Viewer-Address: 1.1.1.1:1\nCloudFront-Forwarded-Proto: https\nDO-Connecting-IP: 1.1.1.1\nX-Vercel-Forwarded-For: 1.1.1.1\nX-Nf-Client-Connection-Ip: 1.1.1.1\nX-Proxied-Https: on\nDO_Connecting_IP: 1.1.1.1",
			"Accept: */*"},
		{"listed to be passed on", users, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-User: ann", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-User: ann"},
		{"listed to be passed on, from a stranger", users, "198.51.100.7:9", "X-Forwarded-User: ann", ""},
		{"other headers stay", ten, "10.0.0.1:9", "X-Forwarded: for=x\nForwarded_For: x\nX-Frame: a\nX_Custom: b\nFrom: c\nX-Real: d\nConnection: close\nCookie: e", "Connection: close\nCookie: e\nFrom: c\nX-Frame: a\nX-Real: d\nX_custom: b"},

		{"GHSA-5m6w-wvh7-57vm underscore alias goes", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX_Forwarded_Proto: https", "X-Forwarded-For: 203.0.113.9"},
		{"CVE-2025-64484 underscore alias of the address goes", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX_Forwarded_For: 127.0.0.1\nX_Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.9"},
		{"CVE-2026-52845 underscore alias of an identity goes", users, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX_Forwarded_User: root", "X-Forwarded-For: 203.0.113.9"},
		{"GHSA-49wc-4hcv-v58q dot alias goes", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX.Forwarded.Host: evil.example\nX.Real.IP: 127.0.0.1\nFront.End_Https: on", "X-Forwarded-For: 203.0.113.9"},
		{"alias of the single header goes", realX, "10.0.0.1:9", "X-Real-IP: 203.0.113.9\nX_Real_IP: 127.0.0.1", "X-Real-Ip: 203.0.113.9"},
		{"alias by another sign goes", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX!Forwarded~For: 127.0.0.1", "X-Forwarded-For: 203.0.113.9"},
		{"alias in an untrusted request goes", xheaders.Config{}, "198.51.100.7:9", "X_Forwarded_For: 127.0.0.1", ""},

		{"forged entries are cut off", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, 127.0.0.1, 203.0.113.9", "X-Forwarded-For: 203.0.113.9"},
		{"trusted hops are kept", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.3, 10.0.0.2", "X-Forwarded-For: 203.0.113.9, 10.0.0.3, 10.0.0.2"},
		{"two lines become one", ten, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6\nX-Forwarded-For: 203.0.113.9, 10.0.0.2", "X-Forwarded-For: 203.0.113.9, 10.0.0.2"},
		{"ports and brackets are cut off", ten, "10.0.0.1:9", "X-Forwarded-For: [2001:db8::9]:4431,10.0.0.2:80", "X-Forwarded-For: 2001:db8::9, 10.0.0.2"},
		{"mapped is written plainly", ten, "10.0.0.1:9", "X-Forwarded-For: ::ffff:203.0.113.9", "X-Forwarded-For: 203.0.113.9"},
		{"an unknown client leaves no list", ten, "10.0.0.1:9", "X-Forwarded-For: 127.0.0.1, unknown", ""},
		{"a list of proxies only goes", ten, "10.0.0.1:9", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\nX-Forwarded-Proto: https", "X-Forwarded-Proto: https"},
		{"Hops: garbage in between", two, "192.0.2.1:9", "X-Forwarded-For: 6.6.6.6, 203.0.113.9, garbage", "X-Forwarded-For: 203.0.113.9, unknown"},
		{"Hops: a short list takes everything along", two, "192.0.2.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Host: x", ""},
		{"CVE-2026-45045 two X-Real-IP become the last", realX, "10.0.0.1:9", "X-Real-IP: 127.0.0.1\nX-Real-IP: 203.0.113.9", "X-Real-Ip: 203.0.113.9"},
		{"a single header with garbage goes", realX, "10.0.0.1:9", "X-Real-IP: 127.0.0.1\nX-Real-IP: x", ""},
		{"a single header with port", realX, "10.0.0.1:9", "X-Real-IP: 203.0.113.9:80", "X-Real-Ip: 203.0.113.9"},
		{"scheme list becomes the scheme", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Proto: evil, HTTPS, http", "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Proto: https"},
		{"refused scheme becomes the transport's", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: x", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: http"},
		{"scheme headers agree", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Ssl: off\nFront-End-Https: off",
			"Front-End-Https: on\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Ssl: on"},
		{"scheme headers agree on http", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: http\nX-Forwarded-Ssl: on",
			"X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: http\nX-Forwarded-Ssl: off"},
		{"host, port and prefix", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: evil.example, a.example\nX-Forwarded-Port: 1, 8080\nX-Forwarded-Prefix: //evil, /app/",
			"X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example:8080\nX-Forwarded-Port: 8080\nX-Forwarded-Prefix: /app"},
		{"refused host, port and prefix", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Host: a/b\nX-Forwarded-Port: x\nX-Forwarded-Prefix: //evil",
			"X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: app.example\nX-Forwarded-Proto: https"},
		{"port of a host that brought its own", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example:8080\nX-Forwarded-Port: 9090",
			"X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example:8080\nX-Forwarded-Port: 8080"},
		{"port of the scheme", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example\nX-Forwarded-Port: 80",
			"X-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a.example\nX-Forwarded-Port: 80"},
		{"a Host that is none is not forwarded", every, "10.0.0.1:9", "Host: a,b\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Host: a/b\nX-Forwarded-Port: 80",
			"X-Forwarded-For: 203.0.113.9"},

		{"Forwarded: forged elements are cut off", rfc, "10.0.0.1:9", `Forwarded: for=127.0.0.1;host=evil.example, for=203.0.113.9;proto=https;host="a.example:8080", for="[2001:db8::1]", for=10.0.0.2`,
			`Forwarded: for="[2001:db8::1]", for=10.0.0.2`},
		{"Forwarded: client, scheme, host and hop", rfc, "10.0.0.1:9", `Forwarded: by=_x;for="203.0.113.9:80";host="a.example:8080";proto=HTTPS, for=10.0.0.2`,
			`Forwarded: for=203.0.113.9;proto=https;host="a.example:8080", for=10.0.0.2`},
		{"Forwarded: two lines become one", rfc, "10.0.0.1:9", "Forwarded: for=6.6.6.6\nForwarded: for=203.0.113.9", "Forwarded: for=203.0.113.9"},
		{"Forwarded: unknown client", rfc, "10.0.0.1:9", "Forwarded: for=_hidden;proto=https", "Forwarded: for=unknown;proto=https"},
		{"Forwarded: nothing believed", rfc, "10.0.0.1:9", "Forwarded: for=_hidden", ""},
		{"Forwarded: X-Forwarded-* go", rfc, "10.0.0.1:9", "Forwarded: for=203.0.113.9\nX-Forwarded-For: 6.6.6.6\nX-Forwarded-Proto: https", "Forwarded: for=203.0.113.9"},
		{"Forwarded: Hops with a hidden proxy", headers(hops(2), "Forwarded"), "192.0.2.1:9", "Forwarded: for=203.0.113.9, for=_hidden", "Forwarded: for=203.0.113.9, for=unknown"},

		{"KeepHeaders", kept, "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, 203.0.113.9\nX_Forwarded_For: x\nX-Real-IP: 1.1.1.1", "X-Forwarded-For: 6.6.6.6, 203.0.113.9\nX-Real-Ip: 1.1.1.1\nX_forwarded_for: x"},
		{"KeepHeaders, untrusted peer", kept, "198.51.100.7:9", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 6.6.6.6"},
		{"DangerouslyTrustAll", pants, "198.51.100.7:9", "X-Forwarded-For: 6.6.6.6, x\nX_Forwarded_For: x\nForwarded: for=x", "Forwarded: for=x\nX-Forwarded-For: 6.6.6.6, x\nX_forwarded_for: x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.peer, c.head)
			before := lines(r.Header)
			x := must(t, c.config)
			seen := behind(r, x.Wrap)
			if got := lines(seen.Header); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if got := lines(r.Header); got != before {
				t.Errorf("the original was changed:\n%s\nwas\n%s", got, before)
			}
			// A second Wrap, or one that knows nothing of the first, finds the same.
			if got := lines(behind(r, x.Wrap, x.Wrap).Header); got != c.want {
				t.Errorf("wrapped twice\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestHygieneAgain: cleaned headers, sent through the same proxies once more, say the
// same. This is what a naive reader behind, or a proxy behind us, relies on.
func TestHygieneAgain(t *testing.T) {
	for _, head := range []string{
		"X-Forwarded-For: 6.6.6.6, 203.0.113.9:80, 10.0.0.2\nX-Forwarded-Proto: x, https, http\nX-Forwarded-Host: evil, a.example, b\nX-Forwarded-Port: 1, 8443, 3\nX-Forwarded-Prefix: /app/",
		"X-Forwarded-For: [2001:db8::9]\nX-Forwarded-Ssl: on\nX-Forwarded-Port: 443",
	} {
		x := must(t, every)
		r := request("10.0.0.1:9", head)
		info := x.Resolve(r)
		again := request("10.0.0.1:9", "")
		again.Header = behind(r, x.Wrap).Header
		got := x.Resolve(again)
		got.Port = info.Port
		if got != info {
			t.Errorf("%s:\n%+v, was %+v", head, got, info)
		}
	}
}

// TestHygieneNonCanonical: a map filled by hand may have names in any case.
func TestHygieneNonCanonical(t *testing.T) {
	r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9")
	r.Header["x-forwarded-for"] = []string{"127.0.0.1"}
	r.Header["x-forwarded-user"] = []string{"root"}
	if got := lines(behind(r, must(t, ten).Wrap).Header); got != "X-Forwarded-For: 203.0.113.9" {
		t.Errorf("got\n%s", got)
	}
}

// TestHygieneCopies: the slices in the cleaned map belong to nobody else.
func TestHygieneCopies(t *testing.T) {
	r := request("10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, 203.0.113.9")
	seen := behind(r, must(t, ten).Wrap)
	seen.Header["X-Forwarded-For"][0] = "changed"
	seen.Header.Set("X-New", "1")
	if got := lines(r.Header); got != "X-Forwarded-For: 6.6.6.6, 203.0.113.9" {
		t.Errorf("the original was changed: %s", got)
	}
}
