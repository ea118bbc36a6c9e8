package xheaders_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// TestExplain: whole texts.
func TestExplain(t *testing.T) {
	both := trust("private", "::ffff:192.0.2.0/120", "198.51.100.1")
	cases := []struct {
		name       string
		config     xheaders.Config
		peer, head string
		want       string
	}{
		{"a chain", trust("private"), "172.18.0.2:51112",
			"X-Forwarded-For: 6.6.6.6, 203.0.113.9:4431, 10.0.0.7\nX-Forwarded-Proto: https, http\nX-Forwarded-Host: evil.example", `
peer   172.18.0.2:51112               trusted: 172.16.0.0/12 (private)
XFF 3  10.0.0.7                       trusted: 10.0.0.0/8 (private)
XFF 2  203.0.113.9:4431               client: outside Trust (port 4431 noted)
XFF 1  6.6.6.6                        not read: left of the client, anybody can write it
X-Forwarded-Proto "https, http"       entry 1 of 2 (2 trusted hops) -> https
X-Forwarded-Host  "evil.example"      not read: not in Headers
client=203.0.113.9 scheme=https host=app.example (Host)
`},
		{"everything", headers(both, every.Headers...), "10.0.0.1:9",
			"X-Forwarded-For: 203.0.113.9, 198.51.100.1, 192.0.2.7\nX-Forwarded-Proto: https\nX-Forwarded-Ssl: off\nX-Forwarded-Host: a.example:8080\nX-Forwarded-Port: 9090\nX-Forwarded-Prefix: /app/", `
peer   10.0.0.1:9                     trusted: 10.0.0.0/8 (private)
XFF 3  192.0.2.7                      trusted: 192.0.2.0/24 (::ffff:192.0.2.0/120)
XFF 2  198.51.100.1                   trusted: 198.51.100.1
XFF 1  203.0.113.9                    client: outside Trust
X-Forwarded-Proto "https"             entry 1 of 1 (3 trusted hops) -> https
X-Forwarded-Ssl   "off"               not read: X-Forwarded-Proto decides
X-Forwarded-Host  "a.example:8080"    entry 1 of 1 (3 trusted hops) -> a.example:8080
X-Forwarded-Port  "9090"              not read: X-Forwarded-Host brought a port
X-Forwarded-Prefix "/app/"            entry 1 of 1 (3 trusted hops) -> /app
client=203.0.113.9 scheme=https host=a.example:8080 (X-Forwarded-Host) prefix=/app
note: "::ffff:192.0.2.0/120" in Trust is the IPv4 network 192.0.2.0/24
`},
		{"a stranger", every, "203.0.113.9:4431", "X-Forwarded-For: 127.0.0.1\nX-Forwarded-Proto: https\nX_Forwarded_Host: x", `
peer   203.0.113.9:4431               client: not in Trust
XFF 1  127.0.0.1                      not read: the peer is not trusted
X-Forwarded-Proto "https"             not read: the peer is not trusted
X_forwarded_host  "x"                 not read: an alias of X-Forwarded-Host
client=203.0.113.9 scheme=http host=app.example (Host)
note: X_forwarded_host is an alias of X-Forwarded-Host: your proxy lets it pass, and code that folds names would believe it
note: X-Forwarded-For came from a peer that is not trusted, and was ignored
`},
		{"Forwarded", rfc, "10.0.0.1:9", "Forwarded: for=6.6.6.6;proto=http, for=203.0.113.9;proto=https;host=\"a/b\", for=10.0.0.2\nX-Real-IP: 1.1.1.1", `
peer   10.0.0.1:9                     trusted: 10.0.0.0/8
Fwd 3  for=10.0.0.2                   trusted: 10.0.0.0/8
Fwd 2  for=203.0.113.9;proto=https;host="a/b" client: outside Trust
Fwd 1  for=6.6.6.6;proto=http         not read: left of the client, anybody can write it
Fwd proto "https"                     leftmost trusted element that has it -> https
Fwd host "a/b"                        leftmost trusted element that has it -> refused
X-Real-Ip         "1.1.1.1"           not read: not in Headers
client=203.0.113.9 scheme=https host=app.example (Host)
`},
		{"Hops", hops(2), "@", "X-Forwarded-For: 6.6.6.6, 203.0.113.9, x\nX-Forwarded-Proto: on", `
peer   @                              not examined: Hops without Trust
XFF 3  x                              hop: entry 1 of 2 from the right
XFF 2  203.0.113.9                    client: entry 2 of 2 from the right
XFF 1  6.6.6.6                        not read: left of the client, anybody can write it
X-Forwarded-Proto "on"                entry 1 of 1 (2 trusted hops) -> refused
client=203.0.113.9 scheme=http host=app.example (Host)
note: X-Forwarded-For is longer than Hops (3, not 2): the client sent some itself, or Hops is too low
`},
		{"Hops, short list", hops(2), "192.0.2.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https", `
peer   192.0.2.1:9                    not examined: Hops without Trust
XFF 1  203.0.113.9                    hop: entry 1 of 2 from the right
X-Forwarded-Proto "https"             not read: the list is shorter than Hops
client=unknown scheme=http host=app.example (Host)
note: X-Forwarded-For is shorter than Hops (1, not 2): somebody went round a proxy, or Hops is too high
`},
		{"a single header", headers(trust("any"), "X-Real-IP", "X-Forwarded-User"), "192.0.2.1:9", "X-Real-IP: 6.6.6.6\nX-Real-IP: 203.0.113.9:80\nX-Forwarded-User: ann", `
peer   192.0.2.1:9                    trusted: any
X-Real-Ip "203.0.113.9:80"            client: what X-Real-Ip says (port 80 noted)
X-Real-Ip "6.6.6.6"                   not read: only the last line counts
X-Forwarded-User  "ann"               passed on
client=203.0.113.9 scheme=http host=app.example (Host)
note: X-Real-Ip came 2 times: the proxy adds it and should overwrite it
`},
		{"empty headers", every, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto:\nX-Forwarded-Prefix: ,", `
peer   10.0.0.1:9                     trusted: 10.0.0.0/8
XFF 1  203.0.113.9                    client: outside Trust
X-Forwarded-Proto ""                  not read: empty
X-Forwarded-Prefix ","                not read: empty
client=203.0.113.9 scheme=http host=app.example (Host)
`},
		{"passed on from a stranger", headers(ten, "X-Forwarded-For", "X-Forwarded-User"), "203.0.113.9:9", "X-Forwarded-User: root", `
peer   203.0.113.9:9                  client: not in Trust
X-Forwarded-User  "root"              not read: the peer is not trusted
client=203.0.113.9 scheme=http host=app.example (Host)
`},
		{"a socket", trust("unix"), "@", "X-Forwarded-For: 203.0.113.9", `
peer   @                              trusted: unix
XFF 1  203.0.113.9                    client: outside Trust
client=203.0.113.9 scheme=http host=app.example (Host)
`},
		{"what a client can put on a terminal", ten, "10.0.0.1:9", "X-Forwarded-For: \x1b[31m,203.0.113.9\nX-Real-IP: \x9b31m\"", `
peer   10.0.0.1:9                     trusted: 10.0.0.0/8
XFF 2  203.0.113.9                    client: outside Trust
XFF 1  "\x1b[31m"                     not read: left of the client, anybody can write it
X-Real-Ip         "\x9b31m\""         not read: not in Headers
client=203.0.113.9 scheme=http host=app.example (Host)
`},
		{"many forged entries", ten, "10.0.0.1:9", "X-Forwarded-For: " + repeat("6.6.6.6,", 50) + "203.0.113.9", `
peer   10.0.0.1:9                     trusted: 10.0.0.0/8
XFF 51 203.0.113.9                    client: outside Trust
XFF 50 6.6.6.6                        not read: left of the client, anybody can write it
XFF 49 6.6.6.6                        not read: left of the client, anybody can write it
XFF 48 6.6.6.6                        not read: left of the client, anybody can write it
XFF 47 6.6.6.6                        not read: left of the client, anybody can write it
XFF 46 6.6.6.6                        not read: left of the client, anybody can write it
XFF 1-45                              not read: more of the same
client=203.0.113.9 scheme=http host=app.example (Host)
`},
		{"DangerouslyTrustAll", pants, "192.0.2.1:9", "X-Forwarded-For: unknown, x\nX-Forwarded-Proto: ftp", `
peer   192.0.2.1:9                    believed: DangerouslyTrustAll asks nobody
X-Forwarded-For   "unknown, x"        client: as it came: unknown
X-Forwarded-Proto "ftp"               scheme: as it came
client=unknown scheme=ftp host=app.example (Host)
note: DangerouslyTrustAll: every client can choose its own address and scheme
`},
		{"DangerouslyTrustAll, X-Real-IP", pants, "192.0.2.1:9", "X-Forwarded-For: 1.1.1.1\nX-Real-IP: 2.2.2.2", `
peer   192.0.2.1:9                    believed: DangerouslyTrustAll asks nobody
X-Real-Ip         "2.2.2.2"           client: as it came: 2.2.2.2
X-Forwarded-For   "1.1.1.1"           not read: X-Real-Ip decides
client=2.2.2.2 scheme=http host=app.example (Host)
note: DangerouslyTrustAll: every client can choose its own address and scheme
`},
		{"DangerouslyTrustAll, empty headers", pants, "192.0.2.1:9", "X-Real-IP: 2.2.2.2\nX-Real-IP:\nX-Forwarded-For:", `
peer   192.0.2.1:9                    believed: DangerouslyTrustAll asks nobody
X-Real-Ip         "2.2.2.2, "         not read: empty
X-Forwarded-For   ""                  not read: empty
client=192.0.2.1 scheme=http host=app.example (Host)
note: DangerouslyTrustAll: every client can choose its own address and scheme
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := must(t, c.config).Explain(request(c.peer, c.head)).String()
			if want := strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestNotes: what looks like a mistake in the configuration.
func TestNotes(t *testing.T) {
	cases := []struct {
		name       string
		config     xheaders.Config
		peer, head string
		want       string // part of a note; "" for none at all
	}{
		{"all is well", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", ""},
		{"a client without headers", ten, "203.0.113.9:9", "", ""},
		{"private peer", ten, "172.18.0.2:9", "X-Forwarded-For: 203.0.113.9", `peer 172.18.0.2 is private but not in Trust: add "172.18.0.0/16"`},
		{"private IPv6 peer", ten, "[fd00:1:2:3:4::5]:9", "X-Forwarded-For: 203.0.113.9", `add "fd00:1:2:3::/64"`},
		{"link-local peer", ten, "[fe80::1%eth0]:9", "X-Forwarded-For: 203.0.113.9", `peer fe80::1 is private but not in Trust: add "fe80::/64"`},
		{"loopback peer", ten, "127.0.0.1:9", "X-Forwarded-For: 203.0.113.9", `add "loopback"`},
		{"socket", ten, "@", "X-Forwarded-For: 203.0.113.9", `add "unix"`},
		{"stranger", ten, "203.0.113.9:9", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For came from a peer that is not trusted"},
		{"stranger with another header", ten, "203.0.113.9:9", "Forwarded: for=127.0.0.1", "Forwarded came from a peer that is not trusted"},
		{"nobody trusted", xheaders.Config{}, "10.0.0.1:9", "X-Forwarded-For: 127.0.0.1", `peer 10.0.0.1 is private but not in Trust`},
		{"proxy sends the other list", ten, "10.0.0.1:9", "Forwarded: for=203.0.113.9", "the proxy sends Forwarded, Headers say X-Forwarded-For"},
		{"proxy sends X-Real-IP", ten, "10.0.0.1:9", "X-Real-IP: 203.0.113.9", "the proxy sends X-Real-Ip, Headers say X-Forwarded-For"},
		{"proxy sends a list", realX, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", "the proxy sends X-Forwarded-For, Headers say X-Real-Ip"},
		{"proxy sends nothing", ten, "10.0.0.1:9", "", "sent no X-Forwarded-For"},
		{"every hop trusted", ten, "10.0.0.1:9", "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "Trust is wider than your proxies"},
		{"list too short", hops(3), "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", "is shorter than Hops (1, not 3)"},
		{"list too long", hops(1), "10.0.0.1:9", "X-Forwarded-For: 6.6.6.6, 203.0.113.9", "is longer than Hops (2, not 1)"},
		{"single header twice", realX, "10.0.0.1:9", "X-Real-IP: 6.6.6.6\nX-Real-IP: 203.0.113.9", "came 2 times"},
		{"single header with a list", realX, "10.0.0.1:9", "X-Real-IP: 6.6.6.6, 203.0.113.9", "is a list"},
		{"entry with letters", ten, "10.0.0.1:9", "X-Forwarded-For: unknown", "unknown has letters"},
		{"entry without letters", ten, "10.0.0.1:9", "X-Forwarded-For: 1.2.3", "is no address: 1.2.3"},
		{"Forwarded element", rfc, "10.0.0.1:9", "Forwarded: for=1.2.3, for=10.0.0.2", "is no address: for=1.2.3"},
		{"Forwarded element malformed", rfc, "10.0.0.1:9", "Forwarded: proto=https", "is no address: proto=https"},
		{"mapped network", trust("::ffff:10.0.0.0/104"), "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9", `"::ffff:10.0.0.0/104" in Trust is the IPv4 network 10.0.0.0/8`},
		{"alias", ten, "10.0.0.1:9", "X-Forwarded-For: 203.0.113.9\nX_Forwarded_For: 127.0.0.1", "X_forwarded_for is an alias of X-Forwarded-For"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			notes := must(t, c.config).Explain(request(c.peer, c.head)).Notes
			if c.want == "" && len(notes) == 0 {
				return
			}
			if c.want == "" || !slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, c.want) }) {
				t.Errorf("notes %q, want one with %q", notes, c.want)
			}
		})
	}
}
