package pants

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// lastRequests is how long clients may still bring a request over a connection that is open when the server is told to stop.
	// The response says that it is the last one; closing the connection at once would cut off a request on its way.
	lastRequests = 500 * time.Millisecond

	// firstRequest is how long a client may take from the connection to its first request: a handshake needs its time, and a server
	// under load too. net/http has the same 5 s for connections that say nothing, but closes one that brings its request meanwhile.
	firstRequest = 5 * time.Second

	drainPoll = 10 * time.Millisecond
)

// Drain tells the Server to stop: Draining is closed, and deferred requests that nothing was sent of are answered with 503.
// Listen calls it when its context ends, and so does the Shutdown of an HTTPServer. Call it for an http.Server of your own:
// srv.RegisterOnShutdown(server.Drain).
func (s *Server) Drain() {
	s.prepare()
	s.drain.Do(func() { close(s.draining) })
}

// Draining is closed when the Server is told to stop. Handlers that hold a connection for long, WebSockets and event streams,
// should end then; Listen closes them after Config.DrainTimeout.
func (s *Server) Draining() <-chan struct{} {
	s.prepare()
	return s.draining
}

func (s *Server) isDraining() bool {
	select {
	case <-s.draining:
		return true
	default:
		return false
	}
}

// drainAll ends srv: what has begun is finished, as far as the time allows.
func (s *Server) drainAll(srv *http.Server, stopAccepting func()) error {
	s.Drain()
	limit := s.config.DrainTimeout
	if limit == 0 {
		limit = defaultDrainTimeout
	}
	ctx := context.Background()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	stopAccepting()
	last, cancel := context.WithTimeout(ctx, lastRequests)
	defer cancel()
	wait(last, func() bool { return s.connections.Load() <= 0 })
	if s.hasFresh() {
		wait(ctx, func() bool { return !s.hasFresh() })
		time.Sleep(drainPoll) // the last of them is about to be served
	}
	err := srv.Shutdown(ctx)
	if !wait(ctx, func() bool { return s.hijacked.count() == 0 }) {
		err = errors.Join(err, fmt.Errorf("%d hijacked connections left", s.hijacked.count()))
	}
	if err == nil {
		return nil
	}
	s.hijacked.closeAll()
	return fmt.Errorf("pants: drain: not finished after %v: %w", limit, errors.Join(err, srv.Close()))
}

// hasFresh tells whether a first request may still come.
func (s *Server) hasFresh() bool {
	found := false
	s.fresh.Range(func(_, since any) bool {
		found = time.Since(since.(time.Time)) < firstRequest
		return !found
	})
	return found
}

// wait looks whether it is done until ctx is over.
func wait(ctx context.Context, done func() bool) bool {
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return done()
		}
	}
	return true
}
