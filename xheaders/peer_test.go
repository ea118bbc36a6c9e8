package xheaders_test

import (
	"strconv"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

func decimal(n uint16) string { return strconv.Itoa(int(n)) }

// TestPeer: who connected, with nobody trusted.
func TestPeer(t *testing.T) {
	zero := xheaders.Config{}
	const forged = "X-Forwarded-For: 6.6.6.6\nX-Real-IP: 6.6.6.6\nX-Forwarded-Proto: https\nForwarded: for=6.6.6.6"
	check(t, []situation{
		{"v4 and port", zero, "2.2.2.2:1234", forged, "2.2.2.2"},
		{"v4", zero, "2.2.2.2", forged, "2.2.2.2"},
		{"v6 and port", zero, "[2607:f8b0:4004:83f::18]:3838", forged, "2607:f8b0:4004:83f::18"},
		{"v6", zero, "2607:f8b0:4004:83f::18", forged, "2607:f8b0:4004:83f::18"},
		{"v6 and zone", zero, "fe80::1111%eth0", forged, "fe80::1111%eth0"},
		{"v6, zone and port", zero, "[fe80::2222%eth0]:4848", forged, "fe80::2222%eth0"},
		{"mapped", zero, "[::ffff:172.21.0.6]:4747", forged, "172.21.0.6"},
		{"mapped without port", zero, "::ffff:1.2.3.4", forged, "1.2.3.4"},
		{"mapped in hex", zero, "0:0:0:0:0:ffff:bc15:0006", forged, "188.21.0.6"},
		{"mapped and zone", zero, "[::ffff:172.21.0.6%eth0]:4747", forged, "172.21.0.6"},
		{"NAT64", zero, "[64:ff9b::188.0.2.128]:4747", forged, "64:ff9b::bc00:280"},
		{"6to4", zero, "[2002:c000:204::]:4747", forged, "2002:c000:204::"},
		{"loopback", zero, "127.0.0.1:9", forged, "127.0.0.1"},
		{"v6 loopback", zero, "[::1]:9", forged, "::1"},
		{"v6 loopback and zone", zero, "[::1%eth2]:12345", forged, "::1%eth2"},
		{"empty", zero, "", forged, "-"},
		{"name", zero, "not-an-ip", forged, "-"},
		{"name and port", zero, "localhost:80", forged, "-"},
		{"unspecified", zero, "0.0.0.0:80", forged, "-"},
		{"unspecified v6", zero, "[::]:80", forged, "-"},
		{"port too high", zero, "2.2.2.2:65536", forged, "-"},
		{"empty port", zero, "2.2.2.2:", forged, "-"},
		{"socket", zero, "@", forged, "-"},
		{"named socket", zero, "/run/app.sock", forged, "-"},
		{"abstract socket", zero, "@app", forged, "-"},
		{"over TLS", zero, "2.2.2.2:1234", "TLS\n" + forged, "2.2.2.2 https"},
		{"own host", zero, "2.2.2.2:1234", "Host: other.example:8080\n" + forged, "2.2.2.2 http other.example:8080"},

		{"trusted mapped peer", ten, "[::ffff:10.0.0.1]:9", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"trusted bare peer", ten, "10.0.0.1", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"trusted peer with a zone", trust("fe80::1"), "[fe80::1%eth0]:9", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"mapped entry in Trust, plain peer", trust("::ffff:10.0.0.1"), "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"v4 in Trust, v6 peer", trust("127.0.0.1"), "[::1]:9", "X-Forwarded-For: 203.0.113.9", "::1"},
		{"both in Trust, v6 peer", trust("127.0.0.1", "::1"), "[::1]:9", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"private in Trust, v6 peer", trust("private"), "[fd12:3456:789a:1::1]:9", "X-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"::/0 does not mean v4", trust("::/0"), "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", "10.0.0.1"},
		{"unix does not mean everybody", trust("unix"), "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", "10.0.0.1"},
		{"unix does not mean an empty peer", trust("unix"), "", "X-Forwarded-For: 203.0.113.9", "-"},
		{"unixpacket", trust("unix"), "@", "Listen: unixpacket\nX-Forwarded-For: 203.0.113.9", "203.0.113.9"},
		{"a listener on TCP has no sockets", trust("unix"), "@", "Listen: tcp\nX-Forwarded-For: 203.0.113.9", "-"},
		{"a listener on a socket has no addresses", ten, "10.0.0.1:9", "Listen: unix\nX-Forwarded-For: 203.0.113.9", "-"},
	})
}
