package pants_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// A write after ServeHTTP returned lands in the next response on the connection. Fifty requests in a row on one connection
// each leave a goroutine that tries every way to write late; no answer may hold a byte of another, and every call must fail.
func TestLateWritesNeverReachAnotherResponse(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			var server pants.Server
			var late sync.WaitGroup
			go2 := make(chan struct{})
			ts := httptest.NewUnstartedServer(server.Handler(func(r *pants.Request) {
				id := r.Get().Get("id")
				unwrapped := r.Writer.(interface{ Unwrap() http.ResponseWriter }).Unwrap()
				header := r.Writer.Header()
				late.Add(1)
				go func() {
					defer late.Done()
					<-r.Context().Done() // ServeHTTP has returned
					for range 20 {
						lateCalls(t, r, header, unwrapped, id)
					}
					<-go2 // and once more when all the answers are through
					lateCalls(t, r, header, unwrapped, id)
				}()
				if r.Method() == http.MethodPost {
					r.Go(func() { _ = r.SendResponse("answer " + id) })
					return
				}
				_ = r.SendResponse("answer " + id)
			}))
			ts.EnableHTTP2 = proto == "HTTP/2.0"
			if ts.EnableHTTP2 {
				ts.StartTLS()
			} else {
				ts.Start()
			}
			defer ts.Close()
			client := ts.Client()
			for i := range 50 {
				method := []string{http.MethodGet, http.MethodPost}[i%2]
				req, err := http.NewRequestWithContext(context.Background(), method, fmt.Sprintf("%s/?id=%d", ts.URL, i), nil)
				if err != nil {
					t.Fatal(err)
				}
				res, err := client.Do(req)
				if err != nil {
					t.Fatalf("request %d: %v", i, err)
				}
				content, err := io.ReadAll(res.Body)
				res.Body.Close()
				if want := fmt.Sprintf("answer %d", i); err != nil || string(content) != want || res.StatusCode != 200 || res.Proto != proto {
					t.Fatalf("request %d: %s %d %q, %v; want %s 200 %q", i, res.Proto, res.StatusCode, content, err, proto, want)
				}
				if got := res.Header.Get("X-Late"); got != "" {
					t.Fatalf("request %d: header of request %s", i, got)
				}
			}
			close(go2)
			late.Wait()
		})
	}
}

// lateCalls tries everything that could reach the connection after the end.
func lateCalls(t *testing.T, r *pants.Request, header http.Header, unwrapped http.ResponseWriter, id string) {
	t.Helper()
	header.Set("X-Late", id)
	r.Writer.Header().Set("X-Late", id)
	unwrapped.Header().Set("X-Late", id)
	r.Writer.WriteHeader(299)
	unwrapped.WriteHeader(299)
	noise := "LATE" + id
	_, writeErr := r.Write([]byte(noise))
	_, writerErr := r.Writer.Write([]byte(noise))
	_, stringErr := io.WriteString(r.Writer, noise)
	_, copyErr := io.Copy(r.Writer, strings.NewReader(noise))
	_, fromErr := r.Writer.(io.ReaderFrom).ReadFrom(strings.NewReader(noise))
	_, unwrappedErr := unwrapped.Write([]byte(noise))
	_, unwrappedCopyErr := io.Copy(unwrapped, strings.NewReader(noise))
	_, _, hijackErr := r.Connection().Hijack()
	controller := http.NewResponseController(r.Writer)
	for name, err := range map[string]error{
		"SendStatus": r.SendStatus(299), "SendHeaders": r.SendHeaders(http.Header{"X-Late": {id}}), "SendCookies": r.SendCookies(),
		"Send": r.Send(noise), "SendResponse": r.SendResponse(noise), "SendFile": r.SendFile("gate_test.go", nil), "Finish": r.Finish(),
		"Write": writeErr, "Writer.Write": writerErr, "Writer.WriteString": stringErr, "io.Copy": copyErr, "ReadFrom": fromErr,
		"Unwrap.Write": unwrappedErr, "Unwrap copy": unwrappedCopyErr, "Hijack": hijackErr, "Connection.Close": r.Connection().Close(),
		"Connection.Finish": r.Connection().Finish(),
		"controller Flush":  controller.Flush(), "deadline": controller.SetWriteDeadline(time.Now()),
	} {
		if !errors.Is(err, pants.ErrFinished) {
			t.Errorf("late %s = %v, want ErrFinished", name, err)
		}
	}
	r.Writer.(http.Flusher).Flush()
	if r.Connection().CurrentRequest() != nil {
		t.Error("CurrentRequest after the end is not nil")
	}
}

// Under Wrap the return of the handler is the end.
func TestWrapEndsWithTheHandler(t *testing.T) {
	var server pants.Server
	var late sync.WaitGroup
	returned := make(chan *pants.Request, 1)
	ts := httptest.NewServer(server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		late.Add(1)
		returned <- r
		go func() {
			defer late.Done()
			<-hr.Context().Done()
			if err := r.SendResponse("late"); !errors.Is(err, pants.ErrFinished) {
				t.Errorf("late SendResponse = %v, want ErrFinished", err)
			}
			if _, err := w.Write([]byte("late")); !errors.Is(err, pants.ErrFinished) {
				t.Errorf("late Write = %v, want ErrFinished", err)
			}
		}()
		_, _ = io.WriteString(w, "in time")
	})))
	defer ts.Close()
	for range 20 {
		res, content := fetch(t, ts.URL)
		if res.StatusCode != 200 || content != "in time" {
			t.Fatalf("answer %d %q", res.StatusCode, content)
		}
		<-returned
	}
	late.Wait()
}

// A writer stuck in a client that does not read must not keep the end away.
func TestEndWhileAWriteIsStuck(t *testing.T) {
	server, err := pants.New(pants.Config{FinishTimeout: 200 * time.Millisecond, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	stuck := make(chan error, 1)
	served := make(chan struct{})
	h := server.Handler(func(r *pants.Request) {
		r.Go(func() {
			chunk := strings.Repeat("x", 1<<20)
			for {
				if err := r.Send(chunk); err != nil {
					stuck <- err
					return
				}
			}
		})
	})
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		defer close(served)
		h.ServeHTTP(w, hr)
	}))
	defer ts.Close()
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadByte(); err != nil { // the head came; read no more
		t.Fatal(err)
	}
	select {
	case <-served:
	case <-time.After(10 * time.Second):
		t.Fatal("ServeHTTP did not return")
	}
	select {
	case err := <-stuck:
		if err == nil {
			t.Error("the stuck write did not fail")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the writer is still stuck")
	}
}
