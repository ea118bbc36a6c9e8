package main

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
	"github.com/gorilla/handlers"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
)

var loopback = []string{"127.0.0.0/8"}

// wireTries are all who can do a job, bare net/http first.
func wireTries(j wireJob) []wireTry {
	tries := []wireTry{{who: bareServer, server: func() *http.Server { return plainServer(wireBare(j)) }}}
	if j.pattern == helloJob.pattern || j.stack {
		tries = append(tries, wireTry{who: bareLimits, server: func() *http.Server { return withLimits(wireBare(j)) }})
	}
	for _, peer := range wirePeers {
		tries = append(tries, wireTry{who: peer.who, server: func() *http.Server { return plainServer(peer.mount(j)) }})
		if j.stack && peer.who == onChi {
			tries = append(tries, stackParts(j, peer.mount)...)
		}
	}
	kit := func(who string, c pants.Config, ownServer, onChi bool) {
		tries = append(tries, wireTry{who: who, server: func() *http.Server {
			s, err := pants.New(c)
			must(err)
			h := kitHandler(s, j, onChi)
			if ownServer {
				return s.HTTPServer(h)
			}
			return plainServer(h)
		}})
	}
	if !j.stack {
		kit(kitServer, j.config, true, false)
		kit(kitPlain, j.config, false, false)
	}
	if j.pattern == helloJob.pattern || strings.HasSuffix(j.pattern, "}") {
		kit(kitChi, j.config, true, true)
		kit(kitChiPlain, j.config, false, true)
	}
	if j.config.MemoryLimit != 0 {
		kit(kitToDisk, pants.Config{}, true, false)
	}
	if j.python {
		tries = append(tries, wireTry{who: realPants})
	}
	return tries
}

func plainServer(h http.Handler) *http.Server { return &http.Server{Handler: h} }

func withLimits(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 75 * time.Second}
}

// stackParts are chi with one of the three things that the kit's full stack has: they tell what each of them costs.
func stackParts(j wireJob, mount func(wireJob) http.Handler) []wireTry {
	return []wireTry{
		{who: "chi, time limits", server: func() *http.Server { return withLimits(mount(j)) }},
		{who: "chi, the kit's XHeaders", server: func() *http.Server {
			c := chi.NewRouter()
			c.Use(accessLog, trustLoopback())
			c.Method(j.method, j.pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				client, _ := xheaders.FromContext(r.Context())
				writeText(w, chi.URLParam(r, "name")+" "+client.ClientIP()+" "+client.Scheme+"\n")
			}))
			return plainServer(c)
		}},
		{who: "chi, the kit's Handler", server: func() *http.Server {
			c := chi.NewRouter()
			c.Use(accessLog, chimiddleware.ClientIPFromXFF(loopback...))
			var s pants.Server
			adapter.New(c, &s).Handle(j.method+" "+j.pattern, func(r *pants.Request) {
				ctx := r.HTTP.Context()
				_ = r.SendResponse(adapter.Param(r, "name") + " " + chimiddleware.GetClientIP(ctx) + " " + r.HTTP.Header.Get("X-Forwarded-Proto") + "\n")
			})
			return plainServer(c)
		}},
	}
}

// trustLoopback is the kit's middleware.
func trustLoopback() func(http.Handler) http.Handler {
	x, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
	must(err)
	return middleware.XHeaders(x)
}

func cutHello(path string) string { return strings.TrimPrefix(path, "/hello/") }

// wireBare is a handler without a router.
func wireBare(j wireJob) http.Handler {
	name := func(r *http.Request) string { return cutHello(r.URL.Path) }
	if !j.stack {
		return j.plain(name)
	}
	return accessLog(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, scheme := byHand(r)
		writeText(w, name(r)+" "+client+" "+scheme+"\n")
	}))
}

// byHand finds who a request came from: the same decision as xheaders', for a proxy on loopback.
func byHand(r *http.Request) (client, scheme string) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "", "http"
	}
	addr := peer.Addr().Unmap()
	if !addr.IsLoopback() {
		return addr.String(), "http"
	}
	scheme = "http"
	if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	lines := r.Header.Values("X-Forwarded-For")
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; rest != ""; {
			comma := strings.LastIndexByte(rest, ',')
			entry := strings.TrimSpace(rest[comma+1:])
			rest = rest[:max(0, comma)]
			if addr, err = netip.ParseAddr(entry); err != nil {
				return "", scheme
			}
			if addr = addr.Unmap(); !addr.IsLoopback() {
				return addr.String(), scheme
			}
		}
	}
	return "", scheme
}

// wirePeers mount a job on their routers.
var wirePeers = []struct {
	who   string
	mount func(j wireJob) http.Handler
}{
	{"ServeMux", func(j wireJob) http.Handler {
		m := http.NewServeMux()
		m.HandleFunc(j.method+" "+j.pattern, j.plain(func(r *http.Request) string { return r.PathValue("name") }))
		return around(j, m)
	}},
	{onChi, func(j wireJob) http.Handler {
		c := chi.NewRouter()
		if j.stack {
			c.Use(accessLog, chimiddleware.ClientIPFromXFF(loopback...))
		}
		c.Method(j.method, j.pattern, j.plain(func(r *http.Request) string { return chi.URLParam(r, "name") }))
		return c
	}},
	{"gin", func(j wireJob) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		engine := gin.New()
		if j.stack {
			must(engine.SetTrustedProxies(loopback))
			engine.Use(gin.LoggerWithConfig(gin.LoggerConfig{Output: nowhere{}}))
		}
		engine.Handle(j.method, colon(j.pattern), j.gin)
		return engine
	}},
	{"echo", func(j wireJob) http.Handler {
		e := echo.New()
		if j.stack {
			e.IPExtractor = echo.ExtractIPFromXFFHeader()
			e.Logger = slog.New(slog.NewJSONHandler(nowhere{}, nil)) // as its own, to another place
			e.Use(echomiddleware.RequestLogger())
		}
		e.Add(j.method, colon(j.pattern), j.echo)
		return e
	}},
	{"gorilla", func(j wireJob) http.Handler {
		m := mux.NewRouter()
		name := func(r *http.Request) string { return mux.Vars(r)["name"] }
		h := j.plain(name)
		if j.stack {
			h = func(w http.ResponseWriter, r *http.Request) {
				writeText(w, name(r)+" "+r.RemoteAddr+" "+r.URL.Scheme+"\n")
			}
		}
		m.Handle(j.pattern, h).Methods(j.method)
		if !j.stack {
			return m
		}
		return handlers.ProxyHeaders(handlers.CombinedLoggingHandler(nowhere{}, m))
	}},
}

func colon(pattern string) string { return strings.NewReplacer("{", ":", "}", "").Replace(pattern) }

// around is chi's middleware, where a router has none.
func around(j wireJob, h http.Handler) http.Handler {
	if !j.stack {
		return h
	}
	return accessLog(chimiddleware.ClientIPFromXFF(loopback...)(h))
}

func kitHandler(s *pants.Server, j wireJob, onChi bool) http.Handler {
	if !onChi {
		return s.Handler(j.pants(func(r *pants.Request) string { return cutHello(r.Path()) }))
	}
	c := chi.NewRouter()
	if j.stack {
		c.Use(accessLog, trustLoopback())
	}
	adapter.New(c, s).Handle(j.method+" "+j.pattern, j.pants(func(r *pants.Request) string { return adapter.Param(r, "name") }))
	return c
}

// accessLog is the logger of everybody who has none of their own.
var accessLog = chiLogger()
