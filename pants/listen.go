package pants

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Listen serves h at the address until ctx ends, and then drains. It returns nil after a clean drain.
//
// The address is one of
//
//	""                               port 80, or 443 after StartSSL
//	":8080", "localhost:8080"        TCP; 0.0.0.0:8080 is IPv4 only, ":8080" and "[::]:8080" are both
//	"tcp4://:8080", "tcp6://:8080"   TCP by one version of IP
//	"unix:///run/app.sock"           a unix socket; "?mode=0660" sets who may connect, else the umask does
//	"systemd:", "systemd:NAME"       a socket that the process was given (LISTEN_FDS, LISTEN_FDNAMES)
//
// A unix socket that a process left behind is replaced if connecting to it is refused; one that somebody serves is an error. Its
// name goes away with Listen. A given socket stays open for whoever else has it, so that a new process can take over without
// a client noticing.
//
// Draining means: no more connections are accepted, responses close theirs, deferred requests that nothing was sent of are
// answered with 503 and Retry-After, Draining is closed. A connection that was made before has 5 s for its first request, a kept
// one half a second for its last. Everything else, hijacked connections too, has Config.DrainTimeout to end; then it is closed
// and Listen returns an error. For a second signal to end the process at once, let it:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	context.AfterFunc(ctx, stop)
//	err := server.Listen(ctx, ":8080", h)
//
// A Server listens once. To serve several addresses, or again, use an HTTPServer for each or another Server.
func (s *Server) Listen(ctx context.Context, address string, h http.Handler) error {
	s.prepare()
	if h == nil {
		return errors.New("pants: Listen with a nil handler")
	}
	secure, err := s.beginListen()
	if err != nil {
		return err
	}
	l, err := s.open(ctx, address, secure)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) { // the name of a host was being looked up
		s.Drain()
		return nil
	}
	if err != nil {
		s.endListen()
		return fmt.Errorf("pants: listen at %q: %w", address, err)
	}
	l.log = s.log()
	srv := s.HTTPServer(h)
	served := make(chan error, 1)
	go func() {
		if secure {
			served <- srv.ServeTLS(l, "", "")
		} else {
			served <- srv.Serve(l)
		}
	}()
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("pants: serve: %w", err), s.drainAll(srv, l.stop))
	case <-ctx.Done():
		return s.drainAll(srv, l.stop)
	}
}

// beginListen sees to the order of calls, and tells whether StartSSL came before.
func (s *Server) beginListen() (secure bool, err error) {
	s.order.Lock()
	defer s.order.Unlock()
	if s.listened {
		return false, errors.New("pants: Listen called twice")
	}
	s.listened = true
	return s.certificate.Load() != nil, nil
}

// endListen is for a Listen that failed: another address may be tried.
func (s *Server) endListen() {
	s.order.Lock()
	defer s.order.Unlock()
	s.listened = false
}

func (s *Server) open(ctx context.Context, text string, secure bool) (*listener, error) {
	a, err := parseAddress(text, secure)
	if err != nil {
		return nil, err
	}
	return a.open(ctx)
}
