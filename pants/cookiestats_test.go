package pants_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// The way of a team from the cookies of a Python app to the kit's own, in three deployments. At each step every machine, also
// one that is a step behind, reads what the others wrote, and the counters say when the next step is due.
func TestFromLegacyCookiesInThreeDeployments(t *testing.T) {
	secrets := [][]byte{[]byte("0123456789abcdef0123456789abcdef")}
	python := []byte("the Python app's secret")
	now := time.Unix(1_400_000_000, 0)
	steps := []pants.Config{
		{LegacyCookies: pants.LegacyCookies{Secret: python, Write: true}},                         // the Python app: only its own format
		{CookieSecrets: secrets, LegacyCookies: pants.LegacyCookies{Secret: python, Write: true}}, // 1: reads both, writes what Python reads
		{CookieSecrets: secrets, LegacyCookies: pants.LegacyCookies{Secret: python}},              // 2: reads both, writes its own
		{CookieSecrets: secrets}, // 3: only its own
	}
	servers := make([]*pants.Server, len(steps))
	for i, c := range steps {
		servers[i] = newServer(t, c)
		pants.SetClock(servers[i], func() time.Time { return now })
	}
	write := func(s *pants.Server) *http.Cookie {
		w := httptest.NewRecorder()
		s.Handler(func(r *pants.Request) {
			if err := r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada"); err != nil {
				t.Error(err)
			}
			_ = r.Finish()
		}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Result().Cookies()[0]
	}
	read := func(s *pants.Server, c *http.Cookie) bool {
		hr := httptest.NewRequest(http.MethodGet, "/", nil)
		hr.AddCookie(c)
		var user string
		s.Handler(func(r *pants.Request) {
			_ = r.SecureCookie("user", &user)
			_ = r.Finish()
		}).ServeHTTP(httptest.NewRecorder(), hr)
		return user == "ada"
	}
	reads := [][]bool{ // [writer][reader]
		{true, true, true, false},
		{true, true, true, false},
		{false, true, true, true},
		{false, true, true, true},
	}
	for i, writer := range servers {
		cookie := write(writer)
		for j, reader := range servers {
			if got := read(reader, cookie); got != reads[i][j] {
				t.Errorf("step %d reads what step %d wrote: %v, want %v", j, i, got, reads[i][j])
			}
		}
	}
	last := now.UTC()
	want := []pants.CookieStats{
		{ReadLegacy: 2, Bad: 2, WrittenLegacy: 1, LastLegacy: last},
		{ReadOwn: 2, ReadLegacy: 2, WrittenLegacy: 1, LastLegacy: last},
		{ReadOwn: 2, ReadLegacy: 2, WrittenOwn: 1, LastLegacy: last},
		{ReadOwn: 2, Bad: 2, WrittenOwn: 1},
	}
	for i, s := range servers {
		if got := s.CookieStats(); got != want[i] {
			t.Errorf("step %d: %+v, want %+v", i, got, want[i])
		}
	}
	text, err := json.Marshal(servers[3].CookieStats())
	if err != nil || string(text) != `{"read_own":2,"read_legacy":0,"bad":2,"expired":0,"written_own":1,"written_legacy":0}` {
		t.Errorf("for expvar: %s, %v", text, err)
	}
}

// A cookie that is over, in either format, is counted as that.
func TestCookieStatsExpired(t *testing.T) {
	now := time.Unix(1_400_000_000, 0)
	for name, c := range map[string]pants.Config{
		"own":    {CookieSecrets: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}},
		"legacy": {LegacyCookies: pants.LegacyCookies{Secret: []byte("secret"), Write: true}},
	} {
		s := newServer(t, c)
		clock := now
		pants.SetClock(s, func() time.Time { return clock })
		w := httptest.NewRecorder()
		s.Handler(func(r *pants.Request) {
			_ = r.SetSecureCookie(&http.Cookie{Name: "user", MaxAge: 60}, []byte{1})
			_ = r.Finish()
		}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		clock = now.Add(time.Hour)
		hr := httptest.NewRequest(http.MethodGet, "/", nil)
		hr.Header.Set("Cookie", w.Header().Get("Set-Cookie"))
		s.Handler(func(r *pants.Request) {
			var v []byte
			if err := r.SecureCookie("user", &v); err != pants.ErrExpiredCookie {
				t.Errorf("%s: %v", name, err)
			}
			_ = r.Finish()
		}).ServeHTTP(httptest.NewRecorder(), hr)
		if got := s.CookieStats(); got.Expired != 1 || got.Bad != 0 || got.ReadOwn+got.ReadLegacy != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
