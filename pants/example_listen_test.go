package pants_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-pants/kit/pants"
)

// A server that ends cleanly at the first signal, and at once at the second.
func ExampleServer_Listen() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)

	var server pants.Server
	err := server.Listen(ctx, "unix:///run/app.sock?mode=0660", server.Handler(func(r *pants.Request) {
		r.SendResponse("Hello World.")
	}))
	if err != nil {
		log.Fatal(err)
	}
}

// HTTPS on port 443. Renewed certificates are taken without a restart.
func ExampleServer_StartSSL() {
	var server pants.Server
	if err := server.StartSSL("/etc/ssl/app/fullchain.pem", "/etc/ssl/app/privkey.pem"); err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Listen(context.Background(), "", server.Handler(func(r *pants.Request) {
		r.SendResponse(r.Scheme()) // https
	})))
}

// An http.Server with the kit's limits, on a listener of one's own.
func ExampleServer_HTTPServer() {
	var server pants.Server
	srv := server.HTTPServer(server.Handler(func(r *pants.Request) { r.SendResponse("Hello World.") }))
	srv.IdleTimeout = 5 * time.Minute
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(l)
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	content, _ := io.ReadAll(res.Body)
	fmt.Println(string(content), srv.Shutdown(context.Background()))
	// Output: Hello World. <nil>
}

// An event stream that ends when the server is told to stop, instead of being cut off.
func ExampleServer_Draining() {
	var server pants.Server
	events := server.Handler(func(r *pants.Request) {
		r.SendHeaders(http.Header{"Content-Type": {"text/event-stream"}})
		r.Go(func() {
			defer r.Finish()
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					r.Send("data: tick\n\n")
				case <-server.Draining():
					r.Send("event: bye\ndata:\n\n")
					return
				case <-r.Context().Done():
					return
				}
			}
		})
	})
	server.Drain() // Listen does it when its context ends
	show(events, "GET", "/events", "")
	// Output: 200 text/event-stream event: bye
	// data:
}

// An http.Server that the kit has not made tells deferred requests so.
func ExampleServer_Drain() {
	var server pants.Server
	srv := &http.Server{Handler: server.Handler(func(r *pants.Request) { r.SendResponse("Hello World.") })}
	srv.RegisterOnShutdown(server.Drain)
	fmt.Println(srv.Shutdown(context.Background()))
	// Output: <nil>
}
