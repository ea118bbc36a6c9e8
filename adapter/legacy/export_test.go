package legacy

import "time"

// DropIdle closes the connections that p keeps.
func DropIdle(p *Proxy) {
	p.app.idle.mu.Lock()
	defer p.app.idle.mu.Unlock()
	p.app.idle.drop(len(p.app.idle.conns))
}

// Idle is how many connections p keeps.
func Idle(p *Proxy) int {
	p.app.idle.mu.Lock()
	defer p.app.idle.mu.Unlock()
	return len(p.app.idle.conns)
}

// Sweep does what happens when idleTime has passed for the first n connections that p keeps.
func Sweep(p *Proxy, n int) {
	i := &p.app.idle
	i.mu.Lock()
	for _, c := range i.conns[:n] {
		c.idleSince = c.idleSince.Add(-idleTime)
	}
	i.mu.Unlock()
	i.sweep()
}

// SetTunnelGrace changes how long a tunnel of p outlives its client. Call it before the first request.
func SetTunnelGrace(p *Proxy, d time.Duration) { p.app.grace = d }
