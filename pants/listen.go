package pants

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// drainTime is how long Listen waits for responses to end after its context did.
const drainTime = 15 * time.Second

// HTTPServer is an http.Server for h with limits that hold against slow and greedy clients; change what you like before you
// use it. The time for a whole response is not limited: downloads and event streams are long.
func (s *Server) HTTPServer(h http.Handler) *http.Server {
	s.prepare()
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second, // longer than nginx keeps an upstream connection: 60 s
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log().Handler(), slog.LevelError),

		// OPTIONS * reaches h, as every request reached a Pants handler.
		DisableGeneralOptionsHandler: true,
	}
	srv.SetKeepAlivesEnabled(!s.config.DisableKeepAlives)
	srv.RegisterOnShutdown(s.startDrain)
	return srv
}

// startDrain tells deferred requests that the server stops.
func (s *Server) startDrain() { s.drain.Do(func() { close(s.draining) }) }

// Listen serves h at the TCP address until ctx ends, then drains: it accepts no more, answers deferred requests that nothing was
// sent of with 503, gives the others up to 15 seconds, and closes. The address is "host:port" or ":port"; "" is ":80". It
// returns nil after a clean drain. After a drain the Server's deferred requests stay told: use another Server to listen again.
func (s *Server) Listen(ctx context.Context, address string, h http.Handler) error {
	s.prepare()
	if address == "" {
		address = ":80"
	}
	network := "tcp"
	if host, err := netip.ParseAddrPort(address); err == nil && host.Addr().Is4() {
		network = "tcp4" // "0.0.0.0:80" would be reachable by IPv6 as well
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return fmt.Errorf("pants: listen: %w", err)
	}
	srv := s.HTTPServer(h)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("pants: serve: %w", err)
	case <-ctx.Done():
	}
	s.startDrain()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := srv.Shutdown(deadline); err != nil {
		return fmt.Errorf("pants: drain: %w", errors.Join(err, srv.Close()))
	}
	return nil
}
