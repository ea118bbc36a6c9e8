package xheaders_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

var pants = xheaders.Config{DangerouslyTrustAll: true}

// blob is text, or bytes that are no UTF-8.
type blob string

func (b *blob) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(b))
	}
	var v struct{ B64 string }
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(v.B64)
	*b = blob(raw)
	return err
}

// TestRecordedPants: what Pants 1.0.1 answered, from testdata/pants.jsonl. With xheaders
// on that is DangerouslyTrustAll, off the zero Config. A line with bugs says where Pants
// is wrong, or another spelling is as good; of these we share all but the last two.
func TestRecordedPants(t *testing.T) {
	f, err := os.Open("testdata/pants.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v struct {
			ID, Title, Peer, Host string
			On, TLS               bool
			Head                  []blob
			RemoteIP              blob `json:"remote_ip"`
			Scheme                blob
			Bugs                  []string
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		t.Run(v.ID+" "+v.Title, func(t *testing.T) {
			c := xheaders.Config{DangerouslyTrustAll: v.On}
			var head []string
			for _, h := range v.Head {
				head = append(head, string(h))
			}
			if v.TLS {
				head = append(head, "TLS")
			}
			peer := v.Peer
			if a, err := netip.ParseAddr(peer); err == nil {
				peer = netip.AddrPortFrom(a, 51112).String()
			}
			r := request(peer, strings.Join(head, "\n"))
			if !strings.Contains(strings.Join(head, "\n"), "Host:") {
				r.Host = ""
			}
			got := must(t, c).Resolve(r)
			want := string(v.RemoteIP)
			if slices.Contains(v.Bugs, "ip-form") && len(v.Head) == 1 || !v.On {
				want = strings.TrimPrefix(want, "::ffff:") // the canonical spelling of a peer
			}
			if got.ClientIP() != want || got.Scheme != string(v.Scheme) || got.Host != v.Host {
				t.Errorf("got %q %q %q, Pants said %q %q %q", got.ClientIP(), got.Scheme, got.Host, want, v.Scheme, v.Host)
			}
		})
	}
}

// TestDangerouslyTrustAll: the details that no recording shows.
func TestDangerouslyTrustAll(t *testing.T) {
	cases := []struct{ name, peer, head, raw, client, scheme, host string }{
		{"no header: canonical peer", "[2001:DB8::1]:9", "", "2001:db8::1", "2001:db8::1", "http", "app.example"},
		{"no header: peer without zone", "[fe80::1%eth0]:9", "", "fe80::1", "fe80::1", "http", "app.example"},
		{"no header: socket", "@", "", "", "invalid IP", "http", "app.example"},
		{"X-Real-IP from anybody", "198.51.100.7:9", "X-Real-IP: 1.1.1.1", "1.1.1.1", "1.1.1.1", "http", "app.example"},
		{"X-Real-IP before X-Forwarded-For", "198.51.100.7:9", "X-Real-IP: 1.1.1.1\nX-Forwarded-For: 2.2.2.2", "1.1.1.1", "1.1.1.1", "http", "app.example"},
		{"X-Real-IP empty", "198.51.100.7:9", "X-Real-IP:\nX-Forwarded-For: 2.2.2.2", "2.2.2.2", "2.2.2.2", "http", "app.example"},
		{"X-Real-IP empty, nothing else", "198.51.100.7:9", "X-Real-IP:", "198.51.100.7", "198.51.100.7", "http", "app.example"},
		{"X-Real-IP 0 is text", "198.51.100.7:9", "X-Real-IP: 0", "0", "invalid IP", "http", "app.example"},
		{"X-Real-IP 007 is text", "198.51.100.7:9", "X-Real-IP: 007", "007", "invalid IP", "http", "app.example"},
		{"X-Real-IP list kept", "198.51.100.7:9", "X-Real-IP: 1.1.1.1, 2.2.2.2", "1.1.1.1, 2.2.2.2", "invalid IP", "http", "app.example"},
		{"X-Real-IP twice: the last", "198.51.100.7:9", "X-Real-IP: 1.1.1.1\nX-Real-IP: 2.2.2.2", "2.2.2.2", "2.2.2.2", "http", "app.example"},
		{"X-Forwarded-For: the leftmost", "198.51.100.7:9", "X-Forwarded-For: 1.1.1.1, 2.2.2.2", "1.1.1.1", "1.1.1.1", "http", "app.example"},
		{"X-Forwarded-For twice: the first", "198.51.100.7:9", "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2", "1.1.1.1", "1.1.1.1", "http", "app.example"},
		{"X-Forwarded-For: 7 is text", "198.51.100.7:9", "X-Forwarded-For: 7", "7", "invalid IP", "http", "app.example"},
		{"X-Forwarded-For: comma first", "198.51.100.7:9", "X-Forwarded-For: , 2.2.2.2", "", "invalid IP", "http", "app.example"},
		{"X-Forwarded-For: port kept in the text", "198.51.100.7:9", "X-Forwarded-For: 1.2.3.4:80", "1.2.3.4:80", "1.2.3.4", "http", "app.example"},
		{"X-Forwarded-For: brackets kept in the text", "198.51.100.7:9", "X-Forwarded-For: [::1]:80", "[::1]:80", "::1", "http", "app.example"},
		{"X-Forwarded-For: unknown", "198.51.100.7:9", "X-Forwarded-For: unknown", "unknown", "invalid IP", "http", "app.example"},
		{"scheme as it came", "198.51.100.7:9", "X-Forwarded-Proto: HttpS, x", "198.51.100.7", "198.51.100.7", "HttpS, x", "app.example"},
		{"scheme empty", "198.51.100.7:9", "TLS\nX-Forwarded-Proto:", "198.51.100.7", "198.51.100.7", "", "app.example"},
		{"scheme of TLS", "198.51.100.7:9", "TLS", "198.51.100.7", "198.51.100.7", "https", "app.example"},
		{"other headers ignored", "198.51.100.7:9", "Forwarded: for=1.1.1.1;proto=https;host=x\nX-Forwarded-Host: x\nX-Forwarded-Port: 1\nX-Forwarded-Ssl: on\nFront-End-Https: on\nX-Forwarded-Prefix: /x\nX_Real_IP: 1.1.1.1",
			"198.51.100.7", "198.51.100.7", "http", "app.example"},
		{"no host", "198.51.100.7:9", "Host:", "198.51.100.7", "198.51.100.7", "http", "127.0.0.1"},
	}
	x := must(t, pants)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := x.Resolve(request(c.peer, c.head))
			if got.ClientIP() != c.raw || got.Client.String() != c.client || got.Scheme != c.scheme || got.Host != c.host || got.Prefix != "" {
				t.Errorf("got %q %v %+v", got.ClientIP(), got.Client, got)
			}
			if got != x.Resolve(request(c.peer, c.head)) {
				t.Error("the same request twice is not equal")
			}
		})
	}
	if notes := x.Explain(request("@", "")).Notes; len(notes) != 1 || !strings.Contains(notes[0], "every client can choose") {
		t.Errorf("Explain does not warn: %q", notes)
	}
}
