package sendfile_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// What happens to a file while it is sent: the descriptor stays, and so do the
// length and the bytes that were promised, unless they are no longer there.
func TestFileChangesWhileSent(t *testing.T) {
	const size = 12 << 20 // more than all buffers on the way hold
	quiet(t)
	old := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(old)
	const several = "bytes=0-4999999,5000000-11999999"
	tests := []struct {
		title, rng string
		change     func(path string) error
		whole      bool // the client gets all that was announced
	}{
		{"shrinks", "", func(path string) error { return os.Truncate(path, 100) }, false},
		{"shrinks to nothing", "", func(path string) error { return os.Truncate(path, 0) }, false},
		{"shrinks, one range", "bytes=1000-", func(path string) error { return os.Truncate(path, 2000) }, false},
		{"shrinks, several ranges", several, func(path string) error { return os.Truncate(path, 100) }, false},
		{"grows", "", func(path string) error { return appendTo(path, "more") }, true},
		{"grows, suffix", "bytes=-11000000", func(path string) error { return appendTo(path, "more") }, true},
		{"grows, several ranges", several, func(path string) error { return appendTo(path, "more") }, true},
		{"is replaced", "", func(path string) error {
			if err := os.WriteFile(path+".new", []byte("new"), 0o666); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, true},
		{"is replaced by a directory", "", func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o777)) }, true},
		{"is unlinked", "", os.Remove, true},
		{"is unlinked, several ranges", several, os.Remove, true},
		{"is forbidden", "", func(path string) error { return os.Chmod(path, 0) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, "file")
			if err := os.WriteFile(path, old, 0o666); err != nil {
				t.Fatal(err)
			}
			s := newSender(t, sendfile.Config{Root: root})
			result := make(chan error, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/again" {
					io.WriteString(w, "again")
					return
				}
				result <- s.Send(w, r, "file", nil)
			}))
			defer server.Close()
			c, br := dial(t, server, "GET /file HTTP/1.1\r\nHost: x\r\nRange: "+tt.rng+"\r\n\r\n")
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			sent := <-result
			if !tt.whole {
				if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(sent, io.ErrUnexpectedEOF) {
					t.Errorf("client read to %v, Send = %v, both want ErrUnexpectedEOF", err, sent)
				}
				if n, err := br.Read(make([]byte, 1)); n != 0 || err == nil {
					t.Errorf("the connection goes on: %d, %v", n, err)
				}
				return
			}
			if err != nil || sent != nil || int64(len(body)) != res.ContentLength {
				t.Fatalf("%d of %d bytes, %v, Send = %v", len(body), res.ContentLength, err, sent)
			}
			switch {
			case tt.rng == "" && !bytes.Equal(body, old), strings.HasPrefix(tt.rng, "bytes=-") && !bytes.Equal(body, old[size-11000000:]),
				tt.rng == several && !bytes.Contains(body, old[5000000:12000000]):
				t.Error("other bytes than the file had")
			}
			// Nothing of the growth may follow: the next answer starts where this one ends.
			fmt.Fprint(c, "GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
			res, err = http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, _ := io.ReadAll(res.Body); string(body) != "again" {
				t.Errorf("next answer = %q", body)
			}
		})
	}
}

// A small file goes through memory, where the same holds.
func TestSmallFileShrinks(t *testing.T) {
	for _, left := range []int64{0, 10} {
		root := newRoot(t, map[string]string{"a.txt": strings.Repeat("x", 4096)})
		s := newSender(t, sendfile.Config{Root: root})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := s.Send(&atCommit{w, func() { os.Truncate(filepath.Join(root, "a.txt"), left) }}, r, "a.txt", nil)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("Send = %v", err)
			}
		}))
		res, err := http.Get(server.URL)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(res.Body)
			res.Body.Close()
			if int64(len(body)) != left {
				t.Errorf("body = %q", body)
			}
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("client read to %v", err)
		}
		server.Close()
	}
}

// Files and Intercept have nobody to hand the error to: they break the
// connection off.
func TestShrunkenFileIsNoCompleteAnswer(t *testing.T) {
	quiet(t)
	root := newRoot(t, map[string]string{"a.txt": strings.Repeat("x", 100_000)})
	s := newSender(t, sendfile.Config{Root: root})
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Sendfile", "a.txt") })
	for title, h := range map[string]http.Handler{"Files": s.Files(), "Intercept": s.Intercept(app)} {
		if err := os.Truncate(filepath.Join(root, "a.txt"), 100_000); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(&atCommit{w, func() { os.Truncate(filepath.Join(root, "a.txt"), 10) }}, r)
			t.Errorf("%s returned as if all was well", title)
		}))
		res, err := http.Get(server.URL + "/a.txt")
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the answer looks complete", title)
		}
		server.Close()
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Repeat(text, 1<<20))
	return errors.Join(err, f.Close())
}

// dial sends a request by a connection whose buffer is small, so that the
// server has to wait for the reader.
func dial(t *testing.T, server *httptest.Server, request string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	request = strings.Replace(request, "Range: \r\n", "", 1)
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := errors.Join(c.(*net.TCPConn).SetReadBuffer(64<<10), c.SetDeadline(time.Now().Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn), bufio.NewReader(c)
}

// A thousand downloads at once, of which every other client goes away in the
// middle: afterwards nothing is open and nobody waits.
func TestAbortedDownloads(t *testing.T) {
	const clients, size = 1000, 2 << 20
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	if limit := openLimit(); limit < 4*clients {
		t.Skipf("only %d descriptors", limit)
	}
	quiet(t)
	root := t.TempDir()
	path := filepath.Join(root, "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		t.Fatal(err)
	}
	s := newSender(t, sendfile.Config{Root: root})
	files := s.Files()
	intercepted := s.Intercept(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Sendfile", "file") }))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app" {
			intercepted.ServeHTTP(w, r)
		} else {
			files.ServeHTTP(w, r)
		}
	}))
	before := runtime.NumGoroutine()
	server.Start()

	var started, done sync.WaitGroup
	leave := make(chan struct{})
	started.Add(clients)
	for i := range clients {
		done.Add(1)
		go func() {
			defer done.Done()
			begun := sync.OnceFunc(started.Done)
			defer begun()
			// Every other aborts, of these every other by a reset; half of all
			// by way of Intercept, some with ranges.
			address := []string{"/file", "/app"}[i/2%2]
			rng := []string{"", "Range: bytes=1000-\r\n", "Range: bytes=0-999999,1000000-1999999\r\n"}[i%3]
			if err := download(server, address, rng, i%2 == 0, i%4 == 0, begun, leave); err != nil {
				t.Error(err)
			}
		}()
	}
	started.Wait()
	open := openFiles(t, path)
	close(leave)
	done.Wait()
	if open < clients/4 {
		t.Errorf("only %d files were open at the same time", open)
	}
	for deadline := time.Now().Add(20 * time.Second); openFiles(t, path) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors leaked", openFiles(t, path))
		}
	}
	server.Close()
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

func download(server *httptest.Server, path, rng string, abort, reset bool, begun func(), leave <-chan struct{}) error {
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		return err
	}
	c := conn.(*net.TCPConn)
	defer c.Close()
	err = errors.Join(c.SetReadBuffer(16<<10), c.SetDeadline(time.Now().Add(time.Minute)))
	if _, werr := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", path, rng); err != nil || werr != nil {
		return errors.Join(err, werr)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	begun()
	<-leave
	if abort {
		if reset {
			return c.SetLinger(0)
		}
		return nil
	}
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || n != res.ContentLength || n < 2000000 {
		return fmt.Errorf("%d of %d bytes: %w", n, res.ContentLength, err)
	}
	return nil
}

// openFiles counts this process's descriptors of the file.
func openFiles(t *testing.T, path string) (n int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range list {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); target == path {
			n++
		}
	}
	return n
}
