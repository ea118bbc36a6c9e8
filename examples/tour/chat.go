package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-pants/kit/pants"
)

// say adds a line, and by that answers everybody who waits for one.
func (t *tour) say(r *pants.Request) {
	name, text := r.Post().Get("name"), r.Post().Get("text")
	if text != "" {
		t.room.say(line{Name: name, Text: text})
	}
	back(r, "chat")
}

// lines answers with the lines after the last one that a tab has: when there are some, which may be long after this handler has
// returned.
func (t *tour) lines(r *pants.Request) {
	t.room.wait(r, func(lines []line) {
		text, err := json.Marshal(lines)
		if err != nil {
			t.fail(r, err)
			return
		}
		_ = r.SendResponse(string(text), pants.ContentType("application/json"))
	})
}

// next is lines for a browser without JavaScript: the page itself comes late.
func (t *tour) next(r *pants.Request) {
	t.room.wait(r, func([]line) { t.show(r, http.StatusOK, page{}) })
}

type line struct {
	Number int
	Name   string
	Text   string
}

// room keeps what was said last, and the requests that wait for more.
type room struct {
	mu      sync.Mutex
	last    int // number of the last line
	said    []line
	waiting map[*pants.Request]func()
}

const (
	lastLines = 50
	patience  = 25 * time.Second // then the answer is that nothing was said; proxies wait for a minute at most
)

// wait keeps a request until there is an answer. It forgets it when it is answered, its client leaves, or the server stops: its
// context ends with each of them.
func (c *room) wait(r *pants.Request, answer func([]line)) {
	after, _ := strconv.Atoi(r.Get().Get("after"))
	c.mu.Lock()
	defer c.mu.Unlock()
	send := func() { r.Go(func() { answer(c.since(after)) }) }
	if c.last > after {
		send()
		return
	}
	if c.waiting == nil {
		c.waiting = map[*pants.Request]func(){}
	}
	c.waiting[r] = send
	timer := time.AfterFunc(patience, send)
	context.AfterFunc(r.Context(), func() {
		timer.Stop()
		c.forget(r)
	})
}

func (c *room) say(l line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	l.Number = c.last
	c.said = append(c.said, l)
	c.said = c.said[max(0, len(c.said)-lastLines):]
	for r, send := range c.waiting {
		delete(c.waiting, r)
		send()
	}
}

func (c *room) forget(r *pants.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, r)
}

func (c *room) since(after int) []line {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.said, func(l line) bool { return l.Number > after })
	if i < 0 {
		return []line{}
	}
	return slices.Clone(c.said[i:])
}
