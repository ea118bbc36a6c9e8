package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Load is a number of requests a second, fewer if the machine cannot. What is refused or not answered is asked again, until it is
// answered.
type Load struct {
	Dial  func() (net.Conn, error)
	Ask   func(*Request) (Outcome, error) // replaces Dial and what is done with connections
	Kept  bool                            // connections are kept and used again, in any order; else each request has its own
	Idle  int                             // how many kept connections there are at the least
	Mix   map[string]int                  // kinds and their weights
	Rate  int                             // requests a second
	Most  int                             // of them at once
	Limit time.Duration                   // for an answer; the tries until one are given up after it too
	Name  string                          // before each kind in the tally
	Into  *Tally                          // another tally; nil: the load's own
	Tally Tally

	number atomic.Int64
	mu     sync.Mutex
	idle   []*Conn
}

// Run asks until ctx ends, waits for what it has asked, and returns how many requests that were.
func (l *Load) Run(ctx context.Context) (requests int) {
	var kinds []string
	for kind, weight := range l.Mix {
		for range weight {
			kinds = append(kinds, kind)
		}
	}
	var running sync.WaitGroup
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	room := make(chan struct{}, l.Most)
	last, owed := time.Now(), 0.0
	for ctx.Err() == nil {
		now := time.Now()
		owed = min(owed+now.Sub(last).Seconds()*float64(l.Rate), float64(l.Most)) // what could not be asked in time is not made up for
		last = now
		for ; owed >= 1; owed-- {
			kind := kinds[rand.IntN(len(kinds))]
			room <- struct{}{}
			requests++
			running.Add(1)
			go func() {
				defer running.Done()
				l.one(kind)
				<-room
			}()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.idle {
		c.Close()
	}
	l.idle = nil
	return requests
}

// one asks until there is an answer. Each try has an id of its own.
func (l *Load) one(kind string) {
	number, deadline := l.number.Add(1), time.Now().Add(l.Limit)
	tally := l.Into
	if tally == nil {
		tally = &l.Tally
	}
	for try := 0; ; try++ {
		id := fmt.Sprintf("%p.%d.%d", l, number, try)
		o, err := l.try(kind, id)
		tally.Add(l.Name+kind, id, o, err)
		if o != Refused && o != Unanswered && o != Reset {
			return
		}
		if time.Now().After(deadline) {
			tally.Add(l.Name+kind, id, Late, fmt.Errorf("given up after %d tries: %w", try+1, err))
			return
		}
		if o == Refused {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func (l *Load) try(kind, id string) (Outcome, error) {
	if l.Ask != nil {
		return l.Ask(Kinds[kind](id))
	}
	c, err := l.take()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNRESET):
		return Refused, err
	case err != nil:
		return Late, err
	}
	o, reusable, err := c.Ask(Kinds[kind](id), !l.Kept, l.Limit)
	if !l.Kept || !reusable {
		c.Close()
		return o, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, c)
	return o, err
}

// take is an idle connection, or a new one. One that the server has closed is noticed, as clients and proxies do that watch theirs.
func (l *Load) take() (*Conn, error) {
	for {
		c := l.pop()
		if c == nil {
			conn, err := l.Dial()
			if err != nil {
				return nil, err
			}
			return NewConn(conn), nil
		}
		if isQuiet(c.Conn) {
			return c, nil
		}
		c.Close()
	}
}

func (l *Load) pop() *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) <= l.Idle {
		return nil
	}
	i, last := rand.IntN(len(l.idle)), len(l.idle)-1
	c := l.idle[i]
	l.idle[i] = l.idle[last]
	l.idle = l.idle[:last]
	return c
}

// isQuiet tells whether there is nothing to read, neither data nor an end.
func isQuiet(conn net.Conn) bool {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN
	})
	return err == nil && quiet
}
