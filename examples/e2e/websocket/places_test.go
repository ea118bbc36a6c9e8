package websocket_test

import (
	"io"
	"log"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// place is where in a program the upgrade happens.
type place struct {
	name    string
	handler func(t *testing.T, a *app) http.Handler

	bare     bool // no pants.Request is there, and so no CookiesOut
	deferred bool // the handler returns before the upgrade
}

var places = []place{
	{"HTTPServer", func(_ *testing.T, a *app) http.Handler { return a }, true, false},
	{"Wrap", func(_ *testing.T, a *app) http.Handler { return a.server.Wrap(a) }, false, false},
	{"Handler, r.Writer", func(_ *testing.T, a *app) http.Handler {
		return a.server.Handler(func(r *pants.Request) {
			// The library has answered what it refused, but a Pants response is over when somebody says so.
			defer r.Finish()
			a.serve(r.Writer, r.HTTP, r)
		})
	}, false, false},
	{"Handler, Connection", func(_ *testing.T, a *app) http.Handler {
		return a.server.Handler(func(r *pants.Request) {
			defer r.Finish()
			a.serve(overConnection{r.Writer, r.Connection()}, r.HTTP, r)
		})
	}, false, false},
	{"Handler, Serve", func(_ *testing.T, a *app) http.Handler {
		return a.server.Handler(func(r *pants.Request) { r.Serve(a) })
	}, false, false},
	{"Handler, Go", func(_ *testing.T, a *app) http.Handler {
		return a.server.Handler(func(r *pants.Request) {
			returned := make(chan struct{})
			defer close(returned)
			r.Go(func() {
				defer r.Finish()
				<-returned
				a.serve(r.Writer, r.HTTP, r)
			})
		})
	}, false, true},
	{"chi", func(t *testing.T, a *app) http.Handler { return onChi(t, a, a, false) }, false, false},
	{"Intercept", func(t *testing.T, a *app) http.Handler { return sender(t).Intercept(a) }, true, false},
	{"everything", func(t *testing.T, a *app) http.Handler {
		h := a.server.Handler(func(r *pants.Request) { r.Go(func() { r.Serve(a) }) })
		return sender(t).Intercept(a.server.Wrap(onChi(t, a, h, true)))
	}, false, true},
}

// overConnection is a writer that is taken over by way of Request.Connection.
type overConnection struct {
	http.ResponseWriter
	*pants.Connection
}

// onChi puts h behind the middlewares that most programs on chi have, and the kit's own.
func onChi(t *testing.T, a *app, h http.Handler, files bool) http.Handler {
	t.Helper()
	proxies, err := xheaders.New(xheaders.Config{Trust: []string{"loopback", "unix"}})
	if err != nil {
		t.Fatal(err)
	}
	c := chi.NewRouter()
	c.Use(
		chimiddleware.RequestLogger(&chimiddleware.DefaultLogFormatter{Logger: log.New(io.Discard, "", 0), NoColor: true}),
		chimiddleware.Recoverer,
		middleware.XHeaders(proxies),
		middleware.Pants(a.server),
	)
	if files {
		c.Use(middleware.Sendfile(sender(t)))
	}
	c.Handle("/*", h)
	return c
}

func sender(t *testing.T) *sendfile.Sender {
	t.Helper()
	s, err := sendfile.New(sendfile.Config{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
