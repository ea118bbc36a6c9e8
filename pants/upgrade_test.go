package pants_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

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

// A 101 that cannot be sent is no upgrade: the client would wait for it for ever.
func TestUpgradeThatCannotBeSent(t *testing.T) {
	s := newServer(t, pants.Config{Log: discard()})
	tests := map[string]func(w http.ResponseWriter, r *pants.Request){
		"a bad cookie": func(_ http.ResponseWriter, r *pants.Request) { r.CookiesOut().Set("a b", "") },
		"a bad header": func(w http.ResponseWriter, _ *pants.Request) { w.Header().Set("X-A", "1\r\nX-B: 2") },
	}
	for name, spoil := range tests {
		app := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			spoil(w, pants.FromContext(hr.Context()))
			if conn, err := upgrade(w); err == nil {
				t.Errorf("%s: the connection is taken over", name)
				conn.Close()
			} else if errors.Is(err, http.ErrNotSupported) {
				t.Errorf("%s: %v", name, err)
			}
		})
		behind := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			app(w.(interface{ Unwrap() http.ResponseWriter }).Unwrap(), hr)
		})
		for where, h := range map[string]http.Handler{
			"Wrap": s.Wrap(app), "Serve": s.Handler(func(r *pants.Request) { r.Serve(app) }), "Unwrap": s.Wrap(behind),
		} {
			ts := httptest.NewServer(h)
			conn := dial(t, ts, upgradeRequest)
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode != 500 {
				t.Errorf("%s, %s: %+v, %v; want a 500", name, where, res, err)
			}
			ts.Close()
		}
	}
}

// Where there is no connection to take, no 101 goes out that the client would believe.
func TestUpgradeWithoutAConnection(t *testing.T) {
	s := newServer(t, pants.Config{})
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := upgrade(w); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack = %v, want http.ErrNotSupported", err)
		}
	})
	for name, h := range map[string]http.Handler{
		"Wrap": s.Wrap(app), "twice": s.Wrap(s.Wrap(app)), "Serve": s.Handler(func(r *pants.Request) { r.Serve(app) }),
	} {
		ts := httptest.NewServer(http.TimeoutHandler(h, 10*time.Second, ""))
		conn := dial(t, ts, upgradeRequest)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if content, _ := io.ReadAll(res.Body); res.StatusCode != 500 || string(content) != "no upgrade\n" {
			t.Errorf("%s: %d %q, want the handler's 500", name, res.StatusCode, content)
		}
		ts.Close()
	}
}
