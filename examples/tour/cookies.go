package main

import (
	"errors"
	"net/http"

	"github.com/go-pants/kit/pants"
)

// login sets a cookie that everybody can read and nobody can change.
func (t *tour) login(r *pants.Request) {
	name := r.Post().Get("name")
	if name == "" || len(name) > 200 {
		refuse(r, "A name, please.")
		return
	}
	err := r.SetSecureCookie(&http.Cookie{Name: "visitor", Path: "/"}, name)
	t.back(r, "cookies", err)
}

// visitor is who is logged in. An error says that nobody is
// (http.ErrNoCookie), or that somebody has changed the cookie.
func visitor(r *pants.Request) (name string, err error) {
	err = r.SecureCookie("visitor", &name)
	return name, err
}

// logout sets a cookie that is over.
func (t *tour) logout(r *pants.Request) {
	over := &http.Cookie{Name: "visitor", Path: "/", MaxAge: -1}
	t.back(r, "cookies", r.SetSecureCookie(over, ""))
}

// tamper does what a visitor could do with a few clicks: it changes a letter of the cookie. The cookie is HttpOnly, no script on the
// page can, so the server helps.
func (t *tour) tamper(r *pants.Request) {
	cookie := r.CookiesOut().Set("visitor", altered(r.Cookies().Get("visitor")))
	cookie.Path, cookie.HttpOnly = "/", true
	t.back(r, "cookies", nil)
}

// altered changes the letter in the middle.
func altered(value string) string {
	before, letter, after := middle(value)
	switch letter {
	case "":
		return ""
	case "A":
		return before + "B" + after
	}
	return before + "A" + after
}

func middle(value string) (before, letter, after string) {
	if value == "" {
		return "", "", ""
	}
	at := len(value) / 2
	return value[:at], value[at : at+1], value[at+1:]
}

type cookieView struct {
	Name                  string
	Before, Letter, After string // what the browser sent; tamper changes the letter
	LoggedOut             bool
	Error                 string
}

func cookieOf(r *pants.Request) *cookieView {
	view := &cookieView{}
	view.Before, view.Letter, view.After = middle(r.Cookies().Get("visitor"))
	name, err := visitor(r)
	switch {
	case errors.Is(err, http.ErrNoCookie):
		view.LoggedOut = true
	case err != nil:
		view.Error = err.Error()
	default:
		view.Name = name
	}
	return view
}
