package websocket_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// What a library refuses is its own answer, with the headers and cookies that were set, at once, on a connection that serves the
// next request.
func TestRefusedHandshake(t *testing.T) {
	tests := []struct {
		name, old, new string // of handshake
		status         map[string]int
	}{
		{"key too short", "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", map[string]int{"gorilla": 400, "coder": 400}},
		{"no key", "Sec-WebSocket-Key", "X-Key", map[string]int{"gorilla": 400, "coder": 400}},
		{"another site", "\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n", map[string]int{"gorilla": 403, "coder": 403}},
		{"old version", "Version: 13", "Version: 8", map[string]int{"gorilla": 400, "coder": 400}},
		{"POST", "GET", "POST", map[string]int{"gorilla": 405, "coder": 405}},
		{"no upgrade", "Upgrade: websocket\r\n", "", map[string]int{"gorilla": 400, "coder": 426}},
	}
	for _, library := range libraries {
		for _, place := range places {
			t.Run(library.name+"/"+place.name, func(t *testing.T) {
				a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
				h := place.handler(t, a)
				check := nothingLeft(t)
				defer check()
				to := listen(t, "tcp", a.server, h)
				b := dialBare(t, to)
				defer b.Close()
				for i, test := range tests {
					request := strings.Replace(handshake, test.old, test.new, 1)
					if request == handshake {
						t.Fatalf("%s changes nothing", test.name)
					}
					res, content := b.ask(t, request)
					if want := test.status[library.name]; res.StatusCode != want || content == "" {
						t.Errorf("%s: %d %q, want %d and why", test.name, res.StatusCode, content, want)
					}
					if res.Header.Get("X-App") != "kit" || (res.Header.Get("Set-Cookie") == "") != place.bare {
						t.Errorf("%s: %v", test.name, res.Header)
					}
					if n := a.failed.Load(); n != int64(i+1) {
						t.Errorf("%s: the library has refused %d times, want %d", test.name, n, i+1)
					}
				}
				b.Close()
				if err := to.stop(); err != nil {
					t.Errorf("Listen = %v", err)
				}
			})
		}
	}
}

// A client may not send a frame before it has seen the 101, and some do: coder/websocket answers it, gorilla/websocket closes the
// connection that it has taken over by then.
func TestFrameWithTheHandshake(t *testing.T) {
	for _, library := range libraries {
		for _, place := range places {
			a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
			to := listen(t, "tcp", a.server, place.handler(t, a))
			b := dialBare(t, to)
			_ = b.SetDeadline(time.Now().Add(10 * time.Second))
			_, _ = io.WriteString(b, handshake+"\x81\x85\x00\x00\x00\x00hello")
			in := bufio.NewReader(b)
			res, err := http.ReadResponse(in, nil)
			switch library.name {
			case "gorilla":
				if err == nil {
					t.Errorf("%s, %s: %s", library.name, place.name, res.Status)
				}
			case "coder":
				frame := make([]byte, len("\x81\x05hello"))
				if err == nil {
					_, err = io.ReadFull(in, frame)
				}
				if err != nil || string(frame) != "\x81\x05hello" {
					t.Errorf("%s, %s: %v, %q, %v", library.name, place.name, res, frame, err)
				}
			}
			b.Close()
			if err := to.stop(); err != nil {
				t.Errorf("%s, %s: Listen = %v", library.name, place.name, err)
			}
		}
	}
}

// HTTP/2 has no connection to take over: browsers open one of HTTP/1.1 for WebSockets. A request for it that comes over HTTP/2 in
// spite of that is answered. The headers Connection and Upgrade, which it must not have, net/http refuses by itself.
func TestNoUpgradeOverHTTP2(t *testing.T) {
	for _, library := range libraries {
		a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
		mux := http.NewServeMux()
		for i, place := range places {
			mux.Handle(fmt.Sprintf("/%d", i), place.handler(t, a))
		}
		for path, take := range map[string]func(r *pants.Request) error{
			"/connection": func(r *pants.Request) error { _, _, err := r.Connection().Hijack(); return err },
			"/hijacker":   func(r *pants.Request) error { _, _, err := r.Writer.(http.Hijacker).Hijack(); return err },
			"/switching": func(r *pants.Request) error {
				r.Writer.WriteHeader(http.StatusSwitchingProtocols)
				_, _, err := http.NewResponseController(r.Writer).Hijack()
				return err
			},
		} {
			mux.Handle(path, a.server.Handler(func(r *pants.Request) {
				if err := take(r); !errors.Is(err, http.ErrNotSupported) {
					t.Errorf("%s: %v, want http.ErrNotSupported", path, err)
				}
				_ = r.SendResponse("no WebSocket over HTTP/2", pants.Code(http.StatusNotImplemented))
			}))
		}
		to := listen(t, "tls", a.server, mux)
		transport := &http.Transport{DialContext: dialOptions{}.dialer(to), TLSClientConfig: to.tls, ForceAttemptHTTP2: true}
		client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
		ask := func(path string) (status int, content string) {
			hr, err := http.NewRequest(http.MethodGet, to.url(false)+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			hr.Header.Set("Sec-WebSocket-Version", "13")
			hr.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			res, err := client.Do(hr)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil || res.ProtoMajor != 2 {
				t.Errorf("%s: %s, %v", path, res.Proto, err)
			}
			return res.StatusCode, string(b)
		}
		for i, place := range places {
			want := map[string]int{"gorilla": 400, "coder": 426}[library.name]
			if status, content := ask(fmt.Sprint(i)); status != want || content == "" {
				t.Errorf("%s, %s: %d %q, want %d", library.name, place.name, status, content, want)
			}
		}
		for _, path := range []string{"connection", "hijacker", "switching"} {
			if status, content := ask(path); status != 501 || content != "no WebSocket over HTTP/2" {
				t.Errorf("%s: %d %q, want 501", path, status, content)
			}
		}
		transport.CloseIdleConnections()
		if err := to.stop(); err != nil {
			t.Errorf("Listen = %v", err)
		}
	}
}

// http.TimeoutHandler gives no connection away. A library that writes its 101 first must not make the client believe it.
func TestNoUpgradeWithoutAConnection(t *testing.T) {
	for _, library := range libraries {
		for _, place := range places {
			a := &app{t: t, server: newServer(t, pants.Config{}), upgrade: library.upgrade}
			h := http.TimeoutHandler(place.handler(t, a), 10*time.Second, "")
			to := listen(t, "tcp", a.server, h)
			b := dialBare(t, to)
			if res, content := b.ask(t, handshake); res.StatusCode < 500 {
				t.Errorf("%s, %s: %d %q, want a 5xx", library.name, place.name, res.StatusCode, content)
			}
			b.Close()
			_ = to.stop()
		}
	}
}
