package pants_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

var (
	secretA = bytes.Repeat([]byte("a"), 32)
	secretB = bytes.Repeat([]byte("b"), 32)
	noon    = time.Unix(1400000000, 0)
)

// secureServer is a server with its clock at now.
func secureServer(t *testing.T, c pants.Config, now time.Time) *pants.Server {
	t.Helper()
	s := newServer(t, c)
	pants.SetClock(s, func() time.Time { return now })
	return s
}

// setSecure returns the Cookie header that a browser sends after SetSecureCookie.
func setSecure(t *testing.T, s *pants.Server, c *http.Cookie, value any) (header string, err error) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler(func(r *pants.Request) {
		err = r.SetSecureCookie(c, value)
		_ = r.SendResponse("ok")
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	header, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return header, err
}

// getSecure reads a secure cookie from a Cookie header.
func getSecure(s *pants.Server, header, name string, dst any) (err error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if header != "" {
		r.Header.Set("Cookie", header)
	}
	s.Handler(func(r *pants.Request) {
		err = r.SecureCookie(name, dst)
		_ = r.SendResponse("ok")
	}).ServeHTTP(httptest.NewRecorder(), r)
	return err
}

var formats = map[string]pants.Config{
	"own":   {CookieSecrets: [][]byte{secretA}},
	"Pants": {LegacyCookies: pants.LegacyCookies{Secret: []byte("secret"), Write: true}},
}

func TestSecureCookiesRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	randomBytes := func() []byte {
		b := make([]byte, random.IntN(40))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for name, config := range formats {
		t.Run(name, func(t *testing.T) {
			s := secureServer(t, config, noon)
			for i := range 10_000 {
				raw := randomBytes()
				var err error
				var header string
				var want, got any
				switch i % 4 {
				case 0:
					header, err = setSecure(t, s, &http.Cookie{Name: "c"}, raw)
					var b []byte
					if err == nil {
						err = getSecure(s, header, "c", &b)
					}
					want, got = string(raw), string(b)
				case 1:
					text := strings.ToValidUTF8(string(raw), "é")
					header, err = setSecure(t, s, &http.Cookie{Name: "c"}, text)
					var b string
					if err == nil {
						err = getSecure(s, header, "c", &b)
					}
					want, got = text, b
				case 2:
					m := map[string]any{strings.ToValidUTF8(string(raw), "?"): float64(i), "list": []any{"a|b", nil, true}}
					header, err = setSecure(t, s, &http.Cookie{Name: "c"}, m)
					var b map[string]any
					if err == nil {
						err = getSecure(s, header, "c", &b)
					}
					want, got = m, b
				case 3:
					type user struct {
						Name string
						IDs  []int
					}
					u := user{strings.ToValidUTF8(string(raw), "?"), []int{i, -i}}
					header, err = setSecure(t, s, &http.Cookie{Name: "c"}, u)
					var b user
					if err == nil {
						err = getSecure(s, header, "c", &b)
					}
					want, got = u, b
				}
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("cookie %d %q: got %v, %v; want %v", i, header, got, err, want)
				}
			}
		})
	}
}

func TestSecureCookiesRefused(t *testing.T) {
	for name, config := range formats {
		t.Run(name, func(t *testing.T) {
			s := secureServer(t, config, noon)
			good, err := setSecure(t, s, &http.Cookie{Name: "user", MaxAge: 60}, "ada")
			if err != nil {
				t.Fatal(err)
			}
			value := strings.TrimPrefix(good, "user=")
			renamed := pants.ErrBadCookie
			if name == "Pants" {
				renamed = nil // its format does not cover the name
			}
			at := func(d time.Duration) *pants.Server { return secureServer(t, config, noon.Add(d)) }
			tests := []struct {
				name   string
				server *pants.Server
				header string
				cookie string
				want   error
			}{
				{"good", s, good, "user", nil},
				{"absent", s, "", "user", http.ErrNoCookie},
				{"another one", s, good, "other", http.ErrNoCookie},
				{"renamed", s, "other=" + value, "other", renamed},
				{"last second", at(60 * time.Second), good, "user", nil},
				{"expired", at(60*time.Second + time.Millisecond), good, "user", pants.ErrExpiredCookie},
				{"long expired", at(1000 * time.Hour), good, "user", pants.ErrExpiredCookie},
				{"empty", s, "user=", "user", pants.ErrBadCookie},
				{"cut", s, good[:len(good)-2], "user", pants.ErrBadCookie},
				{"nonsense", s, "user=nonsense", "user", pants.ErrBadCookie},
				{"another secret", secureServer(t, pants.Config{
					CookieSecrets: [][]byte{secretB}, LegacyCookies: pants.LegacyCookies{Secret: []byte("other")},
				}, noon), good, "user", pants.ErrBadCookie},
				{"no secret", secureServer(t, pants.Config{}, noon), good, "user", pants.ErrNoSecret},
			}
			for _, test := range tests {
				got := "untouched"
				err := getSecure(test.server, test.header, test.cookie, &got)
				if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
					t.Errorf("%s: %v, want %v", test.name, err, test.want)
				}
				if err != nil && got != "untouched" {
					t.Errorf("%s: dst was set to %q with an error", test.name, got)
				}
			}
			// Any other byte anywhere is found out.
			for i := range value {
				for _, b := range []byte{'0', '1', 'A', value[i] ^ 1} {
					forged := value[:i] + string(rune(b)) + value[i+1:]
					if b == value[i] || strings.ContainsAny(string(rune(b)), "\"\\; ,") {
						continue
					}
					var got string
					// base64 has spare bits at its end: another text may mean the same bytes.
					if err := getSecure(s, "user="+forged, "user", &got); err == nil && got != "ada" || name == "Pants" && err == nil {
						t.Fatalf("%q for %q is accepted as %q", forged, value, got)
					}
				}
			}
		})
	}
}

// The digits of a Pants cookie run into each other in what is signed. No other split than the original one may be accepted.
func TestLegacyCookieDigitsCannotMove(t *testing.T) {
	config := formats["Pants"]
	s := secureServer(t, config, noon)
	for _, lifetime := range []int{1, 25, 60, 86400, 2592000, 31536000} {
		header, err := setSecure(t, s, &http.Cookie{Name: "c", MaxAge: lifetime}, "bar")
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(strings.TrimPrefix(header, "c="), "|")
		digits := parts[1] + parts[2]
		for cut := range len(digits) + 1 {
			for _, when := range []time.Duration{0, 40 * 24 * time.Hour, 100 * 365 * 24 * time.Hour} {
				moved := parts[0] + "|" + digits[:cut] + "|" + digits[cut:] + "|" + parts[3]
				var got string
				err := getSecure(secureServer(t, config, noon.Add(when)), "c="+moved, "c", &got)
				if original := cut == len(parts[1]); err == nil && (!original || when > time.Duration(lifetime)*time.Second) {
					t.Errorf("%q is accepted %v later", moved, when)
				}
			}
		}
	}
}

// Both formats side by side: reading tries the own one first, Names restricts Pants' one.
func TestBothFormats(t *testing.T) {
	legacy := secureServer(t, formats["Pants"], noon)
	fromPants, err := setSecure(t, legacy, &http.Cookie{Name: "user"}, "ada")
	if err != nil {
		t.Fatal(err)
	}
	both := pants.Config{CookieSecrets: [][]byte{secretA, secretB}, LegacyCookies: pants.LegacyCookies{Secret: []byte("secret"), Names: []string{"user"}}}
	s := secureServer(t, both, noon)
	own, err := setSecure(t, s, &http.Cookie{Name: "user"}, "grace")
	if err != nil {
		t.Fatal(err)
	}
	older, err := setSecure(t, secureServer(t, pants.Config{CookieSecrets: [][]byte{secretB}}, noon), &http.Cookie{Name: "user"}, "alan")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, header, cookie, want string
		err                        error
	}{
		{"of Pants", fromPants, "user", "ada", nil},
		{"own", own, "user", "grace", nil},
		{"own, older secret", older, "user", "alan", nil},
		{"of Pants, not in Names", strings.Replace(fromPants, "user", "admin", 1), "admin", "", pants.ErrBadCookie},
		{"own, renamed", strings.Replace(own, "user", "admin", 1), "admin", "", pants.ErrBadCookie},
	}
	for _, test := range tests {
		var got string
		if err := getSecure(s, test.header, test.cookie, &got); !errors.Is(err, test.err) || got != test.want {
			t.Errorf("%s: %q, %v; want %q, %v", test.name, got, err, test.want, test.err)
		}
	}
	if strings.Contains(own, "|") {
		t.Errorf("without Write the own format is written, not %q", own)
	}
	both.LegacyCookies.Write = true
	writing := secureServer(t, both, noon)
	if header, err := setSecure(t, writing, &http.Cookie{Name: "user"}, "ada"); err != nil || header != fromPants {
		t.Errorf("with Write: %q, %v; want %q", header, err, fromPants)
	}
	if header, err := setSecure(t, writing, &http.Cookie{Name: "other"}, "ada"); err != nil || strings.Contains(header, "|") {
		t.Errorf("with Write, not in Names: %q, %v; want the own format", header, err)
	}
}

// A cookie from a server whose clock is ahead is good within five minutes, and refused beyond.
func TestSecureCookieFromTheFuture(t *testing.T) {
	config := formats["own"]
	header, err := setSecure(t, secureServer(t, config, noon), &http.Cookie{Name: "c"}, "x")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := getSecure(secureServer(t, config, noon.Add(-5*time.Minute)), header, "c", &got); err != nil {
		t.Errorf("five minutes ahead: %v", err)
	}
	if err := getSecure(secureServer(t, config, noon.Add(-5*time.Minute-time.Second)), header, "c", &got); !errors.Is(err, pants.ErrBadCookie) {
		t.Errorf("more than five minutes ahead: %v, want ErrBadCookie", err)
	}
}

func TestSecureCookieValues(t *testing.T) {
	s := secureServer(t, formats["own"], noon)
	for name, value := range map[string]any{
		"number": 5, "nil": nil, "bool": true, "float": 1.5, "channel": make(chan int), "func": func() {}, "time": noon,
		"string that is no UTF-8": "\xff", "pointer to a number": new(int), "map with such values": map[string]any{"a": make(chan int)},
		"too long": strings.Repeat("x", 5000),
	} {
		if header, err := setSecure(t, s, &http.Cookie{Name: "c"}, value); err == nil || header != "" {
			t.Errorf("%s: %q, %v; want an error and no cookie", name, header, err)
		}
	}
	for _, name := range []string{"", "a b", "path", "a;b", "ü"} {
		if _, err := setSecure(t, s, &http.Cookie{Name: name}, "x"); err == nil {
			t.Errorf("name %q: no error", name)
		}
	}
	if _, err := setSecure(t, secureServer(t, pants.Config{}, noon), &http.Cookie{Name: "c"}, "x"); !errors.Is(err, pants.ErrNoSecret) {
		t.Errorf("without a secret: %v, want ErrNoSecret", err)
	}
	for name, value := range map[string]any{"nil map": map[string]int(nil), "nil slice": []string(nil)} {
		header, err := setSecure(t, s, &http.Cookie{Name: "c"}, value)
		var got any
		if err == nil {
			err = getSecure(s, header, "c", &got)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	header, err := setSecure(t, s, &http.Cookie{Name: "c"}, "text")
	if err != nil {
		t.Fatal(err)
	}
	var wrong struct{ A int }
	if err := getSecure(s, header, "c", &wrong); err == nil {
		t.Error("text into a struct: no error")
	}
}

func TestSecureCookieAttributes(t *testing.T) {
	s := secureServer(t, formats["own"], noon)
	tests := []struct {
		name   string
		cookie http.Cookie
		want   string // after the value
	}{
		{"none", http.Cookie{}, "; expires=Thu, 12 Jun 2014 16:53:20 GMT; httponly"},
		{"lifetime", http.Cookie{MaxAge: 60}, "; expires=Tue, 13 May 2014 16:54:20 GMT; httponly"},
		{"over", http.Cookie{MaxAge: -1}, "; expires=Tue, 13 May 2014 16:53:19 GMT; httponly"},
		{"end", http.Cookie{Expires: noon.Add(time.Hour)}, "; expires=Tue, 13 May 2014 17:53:20 GMT; httponly"},
		{"all", http.Cookie{Path: "/", Domain: "example.com", Secure: true, SameSite: http.SameSiteLaxMode},
			"; Domain=example.com; expires=Thu, 12 Jun 2014 16:53:20 GMT; httponly; Path=/; SameSite=Lax; secure"},
	}
	for _, test := range tests {
		w := httptest.NewRecorder()
		s.Handler(func(r *pants.Request) {
			test.cookie.Name = "c"
			if err := r.SetSecureCookie(&test.cookie, "x"); err != nil {
				t.Error(err)
			}
			_ = r.SendResponse("")
		}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		line := w.Header().Get("Set-Cookie")
		if _, got, _ := strings.Cut(line, ";"); ";"+got != test.want {
			t.Errorf("%s: %q, want the attributes %q", test.name, line, test.want)
		}
	}
}

// A secure cookie that cannot be sent any more is an error: the handler would take the user for logged in.
func TestSecureCookieTooLate(t *testing.T) {
	server, err := pants.New(pants.Config{CookieSecrets: [][]byte{secretA}})
	if err != nil {
		t.Fatal(err)
	}
	var open, sent, finished error
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		open = r.SetSecureCookie(&http.Cookie{Name: "a"}, "1")
		r.Send("content")
		sent = r.SetSecureCookie(&http.Cookie{Name: "b"}, "2")
		r.Finish()
		finished = r.SetSecureCookie(&http.Cookie{Name: "c"}, "3")
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if open != nil || !errors.Is(sent, pants.ErrHeadersSent) || !errors.Is(finished, pants.ErrFinished) {
		t.Errorf("before the headers %v, after them %v, after the end %v", open, sent, finished)
	}
	if n := len(w.Result().Cookies()); n != 1 {
		t.Errorf("%d cookies arrived, want 1", n)
	}
	if stats := server.CookieStats(); stats.WrittenOwn != 1 {
		t.Errorf("%d cookies are counted as written, want 1", stats.WrittenOwn)
	}
}
