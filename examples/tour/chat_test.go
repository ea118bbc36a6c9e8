package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// heard asks for the lines after one, in the background.
func heard(b *browser, after int) <-chan []line {
	lines := make(chan []line, 1)
	go func() {
		defer close(lines)
		res, err := b.Get(fmt.Sprintf("%s/chat/lines?after=%d", b.base, after))
		if err != nil {
			b.t.Error(err)
			return
		}
		defer res.Body.Close()
		var got []line
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
			b.t.Errorf("%s: %v", res.Status, err)
		}
		lines <- got
	}()
	return lines
}

func TestTwoTabs(t *testing.T) {
	app := start(t)
	one, two := newBrowser(t, app), newBrowser(t, app)
	waiting := heard(one, 0)
	waitFor(t, app, 1)
	page := two.submit("/chat/say", "name", "Ada", "text", "Hello <b>")
	wants(t, result(t, page, "chat"), "<b>Ada</b> Hello &lt;b&gt;", "!Nobody", `data-last="1"`)
	if got, want := <-waiting, []line{{1, "Ada", "Hello <b>"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// What was said between two requests of a tab is not lost.
	two.submit("/chat/say", "name", "Ada", "text", "second")
	two.submit("/chat/say", "name", "Ada", "text", "third")
	if got, want := <-heard(one, 1), []line{{2, "Ada", "second"}, {3, "Ada", "third"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	waitFor(t, app, 0)
}

// TestWithoutScript: the page itself waits.
func TestWithoutScript(t *testing.T) {
	app := start(t)
	one, two := newBrowser(t, app), newBrowser(t, app)
	_, page := one.ask("GET", "/", "", 200)
	wants(t, page, `<a href="/chat/next?after=0#chat">`)
	came := make(chan string)
	go func() {
		_, page := one.ask("GET", "/chat/next?after=0", "", 200)
		came <- page
	}()
	waitFor(t, app, 1)
	two.submit("/chat/say", "name", "Ada", "text", "at last")
	page = <-came
	wants(t, result(t, page, "chat"), "<b>Ada</b> at last")
	wants(t, page, `<a href="/chat/next?after=1#chat">`)
}

func TestSay(t *testing.T) {
	app := start(t)
	b := newBrowser(t, app)
	for _, body := range []string{"", "name=Ada", "text=x", "name=&text=x", "name=Ada&text=" + strings.Repeat("x", 2000)} {
		b.ask("POST", "/chat/say", body, 400, "Content-Type", "application/x-www-form-urlencoded")
	}
	for i := range 2 * lastLines {
		app.room.say("Ada", fmt.Sprint("line ", i+1))
	}
	_, page := b.ask("GET", "/", "", 200)
	wants(t, result(t, page, "chat"), "</b> line 51<", "</b> line 100<", "!</b> line 50<", `data-last="100"`)
	// A tab from before a restart has higher numbers than there are.
	if got := <-heard(b, 1000); len(got) != lastLines {
		t.Errorf("%d lines, want %d", len(got), lastLines)
	}
}

// TestPatience: nobody says anything, and the answer is no lines, not an error.
func TestPatience(t *testing.T) {
	app, err := newTour(embedded, "127.0.0.1:1", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	app.room.patience = 20 * time.Millisecond
	server := httptest.NewServer(app.routes())
	defer server.Close()
	app.base = server.URL
	if got := <-heard(newBrowser(t, app), 0); got == nil || len(got) != 0 {
		t.Errorf("got %v", got)
	}
	waitFor(t, app, 0)
}

// TestManyTabs: tabs come and go while others listen; who stays hears it, and nothing is kept of who went.
func TestManyTabs(t *testing.T) {
	app := start(t)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	// Once through everything, so that what stays anyway is there before the count.
	newBrowser(t, app).ask("GET", "/chat/lines?after=-1", "", 200)
	app.client.CloseIdleConnections()
	before := runtime.NumGoroutine()

	const rounds, tabs = 5, 40
	for round := range rounds {
		ctx, leave := context.WithCancel(context.Background())
		var gone sync.WaitGroup
		listen := func(ctx context.Context) (ok bool) {
			req, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("%s/chat/lines?after=%d", app.base, round), nil)
			if err != nil {
				t.Error(err)
				return false
			}
			res, err := client.Do(req)
			if err != nil {
				return false
			}
			defer res.Body.Close()
			var got []line
			return json.NewDecoder(res.Body).Decode(&got) == nil && len(got) == 1 && got[0].Number == round+1
		}
		for range tabs {
			gone.Add(1)
			go func() {
				defer gone.Done()
				if listen(ctx) {
					t.Error("a tab that left has heard something")
				}
			}()
		}
		stayed := make(chan bool, tabs)
		for range tabs {
			go func() { stayed <- listen(context.Background()) }()
		}
		waitFor(t, app, 2*tabs)
		leave()
		gone.Wait()
		waitFor(t, app, tabs)
		app.room.say("Ada", "hello")
		for range tabs {
			if !<-stayed {
				t.Error("a tab that stayed did not hear the line")
			}
		}
		waitFor(t, app, 0)
	}
	client.CloseIdleConnections()
	// The front keeps up to 16 connections to the app, of two goroutines at either end.
	settled(t, before+4*16)
}
