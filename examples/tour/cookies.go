package main

import (
	"errors"
	"net/http"

	"github.com/go-pants/kit/pants"
)

const visitorCookie = "visitor"

// login sets a cookie that can be read by everybody and changed by nobody.
func (t *tour) login(r *pants.Request) {
	name := r.Post().Get("name")
	cookie := &http.Cookie{Name: visitorCookie, Path: "/", SameSite: http.SameSiteLaxMode}
	if err := r.SetSecureCookie(cookie, name); err != nil {
		t.fail(r, err)
		return
	}
	back(r, "cookies")
}

// visitor is what the cookie says, or what is wrong with it.
func (t *tour) visitor(r *pants.Request) *cookieView {
	view := &cookieView{Value: r.Cookies().Get(visitorCookie)}
	err := r.SecureCookie(visitorCookie, &view.Name)
	switch {
	case errors.Is(err, http.ErrNoCookie):
		view.LoggedOut = true
	case err != nil:
		view.Error = err.Error()
	}
	return view
}

// tamper does what a visitor could do with a few clicks: it changes a letter of the cookie. The cookie is HttpOnly, no script on the
// page can, so the server helps.
func (t *tour) tamper(r *pants.Request) {
	value := r.Cookies().Get(visitorCookie)
	cookie := r.CookiesOut().Set(visitorCookie, altered(value))
	cookie.Path, cookie.HttpOnly = "/", true
	back(r, "cookies")
}

// altered changes a letter in the middle.
func altered(value string) string {
	if value == "" {
		return value
	}
	at := len(value) / 2
	letter := "A"
	if value[at] == 'A' {
		letter = "B"
	}
	return value[:at] + letter + value[at+1:]
}

// logout writes a cookie that is over.
func (t *tour) logout(r *pants.Request) {
	cookie := &http.Cookie{Name: visitorCookie, Path: "/", MaxAge: -1}
	if err := r.SetSecureCookie(cookie, ""); err != nil {
		t.fail(r, err)
		return
	}
	back(r, "cookies")
}

type cookieView struct {
	Name, Value string
	LoggedOut   bool
	Error       string
}
