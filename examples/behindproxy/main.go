// Behindproxy shows who a request came from, and why, on a page for visitors at this machine only: go run
// ./examples/behindproxy, then open http://127.0.0.1:8080/.
package main

import (
	"context"
	"errors"
	"flag"
	"html/template"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-pants/kit/xheaders"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	trust := flag.String("trust", "loopback", "proxies to believe: addresses, networks, or words of xheaders.Config.Trust, with commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("http://%s/", listener.Addr())
	if err := serve(ctx, listener, strings.Split(*trust, ",")); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, listener net.Listener, trust []string) error {
	// Only the default headers are believed, so these are the ones that nginxLines set.
	proxies, err := xheaders.New(xheaders.Config{Trust: trust})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: routes(proxies), ReadHeaderTimeout: 10 * time.Second}
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		drained <- server.Shutdown(wait)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

func routes(proxies *xheaders.Resolver) http.Handler {
	var seen recent
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		info, _ := xheaders.FromContext(r.Context())
		seen.add(proxies.Explain(r).String())
		show(w, home, info)
	})

	// Explain names the proxies and what they let through. It is outside of Wrap, because Wrap removes the headers that
	// fromHere looks at.
	outer := http.NewServeMux()
	outer.Handle("/", proxies.Wrap(mux))
	outer.HandleFunc("GET /explain", func(w http.ResponseWriter, r *http.Request) {
		if !fromHere(proxies.Resolve(r), r) {
			http.Error(w, "This page is only for visitors at the server itself.", http.StatusForbidden)
			return
		}
		show(w, explanation, map[string]any{
			"This":   proxies.Explain(r).String(),
			"Before": seen.all(),
			"Nginx":  nginxLines(r),
		})
	})
	return outer
}

// fromHere reports whether the visitor sits at this machine. The peer alone does not tell: behind a proxy on the same
// machine everybody's peer is 127.0.0.1. So nothing may look forwarded, or a trusted proxy has to say that its client is here.
// A name that is not this machine's own is refused too: by DNS rebinding a site makes a local browser read this page for it.
//
// A proxy on this machine that adds nothing at all cannot be told from a visitor. An nginx with a bare proxy_pass often gives
// itself away by HTTP/1.0, which no browser speaks, but not always: so nginxLines keep the page out of the proxy, too.
func fromHere(info xheaders.Info, r *http.Request) bool {
	if !info.Peer.IsLoopback() || !isLocal(r.Host) {
		return false
	}
	if forwarded(r.Header) {
		return info.Trusted && info.Client.IsLoopback()
	}
	return r.ProtoAtLeast(1, 1)
}

func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// forwarded reports whether a proxy left traces: Forwarded, X-Forwarded-*, Via, X-Real-IP, CF-Connecting-IP, X-Azure-ClientIP
// and their like. One name too many only hides the page.
func forwarded(h http.Header) bool {
	for name := range h {
		name = strings.ToLower(name)
		if strings.Contains(name, "forwarded") || strings.HasSuffix(name, "ip") || name == "via" {
			return true
		}
	}
	return false
}

// recent keeps the explanations of the last requests, so that those of clients behind the proxy can be read at the server.
type recent struct {
	mu    sync.Mutex
	texts []string
}

func (s *recent) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = slices.Insert(s.texts, 0, text)
	s.texts = s.texts[:min(len(s.texts), 10)]
}

func (s *recent) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

// nginxLines are what nginx in front of this server needs: every header that is believed is set on every request.
func nginxLines(r *http.Request) string {
	address := "127.0.0.1:8080"
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		address = local.String()
	}
	return `location / {
	proxy_pass http://` + address + `;
	proxy_set_header Host $host;
	proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
	proxy_set_header X-Forwarded-Proto $scheme;
}
location = /explain {
	return 404;
}
`
}

func show(w http.ResponseWriter, page *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := page.Execute(w, data); err != nil {
		log.Print(err)
	}
}

const head = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
pre { overflow-x: auto; padding: .7rem; border: 1px solid; line-height: 1.3 }
th { text-align: left; padding-right: 2rem }
td { overflow-wrap: anywhere }
</style>
`

var home = template.Must(template.New("home").Parse(head + `<title>Who are you?</title>
<h1>Who are you?</h1>
<table>
<tr><th scope="row">Client<td>{{with .ClientIP}}{{.}}{{else}}unknown{{end}}
<tr><th scope="row">Scheme<td>{{.Scheme}}
<tr><th scope="row">Host<td>{{.Host}}
</table>
{{if not .ClientIP}}<p>You came without a proxy, or the proxy did not say who you are.</p>
{{end}}<p>At the server itself, <a href="/explain">/explain</a> tells why.</p>
`))

var explanation = template.Must(template.New("explanation").Parse(head + `<title>Why?</title>
<h1>Why?</h1>
<h2>This request</h2>
<pre>{{.This}}</pre>
<h2>The last requests for <a href="/">the first page</a></h2>
{{range .Before}}<pre>{{.}}</pre>
{{else}}<p>None yet.</p>
{{end}}<h2>What nginx needs</h2>
<pre id="nginx">{{.Nginx}}</pre>
`))
