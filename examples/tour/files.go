package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// filesConfig says who sends the files. For nginx the preset is
// sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/protected/"}.
func filesConfig(kind, root string) sendfile.Config {
	c := presets[kind]
	c.Root = root
	c.Offload = isOffloaded // some are sent by the app, to compare
	return c
}

// file lets the front send a file. Who sends it, and how it is told so,
// is a matter of the configuration.
func (t *tour) file(r *pants.Request) {
	// "./" keeps it below Root: SendFile takes an absolute path as it is, and
	// "%2fetc%2fpasswd" would be one.
	r.SendFile("./"+adapter.Param(r, "name"), nil)
}

const protected = "/protected/"

var presets = map[string]sendfile.Config{
	embedded:   {Proxy: sendfile.Nginx, Prefix: protected}, // it understands what nginx does
	"nginx":    {Proxy: sendfile.Nginx, Prefix: protected},
	"caddy":    {Proxy: sendfile.Caddy, Prefix: protected},
	"apache":   {Proxy: sendfile.Apache},
	"lighttpd": {Proxy: sendfile.Lighttpd},
}

func isOffloaded(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/files/direct/") }

// frontConfig is for the Sender that the front gets: a real server is configured by the app's own, the embedded one sends itself.
func frontConfig(kind, root string) sendfile.Config {
	if kind == embedded {
		return sendfile.Config{Root: root, Map: map[string]string{protected: "."}}
	}
	return filesConfig(kind, root)
}

const report = "report.txt"

// writeReport makes a file that is worth offloading.
func writeReport(root string) error {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, "line %6d of a report that is worth to be offloaded\n", i+1)
	}
	return os.WriteFile(filepath.Join(root, report), []byte(b.String()), 0o644)
}

// compare asks the front for the same file twice, as a browser would.
func (t *tour) compare(r *pants.Request) {
	view := &filesView{Ask: r.Get().Get("ask")}
	var err error
	if view.Direct, err = t.fetch(r, "direct", view.Ask); err == nil {
		view.Offloaded, err = t.fetch(r, "offloaded", view.Ask)
	}
	if err != nil {
		t.fail(r, err)
		return
	}
	t.show(r, http.StatusOK, page{Files: view})
}

type filesView struct {
	Ask               string // "", "range" or "again"
	Direct, Offloaded *fetched
}

// fetched is an answer as a browser has it.
type fetched struct {
	Status  string
	Header  http.Header
	Size    int64
	SHA256  string
	Sent    *bytesSent // nil: the front does not tell
	Request http.Header
}

func (t *tour) fetch(r *pants.Request, how, ask string) (*fetched, error) {
	hr, err := http.NewRequestWithContext(r.Context(), http.MethodGet, t.base+"/files/"+how+"/"+report, nil)
	if err != nil {
		return nil, err
	}
	id := rand.Text()
	hr.Header.Set(meterHeader, id)
	switch ask {
	case "range":
		hr.Header.Set("Range", "bytes=1000000-1999999")
	case "again":
		first, err := t.fetch(r, how, "")
		if err != nil {
			return nil, err
		}
		hr.Header.Set("If-None-Match", first.Header.Get("ETag"))
	}
	res, err := t.client.Do(hr)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, res.Body)
	if err != nil {
		return nil, err
	}
	f := &fetched{Status: res.Status, Header: res.Header, Size: n, SHA256: fmt.Sprintf("%x", sum.Sum(nil)), Request: hr.Header}
	f.Sent, err = t.measured(r, id)
	return f, err
}

// measured asks the embedded front what it saw.
func (t *tour) measured(r *pants.Request, id string) (*bytesSent, error) {
	if t.kind != embedded {
		return nil, nil
	}
	hr, err := http.NewRequestWithContext(r.Context(), http.MethodGet, t.base+meterPath+"?of="+id, nil)
	if err != nil {
		return nil, err
	}
	res, err := t.client.Do(hr)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the front answered %s", res.Status)
	}
	sent := &bytesSent{}
	return sent, json.NewDecoder(res.Body).Decode(sent)
}
