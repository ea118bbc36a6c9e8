package main

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// tour is what the demos share.
type tour struct {
	kind    string // of the front
	base    string // its URL, for requests that the tour makes itself
	server  *pants.Server
	proxies *xheaders.Resolver
	files   *sendfile.Sender // the app's
	front   *sendfile.Sender // for startFront
	client  *http.Client
	room    *room
}

// maxRequest is small, so that a visitor has a file that is too large.
const maxRequest = 4 << 20

func newTour(kind, address, dir string) (*tour, error) {
	base, err := baseURL(address)
	if err != nil {
		return nil, err
	}
	root := filepath.Join(dir, "files")
	// A real server may run as another user, and has to get at the files and the socket.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(root, 0o755), writeReport(root)); err != nil {
		return nil, err
	}
	files := filesConfig(kind, root)
	named, err := sendfile.New(files)
	if err != nil {
		return nil, err
	}
	front, err := sendfile.New(frontConfig(kind, root))
	if err != nil {
		return nil, err
	}
	proxies, err := trust()
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32) // in a real app: from a file or the environment, the same on every machine
	_, _ = rand.Read(secret)
	server, err := pants.New(pants.Config{
		MaxRequest:    maxRequest,
		CookieSecrets: [][]byte{secret},
		Sendfile:      files,
	})
	if err != nil {
		return nil, err
	}
	return &tour{
		kind: kind, base: base, server: server, proxies: proxies, files: named, front: front,
		room:   newRoom(),
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 20 * time.Second},
	}, nil
}

// baseURL is where the tour itself reaches the front.
func baseURL(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

//go:embed tour.html
var pageText string

//go:embed tour.css tour.js tour.svg
var static embed.FS

func (t *tour) routes() http.Handler {
	c := chi.NewRouter()
	c.Use(chimiddleware.GetHead, secure, middleware.XHeaders(t.proxies))
	app := adapter.New(c, t.server)
	app.Handle("GET /", func(r *pants.Request) { t.show(r, http.StatusOK, page{}) })
	app.Handle("GET /who", t.who)
	app.Handle("GET /who.txt", t.whoText)
	app.Handle("GET /who.json", t.whoJSON)
	app.Handle("GET /who/pretend", t.pretend)
	app.Handle("GET /form", t.form)
	app.Handle("POST /form", t.form)
	c.With(middleware.Pants(t.server)).Post("/upload", t.upload)
	app.Handle("POST /cookies/login", t.login)
	app.Handle("POST /cookies/tamper", t.tamper)
	app.Handle("POST /cookies/logout", t.logout)
	app.Handle("GET /files/direct/{name}", t.file)
	app.Handle("GET /files/offloaded/{name}", t.file)
	app.Handle("GET /files/compare", t.compare)
	app.Handle("POST /chat/say", t.say)
	app.Handle("GET /chat/next", t.next)
	app.Handle("GET /chat/lines", t.lines)
	// Ordinary handlers stay what they are.
	c.Handle("/static/*", http.StripPrefix("/static/", http.FileServerFS(static)))
	return c
}

// secure sets what makes a mistake in the page harmless: no script and no style but the tour's own files.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// page is what the template shows. A demo fills in its own part, show the rest.
type page struct {
	Front     string // what stands in front, in a sentence
	FrontName string // and as a title
	Base      string
	Value     string // what the app answers in place of the report

	MaxRequest, MemoryLimit int64

	Who     *whoView
	Form    *formView
	Upload  *uploadView
	Cookies *cookieView
	Files   *filesView
	Demos   map[string]demo

	Lines    []line
	Last     int // number of the last line
	ChatName string
}

var pageTemplate = template.Must(template.New("tour").Funcs(template.FuncMap{
	"bytes": inBytes, "bar": bar, "MiB": func(n int64) int64 { return n >> 20 },
}).Parse(pageText))

func (t *tour) show(r *pants.Request, status int, p page) {
	p.Front, p.FrontName = "a small proxy that is part of this program", "The front"
	if t.kind != embedded {
		p.Front, p.FrontName = t.kind, t.kind
	}
	p.Base, p.Demos, p.MaxRequest, p.MemoryLimit = t.base, demos, maxRequest, memoryLimit
	p.Value = t.named(report)
	if p.Who == nil {
		p.Who = explained(t.proxies.Explain(r.HTTP))
	}
	if p.Cookies == nil {
		p.Cookies = cookieOf(r)
	}
	p.Lines = t.room.since(0)
	if n := len(p.Lines); n > 0 {
		p.Last = p.Lines[n-1].Number
	}
	if p.ChatName = p.Cookies.Name; p.ChatName == "" {
		p.ChatName = "Somebody"
	}
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, p); err != nil {
		t.fail(r, err)
		return
	}
	_ = r.SendHeaders(http.Header{"Cache-Control": {"no-store"}}, pants.EndHeaders(false))
	_ = r.SendResponse(text.String(), pants.Code(status), pants.ContentType("text/html; charset=utf-8"))
}

// back leads to a demo on the page, so that reloading it sends no form again.
func (t *tour) back(r *pants.Request, section string, err error) {
	if err != nil {
		t.fail(r, err)
		return
	}
	_ = r.SendStatus(http.StatusSeeOther)
	_ = r.SendHeaders(http.Header{"Location": {"/#" + section}, "Content-Length": {"0"}})
	_ = r.Finish()
}

// refuse is for a form that no page of ours sends.
func refuse(r *pants.Request, why string) {
	_ = r.SendResponse(why+"\n", pants.Code(http.StatusBadRequest))
}

func sendJSON(r *pants.Request, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // of the program: no value here can fail
	}
	_ = r.SendResponse(string(text), pants.ContentType("application/json"))
}

// fail is for what is nobody's fault but ours. The client is not told more.
func (t *tour) fail(r *pants.Request, err error) {
	log.Printf("%s %s: %v", r.Method(), r.Path(), err)
	_ = r.SendResponse("500 Internal Server Error\n", pants.Code(http.StatusInternalServerError))
}
