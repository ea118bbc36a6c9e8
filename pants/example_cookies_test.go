package pants_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-pants/kit/pants"
)

// withSecret is a server that signs cookies; the key comes from a file or the environment in a real one.
func withSecret() *pants.Server {
	server, err := pants.New(pants.Config{CookieSecrets: [][]byte{[]byte("32 random bytes from a safe place")}})
	if err != nil {
		panic(err)
	}
	return server
}

// cookieOf is the cookie that a handler sets, as the client sends it back.
func cookieOf(h http.Handler) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return cookie
}

// Values that Python has quoted are read as they were; net/http drops such cookies.
func ExampleRequest_Cookies() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		for name, c := range r.Cookies() {
			r.SendResponse(name + " is " + c.Value)
		}
	})
	show(h, "GET", "/", "", "Cookie", `theme="dark\073 with stars"`)
	// Output: 200 text/plain theme is dark; with stars
}

func ExampleCookies_Get() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		theme := r.Cookies().Get("theme")
		if theme != "dark" {
			theme = "light"
		}
		r.SendResponse(theme)
	})
	show(h, "GET", "/", "", "Cookie", "theme=dark")
	show(h, "GET", "/", "")
	// Output:
	// 200 text/plain dark
	// 200 text/plain light
}

func ExampleRequest_CookiesOut() {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		c := r.CookiesOut().Set("theme", "dark; with stars")
		c.Path, c.SameSite = "/", http.SameSiteLaxMode
		r.SendResponse("ok")
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("Set-Cookie"))
	// Output: theme="dark\073 with stars"; Path=/; SameSite=Lax
}

// Set keeps the attributes of a cookie that is there, and MaxAge -1 takes a cookie away from the client.
func ExampleCookies_Set() {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.CookiesOut().Set("cart", "7").Path = "/"
		r.CookiesOut().Set("cart", "7-9")
		r.CookiesOut().Set("welcome", "").MaxAge = -1
		r.SendResponse("ok")
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, line := range w.Header()["Set-Cookie"] {
		fmt.Println(line)
	}
	// Output:
	// cart=7-9; Path=/
	// welcome=; Max-Age=0
}

// Only the cookies named are sent with this response, which a page of a third party shows.
func ExampleRequest_SendCookies() {
	var server pants.Server
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		r.CookiesOut().Set("consent", "yes")
		r.CookiesOut().Set("visits", "12")
		r.SendCookies("consent")
		r.SendHeaders(http.Header{"Content-Type": {"text/plain"}}, pants.WithCookies(false))
		r.Finish()
	}).ServeHTTP(w, httptest.NewRequest("GET", "/widget", nil))
	fmt.Println(w.Header()["Set-Cookie"])
	// Output: [consent=yes]
}

// A login for a week. Secure keeps it off plain HTTP; HttpOnly is set by itself, and keeps it from scripts.
func ExampleRequest_SetSecureCookie() {
	server := withSecret()
	w := httptest.NewRecorder()
	server.Handler(func(r *pants.Request) {
		err := r.SetSecureCookie(&http.Cookie{
			Name: "user", Path: "/", MaxAge: 7 * 24 * 60 * 60, Secure: true, SameSite: http.SameSiteLaxMode,
		}, map[string]int{"id": 7})
		if err != nil {
			r.SendResponse("no login today", pants.Code(500))
			return
		}
		r.SendResponse("welcome")
	}).ServeHTTP(w, httptest.NewRequest("POST", "/login", nil))
	c := w.Result().Cookies()[0]
	fmt.Println(c.Name, c.Path, c.Secure, c.HttpOnly, w.Body)
	// Output: user / true true welcome
}

// A secure cookie comes back as it was, or not at all.
func ExampleRequest_SecureCookie() {
	type user struct{ ID int }
	server := withSecret()
	cookie := cookieOf(server.Handler(func(r *pants.Request) {
		r.SetSecureCookie(&http.Cookie{Name: "user", Path: "/"}, user{ID: 7})
		r.SendResponse("welcome")
	}))
	home := server.Handler(func(r *pants.Request) {
		var u user
		switch err := r.SecureCookie("user", &u); {
		case errors.Is(err, http.ErrNoCookie), errors.Is(err, pants.ErrExpiredCookie):
			r.SendResponse("please log in", pants.Code(401))
		case err != nil: // pants.ErrBadCookie: somebody tries something
			r.SendResponse("no", pants.Code(403))
		default:
			r.SendResponse(fmt.Sprint("user ", u.ID))
		}
	})
	show(home, "GET", "/", "", "Cookie", cookie)
	show(home, "GET", "/", "", "Cookie", cookie[:len(cookie)-4]+"AAAA")
	show(home, "GET", "/", "")
	// Output:
	// 200 text/plain user 7
	// 403 text/plain no
	// 401 text/plain please log in
}

// Counters for a debug page: are cookies of the Python app still coming?
func ExampleServer_CookieStats() {
	server, err := pants.New(pants.Config{LegacyCookies: pants.LegacyCookies{Secret: []byte("the cookie_secret"), Write: true}})
	if err != nil {
		panic(err)
	}
	h := server.Handler(func(r *pants.Request) {
		r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")
		r.SendResponse("welcome")
	})
	show(h, "GET", "/", "")
	stats := server.CookieStats() // expvar.Publish("cookies", expvar.Func(func() any { return server.CookieStats() }))
	fmt.Println(stats.WrittenLegacy, stats.ReadLegacy, stats.LastLegacy.IsZero())
	// Output:
	// 200 text/plain welcome
	// 1 0 false
}
