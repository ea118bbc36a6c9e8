// Package app is a program to test with: handlers of every kind, whose answers a client can check to the last byte.
package app

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-pants/kit/pants"
)

// App answers requests. Each has an "id" in its query, which is in every line of the answer: that of another request is noticed.
type App struct {
	server *pants.Server
	seen   func(id string)
}

// FileSize is the length of the file that New makes.
const FileSize = 3 << 20

// FileID is the id in its lines.
const FileID = "file"

// New returns the app. It writes a file into root, which has to be the server's Config.Sendfile.Root. seen is told the id of each
// request before it is answered; nil: nobody is.
func New(s *pants.Server, root string, seen func(id string)) (http.Handler, error) {
	if err := os.WriteFile(filepath.Join(root, "file.txt"), Text(FileID, FileSize), 0o600); err != nil {
		return nil, err
	}
	a := &App{server: s, seen: seen}
	mux := http.NewServeMux()
	for pattern, handler := range map[string]pants.HandlerFunc{
		"GET /short":    a.short,
		"GET /deferred": a.deferred,
		"GET /download": a.download,
		"GET /events":   a.events,
		"GET /file":     a.file,
		"GET /lines":    a.lines,
		"POST /echo":    a.echo,
		"POST /form":    a.form,
		"POST /upload":  a.upload,
	} {
		mux.Handle(pattern, s.Handler(func(r *pants.Request) {
			if a.seen != nil {
				a.seen(r.Get().Get("id"))
			}
			handler(r)
		}))
	}
	return mux, nil
}

// Text is size bytes of numbered lines with an id.
func Text(id string, size int) []byte {
	out := make([]byte, 0, size+len(id)+12)
	for n := 0; len(out) < size; n++ {
		out = append(append(out, id...), ' ')
		out = append(strconv.AppendInt(out, int64(n), 10), '\n')
	}
	return out[:size]
}

func number(r *pants.Request, name string) int {
	n, _ := strconv.Atoi(r.Get().Get(name))
	return n
}

func (a *App) short(r *pants.Request) { _ = r.SendResponse("short " + r.Get().Get("id")) }

// deferred answers some milliseconds after the handler returned.
func (a *App) deferred(r *pants.Request) {
	time.AfterFunc(time.Duration(number(r, "after"))*time.Millisecond, func() { _ = r.SendResponse("deferred " + r.Get().Get("id")) })
}

// piece is what a download sends at once.
const piece = 16 << 10

// download sends a text in pieces, with pauses, after the handler returned. Nobody says how long it is.
func (a *App) download(r *pants.Request) {
	r.Go(func() {
		rest := Text(r.Get().Get("id"), number(r, "size"))
		for len(rest) > 0 {
			n := min(len(rest), piece)
			if _, err := r.Write(rest[:n]); err != nil {
				return
			}
			_ = http.NewResponseController(r.Writer).Flush()
			rest = rest[n:]
			time.Sleep(2 * time.Millisecond)
		}
		_ = r.Finish()
	})
}

// events is a stream that ends after n events, or with a goodbye when the server is told to stop.
func (a *App) events(r *pants.Request) {
	r.Go(func() {
		defer r.Finish()
		if err := r.SendHeaders(http.Header{"Content-Type": {"text/event-stream"}}); err != nil {
			return
		}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := range number(r, "n") {
			if r.Send(Event(r.Get().Get("id"), i)) != nil || http.NewResponseController(r.Writer).Flush() != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			case <-a.server.Draining():
				_ = r.Send(Goodbye)
				return
			}
		}
	})
}

// Event is event i of a stream.
func Event(id string, i int) string { return fmt.Sprintf("data: %s %d\n\n", id, i) }

// Goodbye is the last event of a stream that the server's end has ended.
const Goodbye = "event: bye\ndata:\n\n"

func (a *App) file(r *pants.Request) { _ = r.SendFile("file.txt", nil) }

// lines takes the connection over and sends each line back, until the server is told to stop.
func (a *App) lines(r *pants.Request) {
	id := r.Get().Get("id")
	conn, rw, err := r.Connection().Hijack()
	if err != nil {
		_ = r.SendResponse("no connection to take", pants.Code(http.StatusNotImplemented))
		return
	}
	go func() {
		defer conn.Close()
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			select {
			case <-a.server.Draining():
				_ = conn.SetReadDeadline(time.Now())
			case <-ended:
			}
		}()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: lines\r\nConnection: Upgrade\r\n\r\n")
		for rw.Flush() == nil {
			line, err := rw.ReadString('\n')
			if err != nil {
				_, _ = rw.WriteString("bye " + id + "\n")
				_ = rw.Flush()
				return
			}
			_, _ = rw.WriteString(id + " " + line)
		}
	}()
}

// echo sends the body back.
func (a *App) echo(r *pants.Request) { _ = r.SendResponse(string(r.Body())) }

// form says what a form's fields were.
func (a *App) form(r *pants.Request) {
	_ = r.SendResponse(fmt.Sprintf("%s %q %d", r.Get().Get("id"), r.Post().Get("text"), len(r.Post())))
}

// upload says what was uploaded.
func (a *App) upload(r *pants.Request) {
	files := r.Files()["file"]
	if len(files) != 1 {
		_ = r.SendResponse("one file is needed", pants.Code(http.StatusBadRequest))
		return
	}
	f, err := files[0].Open()
	if err != nil {
		_ = r.SendResponse("no file", pants.Code(http.StatusInternalServerError))
		return
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		_ = r.SendResponse("half a file", pants.Code(http.StatusInternalServerError))
		return
	}
	_ = r.SendResponse(fmt.Sprintf("%s %s %d %x", r.Get().Get("id"), r.Post().Get("text"), files[0].Size, sum.Sum(nil)))
}
