// Chi shows Pants handlers, a plain net/http handler and chi's middleware on one router: go run ./examples/chi, then open
// http://127.0.0.1:8080/.
package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
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
	server, err := pants.New(pants.Config{
		// In a real app: from a file or the environment, the same on every machine.
		CookieSecrets: [][]byte{[]byte("an example secret of 32 bytes...")},
	})
	if err != nil {
		return err
	}
	routes, err := router(server)
	if err != nil {
		return err
	}
	return server.Listen(ctx, address, routes)
}

func router(server *pants.Server) (http.Handler, error) {
	// nginx on this machine says who the client is; nobody else is believed.
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	if err != nil {
		return nil, err
	}
	c := chi.NewRouter()
	c.Use(chimiddleware.RequestID, middleware.XHeaders(proxies), chimiddleware.Logger, chimiddleware.Recoverer)

	app := adapter.New(c, server)
	app.Handle("GET /", home)
	app.Handle("GET /users/{name}", func(r *pants.Request) {
		_ = r.SendResponse("user " + adapter.Param(r, "name") + "\n")
	})
	app.Handle("POST /upload", upload)
	app.Handle("GET /visits", visits)
	app.Handle("GET /later", func(r *pants.Request) {
		// The handler returns at once; the response is finished from a goroutine.
		r.Go(func() {
			time.Sleep(100 * time.Millisecond)
			_ = r.SendResponse("finished after the handler returned\n")
		})
	})
	app.NotFound(func(r *pants.Request) {
		_ = r.SendResponse("nothing at "+r.Path()+"\n", pants.Code(http.StatusNotFound))
	})

	// An ordinary handler, on the same router. With the middleware it has the Request too.
	c.With(middleware.Pants(server)).Get("/plain", func(w http.ResponseWriter, hr *http.Request) {
		client := pants.FromContext(hr.Context()).RemoteIP()
		if client == "" {
			client = "somebody whom no proxy named"
		}
		fmt.Fprintf(w, "net/http, for %s\n", client)
	})
	return c, nil
}

func home(r *pants.Request) {
	_ = r.SendResponse(`<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Pants handlers on chi</title>
<h1>Pants handlers on chi</h1>
<ul>
<li><a href="/users/ada">a route parameter</a>
<li><a href="/visits">a secure cookie that counts</a>
<li><a href="/later">a response finished later</a>
<li><a href="/plain">a net/http handler</a>
<li><a href="/nowhere">nothing here</a>
</ul>
<form method="post" action="/upload" enctype="multipart/form-data">
<label>A file: <input type="file" name="document"></label> <button>Upload</button>
</form>
<h2>This request</h2>
`+r.HTML(), pants.ContentType("text/html; charset=utf-8"))
}

func upload(r *pants.Request) {
	files := r.Files()["document"]
	if len(files) == 0 {
		_ = r.SendResponse("no file\n", pants.Code(http.StatusBadRequest))
		return
	}
	f := files[0]
	_ = r.SendResponse(fmt.Sprintf("<p>%s, %s, %d bytes\n", html.EscapeString(f.Filename), html.EscapeString(f.ContentType), f.Size),
		pants.ContentType("text/html; charset=utf-8"))
}

func visits(r *pants.Request) {
	var seen struct{ Count int }
	switch err := r.SecureCookie("visits", &seen); {
	case err == nil, errors.Is(err, http.ErrNoCookie), errors.Is(err, pants.ErrExpiredCookie):
	default:
		_ = r.SendResponse("that cookie is not ours\n", pants.Code(http.StatusForbidden))
		return
	}
	seen.Count++
	if err := r.SetSecureCookie(&http.Cookie{Name: "visits", Path: "/", SameSite: http.SameSiteLaxMode}, seen); err != nil {
		_ = r.SendResponse("no cookie: "+err.Error()+"\n", pants.Code(http.StatusInternalServerError))
		return
	}
	_ = r.SendResponse(fmt.Sprintf("visit %d\n", seen.Count))
}
