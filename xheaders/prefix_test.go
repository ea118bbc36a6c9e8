package xheaders_test

import "testing"

func TestPrefix(t *testing.T) {
	const peer, client = "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\n"
	const without = "203.0.113.9"
	check(t, []situation{
		{"plain", every, peer, client + "X-Forwarded-Prefix: /eggs", "203.0.113.9 http app.example /eggs"},
		{"deep", every, peer, client + "X-Forwarded-Prefix: /a/b/c", "203.0.113.9 http app.example /a/b/c"},
		{"trailing slash", every, peer, client + "X-Forwarded-Prefix: /eggs/", "203.0.113.9 http app.example /eggs"},
		{"root", every, peer, client + "X-Forwarded-Prefix: /", without},
		{"empty", every, peer, client + "X-Forwarded-Prefix:", without},
		{"all signs", every, peer, client + "X-Forwarded-Prefix: /a-._~!$&'()*+;=:@%20", "203.0.113.9 http app.example /a-._~!$&'()*+;=:@%20"},
		{"hidden file", every, peer, client + "X-Forwarded-Prefix: /.well-known/..x", "203.0.113.9 http app.example /.well-known/..x"},
		{"relative", every, peer, client + "X-Forwarded-Prefix: eggs", without},
		{"URL", every, peer, client + "X-Forwarded-Prefix: https://evil.example", without},
		{"two slashes", every, peer, client + "X-Forwarded-Prefix: //evil.example", without},
		{"two slashes inside", every, peer, client + "X-Forwarded-Prefix: /a//b", without},
		{"two slashes at the end", every, peer, client + "X-Forwarded-Prefix: /a//", without},
		{"dot", every, peer, client + "X-Forwarded-Prefix: /.", without},
		{"dot dot", every, peer, client + "X-Forwarded-Prefix: /a/../b", without},
		{"dot dot at the end", every, peer, client + "X-Forwarded-Prefix: /a/..", without},
		{"dot dot and slash at the end", every, peer, client + "X-Forwarded-Prefix: /a/../", without},
		{"backslash", every, peer, client + `X-Forwarded-Prefix: /\evil.example`, without},
		{"question mark", every, peer, client + "X-Forwarded-Prefix: /a?b", without},
		{"number sign", every, peer, client + "X-Forwarded-Prefix: /a#b", without},
		{"encoded dot", every, peer, client + "X-Forwarded-Prefix: /%2e%2E/a", without},
		{"encoded slash", every, peer, client + "X-Forwarded-Prefix: /%2Fevil.example", without},
		{"encoded backslash", every, peer, client + "X-Forwarded-Prefix: /%5cevil.example", without},
		{"encoded NUL", every, peer, client + "X-Forwarded-Prefix: /a%00", without},
		{"broken escape", every, peer, client + "X-Forwarded-Prefix: /a%2", without},
		{"escape without digits", every, peer, client + "X-Forwarded-Prefix: /a%zz", without},
		{"space", every, peer, client + "X-Forwarded-Prefix: /a b", without},
		{"quote", every, peer, client + `X-Forwarded-Prefix: /a"b`, without},
		{"markup", every, peer, client + "X-Forwarded-Prefix: /<script>", without},
		{"not ASCII", every, peer, client + "X-Forwarded-Prefix: /é", without},
		{"list, one hop", every, peer, client + "X-Forwarded-Prefix: /ham, /eggs", "203.0.113.9 http app.example /eggs"},
		{"list, two hops", every, peer, "X-Forwarded-For: 203.0.113.9, 10.0.0.2\nX-Forwarded-Prefix: /ham, /eggs", "203.0.113.9 http app.example /ham"},
		{"list, refused entry", every, peer, client + "X-Forwarded-Prefix: /ham, //eggs", without},
		{"not in Headers", ten, peer, client + "X-Forwarded-Prefix: /eggs", without},
		{"untrusted peer", every, "198.51.100.7:9", "X-Forwarded-Prefix: /eggs", "198.51.100.7"},
	})
}
