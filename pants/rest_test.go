package pants_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-pants/kit/pants"
)

// TestRestOfTooLarge: Apache, and others that look for the answer only when they have sent everything, get the 413 and no broken
// connection.
func TestRestOfTooLarge(t *testing.T) {
	server, err := pants.New(pants.Config{MaxRequest: 1000})
	if err != nil {
		t.Fatal(err)
	}
	const size = 32 << 20 // more than the system keeps for a socket
	for name, handler := range map[string]http.Handler{
		"Handler": server.Handler(func(*pants.Request) { t.Error("the handler was called") }),
		"Wrap": server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := pants.FromContext(r.Context()).ParseBody(); err == nil {
				t.Error("the body was let through")
			}
			http.Error(w, "413 by the handler", http.StatusRequestEntityTooLarge)
		})),
	} {
		for framing, body := range map[string]func(io.Writer) error{
			"length": func(w io.Writer) error {
				fmt.Fprintf(w, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size)
				_, err := w.Write(make([]byte, size))
				return err
			},
			"chunked": func(w io.Writer) error {
				fmt.Fprintf(w, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", size)
				_, err := w.Write(make([]byte, size))
				fmt.Fprint(w, "\r\n0\r\n\r\n")
				return err
			},
		} {
			t.Run(name+", "+framing, func(t *testing.T) {
				app := httptest.NewServer(handler)
				defer app.Close()
				conn, err := net.Dial("tcp", app.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := body(conn); err != nil {
					t.Fatalf("sending: %v", err)
				}
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				if _, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 413 {
					t.Errorf("answer = %s, %v", res.Status, err)
				}
			})
		}
	}
}
