package main

import (
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/labstack/echo/v5"
)

// wireJob is the handler of one row, as each framework would have it. plain is net/http's; bare, ServeMux, chi and gorilla
// differ in where they have the route's parameter.
type wireJob struct {
	method, pattern string
	plain           func(name func(*http.Request) string) http.HandlerFunc
	gin             gin.HandlerFunc
	echo            echo.HandlerFunc
	pants           func(name func(*pants.Request) string) pants.HandlerFunc
	config          pants.Config
	stack           bool // with the address behind a proxy, and an access log
	python          bool // there is one in wirepants.py
}

func atOnce(h http.HandlerFunc) func(func(*http.Request) string) http.HandlerFunc {
	return func(func(*http.Request) string) http.HandlerFunc { return h }
}

func kitAtOnce(h pants.HandlerFunc) func(func(*pants.Request) string) pants.HandlerFunc {
	return func(func(*pants.Request) string) pants.HandlerFunc { return h }
}

var helloJob = wireJob{
	method: "GET", pattern: "/hello", python: true,
	plain: atOnce(func(w http.ResponseWriter, _ *http.Request) { writeText(w, "Hello World.\n") }),
	gin:   func(c *gin.Context) { c.String(http.StatusOK, "Hello World.\n") },
	echo:  func(c *echo.Context) error { return c.String(http.StatusOK, "Hello World.\n") },
	pants: kitAtOnce(func(r *pants.Request) { _ = r.SendResponse("Hello World.\n") }),
}

var paramJob = wireJob{
	method: "GET", pattern: "/hello/{name}", python: true,
	plain: func(name func(*http.Request) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { writeText(w, "Hello "+name(r)+".\n") }
	},
	gin:  func(c *gin.Context) { c.String(http.StatusOK, "Hello "+c.Param("name")+".\n") },
	echo: func(c *echo.Context) error { return c.String(http.StatusOK, "Hello "+c.Param("name")+".\n") },
	pants: func(name func(*pants.Request) string) pants.HandlerFunc {
		return func(r *pants.Request) { _ = r.SendResponse("Hello " + name(r) + ".\n") }
	},
}

// fieldsSum is the length of all values, as text.
func fieldsSum(query, form func(string) string) string {
	n := 0
	for _, field := range wireForm.fields {
		n += len(form(field)) + len(query("query"+strings.TrimPrefix(field, "field")))
	}
	return strconv.Itoa(n)
}

var fieldsJob = wireJob{
	method: "POST", pattern: "/fields", python: true,
	plain: atOnce(func(w http.ResponseWriter, r *http.Request) {
		writeText(w, fieldsSum(r.FormValue, r.PostFormValue))
	}),
	gin:  func(c *gin.Context) { c.String(http.StatusOK, fieldsSum(c.Query, c.PostForm)) },
	echo: func(c *echo.Context) error { return c.String(http.StatusOK, fieldsSum(c.QueryParam, c.FormValue)) },
	pants: kitAtOnce(func(r *pants.Request) {
		_ = r.SendResponse(fieldsSum(r.Get().Get, url.Values(r.Post()).Get))
	}),
}

func wireCookieOut(name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true}
}

var cookiesJob = wireJob{
	method: "GET", pattern: "/cookies", python: true,
	plain: atOnce(func(w http.ResponseWriter, r *http.Request) {
		session, err := r.Cookie("session")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.SetCookie(w, wireCookieOut("seen", "1"))
		http.SetCookie(w, wireCookieOut("theme", "dark"))
		writeText(w, session.Value)
	}),
	gin: func(c *gin.Context) {
		session, err := c.Cookie("session")
		if err != nil {
			c.String(http.StatusBadRequest, err.Error())
			return
		}
		c.SetCookieData(wireCookieOut("seen", "1"))
		c.SetCookieData(wireCookieOut("theme", "dark"))
		c.String(http.StatusOK, session)
	},
	echo: func(c *echo.Context) error {
		session, err := c.Cookie("session")
		if err != nil {
			return err
		}
		c.SetCookie(wireCookieOut("seen", "1"))
		c.SetCookie(wireCookieOut("theme", "dark"))
		return c.String(http.StatusOK, session.Value)
	},
	pants: kitAtOnce(func(r *pants.Request) {
		out := r.CookiesOut()
		for _, c := range []*http.Cookie{out.Set("seen", "1"), out.Set("theme", "dark")} {
			c.Path, c.HttpOnly = "/", true
		}
		_ = r.SendResponse(r.Cookies().Get("session"))
	}),
}

// wireJSON is what the JSON row decodes and encodes.
var wireJSON = someOrder()

var jsonJob = wireJob{
	method: "POST", pattern: "/json",
	plain: atOnce(func(w http.ResponseWriter, r *http.Request) {
		var o order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, err := json.Marshal(o)
		must(err)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	}),
	gin: func(c *gin.Context) {
		var o order
		if err := c.ShouldBindJSON(&o); err != nil {
			c.String(http.StatusBadRequest, err.Error())
			return
		}
		c.JSON(http.StatusOK, o)
	},
	echo: func(c *echo.Context) error {
		var o order
		if err := c.Bind(&o); err != nil {
			return err
		}
		text, err := json.Marshal(o) // c.JSON ends with a line break
		if err != nil {
			return err
		}
		return c.JSONBlob(http.StatusOK, text)
	},
	pants: kitAtOnce(func(r *pants.Request) {
		var o order
		if err := json.Unmarshal(r.Body(), &o); err != nil {
			_ = r.SendResponse(err.Error(), pants.Code(http.StatusBadRequest))
			return
		}
		text, err := json.Marshal(o)
		must(err)
		_ = r.SendResponse(string(text), pants.ContentType("application/json"))
	}),
}

var smallFileJob, largeFileJob = fileServed("4k.html"), fileServed("1m.html")

func fileServed(name string) wireJob {
	return wireJob{
		method: "GET", pattern: "/" + name,
		plain: atOnce(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) }),
		gin:   func(c *gin.Context) { c.File(name) },
		echo:  func(c *echo.Context) error { return c.File(name) },
		pants: kitAtOnce(func(r *pants.Request) { _ = r.SendFile(name, nil) }),
	}
}

var uploadJob = wireJob{
	method: "POST", pattern: "/upload", config: pants.Config{MemoryLimit: formMemory},
	plain: atOnce(func(w http.ResponseWriter, r *http.Request) {
		writeText(w, uploadSum(r.PostFormValue, func(name string) (multipart.File, int64, error) {
			f, header, err := r.FormFile(name)
			if err != nil {
				return nil, 0, err
			}
			return f, header.Size, nil
		}))
	}),
	gin: func(c *gin.Context) {
		c.String(http.StatusOK, uploadSum(c.PostForm, func(name string) (multipart.File, int64, error) {
			return opened(c.FormFile(name))
		}))
	},
	echo: func(c *echo.Context) error {
		return c.String(http.StatusOK, uploadSum(c.FormValue, func(name string) (multipart.File, int64, error) {
			return opened(c.FormFile(name))
		}))
	},
	pants: kitAtOnce(func(r *pants.Request) {
		_ = r.SendResponse(uploadSum(r.Post().Get, func(name string) (multipart.File, int64, error) {
			file := r.Files()[name][0]
			f, err := file.Open()
			if err != nil {
				return nil, 0, err
			}
			return f.(multipart.File), file.Size, nil
		}))
	}),
}

// uploadSum is the answer; what is asked for does not depend on the file's content.
func uploadSum(field func(string) string, open func(string) (multipart.File, int64, error)) string {
	return formJob{fields: []string{"title"}, file: "file"}.sum(field, open)
}

func opened(header *multipart.FileHeader, err error) (multipart.File, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	f, err := header.Open()
	return f, header.Size, err
}

var deferredJob = wireJob{
	method: "GET", pattern: "/deferred", python: true,
	plain: atOnce(func(w http.ResponseWriter, _ *http.Request) {
		wait(func() { writeText(w, "later\n") })
	}),
	gin: func(c *gin.Context) { wait(func() { c.String(http.StatusOK, "later\n") }) },
	echo: func(c *echo.Context) (err error) {
		wait(func() { err = c.String(http.StatusOK, "later\n") })
		return err
	},
	pants: kitAtOnce(func(r *pants.Request) { r.Go(func() { _ = r.SendResponse("later\n") }) }),
}

// wait has another goroutine answer.
func wait(answer func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer()
	}()
	<-done
}

var stackJob = wireJob{
	method: "GET", pattern: "/hello/{name}", stack: true,
	plain: func(name func(*http.Request) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			writeText(w, name(r)+" "+chimiddleware.GetClientIP(r.Context())+" "+r.Header.Get("X-Forwarded-Proto")+"\n")
		}
	},
	gin: func(c *gin.Context) {
		c.String(http.StatusOK, c.Param("name")+" "+c.ClientIP()+" "+c.GetHeader("X-Forwarded-Proto")+"\n")
	},
	echo: func(c *echo.Context) error {
		return c.String(http.StatusOK, c.Param("name")+" "+c.RealIP()+" "+c.Scheme()+"\n")
	},
	pants: func(name func(*pants.Request) string) pants.HandlerFunc {
		return func(r *pants.Request) { _ = r.SendResponse(name(r) + " " + r.RemoteIP() + " " + r.Scheme() + "\n") }
	},
}
