package main

import (
	"encoding/json"
	"testing"
)

// TestForged: whatever a client says about itself, the app sees its real address.
func TestForged(t *testing.T) {
	b := newBrowser(t, start(t))
	host := b.base[len("http://"):]
	for _, test := range []struct {
		name   string
		header []string
		fate   string // of the first header, on the page
	}{
		{"nothing", nil, ""},
		{"X-Forwarded-For", []string{"X-Forwarded-For", "6.6.6.6"}, "reached the app, not believed"},
		{"a chain of them", []string{"X-Forwarded-For", "6.6.6.6, 127.0.0.1, 10.0.0.1"}, ""},
		{"in two lines", []string{"X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "7.7.7.7"}, ""},
		{"misspelt", []string{"X_Forwarded_For", "6.6.6.6"}, "dropped by the front"},
		{"X-Real-IP", []string{"X-Real-IP", "6.6.6.6"}, "dropped by the front"},
		{"Forwarded", []string{"Forwarded", "for=6.6.6.6;proto=https;host=evil.example"}, "dropped by the front"},
		{"X-Forwarded-Proto", []string{"X-Forwarded-Proto", "https"}, "overwritten by the front"},
		{"X-Forwarded-Host", []string{"X-Forwarded-Host", "evil.example"}, "overwritten by the front"},
		{"X-Forwarded-Prefix", []string{"X-Forwarded-Prefix", "/evil"}, "dropped by the front"},
		{"X-Forwarded-Ssl", []string{"X-Forwarded-Ssl", "on"}, "dropped by the front"},
		{"a hop-by-hop X-Forwarded-For", []string{"Connection", "X-Forwarded-For", "X-Forwarded-For", "6.6.6.6"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, text := b.ask("GET", "/who.json", "", 200, test.header...)
			var v whoView
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Fatal(err)
			}
			if v.Client != "127.0.0.1" || v.Scheme != "http" || v.Host != host || v.Peer.Verdict != "trusted" {
				t.Errorf("got %+v", v)
			}
			if test.fate != "" {
				got := v.fate(field{test.header[0], test.header[1]})
				if got.Fate != test.fate || got.Believed {
					t.Errorf("fate = %+v, want %q", got, test.fate)
				}
			}
		})
	}
}

// TestFate: a front that lets a forgery through would be seen.
func TestFate(t *testing.T) {
	v := whoView{Entries: []entry{{Text: "6.6.6.6", Verdict: "client", Believed: true}}}
	if got := v.fate(field{"X-Forwarded-For", "6.6.6.6"}); !got.Believed {
		t.Errorf("got %+v", got)
	}
}

func TestWho(t *testing.T) {
	b := newBrowser(t, start(t))
	forged := []string{"reached the app, not believed", "dropped by the front", "overwritten by the front", "pretends to be 6.6.6.6", "<code>6.6.6.6</code> <strong>not believed</strong>", "left of the client", "you are <strong>127.0.0.1</strong>", `!class="bad"`}
	for _, test := range []struct {
		name, target string
		header       []string
		want         []string
	}{
		{"as it is", "/", nil, []string{"on a unix socket", "<b>trusted</b> (unix)", "<code>127.0.0.1</code> <strong>believed</strong>", "!not believed", "!forged headers"}},
		{"by the tour", "/who/pretend?as=6.6.6.6", nil, forged},
		{"by a script", "/who?as=6.6.6.6", []string{"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https"}, forged},
		{"markup", "/who/pretend?as=%3Cb%3E", nil, []string{"&lt;b&gt;", "!<b>&", "!<code><b>"}},
		{"a line break", "/who/pretend?as=6%0d%0aX-Real-IP:+7", nil, []string{"That did not work"}},
		{"too long", "/who/pretend?as=1234567890123456789012345678901234567890123456", nil, []string{"That did not work"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, page := b.ask("GET", test.target, "", 200, test.header...)
			wants(t, result(t, page, "who"), test.want...)
		})
	}
	_, text := b.ask("GET", "/who.txt", "", 200, "X-Forwarded-For", "6.6.6.6")
	wants(t, text, "6.6.6.6                        not read: left of the client, anybody can write it", "client=127.0.0.1 scheme=http")
}
