package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-pants/kit/pants"
	"github.com/labstack/echo/v5"
)

// cookieNames are those that a handler reads. The values are as long as a session's.
func cookieNames(n int) (names []string, line string) {
	pairs := make([]string, n)
	names = make([]string, n)
	for i := range n {
		names[i] = fmt.Sprint("cookie", i)
		pairs[i] = names[i] + "=" + strings.Repeat("0123456789abcdef", 2)
	}
	return names, "Cookie: " + strings.Join(pairs, "; ")
}

// cookiesRows are cookies that came, and one that goes.
func cookiesRows() []row {
	return []row{cookiesIn("1 cookie in", 1), cookiesIn("10 cookies in", 10), cookieOut()}
}

// cookiesIn adds the lengths of all values.
func cookiesIn(name string, n int) row {
	var server pants.Server
	names, line := cookieNames(n)
	sum := func(value func(name string) string) string {
		n := 0
		for _, name := range names {
			n += len(value(name))
		}
		return fmt.Sprint(n)
	}
	var kept map[string]*http.Cookie
	hr := received("198.51.100.7:40312", strings.Replace(browser, "Cookie: a=b", line, 1))
	return ask(name, fmt.Sprintf("200 text/plain\n%d", 32*n), hr, nil, nil, []peer{
		{who: "net/http Cookies", handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			n := 0
			for _, c := range hr.Cookies() {
				n += len(c.Value)
			}
			writeText(w, fmt.Sprint(n))
		})},
		{who: "net/http Cookie, by name", handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, sum(func(name string) string {
				c, err := hr.Cookie(name)
				if err != nil {
					return ""
				}
				return c.Value
			}))
		})},
		{who: ginPeer, handler: onGin("/", func(c *gin.Context) {
			c.String(http.StatusOK, sum(func(name string) string { value, _ := c.Cookie(name); return value }))
		})},
		{who: echoPeer, handler: onEcho("/", func(c *echo.Context) error {
			return c.String(http.StatusOK, sum(func(name string) string {
				cookie, err := c.Cookie(name)
				if err != nil {
					return ""
				}
				return cookie.Value
			}))
		})},
		// The API of Pants is a map by name that stays with the request. This is what it takes to have one of net/http's cookies.
		{who: "r.HTTP.Cookies into a map", handler: server.Handler(func(r *pants.Request) {
			kept = map[string]*http.Cookie{}
			n := 0
			for _, c := range r.HTTP.Cookies() {
				kept[c.Name] = c
			}
			for _, c := range kept {
				n += len(c.Value)
			}
			_ = r.SendResponse(fmt.Sprint(n))
		})},
		// The reading alone: all that is around it is the same.
		{who: "r.HTTP.Cookies in a kit Handler", handler: server.Handler(func(r *pants.Request) {
			n := 0
			for _, c := range r.HTTP.Cookies() {
				n += len(c.Value)
			}
			_ = r.SendResponse(fmt.Sprint(n))
		})},
		{who: "kit Cookies", handler: server.Handler(func(r *pants.Request) {
			n := 0
			for _, c := range r.Cookies() {
				n += len(c.Value)
			}
			_ = r.SendResponse(fmt.Sprint(n))
		}), like: "r.HTTP.Cookies in a kit Handler", times: goal("r.HTTP.Cookies in a kit Handler", 1, 1.8)},
		{who: "kit Cookies, by name", handler: server.Handler(func(r *pants.Request) { _ = r.SendResponse(sum(r.Cookies().Get)) })},
	})
}

// cookieOut sends one cookie with the attributes that most have.
func cookieOut() row {
	var server pants.Server
	value := strings.Repeat("0123456789abcdef", 2)
	cookie := func() *http.Cookie {
		return &http.Cookie{Name: "session", Value: value, Path: "/", MaxAge: 3600, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}
	}
	want := "200 text/plain\nSet-Cookie: session=" + value + "; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax\n" + hello
	return ask("1 cookie out", want, get("/"), nil, []string{"Set-Cookie"}, []peer{
		{who: "net/http SetCookie", handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, cookie())
			writeText(w, hello)
		})},
		{who: ginPeer, handler: onGin("/", func(c *gin.Context) {
			c.SetSameSite(http.SameSiteLaxMode)
			c.SetCookie("session", value, 3600, "/", "", true, true)
			c.String(http.StatusOK, hello)
		})},
		{who: echoPeer, handler: onEcho("/", func(c *echo.Context) error {
			c.SetCookie(cookie())
			return c.String(http.StatusOK, hello)
		})},
		{who: "kit CookiesOut", handler: server.Handler(func(r *pants.Request) {
			r.CookiesOut()["session"] = cookie()
			_ = r.SendResponse(hello)
		})},
	})
}
