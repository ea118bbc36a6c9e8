package main

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-pants/kit/pants"
	"github.com/labstack/echo/v5"
)

// tenFields is what gin and echo can fill from a query or a form of 10 fields.
type tenFields struct {
	A string `form:"field0" query:"field0"`
	B string `form:"field1" query:"field1"`
	C string `form:"field2" query:"field2"`
	D string `form:"field3" query:"field3"`
	E string `form:"field4" query:"field4"`
	F string `form:"field5" query:"field5"`
	G string `form:"field6" query:"field6"`
	H string `form:"field7" query:"field7"`
	I string `form:"field8" query:"field8"`
	J string `form:"field9" query:"field9"`
}

// sum is the answer: the length of all fields.
func (f tenFields) sum() string {
	n := 0
	for _, value := range [...]string{f.A, f.B, f.C, f.D, f.E, f.F, f.G, f.H, f.I, f.J} {
		n += len(value)
	}
	return fmt.Sprint(n)
}

func bindGin(c *gin.Context) {
	var f tenFields
	if err := c.ShouldBind(&f); err != nil {
		c.String(http.StatusBadRequest, err.Error())
		return
	}
	c.String(http.StatusOK, f.sum())
}

func bindEcho(c *echo.Context) error {
	var f tenFields
	if err := c.Bind(&f); err != nil {
		return err
	}
	return c.String(http.StatusOK, f.sum())
}

func bound(gin, echo http.Handler) []peer {
	return []peer{{who: "gin ShouldBind", handler: gin}, {who: "echo Bind", handler: echo}}
}

// queryRows are the reading of a query. In the first handler of the kit net/http reads it, so that the two differ by the reading
// alone.
func queryRows() []row {
	j := urlencodedJob("", 10, 32)
	target := "/?" + string(j.body)
	sum := func(field func(string) string) string { return j.sum(field, nil) }
	var server pants.Server
	const readByNet = "r.HTTP.FormValue in a kit Handler"
	return []row{ask("query of 10 fields", "200 text/plain\n"+j.want, get(target), nil, nil, append([]peer{
		{who: "net/http FormValue", handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, sum(hr.FormValue))
		})},
		{who: "net/http URL.Query", handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, sum(hr.URL.Query().Get))
		})},
		{who: ginPeer, handler: onGin("/", func(c *gin.Context) { c.String(http.StatusOK, sum(c.Query)) })},
		{who: echoPeer, handler: onEcho("/", func(c *echo.Context) error { return c.String(http.StatusOK, sum(c.QueryParam)) })},
		{who: readByNet, handler: server.Handler(func(r *pants.Request) { _ = r.SendResponse(sum(r.HTTP.FormValue)) })},
		{who: "kit Get", handler: server.Handler(func(r *pants.Request) { _ = r.SendResponse(sum(r.Get().Get)) }),
			like: readByNet, times: []limit{{to: readByNet, most: 1}}},
	}, bound(onGin("/", bindGin), onEcho("/", bindEcho))...))}
}
