package xheaders_test

import "testing"

// TestHost: X-Forwarded-Host and -Port. Many texts are those of ASP.NET Core's and
// werkzeug's tests.
func TestHost(t *testing.T) {
	const peer, client = "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\n"
	check(t, []situation{
		{"given", every, peer, client + "X-Forwarded-Host: testhost", "203.0.113.9 http testhost"},
		{"case kept", every, peer, client + "X-Forwarded-Host: foo.BAR.baz:46245", "203.0.113.9 http foo.BAR.baz:46245"},
		{"letter", every, peer, client + "X-Forwarded-Host: z", "203.0.113.9 http z"},
		{"digit and port", every, peer, client + "X-Forwarded-Host: 1:1", "203.0.113.9 http 1:1"},
		{"v4", every, peer, client + "X-Forwarded-Host: 127.0.0.1:80", "203.0.113.9 http 127.0.0.1:80"},
		{"v6", every, peer, client + "X-Forwarded-Host: [2001:db8::a]", "203.0.113.9 http [2001:db8::a]"},
		{"v6 and port", every, peer, client + "X-Forwarded-Host: [::1]:80", "203.0.113.9 http [::1]:80"},
		{"mapped v6", every, peer, client + "X-Forwarded-Host: [::ffff:1.2.3.4]", "203.0.113.9 http [::ffff:1.2.3.4]"},
		{"dashes", every, peer, client + "X-Forwarded-Host: foo.ba-ar.baz", "203.0.113.9 http foo.ba-ar.baz"},
		{"leading dash", every, peer, client + "X-Forwarded-Host: -foo:1234", "203.0.113.9 http -foo:1234"},
		{"punycode", every, peer, client + "X-Forwarded-Host: xn--c1yn36f:134", "203.0.113.9 http xn--c1yn36f:134"},
		{"signs", every, peer, client + "X-Forwarded-Host: a.-_~!$&'()", "203.0.113.9 http a.-_~!$&'()"},
		{"empty", every, peer, client + "X-Forwarded-Host:", "203.0.113.9"},
		{"v6 without brackets", every, peer, client + "X-Forwarded-Host: ::1", "203.0.113.9"},
		{"v6 incomplete", every, peer, client + "X-Forwarded-Host: [afd:adf:123", "203.0.113.9"},
		{"v6 not hex", every, peer, client + "X-Forwarded-Host: [ghijkl]", "203.0.113.9"},
		{"v6 too short", every, peer, client + "X-Forwarded-Host: []", "203.0.113.9"},
		{"v6 with zone", every, peer, client + "X-Forwarded-Host: [fe80::1%25eth0]", "203.0.113.9"},
		{"v6 and digits", every, peer, client + "X-Forwarded-Host: [::1]123", "203.0.113.9"},
		{"v6 and empty port", every, peer, client + "X-Forwarded-Host: [::1]:", "203.0.113.9"},
		{"v4 in brackets", every, peer, client + "X-Forwarded-Host: [127.0.0.1]", "203.0.113.9"},
		{"port only", every, peer, client + "X-Forwarded-Host: :1234", "203.0.113.9"},
		{"two colons", every, peer, client + "X-Forwarded-Host: a:b:c", "203.0.113.9"},
		{"letters in port", every, peer, client + "X-Forwarded-Host: abcd:1abcd", "203.0.113.9"},
		{"dot in port", every, peer, client + "X-Forwarded-Host: abcd:1.2", "203.0.113.9"},
		{"empty port", every, peer, client + "X-Forwarded-Host: 1.2.3.4:", "203.0.113.9"},
		{"port 0", every, peer, client + "X-Forwarded-Host: a.example:0", "203.0.113.9"},
		{"port too high", every, peer, client + "X-Forwarded-Host: a.example:65536", "203.0.113.9"},
		{"port with zeros", every, peer, client + "X-Forwarded-Host: a.example:0443", "203.0.113.9"},
		{"highest port", every, peer, client + "X-Forwarded-Host: a.example:65535", "203.0.113.9 http a.example:65535"},
		{"space", every, peer, client + "X-Forwarded-Host: 1.2 .4", "203.0.113.9"},
		{"slash", every, peer, client + "X-Forwarded-Host: a.example/", "203.0.113.9"},
		{"backslash", every, peer, client + `X-Forwarded-Host: a.example\`, "203.0.113.9"},
		{"question mark", every, peer, client + "X-Forwarded-Host: a.example?", "203.0.113.9"},
		{"number sign", every, peer, client + "X-Forwarded-Host: a.example#", "203.0.113.9"},
		{"percent", every, peer, client + "X-Forwarded-Host: a%2eexample", "203.0.113.9"},
		{"star", every, peer, client + "X-Forwarded-Host: *", "203.0.113.9"},
		{"plus", every, peer, client + "X-Forwarded-Host: a+b", "203.0.113.9"},
		{"semicolon", every, peer, client + "X-Forwarded-Host: a;b", "203.0.113.9"},
		{"equals", every, peer, client + "X-Forwarded-Host: a=b", "203.0.113.9"},
		{"braces", every, peer, client + "X-Forwarded-Host: {a}", "203.0.113.9"},
		{"grave", every, peer, client + "X-Forwarded-Host: `a`", "203.0.113.9"},
		{"circumflex", every, peer, client + "X-Forwarded-Host: a^b", "203.0.113.9"},
		{"bar", every, peer, client + "X-Forwarded-Host: a|b", "203.0.113.9"},
		{"open quote", every, peer, client + `X-Forwarded-Host: "foo`, "203.0.113.9"},
		{"not ASCII", every, peer, client + "X-Forwarded-Host: 點看", "203.0.113.9"},
		{"list, empty elements", every, peer, client + "X-Forwarded-Host: a.example,,b.example,", "203.0.113.9 http b.example"},
		{"list, refused entry", every, peer, client + "X-Forwarded-Host: a.example, b/c", "203.0.113.9"},
		{"list, Hops of two", headers(hops(2), every.Headers...), peer, "X-Forwarded-For: 192.0.2.1, 198.51.100.2, 203.0.113.1\nX-Forwarded-Host: evil.example, example.com, example.org", "198.51.100.2 http example.com"},
		{"list, Hops of one", headers(hops(1), every.Headers...), peer, "X-Forwarded-For: 192.0.2.1, 198.51.100.2, 203.0.113.1\nX-Forwarded-Host: example.com, example.org\nX-Forwarded-Port: 8080", "203.0.113.1 http example.org:8080"},
		{"not in Headers", ten, peer, client + "X-Forwarded-Host: x.example", "203.0.113.9"},
		{"untrusted peer", every, "198.51.100.7:9", "X-Forwarded-Host: x.example\nX-Forwarded-Port: 8080", "198.51.100.7"},
		{"port, Host without", every, peer, client + "X-Forwarded-Port: 8080", "203.0.113.9 http app.example:8080"},
		{"port, Host with another", every, peer, "Host: spam:9000\n" + client + "X-Forwarded-Port: 8080", "203.0.113.9 http spam:8080"},
		{"port, Host with the same", every, peer, "Host: spam:8080\n" + client + "X-Forwarded-Port: 8080", "203.0.113.9 http spam:8080"},
		{"port, v6 Host without", every, peer, "Host: [2001:db8::a]\n" + client + "X-Forwarded-Port: 8080", "203.0.113.9 http [2001:db8::a]:8080"},
		{"port, v6 Host with another", every, peer, "Host: [2001:db8::a]:9000\n" + client + "X-Forwarded-Port: 8080", "203.0.113.9 http [2001:db8::a]:8080"},
		{"port of http left out", every, peer, "Host: spam:9000\n" + client + "X-Forwarded-Port: 80", "203.0.113.9 http spam"},
		{"port of https left out", every, peer, "Host: spam:9000\n" + client + "X-Forwarded-Proto: https\nX-Forwarded-Port: 443", "203.0.113.9 https spam"},
		{"port of https left out of the same", every, peer, "Host: spam:443\n" + client + "X-Forwarded-Proto: https\nX-Forwarded-Port: 443", "203.0.113.9 https spam"},
		{"port 80 with https", every, peer, client + "X-Forwarded-Proto: https\nX-Forwarded-Host: example.com\nX-Forwarded-Port: 80", "203.0.113.9 https example.com:80"},
		{"port 443 with http", every, peer, client + "X-Forwarded-Proto: http\nX-Forwarded-Host: example.com\nX-Forwarded-Port: 443", "203.0.113.9 http example.com:443"},
		{"port, forwarded host without", every, peer, client + "X-Forwarded-Host: example.com\nX-Forwarded-Port: 8080", "203.0.113.9 http example.com:8080"},
		{"port, forwarded host refused", every, peer, client + "X-Forwarded-Host: a/b\nX-Forwarded-Port: 8080", "203.0.113.9 http app.example:8080"},
		{"port, all of them", every, peer, "Host: spam:9000\n" + client + "X-Forwarded-Proto: https\nX-Forwarded-Host: eggs\nX-Forwarded-Port: 443\nX-Forwarded-Prefix: /ham", "203.0.113.9 https eggs /ham"},
		{"port 0 refused", every, peer, client + "X-Forwarded-Port: 0", "203.0.113.9"},
		{"port too high refused", every, peer, client + "X-Forwarded-Port: 65536", "203.0.113.9"},
		{"port name refused", every, peer, client + "X-Forwarded-Port: http", "203.0.113.9"},
		{"port list, one hop", every, peer, client + "X-Forwarded-Port: 443, 8080", "203.0.113.9 http app.example:8080"},
		{"port not in Headers", ten, peer, client + "X-Forwarded-Port: 8080", "203.0.113.9"},
	})
}

// TestHostOfRequest: without a forwarded host it is r.Host, whatever that is.
func TestHostOfRequest(t *testing.T) {
	x := must(t, every)
	for _, host := range []string{"", "a b", "a:b:c", "app.example:", "[::1"} {
		r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Port: 8080")
		r.Host = host
		if got := x.Resolve(r).Host; got != host {
			t.Errorf("Host %q became %q", host, got)
		}
	}
}
