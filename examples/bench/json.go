package main

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
	"github.com/labstack/echo/v5"
)

// order is some JSON as an API has it.
type order struct {
	ID       int       `json:"id"`
	Customer string    `json:"customer"`
	Paid     bool      `json:"paid"`
	Total    float64   `json:"total"`
	Lines    []article `json:"lines"`
}

type article struct {
	Name  string   `json:"name"`
	Count int      `json:"count"`
	Price float64  `json:"price"`
	Tags  []string `json:"tags"`
}

// someOrder is 1 KiB of JSON.
func someOrder() []byte {
	o := order{ID: 4711, Customer: "Ada Lovelace", Paid: true, Total: 163.25}
	for i := range 8 {
		o.Lines = append(o.Lines, article{Name: "article no. " + string(rune('a'+i)), Count: i + 1, Price: 4.25 * float64(i+1), Tags: []string{"small", "blue", "round"}})
	}
	o.Customer += strings.Repeat(".", 1<<10-len(encode(o)))
	return encode(o)
}

func encode(o order) []byte {
	text, err := json.Marshal(o)
	must(err)
	return text
}

// jsonRows read JSON into a struct and send it again, with encoding/json as each one's users write it: gin and echo have functions
// for it, and use the same package. Encoders end with a line break, json.Marshal does not; the answers are compared without.
func jsonRows() []row {
	var server pants.Server
	body := someOrder()
	kitEcho := func(r *pants.Request) {
		var o order
		if err := json.Unmarshal(r.Body(), &o); err != nil {
			_ = r.SendResponse(err.Error(), pants.Code(http.StatusBadRequest))
			return
		}
		text, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		_ = r.SendResponse(string(text), pants.ContentType("application/json"))
	}
	app := chi.NewRouter()
	adapter.New(app, &server).Handle("POST /", kitEcho)

	r := ask("echo of 1 KiB", "200 application/json\n"+string(body), post("/", "application/json", body), body, nil, []peer{
		{who: bare, handler: http.HandlerFunc(echoJSON)},
		{who: onChi, handler: onChiRouter("/", echoJSON)},
		{who: ginPeer, handler: onGin("/", func(c *gin.Context) {
			var o order
			if err := c.ShouldBindJSON(&o); err != nil {
				c.String(http.StatusBadRequest, err.Error())
				return
			}
			c.JSON(http.StatusOK, o)
		})},
		{who: echoPeer, handler: onEcho("/", func(c *echo.Context) error {
			var o order
			if err := c.Bind(&o); err != nil {
				return err
			}
			return c.JSON(http.StatusOK, o)
		})},
		{who: kit, handler: server.Handler(kitEcho)},
		{who: kitOnChi, handler: app, like: onChi},
	})
	for i := range r.tries {
		answer := r.tries[i].answer
		r.tries[i].answer = func() string { return strings.TrimSuffix(answer(), "\n") }
	}
	return []row{r}
}

func echoJSON(w http.ResponseWriter, hr *http.Request) {
	var o order
	if err := json.NewDecoder(hr.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o)
}
