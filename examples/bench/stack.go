package main

import (
	"log"
	"log/slog"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/gorilla/handlers"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
)

// stackRows are an app as it stands behind a proxy: who the client is, a log line, a router, a handler. Everybody has the logger
// and the words of their own house, so this compares what users have, not the same line.
func stackRows() []row {
	request := func() *http.Request {
		return arrived(proxyPeer, "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https")
	}
	return []row{ask("client, log, router, hello", "200 text/plain\nHello 203.0.113.9.", request(), nil, nil, []peer{
		{who: "chi: ClientIPFromXFF, Logger", handler: chiStack()},
		{who: "gin: ClientIP, Logger", handler: ginStack()},
		{who: "echo: RealIP, RequestLogger", handler: echoStack()},
		// It believes everybody, and notes the scheme in the request's URL.
		{who: "gorilla: ProxyHeaders, CombinedLoggingHandler, mux", handler: gorillaStack(), request: request()},
		{who: "kit: xheaders, chi's Logger, chi, Handler", handler: kitStack()},
	})}
}

// nowhere is what loggers write to. It is not io.Discard: package log does not even make a line for that.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// chiLogger is chi's middleware.Logger, but for the colours and where it writes to.
func chiLogger() func(http.Handler) http.Handler {
	return chimiddleware.RequestLogger(&chimiddleware.DefaultLogFormatter{Logger: log.New(nowhere{}, "", log.LstdFlags), NoColor: true})
}

func chiStack() http.Handler {
	c := chi.NewRouter()
	c.Use(chimiddleware.ClientIPFromXFF(ten...), chiLogger())
	c.Get("/", func(w http.ResponseWriter, hr *http.Request) {
		writeText(w, "Hello "+chimiddleware.GetClientIPAddr(hr.Context()).String()+".")
	})
	return c
}

func ginStack() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	must(engine.SetTrustedProxies(ten))
	engine.Use(gin.LoggerWithWriter(nowhere{}))
	engine.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "Hello "+c.ClientIP()+".") })
	return engine
}

func echoStack() http.Handler {
	e := echo.New()
	e.Logger = slog.New(slog.NewJSONHandler(nowhere{}, nil)) // its own goes to the standard output
	_, network, err := net.ParseCIDR(ten[0])
	must(err)
	e.IPExtractor = echo.ExtractIPFromXFFHeader(echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false), echo.TrustIPRange(network))
	e.Use(echomiddleware.RequestLogger())
	e.GET("/", func(c *echo.Context) error { return c.String(http.StatusOK, "Hello "+c.RealIP()+".") })
	return e
}

func gorillaStack() http.Handler {
	return handlers.ProxyHeaders(handlers.CombinedLoggingHandler(nowhere{}, onMux("/", func(w http.ResponseWriter, hr *http.Request) {
		writeText(w, "Hello "+hr.RemoteAddr+".")
	})))
}

func kitStack() http.Handler {
	var server pants.Server
	c := chi.NewRouter()
	c.Use(middleware.XHeaders(resolver(ten, false, false)), chiLogger())
	adapter.New(c, &server).Handle("GET /", func(r *pants.Request) { _ = r.SendResponse("Hello " + r.RemoteIP() + ".") })
	return c
}
