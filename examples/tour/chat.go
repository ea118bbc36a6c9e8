package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-pants/kit/pants"
)

// say adds a line, and that answers everybody who waits for one.
func (t *tour) say(r *pants.Request) {
	form := r.Post()
	name, text := form.Get("name"), form.Get("text")
	if name == "" || text == "" || len(name)+len(text) > 2000 {
		refuse(r, "A name and a line, please.")
		return
	}
	t.room.say(name, text)
	t.back(r, "chat", nil)
}

// lines answers when there are lines that the tab does not have yet: often
// long after this function has returned.
func (t *tour) lines(r *pants.Request) {
	t.room.wait(r, func(lines []line) { sendJSON(r, lines) })
}

// next is lines for a browser without JavaScript: the page itself comes late.
func (t *tour) next(r *pants.Request) {
	t.room.wait(r, func([]line) { t.show(r, http.StatusOK, page{}) })
}

type line struct {
	Number     int
	Name, Text string
}

// room keeps what was said last, and the requests that wait for more.
type room struct {
	patience time.Duration // a request that has waited so long is answered with no lines

	mu      sync.Mutex
	last    int // number of the last line
	said    []line
	waiting map[*pants.Request]func()
}

// newRoom has the patience of the most impatient proxies, which give up after 30 seconds.
func newRoom() *room {
	return &room{patience: 25 * time.Second, waiting: map[*pants.Request]func(){}}
}

const lastLines = 50

// wait keeps a request until somebody says something.
func (c *room) wait(r *pants.Request, answer func([]line)) {
	after, _ := strconv.Atoi(r.Get().Get("after"))
	c.mu.Lock()
	defer c.mu.Unlock()
	if after > c.last {
		after = 0 // the tab is older than this room
	}
	send := func() { r.Go(func() { answer(c.since(after)) }) }
	if c.last > after {
		send()
		return
	}
	c.waiting[r] = send
	timer := time.AfterFunc(c.patience, send)
	// The context ends when the request is answered, when its client has
	// left, and when the server stops.
	context.AfterFunc(r.Context(), func() {
		timer.Stop()
		c.forget(r)
	})
}

// say answers every request that was kept.
func (c *room) say(name, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.said = append(c.said, line{c.last, name, text})
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
