package pants_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// Whatever a handler puts into headers, cookies, a Content-Type or a file name: the bytes on the wire are one response, whose
// header lines are those that were meant. The reader is a bare socket: a client's parser would forgive.
func FuzzInjection(f *testing.F) {
	evil := "x\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	for _, text := range []string{"plain", "", evil, "a\rb", "a\nb", "a\x00b", "a: b", "é\xff", `"; filename=b`, "a;b=c", "\r\n\r\n", " lead", "trail "} {
		f.Add("X-Name", text, "cookie", text, "/", text)
		f.Add(text, "value", text, "value", text, "a.txt")
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("0123456789"), 0o600); err != nil {
		f.Fatal(err)
	}
	server, err := pants.New(pants.Config{Log: discard(), Sendfile: sendfile.Config{Root: dir}})
	if err != nil {
		f.Fatal(err)
	}
	var step atomic.Pointer[func(*pants.Request)]
	ts := httptest.NewServer(server.Handler(func(r *pants.Request) { (*step.Load())(r) }))
	f.Cleanup(ts.Close)
	f.Fuzz(func(t *testing.T, name, value, cookieName, cookieValue, cookiePath, filename string) {
		if len(name)+len(value)+len(cookieName)+len(cookieValue)+len(cookiePath)+len(filename) > 4096 {
			return
		}
		handlers := map[string]func(*pants.Request){
			"SendHeaders": func(r *pants.Request) {
				if r.SendHeaders(http.Header{name: {value}, "Content-Length": {"2"}}) == nil {
					_ = r.Send("ok")
				}
				_ = r.Finish()
			},
			"Writer": func(r *pants.Request) {
				r.Writer.Header()[name] = []string{value}
				r.Writer.Header()["Content-Length"] = []string{"2"}
				_, _ = io.WriteString(r.Writer, "ok")
				_ = r.Finish()
			},
			"cookie": func(r *pants.Request) {
				c := r.CookiesOut().Set(cookieName, cookieValue)
				c.Path, c.Domain, c.RawExpires, c.Unparsed = cookiePath, value, filename, []string{"Comment=" + value}
				_ = r.SendResponse("ok")
			},
			"Content-Type": func(r *pants.Request) { _ = r.SendResponse("ok", pants.ContentType(value)) },
			"file": func(r *pants.Request) {
				_ = r.SendFile("a.txt", &sendfile.Options{Filename: filename, Header: http.Header{name: {value}}})
			},
			"path": func(r *pants.Request) { _ = r.SendFile(filename, nil) },
		}
		for how, handler := range handlers {
			step.Store(&handler)
			conn, err := net.Dial("tcp", ts.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(conn)
			conn.Close()
			if err != nil {
				t.Fatalf("%s: %v", how, err)
			}
			if err := oneResponse(raw, name); err != nil {
				t.Fatalf("%s: %v in\n%q", how, err, raw)
			}
		}
	})
}

// oneResponse checks that raw is exactly one response with no header lines but the kit's own and that called name.
func oneResponse(raw []byte, name string) error {
	head, content, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return fmt.Errorf("no end of the headers")
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return fmt.Errorf("NUL in the head")
	}
	lines := strings.Split(string(head), "\r\n")
	if !strings.HasPrefix(lines[0], "HTTP/1.1 ") {
		return fmt.Errorf("status line %q", lines[0])
	}
	length := -1
	for _, line := range lines[1:] {
		if strings.ContainsAny(line, "\r\n") {
			return fmt.Errorf("bare CR or LF in %q", line)
		}
		field, value, found := strings.Cut(line, ":")
		switch {
		case !found:
			return fmt.Errorf("line %q", line)
		case field == "Content-Length":
			if _, err := fmt.Sscan(value, &length); err != nil {
				return err
			}
		case kitHeaders[field] || field == textproto.CanonicalMIMEHeaderKey(name) || field == name:
		default:
			return fmt.Errorf("header line %q that nobody asked for", line)
		}
	}
	if length != len(content) && !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Transfer-Encoding") {
		return fmt.Errorf("Content-Length %d, %d bytes", length, len(content))
	}
	return nil
}

var kitHeaders = map[string]bool{
	"Accept-Ranges": true, "Cache-Control": true, "Connection": true, "Content-Disposition": true, "Content-Type": true,
	"Date": true, "Etag": true, "Expires": true, "Last-Modified": true, "Set-Cookie": true, "X-Content-Type-Options": true,
}
