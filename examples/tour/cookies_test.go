package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestCookies(t *testing.T) {
	b := newBrowser(t, start(t))
	said := func(page string) string { return result(t, page, "cookies") }
	_, page := b.ask("GET", "/", "", 200)
	wants(t, said(page), "You are not logged in.", "!browser sent")

	page = b.submit("/cookies/login", "name", "Ada <b>")
	wants(t, said(page), "<strong>Accepted.</strong>", "<strong>Ada &lt;b&gt;</strong>")
	wants(t, page, `name="name" value="Ada &lt;b&gt;" required maxlength="40"`) // in the chat
	genuine := cookie(t, b)

	page = b.submit("/cookies/tamper")
	tampered := cookie(t, b)
	if len(tampered) != len(genuine) || differing(genuine, tampered) != 1 {
		t.Errorf("%q became %q", genuine, tampered)
	}
	wants(t, said(page), "<strong>Refused.</strong>", "pants: bad secure cookie", "!Accepted", "!Ada")

	// Neither any other letter passes.
	for i := range genuine {
		letter := "A"
		if genuine[i] == 'A' {
			letter = "B"
		}
		set(t, b, genuine[:i]+letter+genuine[i+1:])
		_, page = b.ask("GET", "/", "", 200)
		if !strings.Contains(said(page), "Refused") {
			t.Errorf("accepted with letter %d of %q changed", i, genuine)
		}
	}
	set(t, b, genuine)
	_, page = b.ask("GET", "/", "", 200)
	wants(t, said(page), "Accepted")

	wants(t, said(b.submit("/cookies/logout")), "You are not logged in.")
	wants(t, said(b.submit("/cookies/tamper")), "!Accepted")
	for _, name := range []string{"", strings.Repeat("x", 201)} {
		b.ask("POST", "/cookies/login", url.Values{"name": {name}}.Encode(), 400, "Content-Type", "application/x-www-form-urlencoded")
	}
}

func TestCookieAttributes(t *testing.T) {
	b := newBrowser(t, start(t))
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, target := range []string{"/cookies/login", "/cookies/tamper", "/cookies/logout"} {
		res, _ := b.ask("POST", target, "name=Ada", http.StatusSeeOther, "Content-Type", "application/x-www-form-urlencoded")
		if got := res.Header.Get("Set-Cookie"); !strings.Contains(got, "; Path=/") || !strings.Contains(strings.ToLower(got), "; httponly") {
			t.Errorf("%s: Set-Cookie: %s", target, got)
		}
		if got := res.Header.Get("Location"); got != "/#cookies" {
			t.Errorf("%s: Location: %s", target, got)
		}
	}
}

func cookie(t *testing.T, b *browser) string {
	t.Helper()
	base, _ := url.Parse(b.base)
	for _, c := range b.Jar.Cookies(base) {
		if c.Name == "visitor" {
			return c.Value
		}
	}
	t.Fatal("no cookie")
	return ""
}

func set(t *testing.T, b *browser, value string) {
	t.Helper()
	base, _ := url.Parse(b.base)
	b.Jar.SetCookies(base, []*http.Cookie{{Name: "visitor", Value: value, Path: "/"}})
}

func differing(a, b string) (n int) {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
