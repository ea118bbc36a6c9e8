// Hello is the first example of the Pants document: go run ./examples/hello, then open http://127.0.0.1:8080/.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-pants/kit/pants"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	log.Print("http://127.0.0.1:8080/")
	if err := serve(ctx, "127.0.0.1:8080"); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, address string) error {
	var server pants.Server
	return server.Listen(ctx, address, server.Handler(func(r *pants.Request) {
		_ = r.SendResponse("Hello World.\n")
	}))
}
