package xheaders_test

import (
	"net/netip"
	"strings"
	"testing"
)

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// TestNode: one address text, as it may stand in X-Forwarded-For and X-Real-IP. want is
// "-" or address and port.
func TestNode(t *testing.T) {
	nodes := []struct{ name, text, want string }{
		{"v4", "192.0.2.60", "192.0.2.60 0"},
		{"v4 and port", "192.0.2.60:4833", "192.0.2.60 4833"},
		{"v4 and port 0", "192.0.2.60:0", "192.0.2.60 0"},
		{"v4 and highest port", "192.0.2.60:65535", "192.0.2.60 65535"},
		{"v4 and port too high", "192.0.2.60:65536", "-"},
		{"v4 and six digits", "192.0.2.60:000080", "-"},
		{"v4 and port with zeros", "192.0.2.60:00080", "192.0.2.60 80"},
		{"v4 and empty port", "192.0.2.60:", "-"},
		{"v4 and signed port", "192.0.2.60:+80", "-"},
		{"v4 and negative port", "192.0.2.60:-80", "-"},
		{"v4 and port name", "192.0.2.60:http", "-"},
		{"v4 and hidden port", "192.0.2.60:_http", "-"},
		{"v4 in brackets", "[192.0.2.60]", "-"},
		{"v4 in brackets and port", "[192.0.2.60]:80", "-"},
		{"v4 and zone", "192.0.2.60%eth0", "-"},
		{"v4 and mask", "192.0.2.60/32", "-"},
		{"v4 with spaces", " \t192.0.2.60\t ", "192.0.2.60 0"},
		{"v4 with a space inside", "192.0.2. 60", "-"},
		{"v4 with no-break space", "192.0.2.60\u00a0", "-"},
		{"v4 with a vertical tab", "192.0.2.60\v", "-"},
		{"v4 with leading zero", "192.0.02.60", "-"},
		{"v4 with double zero", "192.0.2.00", "-"},
		{"v4 with 256", "192.0.2.256", "-"},
		{"v4 with four digits", "192.0.2.1000", "-"},
		{"v4 with huge number", "192.0.2.99999999999999999999", "-"},
		{"v4 with 255", "255.255.255.255", "255.255.255.255 0"},
		{"v4 with zeros", "10.0.0.0", "10.0.0.0 0"},
		{"v4 with three parts", "192.0.2", "-"},
		{"v4 with five parts", "192.0.2.6.0", "-"},
		{"v4 with trailing dot", "192.0.2.60.", "-"},
		{"v4 with leading dot", ".192.0.2.60", "-"},
		{"v4 with empty part", "192..2.60", "-"},
		{"v4 in hex", "0xc0.0.2.60", "-"},
		{"v4 as a number", "3221225984", "-"},
		{"one number", "1", "-"},
		{"one number and port", "1:1", "-"},
		{"v4 with a sign", "+192.0.2.60", "-"},
		{"v4 in full-width digits", "１９２.0.2.60", "-"},
		{"unspecified v4", "0.0.0.0", "-"},
		{"unspecified v4 and port", "0.0.0.0:80", "-"},
		{"v6", "2607:f8b0:4004:83f::200e", "2607:f8b0:4004:83f::200e 0"},
		{"v6 in upper case", "2607:F8B0:4004:83F::200E", "2607:f8b0:4004:83f::200e 0"},
		{"v6 in full", "2607:f8b0:4004:083f:0000:0000:0000:200e", "2607:f8b0:4004:83f::200e 0"},
		{"v6 in brackets", "[2607:f8b0:4004:83f::200e]", "2607:f8b0:4004:83f::200e 0"},
		{"v6 in brackets and port", "[2607:f8b0:4004:83f::200e]:4711", "2607:f8b0:4004:83f::200e 4711"},
		{"v6 in brackets and empty port", "[::1]:", "-"},
		{"v6 in brackets and port too high", "[::1]:65536", "-"},
		{"v6 in brackets and text", "[::1]x", "-"},
		{"v6 in brackets and dot port", "[::1].80", "-"},
		{"v6 with closing bracket only", "::1]", "-"},
		{"v6 with closing bracket and port", "::1]:80", "-"},
		{"v6 with opening bracket only", "[::1", "-"},
		{"v6 with opening bracket and colon", "[::1:", "-"},
		{"v6 in two brackets", "[[::1]]", "-"},
		{"v6 with space in brackets", "[ ::1 ]", "-"},
		{"v6 and colon", "::1:", "-"},
		{"v6 and zone", "fe80::abcd%zone", "fe80::abcd 0"},
		{"v6 and empty zone", "fe80::abcd%", "-"},
		{"v6 and zone with signs", "fe80::abcd%a]:[b", "fe80::abcd 0"},
		{"v6 and zone in brackets", "[fe80::abcd%zone]:4711", "fe80::abcd 4711"},
		{"v6 and zone behind brackets", "[fe80::abcd]%zone", "-"},
		{"v6 and mask", "fe80::abcd/64", "-"},
		{"v6 with five digits", "2607:f8b0::99999", "-"},
		{"v6 with two gaps", "2607::83f::200e", "-"},
		{"v6 with nine groups", "1:2:3:4:5:6:7:8:9", "-"},
		{"v6 with seven groups", "1:2:3:4:5:6:7", "-"},
		{"v6 with a letter too far", "2607::g", "-"},
		{"v6 of endless colons", repeat(":", 500), "-"},
		{"v6 of endless zeros", repeat("0", 500) + "::", "-"},
		{"v6 loopback", "::1", "::1 0"},
		{"unspecified v6", "::", "-"},
		{"unspecified v6 in brackets", "[::]:80", "-"},
		{"unspecified v6 and zone", "::%eth0", "-"},
		{"unspecified v6 in full", "0:0:0:0:0:0:0:0", "-"},
		{"mapped", "::ffff:188.0.2.128", "188.0.2.128 0"},
		{"mapped and port", "[::ffff:188.0.2.128]:48483", "188.0.2.128 48483"},
		{"mapped in hex", "::ffff:bc15:0006", "188.21.0.6 0"},
		{"mapped in full", "0:0:0:0:0:ffff:bc15:0006", "188.21.0.6 0"},
		{"mapped and zone", "::ffff:188.0.2.128%eth0", "188.0.2.128 0"},
		{"mapped unspecified", "::ffff:0.0.0.0", "-"},
		{"mapped with leading zero", "::ffff:188.0.02.128", "-"},
		{"mapped with 256", "::ffff:30.168.1.256", "-"},
		{"compatible is v6", "::188.0.2.128", "::bc00:280 0"},
		{"NAT64", "64:ff9b::188.0.2.128", "64:ff9b::bc00:280 0"},
		{"6to4", "2002:c000:204::", "2002:c000:204:: 0"},
		{"multicast", "224.0.0.1", "224.0.0.1 0"},
		{"unknown", "unknown", "-"},
		{"hidden", "_hidden", "-"},
		{"name", "localhost", "-"},
		{"name and port", "localhost:80", "-"},
		{"name that begins as an address", "127.0.0.1.evil.example", "-"},
		{"colon", ":", "-"},
		{"port only", ":80", "-"},
		{"empty brackets", "[]", "-"},
		{"empty brackets and port", "[]:80", "-"},
		{"closing bracket", "]", "-"},
		{"NUL", "192.0.2.60\x00", "-"},
		{"markup", "<script>alert(1)</script>", "-"},
	}
	// In a header with one address, so that a comma would be seen, too.
	x := must(t, realX)
	for _, n := range nodes {
		t.Run(n.name, func(t *testing.T) {
			r := request("10.0.0.1:9", "")
			r.Header["X-Real-Ip"] = []string{n.text}
			info := x.Resolve(r)
			got := "-"
			if info.Client.IsValid() {
				got = info.ClientIP() + " " + decimal(info.Port)
			}
			if got != n.want {
				t.Errorf("%q: got %q, want %q", n.text, got, n.want)
			}
			if a := info.Client; a.IsValid() && (netip.MustParseAddr(a.String()) != a || a.Zone() != "" || a.Is4In6()) {
				t.Errorf("%q: %v is not canonical", n.text, a)
			}
		})
	}
}
