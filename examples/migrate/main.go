// Migrate is the guest book of app.py, half of it in Go: this program stands in front, answers the routes that have moved, and
// hands everything else to the Python program behind it.
//
//	PYTHONPATH=/path/to/pants python2.7 examples/migrate/app.py 8081
//	go run ./examples/migrate -app http://127.0.0.1:8081
//
// With -moved 0 every request goes to Python, with -moved 2 none does.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

func main() {
	address := flag.String("listen", "127.0.0.1:8080", "where to listen")
	app := flag.String("app", "http://127.0.0.1:8081", "where the Python program listens")
	files := flag.String("files", "examples/migrate/files", "the folder of the files")
	book := flag.String("book", "examples/migrate/entries.jsonl", "the guest book")
	moved := flag.Int("moved", 1, "how much has moved to Go: nothing (0), the first half (1), everything (2)")
	record := flag.String("record", "", "folder for recordings of what the Python program answers")
	flag.Parse()

	g, err := newGuestbook(*app, *files, *book)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := g.routes(*moved, *record)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	log.Printf("http://%s/, Python behind it at %s", *address, *app)
	err = g.server.Listen(ctx, *address, handler)
	if g.recorder != nil {
		err = errors.Join(err, g.recorder.Close())
	}
	if err != nil {
		log.Fatal(err)
	}
}

// guestbook is what the handlers share.
type guestbook struct {
	server *pants.Server
	python *legacy.Proxy
	book   string

	recorder *legacy.Recorder // nil: nothing is recorded
}

func newGuestbook(app, files, book string) (*guestbook, error) {
	server, err := pants.New(pants.Config{
		// The Python program's cookie_secret, so that who is logged in there is logged in here, and the other way round.
		LegacyCookies: pants.LegacyCookies{Secret: []byte("a secret that both programs know"), Write: true},
		Sendfile:      sendfile.Config{Root: files},
	})
	if err != nil {
		return nil, err
	}
	// sendfile='X-Accel-Redirect', sendfile_prefix='/protected/': the files that the Python program only names are sent here.
	sender, err := sendfile.New(sendfile.Config{Root: files, Map: map[string]string{"/protected/": "."}})
	if err != nil {
		return nil, err
	}
	python, err := legacy.New(legacy.Config{Backend: app, Server: server, Sendfile: sender})
	if err != nil {
		return nil, err
	}
	return &guestbook{server: server, python: python, book: book}, nil
}

// routes are those that have moved; Python has the rest. Taking a route back is deleting its line.
func (g *guestbook) routes(moved int, record string) (http.Handler, error) {
	c := chi.NewRouter()
	app := adapter.New(c, g.server)
	rest := http.Handler(g.python)
	if record != "" {
		recorded, err := legacy.Record(record)
		if err != nil {
			return nil, err
		}
		g.recorder, rest = recorded, recorded.Wrap(rest)
	}
	c.NotFound(rest.ServeHTTP)
	c.MethodNotAllowed(rest.ServeHTTP)
	var rules []rule
	if moved > 0 {
		rules = append(rules, g.firstHalf()...)
	}
	if moved > 1 {
		rules = append(rules, g.secondHalf()...)
	}
	for _, r := range rules {
		if err := app.Rule(r.rule, r.handler, r.methods...); err != nil {
			return nil, err
		}
	}
	return c, nil
}

type rule struct {
	rule    string
	handler pants.HandlerFunc
	methods []string // none: GET and HEAD, as in Pants
}

func (g *guestbook) firstHalf() []rule {
	post := []string{http.MethodPost}
	return []rule{
		{"/", g.index, nil},
		{"/login", g.login, post},
		{"/entry/<int:id>", g.entry, nil},
		{"/files/<path:name>", g.file, nil},
		{"/later", g.later, nil},
	}
}

func (g *guestbook) secondHalf() []rule {
	post := []string{http.MethodPost}
	return []rule{
		{"/logout", g.logout, post},
		{"/sign", g.sign, post},
		{"/upload", g.upload, post},
		{"/download/<path:name>", g.download, nil},
		{"/whoami", g.whoami, nil},
	}
}
