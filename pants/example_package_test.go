package pants_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/go-pants/kit/pants"
)

// A whole app: a form, a cookie, and an answer that comes later. In a program of its own the last part is
//
//	log.Fatal(server.Listen(context.Background(), ":8080", mux))
func Example() {
	server, err := pants.New(pants.Config{MaxRequest: 64 << 10, FinishTimeout: 10 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /order", server.Handler(func(r *pants.Request) {
		item := r.Post().Get("item")
		if item == "" {
			r.SendResponse("what would you like?", pants.Code(422))
			return
		}
		r.CookiesOut().Set("last", item)
		r.Go(func() { // the kitchen takes its time, and the handler need not wait for it
			r.SendResponse("your " + item + " is ready")
		})
	}))

	app := httptest.NewServer(mux)
	defer app.Close()
	for _, item := range []string{"tea", ""} {
		res, err := http.PostForm(app.URL+"/order", url.Values{"item": {item}})
		if err != nil {
			log.Fatal(err)
		}
		content, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(res.StatusCode, string(content), res.Cookies())
	}
	// Output:
	// 200 your tea is ready [last=tea]
	// 422 what would you like? []
}
