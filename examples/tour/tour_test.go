package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// start runs the tour, the embedded front and the app behind it, until the test ends.
func start(t *testing.T) *tour {
	t.Helper()
	app, stop := begin(t)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return app
}

// begin is start for tests that look at the end.
func begin(t *testing.T) (app *tour, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan *tour, 1), make(chan error, 1)
	address := freeAddress(t)
	go func() { done <- run(ctx, embedded, address, func(app *tour) { ready <- app }) }()
	select {
	case app = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	return app, func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(30 * time.Second):
			return fmt.Errorf("the tour does not end")
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// browser has cookies and connections of its own.
type browser struct {
	*http.Client
	t    *testing.T
	base string
}

func newBrowser(t *testing.T, app *tour) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{&http.Client{Jar: jar, Transport: transport, Timeout: 40 * time.Second}, t, app.base}
}

// ask wants a status and returns what came; header is name and value, in turn.
func (b *browser) ask(method, target, body string, status int, header ...string) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequest(method, b.base+target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body == "" {
		req.Body = nil
	}
	for i := 0; i < len(header); i += 2 {
		req.Header[header[i]] = append(req.Header[header[i]], header[i+1])
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		b.t.Fatalf("%s %s: %s, %v; want %d\n%.300s", method, target, res.Status, err, status, content)
	}
	return res, string(content)
}

// submit sends a form and returns the page.
func (b *browser) submit(target string, fields ...string) string {
	b.t.Helper()
	_, page := b.ask("POST", target, pairs(fields).Encode(), 200, "Content-Type", "application/x-www-form-urlencoded")
	return page
}

func pairs(fields []string) url.Values {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values
}

// wants fails for each text that is not in the page; "!" before one says that it must not be there.
func wants(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(page, text) == not {
			t.Errorf("%q in the page: %v\n%s", text, !not, page)
		}
	}
}

// result is what a demo says, without the markup around it.
func result(t *testing.T, page, section string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<section id="`+section+`"`)
	rest, _, ended := strings.Cut(rest, "</section>")
	_, rest, has := strings.Cut(rest, `<div class="result" `)
	depth := 1
	for _, at := range regexp.MustCompile(`<div[ >]|</div>`).FindAllStringIndex(rest, -1) {
		if depth++; rest[at[0]+1] == '/' {
			depth -= 2
		}
		if depth == 0 && ok && ended && has {
			return rest[:at[0]]
		}
	}
	t.Fatalf("no result of %s in the page: %.200s", section, page)
	return ""
}

func TestPage(t *testing.T) {
	b := newBrowser(t, start(t))
	res, page := b.ask("GET", "/", "", 200)
	if got := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'self'") {
		t.Errorf("Content-Security-Policy = %q", got)
	}
	for _, section := range []string{"who", "form", "upload", "cookies", "files", "chat"} {
		wants(t, page, `<section id="`+section+`" aria-labelledby="`+section+`-title">`, `<h2 id="`+section+`-title">`, `<a href="#`+section+`">`)
		result(t, page, section)
	}
	// What the policy forbids must not be needed.
	for _, pattern := range []string{`(?i)<[^>]* style=`, `(?i)<[^>]* on\w+=`, `(?i)<style`, `<script>`, `javascript:`} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("inline: %q", found)
		}
	}
	for _, link := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		res, _ := b.ask("GET", link[1], "", 200)
		if kind := res.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/plain") {
			t.Errorf("%s is %s", link[1], kind)
		}
	}
	b.ask("HEAD", "/", "", 200)
	b.ask("GET", "/nowhere", "", 404)
	b.ask("GET", "/static/tour.html", "", 404)
}

// TestEnd: the end of the tour is in order, with a request that waits, a tab with an idle connection, and one that has asked
// nothing yet.
func TestEnd(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	before := runtime.NumGoroutine()
	app, stop := begin(t)
	b := newBrowser(t, app)
	b.ask("GET", "/", "", 200)
	front := strings.TrimPrefix(app.base, "http://")
	silent, err := net.Dial("tcp", front)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	waiting := make(chan int, 1)
	go func() {
		res, err := http.Get(app.base + "/chat/lines?after=0")
		if err != nil {
			waiting <- 0
			return
		}
		res.Body.Close()
		waiting <- res.StatusCode
	}()
	waitFor(t, app, 1)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if status := <-waiting; status != http.StatusServiceUnavailable {
		t.Errorf("the waiting request got %d, want 503", status)
	}
	if conn, err := net.Dial("tcp", front); err == nil {
		conn.Close()
		t.Error("the front listens still")
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "tour-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	silent.Close()
	b.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	settled(t, before)
}

// waitFor waits until so many requests wait in the room.
func waitFor(t *testing.T, app *tour, want int) {
	t.Helper()
	got := -1
	for range 1000 {
		app.room.mu.Lock()
		got = len(app.room.waiting)
		app.room.mu.Unlock()
		if got == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d requests wait, want %d", got, want)
}

// settled waits for goroutines to end.
func settled(t *testing.T, want int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), want, stacks[:runtime.Stack(stacks, true)])
}

func TestNoStart(t *testing.T) {
	before := runtime.NumGoroutine()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for name, test := range map[string]struct{ kind, address, want string }{
		"port taken": {embedded, listener.Addr().String(), "address already in use"},
		"no address": {embedded, "8080", "missing port"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(context.Background(), test.kind, test.address, func(*tour) { t.Error("it says that it is ready") })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
	settled(t, before)
}
