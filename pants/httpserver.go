package pants

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"time"
)

// HTTPServer is an http.Server for h with limits that hold against slow and greedy clients; change what you like before you
// use it. Reading a request's headers may take 10 s and 64 KiB, a connection may be idle for 75 s (longer than nginx keeps one
// to its upstream), and each 128 KiB written may take 60 s: a client that stops reading is given up 60 to 120 s later. The time
// for a whole response is not limited, downloads and event streams are long; a WriteTimeout that you set does that in place of
// the time for each write. What a handler leaves of a body is waited for 30 s; one that reads r.Body itself, and not by a Request,
// waits as long as it likes: http.ResponseController.SetReadDeadline, or a ReadTimeout, limits that. After StartSSL its TLSConfig
// is set, for ListenAndServeTLS("", ""), and HTTP/2 is spoken.
//
// Its Shutdown drains as far as net/http goes: deferred requests are told, hijacked connections see Draining but are not waited
// for. Listen does both.
func (s *Server) HTTPServer(h http.Handler) *http.Server {
	s.prepare()
	srv := &http.Server{
		Handler:           &front{server: s, next: h},
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second, // longer than nginx keeps an upstream connection: 60 s
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log().Handler(), slog.LevelError),
		TLSConfig:         s.tlsConfig(),
		ConnState:         s.countConnections,
		ConnContext:       noteStraight,

		// A peer that is gone without a word holds its streams open for ever otherwise.
		HTTP2: &http.HTTP2Config{WriteByteTimeout: s.writeIdle, SendPingTimeout: 30 * time.Second},

		// OPTIONS * reaches h, as every request reached a Pants handler.
		DisableGeneralOptionsHandler: true,
	}
	srv.SetKeepAlivesEnabled(!s.config.DisableKeepAlives)
	srv.RegisterOnShutdown(s.Drain)
	return srv
}

// tlsConfig is nil before StartSSL.
func (s *Server) tlsConfig() *tls.Config {
	pair := s.certificate.Load()
	if pair == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
}

// countConnections keeps the number of connections that net/http looks after, and those that have brought no request yet.
func (s *Server) countConnections(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.connections.Add(1)
		if reflect.ValueOf(conn).Kind() == reflect.Pointer { // another kind may be no key
			s.freshCount.Add(1)
			s.fresh.Store(conn, time.Now())
		}
	case http.StateActive:
		s.noLongerFresh(conn)
	case http.StateClosed, http.StateHijacked:
		s.connections.Add(-1)
		s.noLongerFresh(conn)
	}
}

func (s *Server) noLongerFresh(conn net.Conn) {
	if s.freshCount.Load() == 0 || reflect.ValueOf(conn).Kind() != reflect.Pointer {
		return
	}
	if _, was := s.fresh.LoadAndDelete(conn); was {
		s.freshCount.Add(-1)
	}
}

// front is the outermost handler of an HTTPServer.
type front struct {
	server *Server
	next   http.Handler
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fw := newWireWriter(f.server, w, r)
	f.next.ServeHTTP(fw, r)
	fw.returned()
}
