package pants_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// upload is a multipart body with two files and a field between.
func upload(t *testing.T, first, second string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i, content := range []string{first, second} {
		part, err := w.CreateFormFile("f", fmt.Sprintf("%d.bin", i))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, content)
		if err := w.WriteField("n", fmt.Sprint(len(content))); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// openFiles are the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	return len(descriptors(t))
}

// descriptors are the names of this process's descriptors.
func descriptors(t *testing.T) (names []string) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc/self/fd to count descriptors in")
	}
	for _, fd := range list {
		names = append(names, "/proc/self/fd/"+fd.Name())
	}
	return names
}

// openOnDisk are the descriptors of files: sockets of an earlier test may be closing meanwhile.
func openOnDisk(t *testing.T) (n int) {
	t.Helper()
	for _, name := range descriptors(t) {
		if target, err := os.Readlink(name); err == nil && strings.HasPrefix(target, "/") {
			n++
		}
	}
	return n
}

// Body, BodyReader, Files and r.HTTP.Body agree, wherever the body is kept and in whatever order they are asked.
func TestBodyInMemoryAndOnDisk(t *testing.T) {
	first, second := strings.Repeat("first\r\n--", 30_000), strings.Repeat("\x00second", 50_000)
	content, contentType := upload(t, first, second)
	for name, limit := range map[string]int64{"in memory": 1 << 30, "on disk": 1000, "all on disk": -1} {
		for _, length := range []int64{int64(len(content)), -1} {
			t.Run(fmt.Sprint(name, " ", length), func(t *testing.T) {
				dir := t.TempDir()
				t.Setenv("TMPDIR", dir)
				before := openOnDisk(t)
				s := newServer(t, pants.Config{MemoryLimit: limit})
				var kept io.ReadSeekCloser
				var late *pants.Request
				hr := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(content))
				hr.ContentLength = length
				hr.Header.Set("Content-Type", contentType)
				w := httptest.NewRecorder()
				s.Handler(func(r *pants.Request) {
					late = r
					defer func() { _ = r.Finish() }()
					if left, _ := os.ReadDir(dir); len(left) != 0 {
						t.Errorf("the temporary file has a name: %v", left)
					}
					if on := openOnDisk(t) > before; on != (limit < int64(len(content))) {
						t.Errorf("on disk: %v with MemoryLimit %d", on, limit)
					}
					got, err := io.ReadAll(r.BodyReader())
					if err != nil || !bytes.Equal(got, content) || !bytes.Equal(r.Body(), content) {
						t.Errorf("%d bytes, %v", len(got), err)
					}
					if got, err := io.ReadAll(r.HTTP.Body); err != nil || !bytes.Equal(got, content) {
						t.Errorf("HTTP.Body: %d bytes, %v", len(got), err)
					}
					files := r.Files()["f"]
					if len(files) != 2 || fmt.Sprint(r.Post()["n"]) != fmt.Sprintf("[%d %d]", len(first), len(second)) {
						t.Fatalf("files %v, fields %v", files, r.Post())
					}
					for i, want := range []string{first, second} {
						got, err := files[i].Body()
						if err != nil || string(got) != want || files[i].Size != int64(len(want)) {
							t.Errorf("file %d: %d bytes, %v", i, len(got), err)
						}
						path := filepath.Join(t.TempDir(), "saved")
						if err := files[i].SaveTo(path); err != nil {
							t.Error(err)
						}
						if saved, err := os.ReadFile(path); err != nil || string(saved) != want {
							t.Errorf("saved %d: %d bytes, %v", i, len(saved), err)
						}
					}
					if kept, err = files[1].Open(); err != nil {
						t.Fatal(err)
					}
				}).ServeHTTP(w, hr)
				if w.Code != 200 {
					t.Fatalf("status %d", w.Code)
				}
				// A reader that was opened in time is good until it is closed.
				if got, err := io.ReadAll(kept); err != nil || string(got) != second {
					t.Errorf("kept reader: %d bytes, %v", len(got), err)
				}
				if err := errors.Join(kept.Close(), kept.Close()); err != nil {
					t.Error(err)
				}
				if limit < int64(len(content)) {
					if _, err := late.Files()["f"][0].Open(); !errors.Is(err, os.ErrClosed) {
						t.Errorf("Open after the request = %v, want os.ErrClosed", err)
					}
					if _, err := late.Files()["f"][0].Body(); !errors.Is(err, os.ErrClosed) {
						t.Errorf("Body after the request = %v, want os.ErrClosed", err)
					}
				} else if got, err := late.Files()["f"][0].Body(); err != nil || string(got) != first {
					t.Errorf("in memory, after the request: %d bytes, %v", len(got), err)
				}
				if after := openOnDisk(t); after > before {
					t.Errorf("%d descriptors, %d before", after, before)
				}
			})
		}
	}
}

// A body stays until the functions of Go have returned, also when the response is over before.
func TestBodyOutlivesTheResponseInGo(t *testing.T) {
	s := newServer(t, pants.Config{MemoryLimit: -1})
	before := openFiles(t)
	answered, done := make(chan struct{}), make(chan struct{})
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		r.Go(func() {
			defer close(done)
			_ = r.SendResponse("thanks")
			<-answered
			if got := string(r.Body()); got != "0123456789" {
				t.Errorf("Body in Go after the response: %q", got)
			}
		})
	}))
	res, err := http.Post(ts.URL, "text/plain", strings.NewReader("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	close(answered)
	<-done
	ts.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	waitFor(t, func() bool { return openFiles(t) <= before })
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for range 300 {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it did not come about")
}

// However a request with a body on disk ends, neither a descriptor nor a file is left.
func TestNothingLeftOnDisk(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s := newServer(t, pants.Config{MemoryLimit: -1, MaxRequest: 1 << 20, FinishTimeout: 50 * time.Millisecond})
	body := strings.Repeat("x", 300_000)
	form := "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n" + body + "\r\n--b--\r\n"
	tests := []struct {
		name    string
		handler pants.HandlerFunc
		request string
		abort   bool
	}{
		{"success", func(r *pants.Request) { _ = r.SendResponse("ok") }, form, false},
		{"panic", func(*pants.Request) { panic("boom") }, form, false},
		{"panic in Go", func(r *pants.Request) { r.Go(func() { panic("boom") }) }, form, false},
		{"never finished", func(*pants.Request) {}, form, false},
		{"malformed", func(*pants.Request) { t.Error("called") }, form[:len(form)-6], false},
		{"client aborts in the middle", func(*pants.Request) { t.Error("called") }, form, true},
		{"hijacked", func(r *pants.Request) {
			conn, _, err := r.Connection().Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			conn.Close()
		}, form, false},
		{"another context", func(r *pants.Request) {
			r.HTTP = r.HTTP.WithContext(r.Context())
			_ = r.Files()
			_ = r.SendResponse("ok")
		}, form, false},
		{"abort", func(*pants.Request) { panic(http.ErrAbortHandler) }, form, false},
		{"too large in chunks", func(*pants.Request) { t.Error("called") }, strings.Repeat("y", 2<<20), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := openFiles(t)
			ts := httptest.NewServer(s.Handler(test.handler))
			conn, err := net.Dial("tcp", ts.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n", len(test.request))
			if len(test.request) > 1<<20 {
				head = fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", len(test.request))
			}
			_, _ = io.WriteString(conn, head)
			if test.abort {
				_, _ = io.WriteString(conn, test.request[:len(test.request)/2])
				waitFor(t, func() bool { return openFiles(t) > before+2 }) // listener and connections aside, the body's file is open
			} else {
				_, _ = io.WriteString(conn, test.request)
				_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
				_, _ = conn.Read(make([]byte, 1000))
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
			conn.Close()
			ts.Close()
			waitFor(t, func() bool { return openFiles(t) <= before })
		})
	}
}

// A full disk is a 507 and never a short body taken for a whole one.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	s := newServer(t, pants.Config{MemoryLimit: 100})
	tests := []struct {
		name   string
		file   func() (*os.File, error)
		status int
	}{
		{"disk full", func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_RDWR, 0) }, http.StatusInsufficientStorage},
		{"quota", func() (*os.File, error) { return nil, &os.PathError{Op: "open", Err: syscall.EDQUOT} }, http.StatusInsufficientStorage},
		{"no folder", func() (*os.File, error) { return nil, os.ErrNotExist }, http.StatusInternalServerError},
		{"read-only", func() (*os.File, error) { return os.Open(os.DevNull) }, http.StatusInternalServerError},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := openFiles(t)
			pants.SetTemporaryFile(t, test.file)
			for _, length := range []int64{1000, -1} {
				hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 1000)))
				hr.ContentLength = length
				w := httptest.NewRecorder()
				s.Handler(func(*pants.Request) { t.Error("the handler ran") }).ServeHTTP(w, hr)
				if w.Code != test.status {
					t.Errorf("status %d, want %d", w.Code, test.status)
				}
			}
			if after := openFiles(t); after > before {
				t.Errorf("%d descriptors, %d before", after, before)
			}
		})
	}
}

// Over the budget of the process bodies go to disk at once; what is counted is given back.
func TestMemoryBudget(t *testing.T) {
	start := pants.BodiesInMemory() // other tests may hold some
	s := newServer(t, pants.Config{MemoryLimit: 10_000, MemoryBudget: start + 25_000})
	onDisk := 0
	open := func() (*os.File, error) {
		onDisk++
		return os.CreateTemp(t.TempDir(), "")
	}
	pants.SetTemporaryFile(t, open)
	var post func(depth int)
	post = func(depth int) {
		if depth == 0 {
			return
		}
		hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 9000)))
		w := httptest.NewRecorder()
		s.Handler(func(r *pants.Request) {
			post(depth - 1) // while this body is held
			_ = r.SendResponse(fmt.Sprint(len(r.Body())))
		}).ServeHTTP(w, hr)
		if w.Code != 200 || w.Body.String() != "9000" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	}
	post(5)
	if onDisk != 3 {
		t.Errorf("%d of 5 bodies of 9000 bytes on disk, want 3 with a budget of 25000", onDisk)
	}
	if left := pants.BodiesInMemory() - start; left != 0 {
		t.Errorf("%d bytes are still counted", left)
	}
}

// A process that is killed in the middle of an upload leaves nothing in the temporary folder.
func TestKilledProcessLeavesNothing(t *testing.T) {
	if os.Getenv("PANTS_TEST_UPLOAD") != "" {
		s := newServer(t, pants.Config{MemoryLimit: -1})
		ts := httptest.NewServer(s.Handler(func(*pants.Request) {}))
		fmt.Printf("address %s\n", ts.Listener.Addr())
		time.Sleep(time.Minute)
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("an open file keeps its name on Windows")
	}
	dir := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run", "^TestKilledProcessLeavesNothing$", "-test.v")
	command.Env = append(os.Environ(), "PANTS_TEST_UPLOAD=1", "TMPDIR="+dir)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill(); _ = command.Wait() }()
	var address string
	for address == "" {
		buffer := make([]byte, 1000)
		n, err := out.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if _, after, ok := strings.Cut(string(buffer[:n]), "address "); ok {
			address, _, _ = strings.Cut(after, "\n")
		}
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 500_000))
	deleted := fmt.Sprintf("/proc/%d/fd", command.Process.Pid)
	waitFor(t, func() bool {
		list, err := os.ReadDir(deleted)
		if err != nil {
			return true // no /proc: the folder alone has to tell
		}
		for _, entry := range list {
			if target, _ := os.Readlink(filepath.Join(deleted, entry.Name())); strings.HasPrefix(target, dir) && strings.HasSuffix(target, "(deleted)") {
				return true
			}
		}
		return false
	})
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
