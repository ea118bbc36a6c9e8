package xheaders_test

import "testing"

// TestScheme: which header decides, and which entry of it.
func TestScheme(t *testing.T) {
	const peer, client = "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\n"
	const far = "X-Forwarded-For: 203.0.113.9, 10.0.0.3, 10.0.0.2\n" // three trusted hops
	check(t, []situation{
		{"nothing", ten, peer, client, "203.0.113.9 http"},
		{"nothing over TLS", ten, peer, "TLS\n" + client, "203.0.113.9 https"},
		{"https", ten, peer, client + "X-Forwarded-Proto: https", "203.0.113.9 https"},
		{"http", ten, peer, client + "X-Forwarded-Proto: http", "203.0.113.9 http"},
		{"capitals", ten, peer, client + "X-Forwarded-Proto: HTTPS", "203.0.113.9 https"},
		{"mixed case", ten, peer, client + "X-Forwarded-Proto: WsS", "203.0.113.9 https"},
		{"long s is no s", ten, peer, client + "X-Forwarded-Proto: http\u017f", "203.0.113.9 http"},
		{"empty", ten, peer, "TLS\n" + client + "X-Forwarded-Proto:", "203.0.113.9 https"},
		{"url", ten, peer, client + "X-Forwarded-Proto: http://p02n3e.com?url=http", "203.0.113.9 http"},
		{"https and a colon", ten, peer, client + "X-Forwarded-Proto: https:", "203.0.113.9 http"},
		{"quotes", ten, peer, client + `X-Forwarded-Proto: "https"`, "203.0.113.9 http"},
		{"line break smuggled as text", ten, peer, client + `X-Forwarded-Proto: https\r\nX: y`, "203.0.113.9 http"},
		{"list, nearest proxy", ten, peer, client + "X-Forwarded-Proto: https,http", "203.0.113.9 http"},
		{"list, garbage on the left", ten, peer, client + "X-Forwarded-Proto: evil, https", "203.0.113.9 https"},
		{"list, garbage on the right", ten, peer, client + "X-Forwarded-Proto: https, evil", "203.0.113.9 http"},
		{"list, empty elements", ten, peer, client + "X-Forwarded-Proto: http,,https,", "203.0.113.9 https"},
		{"list over two lines", ten, peer, client + "X-Forwarded-Proto: http\nX-Forwarded-Proto: https", "203.0.113.9 https"},
		{"three hops, three entries", ten, peer, far + "X-Forwarded-Proto: https, http, http", "203.0.113.9 https"},
		{"three hops, four entries", ten, peer, far + "X-Forwarded-Proto: http, https, http, http", "203.0.113.9 https"},
		{"three hops, two entries", ten, peer, far + "X-Forwarded-Proto: https, http", "203.0.113.9 https"},
		{"three hops, one entry", ten, peer, far + "X-Forwarded-Proto: https", "203.0.113.9 https"},
		{"all trusted, one hop more", ten, peer, "X-Forwarded-For: 10.0.0.2\nX-Forwarded-Proto: https, http", "- https"},
		{"no chain, nearest proxy", ten, peer, "X-Forwarded-Proto: https, http", "- http"},
		{"Hops", hops(2), peer, "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Proto: http, https, http", "203.0.113.9 https"},
		{"not in Headers", headers(ten, "X-Forwarded-For"), peer, client + "X-Forwarded-Proto: https", "203.0.113.9 http"},
		{"untrusted peer", ten, "203.0.113.1:9", "X-Forwarded-Proto: https", "203.0.113.1 http"},
		{"Ssl on", every, peer, client + "X-Forwarded-Ssl: on", "203.0.113.9 https"},
		{"Ssl ON", every, peer, client + "X-Forwarded-Ssl: ON", "203.0.113.9 https"},
		{"Ssl off over TLS", every, peer, "TLS\n" + client + "X-Forwarded-Ssl: off", "203.0.113.9 http"},
		{"Ssl 1", every, peer, client + "X-Forwarded-Ssl: 1", "203.0.113.9 http"},
		{"Ssl not in Headers", ten, peer, client + "X-Forwarded-Ssl: on", "203.0.113.9 http"},
		{"Ssl list, two hops", every, peer, "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Ssl: on, off", "203.0.113.9 https"},
		{"Front-End-Https on", every, peer, client + "Front-End-Https: on", "203.0.113.9 https"},
		{"Front-End-Https off over TLS", every, peer, "TLS\n" + client + "Front-End-Https: off", "203.0.113.9 http"},
		{"Front-End-Https not in Headers", ten, peer, client + "Front-End-Https: on", "203.0.113.9 http"},
		{"Ssl before Front-End-Https", every, peer, client + "X-Forwarded-Ssl: off\nFront-End-Https: on", "203.0.113.9 http"},
		{"Proto garbage does not ask Ssl", every, peer, client + "X-Forwarded-Proto: x\nX-Forwarded-Ssl: on", "203.0.113.9 http"},
		{"Proto empty asks Ssl", every, peer, client + "X-Forwarded-Proto:\nX-Forwarded-Ssl: on", "203.0.113.9 https"},
		{"X-Forwarded-Scheme is never read", every, peer, client + "X-Forwarded-Scheme: https\nX-Scheme: https\nX-Url-Scheme: https", "203.0.113.9 http"},
	})
}
