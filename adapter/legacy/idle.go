package legacy

import (
	"sync"
	"time"
)

// idle are the connections that wait for another request.
type idle struct {
	mu    sync.Mutex
	conns []*conn // the longest idle first
	timer *time.Timer
}

const (
	maxIdle  = 16
	idleTime = 30 * time.Second
)

// take returns the connection that was used last, nil if there is none that lives.
func (i *idle) take() *conn {
	for {
		i.mu.Lock()
		if len(i.conns) == 0 {
			i.mu.Unlock()
			return nil
		}
		c := i.conns[len(i.conns)-1]
		i.conns = i.conns[:len(i.conns)-1]
		i.mu.Unlock()
		// What came unasked would be taken for the next answer.
		if isQuiet(c.Conn) {
			return c
		}
		_ = c.Conn.Close()
	}
}

// put keeps a connection, for idleTime or until there are newer ones.
func (i *idle) put(c *conn) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c.idleSince = time.Now()
	i.conns = append(i.conns, c)
	if len(i.conns) > maxIdle {
		i.drop(1)
	}
	if i.timer == nil {
		i.timer = time.AfterFunc(idleTime, i.sweep)
	}
}

// sweep closes what was idle for too long.
func (i *idle) sweep() {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for n < len(i.conns) && time.Since(i.conns[n].idleSince) >= idleTime {
		n++
	}
	i.drop(n)
	i.timer = nil
	if len(i.conns) > 0 {
		i.timer = time.AfterFunc(idleTime-time.Since(i.conns[0].idleSince), i.sweep)
	}
}

// drop closes the first n. i.mu is held.
func (i *idle) drop(n int) {
	for _, c := range i.conns[:n] {
		_ = c.Conn.Close()
	}
	i.conns = append(i.conns[:0], i.conns[n:]...)
}
