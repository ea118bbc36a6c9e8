package xheaders_test

import (
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// TestNewErrors: every mistake is found, and the error names the value.
func TestNewErrors(t *testing.T) {
	cases := []struct {
		name   string
		config xheaders.Config
		want   []string // parts of the error, one for each mistake
	}{
		{"CIDR too long", trust("192.168.1.33/33"), []string{`Trust "192.168.1.33/33"`}},
		{"part too high", trust("192.168.1.256"), []string{`Trust "192.168.1.256"`}},
		{"brackets", trust("[::1]"), []string{`Trust "[::1]"`}},
		{"mask name", trust("10.0.0.1/internet"), []string{`Trust "10.0.0.1/internet"`}},
		{"zone in CIDR", trust("fe80::1%eth0/64"), []string{`Trust "fe80::1%eth0/64": a zone`}},
		{"zone in address", trust("fe80::1%eth0"), []string{`Trust "fe80::1%eth0": a zone`}},
		{"empty entry", trust(""), []string{`Trust "": empty`}},
		{"blank entry", trust(" "), []string{`Trust " "`}},
		{"blank before", trust(" 10.0.0.0/8"), []string{`Trust " 10.0.0.0/8"`}},
		{"list in one entry", trust("10.0.0.0/8,192.168.0.0/16"), []string{`Trust "10.0.0.0/8,192.168.0.0/16"`}},
		{"name", trust("proxy.internal"), []string{`Trust "proxy.internal"`}},
		{"word in capitals", trust("Private"), []string{`Trust "Private"`}},
		{"unknown word", trust("localhost"), []string{`Trust "localhost"`}},
		{"port", trust("10.0.0.1:80"), []string{`Trust "10.0.0.1:80"`}},
		{"leading zero", trust("10.0.0.01"), []string{`Trust "10.0.0.01"`}},
		{"leading zero in CIDR", trust("10.0.0.0/08"), []string{`Trust "10.0.0.0/08"`}},
		{"short form", trust("10/8"), []string{`Trust "10/8"`}},
		{"netmask", trust("10.0.0.1/255.0.0.0"), []string{`Trust "10.0.0.1/255.0.0.0"`}},
		{"IPv6 netmask", trust("fe80::/ffc0::"), []string{`Trust "fe80::/ffc0::"`}},
		{"empty mask", trust("10.0.0.0/"), []string{`Trust "10.0.0.0/"`}},
		{"two masks", trust("10.0.0.0/8/8"), []string{`Trust "10.0.0.0/8/8"`}},
		{"negative mask", trust("::ffff:a00:2/-1"), []string{`Trust "::ffff:a00:2/-1"`}},
		{"IPv6 mask too long", trust("::1/129"), []string{`Trust "::1/129"`}},
		{"mapped mask too short", trust("::ffff:10.0.0.0/95"), []string{`Trust "::ffff:10.0.0.0/95": an IPv4-mapped CIDR needs 96`}},
		{"number", trust("-1"), []string{`Trust "-1"`}},
		{"any with the default list", trust("any"), []string{`Trust "any"`}},
		{"any with Forwarded", headers(trust("any"), "Forwarded"), []string{`Trust "any"`, `"Forwarded"`}},
		{"any among others", trust("loopback", "any"), []string{`Trust "any"`}},
		{"negative Hops", hops(-1), []string{"Hops -1"}},
		{"empty header name", headers(ten, "X-Forwarded-For", ""), []string{`header name ""`}},
		{"header name with a blank", headers(ten, "X-Forwarded-For", "X Real IP"), []string{`header name "X Real IP"`}},
		{"header name with a colon", headers(ten, "X-Real-IP:"), []string{`header name "X-Real-IP:"`}},
		{"header name not ASCII", headers(ten, "X-Réal-IP"), []string{`header name "X-Réal-IP"`}},
		{"two sources", headers(ten, "X-Forwarded-For", "X-Real-IP"), []string{`"X-Forwarded-For" "X-Real-Ip"`}},
		{"two single headers", headers(ten, "True-Client-IP", "CF-Connecting-IP"), []string{`"True-Client-Ip" "Cf-Connecting-Ip"`}},
		{"three sources", headers(ten, "Forwarded", "X-Real-IP", "X-Forwarded-For"), []string{`"Forwarded" "X-Real-Ip" "X-Forwarded-For"`, `cannot be combined with ["X-Forwarded-For"]`}},
		{"Forwarded with X-Forwarded-Proto", headers(ten, "Forwarded", "X-Forwarded-Proto"), []string{`"Forwarded" cannot be combined with ["X-Forwarded-Proto"]`}},
		{"Forwarded with Front-End-Https", headers(ten, "Forwarded", "front-end-https"), []string{`"Forwarded" cannot be combined with ["Front-End-Https"]`}},
		{"no source", headers(ten, "X-Forwarded-Proto"), []string{`["X-Forwarded-Proto"]: none carries`}},
		{"no headers", headers(ten, []string{}...), []string{`none carries`}},
		{"alias of a list", headers(ten, "X_Forwarded_For"), []string{`"X_Forwarded_For" in Headers: an alias of "X-Forwarded-For"`}},
		{"alias of a single header", headers(ten, "X-Real_IP"), []string{`"X-Real_IP" in Headers: an alias of "X-Real-Ip"`}},
		{"scheme header that is not read", headers(ten, "X-Forwarded-For", "X-Forwarded-Scheme"), []string{`"X-Forwarded-Scheme"`}},
		{"scheme header of CloudFront", headers(ten, "X-Forwarded-For", "CloudFront-Forwarded-Proto"), []string{`"CloudFront-Forwarded-Proto"`}},
		{"an address that runs into its port", headers(ten, "CloudFront-Viewer-Address"), []string{`"CloudFront-Viewer-Address"`, "X-Forwarded-For"}},
		{"Host", headers(ten, "X-Forwarded-For", "Host"), []string{`"Host"`}},
		{"DangerouslyTrustAll with Trust", xheaders.Config{DangerouslyTrustAll: true, Trust: []string{"loopback"}}, []string{`Trust ["loopback"] has no effect`}},
		{"DangerouslyTrustAll with Hops", xheaders.Config{DangerouslyTrustAll: true, Hops: 1}, []string{`Hops 1 has no effect`}},
		{"DangerouslyTrustAll with Headers", xheaders.Config{DangerouslyTrustAll: true, Headers: []string{"X-Real-IP"}}, []string{`Headers ["X-Real-IP"] has no effect`}},
		{"everything at once",
			xheaders.Config{Trust: []string{"10.0.0.0/33", "loopback", "nginx"}, Hops: -3, Headers: []string{"", "X-Forwarded-For", "X-Real-IP"}},
			[]string{`Hops -3`, `header name ""`, `choose one`, `"10.0.0.0/33"`, `"nginx"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x, err := xheaders.New(c.config)
			if err == nil || x != nil {
				t.Fatalf("New = %v, %v; want an error", x, err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in:\n%v", part, err)
				}
			}
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "xheaders: ") {
					t.Errorf("line without the package's name: %q", line)
				}
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	cases := []struct {
		name   string
		config xheaders.Config
	}{
		{"zero", xheaders.Config{}},
		{"no trust, own header", headers(xheaders.Config{}, "X-Real-IP")},
		{"empty list of proxies", trust([]string{}...)},
		{"every word but any", trust("loopback", "private", "linklocal", "unix")},
		{"any with a single header", headers(trust("any"), "CF-Connecting-IP")},
		{"host bits", trust("10.1.2.3/8")},
		{"mapped CIDR", trust("::ffff:10.0.0.0/96", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1")},
		{"Hops and Trust", xheaders.Config{Trust: []string{"loopback"}, Hops: 2}},
		{"names in any case", headers(ten, "x-forwarded-for", "X-FORWARDED-PROTO")},
		{"a name twice", headers(ten, "X-Real-IP", "x-real-ip")},
		{"every header that is read", every},
		{"headers that are only passed on", headers(ten, "X-Forwarded-For", "X-Forwarded-User", "X-Forwarded-Uri")},
		{"DangerouslyTrustAll", pants},
		{"DangerouslyTrustAll and Rewrite", xheaders.Config{DangerouslyTrustAll: true, Rewrite: true}},
		{"DangerouslyTrustAll and empty lists", xheaders.Config{DangerouslyTrustAll: true, Trust: []string{}, Headers: []string{}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := xheaders.New(c.config); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestConfigIsCopied: what a caller does with its slices afterwards changes nothing.
func TestConfigIsCopied(t *testing.T) {
	c := headers(trust("10.0.0.0/8"), "X-Forwarded-For", "X-Forwarded-Proto")
	x := must(t, c)
	c.Trust[0], c.Headers[0] = "any", "X-Real-IP"
	r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Real-IP: 6.6.6.6")
	if got := x.Resolve(r).ClientIP(); got != "203.0.113.9" {
		t.Errorf("ClientIP = %q", got)
	}
}
