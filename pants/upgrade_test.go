package pants_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-pants/kit/pants"
)

// upgrade does what coder/websocket does: the head of the 101 goes through w, and then the connection is taken over.
func upgrade(w http.ResponseWriter) (net.Conn, error) {
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "echo")
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no upgrade", http.StatusInternalServerError)
	}
	return conn, err
}

const upgradeRequest = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

// The last request that a kept connection brings while the server drains may be an upgrade.
func TestUpgradeWhileDraining(t *testing.T) {
	plain := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		if hr.Header.Get("Upgrade") == "" {
			return
		}
		if conn, err := upgrade(w); err == nil {
			conn.Close()
		} else {
			t.Error(err)
		}
	})
	for name, place := range map[string]func(*pants.Server) http.Handler{
		"plain": func(*pants.Server) http.Handler { return plain },
		"Wrap":  func(s *pants.Server) http.Handler { return s.Wrap(plain) },
		"Serve": func(s *pants.Server) http.Handler { return s.Handler(func(r *pants.Request) { r.Serve(plain) }) },
	} {
		s := newServer(t, pants.Config{})
		ts := httptest.NewUnstartedServer(nil)
		ts.Config = s.HTTPServer(place(s))
		ts.Start()
		conn := dial(t, ts, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		in := bufio.NewReader(conn)
		if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != 200 {
			t.Errorf("%s: %v, %v", name, res, err)
		}
		s.Drain()
		_, _ = io.WriteString(conn, upgradeRequest)
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode != 101 || res.Header.Get("Connection") != "Upgrade" {
			t.Errorf("%s: %+v, %v; want Connection: Upgrade", name, res, err)
		}
		ts.Close()
	}
}
