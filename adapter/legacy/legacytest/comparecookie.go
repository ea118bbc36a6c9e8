package legacytest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

func (c *comparison) cookies(lines []string) {
	got, want := map[string][]legacy.RecordedCookie{}, map[string][]legacy.RecordedCookie{}
	for _, line := range lines {
		cookie := legacy.ParseSetCookie(line)
		got[cookie.Name] = append(got[cookie.Name], cookie)
	}
	for _, cookie := range c.r.Response.Cookies {
		want[cookie.Name] = append(want[cookie.Name], cookie)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if len(got[name]) != len(want[name]) {
			c.add("cookie "+name, count(len(got[name])), count(len(want[name])))
			continue
		}
		for i := range want[name] {
			c.cookie(got[name][i], want[name][i])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if len(want[name]) == 0 {
			c.add("cookie "+name, count(len(got[name])), none)
		}
	}
}

// count says how often a cookie is set.
func count(n int) string {
	switch n {
	case 0:
		return none
	case 1:
		return "set"
	}
	return fmt.Sprintf("set %d times", n)
}

func (c *comparison) cookie(got, want legacy.RecordedCookie) {
	where := "cookie " + want.Name
	if !c.fits(got.Value, want.Value) {
		c.add(where, show(got.Value), show(want.Value))
	}
	g, w := attributes(got), attributes(want)
	for _, name := range []string{"Path", "Domain", "SameSite", "HttpOnly", "Secure", "Partitioned"} {
		key := strings.ToLower(name)
		gotValue, gotSet := g[key]
		wantValue, wantSet := w[key]
		same := gotSet == wantSet
		switch {
		case !same:
		case key == "path":
			same = c.fits(gotValue, wantValue)
		case key == "domain":
			same = strings.EqualFold(strings.TrimPrefix(gotValue, "."), strings.TrimPrefix(wantValue, "."))
		case key == "samesite":
			same = strings.EqualFold(gotValue, wantValue)
		}
		if !same {
			c.add(where+" "+name, showAttribute(gotValue, gotSet), showAttribute(wantValue, wantSet))
		}
	}
	if got, want := lifetime(g, time.Now()), lifetime(w, c.r.Time); got != want {
		c.add(where+" lifetime", got, want)
	}
}

func showAttribute(value string, set bool) string {
	switch {
	case !set:
		return none
	case value == "":
		return "set"
	}
	return show(value)
}

// attributes are those of a cookie by their names in lower case; the last one counts, as in browsers.
func attributes(cookie legacy.RecordedCookie) map[string]string {
	m := make(map[string]string, len(cookie.Attributes))
	for _, attribute := range cookie.Attributes {
		name, value, _ := strings.Cut(attribute, "=")
		m[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return m
}

// lifetime is what Max-Age and Expires come to at that time (RFC 6265 section 5.3).
func lifetime(attributes map[string]string, now time.Time) string {
	age, err := strconv.ParseInt(attributes["max-age"], 10, 64)
	gone := err == nil && age <= 0
	if err != nil {
		expires, err := parseDate(attributes["expires"])
		if err != nil {
			return "session"
		}
		gone = !expires.After(now)
	}
	if gone {
		return "deleted"
	}
	return "lasting"
}

// parseDate reads a cookie's date, also as Python 2 wrote it: "Wed, 09-Jun-2021 10:18:14 GMT".
func parseDate(s string) (time.Time, error) {
	if t, err := http.ParseTime(s); err == nil {
		return t, nil
	}
	return time.Parse("Mon, 02-Jan-2006 15:04:05 MST", s)
}
