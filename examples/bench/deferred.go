package main

import (
	"net/http"

	"github.com/go-pants/kit/pants"
)

// deferredRows are answers that come from elsewhere: from a goroutine that has many requests to answer, and from one of the
// request's own. A handler of net/http has to wait for it; ours returns. Gin, echo and chi wait like net/http.
func deferredRows() []row {
	var server pants.Server
	waiting, parked := make(chan chan string), make(chan *pants.Request)
	go func() { // as long as the program
		for {
			select {
			case answer := <-waiting:
				answer <- hello
			case r := <-parked:
				_ = r.SendResponse(hello)
			}
		}
	}()
	want := "200 text/plain\n" + hello
	return []row{
		ask("by a worker", want, get("/hello"), nil, nil, []peer{
			{who: bare, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				answer := make(chan string, 1)
				waiting <- answer
				writeText(w, <-answer)
			})},
			{who: kit, handler: server.Handler(func(r *pants.Request) { parked <- r })},
		}),
		ask("by a goroutine of the request's own", want, get("/hello"), nil, nil, []peer{
			{who: bare, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				answer := make(chan string, 1)
				go func() { answer <- hello }()
				writeText(w, <-answer)
			})},
			{who: kit, handler: server.Handler(func(r *pants.Request) { r.Go(func() { _ = r.SendResponse(hello) }) })},
		}),
	}
}
