package pants_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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

// listening runs Listen until the test ends, or stop is called, which returns what Listen did.
func listening(t *testing.T, s *pants.Server, address string, h http.Handler) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Listen(ctx, address, h) }()
	var ended bool
	var result error
	stop = func() error {
		cancel()
		if !ended {
			result, ended = <-done, true
		}
		return result
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// freeAddress is one that nobody listens at, just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get asks over a network and waits for the server to be there.
func get(t *testing.T, network, address string) string {
	t.Helper()
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return dialUntil(t, network, address), nil
	}}}
	res, err := client.Get("http://app/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func dialUntil(t *testing.T, network, address string) net.Conn {
	t.Helper()
	var err error
	for range 500 {
		var conn net.Conn
		if conn, err = net.Dial(network, address); err == nil {
			return conn
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

func hello(s *pants.Server) http.Handler {
	return s.Handler(func(r *pants.Request) { _ = r.SendResponse("hello " + r.RemoteIP()) })
}

func TestListenTCP(t *testing.T) {
	s := newServer(t, pants.Config{})
	address := freeAddress(t)
	stop := listening(t, s, address, hello(s))
	if got := get(t, "tcp", address); got != "hello 127.0.0.1" {
		t.Errorf("got %q", got)
	}
	if err := stop(); err != nil {
		t.Errorf("Listen = %v after a clean drain", err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("it still accepts")
	}
}

// 0.0.0.0 is the world of IPv4 and no other.
func TestListenIPv4Only(t *testing.T) {
	probe, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	probe.Close()
	for _, test := range []struct {
		address    string
		four, six_ bool
	}{
		{"0.0.0.0:%s", true, false}, {"[::ffff:0.0.0.0]:%s", true, false}, {"tcp4://:%s", true, false}, {"tcp6://[::1]:%s", false, true}, {":%s", true, true},
	} {
		s := newServer(t, pants.Config{})
		_, port, _ := net.SplitHostPort(freeAddress(t))
		stop := listening(t, s, fmt.Sprintf(test.address, port), hello(s))
		if test.four {
			dialUntil(t, "tcp", "127.0.0.1:"+port).Close()
		} else {
			dialUntil(t, "tcp", "[::1]:"+port).Close()
		}
		for host, want := range map[string]bool{"127.0.0.1": test.four, "[::1]": test.six_} {
			conn, err := net.Dial("tcp", host+":"+port)
			if err == nil {
				conn.Close()
			}
			if (err == nil) != want {
				t.Errorf("%s: %s answers: %v, want %v", test.address, host, err == nil, want)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// A context that has ended before there is anything to drain is no error, whatever the address: a program is told to stop so
// early at times. A mistake stays one.
func TestListenWhenAllIsOver(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancelLate := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancelLate()
	for _, ctx := range []context.Context{ended, late} {
		for _, address := range []string{"127.0.0.1:0", "localhost:0", "tcp4://localhost:0", "unix://" + filepath.Join(shortDir(t), "app.sock")} {
			s := newServer(t, pants.Config{})
			if err := s.Listen(ctx, address, http.NotFoundHandler()); err != nil {
				t.Errorf("%s, %v: %v", address, ctx.Err(), err)
			}
			select {
			case <-s.Draining():
			default:
				t.Errorf("%s, %v: not draining", address, ctx.Err())
			}
		}
		if err := newServer(t, pants.Config{}).Listen(ctx, "localhost", http.NotFoundHandler()); err == nil {
			t.Error("an address without a port is none")
		}
	}
}

// What is wrong with the order of calls, or with an address, is an error at once.
func TestListenErrors(t *testing.T) {
	s := newServer(t, pants.Config{})
	ctx := context.Background()
	for _, address := range []string{"8080", "http://:80", "unix:app.sock"} {
		if err := s.Listen(ctx, address, hello(s)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", address)) {
			t.Errorf("Listen(%q) = %v, want an error that quotes the address", address, err)
		}
	}
	if err := s.Listen(ctx, ":0", nil); err == nil {
		t.Error("Listen without a handler is no error")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := s.Listen(ctx, taken.Addr().String(), hello(s)); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen at a taken port = %v", err)
	}
	// None of that counts: it has not listened yet.
	address := freeAddress(t)
	stop := listening(t, s, address, hello(s))
	get(t, "tcp", address)
	if err := s.Listen(ctx, freeAddress(t), hello(s)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("second Listen = %v", err)
	}
	cert, key := writePair(t, t.TempDir(), "app")
	if err := s.StartSSL(cert, key); err == nil || !strings.Contains(err.Error(), "after Listen") {
		t.Errorf("StartSSL after Listen = %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := s.Listen(ctx, freeAddress(t), hello(s)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("Listen after the drain = %v", err)
	}
}

func TestListenUnix(t *testing.T) {
	dir := shortDir(t)
	for _, test := range []struct{ query, mode string }{{"?mode=0660", "660"}, {"?mode=666", "666"}, {"?mode=0600", "600"}, {"", ""}} {
		path := filepath.Join(dir, "app.sock")
		s := newServer(t, pants.Config{})
		stop := listening(t, s, "unix://"+path+test.query, hello(s))
		if got := get(t, "unix", path); got != "hello " {
			t.Errorf("got %q", got)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := fmt.Sprintf("%o", info.Mode().Perm()); test.mode != "" && mode != test.mode {
			t.Errorf("mode %s, want %s", mode, test.mode)
		}
		other := newServer(t, pants.Config{})
		if err := other.Listen(context.Background(), "unix://"+path, hello(other)); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("Listen at a socket in use = %v", err)
		}
		if got := get(t, "unix", path); got != "hello " {
			t.Errorf("the socket was harmed: %q", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left: %v", err)
		}
	}
}

// shortDir is a folder whose name leaves room: the path of a unix socket has 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// What lies at the path of a unix socket is only removed if it is a socket that nobody serves.
func TestListenUnixStale(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "app.sock")
	leave := func() { // a socket like that of a killed process
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
	}
	leave()
	s := newServer(t, pants.Config{})
	stop := listening(t, s, "unix://"+path, hello(s))
	for range 500 { // a dial may still meet the stale one
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := get(t, "unix", path); got != "hello " {
		t.Errorf("got %q", got)
	}
	// A newer socket at the same name is not ours to remove.
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	leave()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the newer socket is gone: %v", err)
	}
	os.Remove(path)

	refused := map[string]func() error{
		"a file":   func() error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"a folder": func() error { return os.Mkdir(path, 0o700) },
		"a link":   func() error { return os.Symlink(path+".old", path) },
	}
	for name, make := range refused {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		s := newServer(t, pants.Config{})
		if err := s.Listen(context.Background(), "unix://"+path, hello(s)); err == nil || !strings.Contains(err.Error(), "no socket") {
			t.Errorf("%s: Listen = %v", name, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
		os.RemoveAll(path)
	}
	long := filepath.Join(dir, strings.Repeat("x", 120))
	if err := s.Listen(context.Background(), "unix://"+long, hello(s)); err == nil {
		t.Error("a path that is too long is no error")
	}
	fresh := newServer(t, pants.Config{})
	if err := fresh.Listen(context.Background(), "unix://"+long, hello(fresh)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path that is too long: %v", err)
	}
	if err := fresh.Listen(context.Background(), "unix://"+dir+"/no/app.sock", hello(fresh)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// Many servers that start at once at a stale socket: one has it, the others say so.
func TestListenUnixRace(t *testing.T) {
	path := filepath.Join(shortDir(t), "app.sock")
	for range 20 {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
		ctx, cancel := context.WithCancel(context.Background())
		const n = 8
		results := make(chan error, n)
		for range n {
			s := newServer(t, pants.Config{})
			go func() { results <- s.Listen(ctx, "unix://"+path, hello(s)) }()
		}
		for range n - 1 {
			if err := <-results; !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("Listen = %v, want that the address is in use", err)
			}
		}
		if got := get(t, "unix", path); got != "hello " {
			t.Errorf("got %q", got)
		}
		cancel()
		if err := <-results; err != nil {
			t.Errorf("the one that listened: %v", err)
		}
	}
}

// child is a process that listens at PANTS_TEST_LISTEN until SIGTERM, or a second one.
func TestChildThatListens(t *testing.T) {
	address := os.Getenv("PANTS_TEST_LISTEN")
	if address == "" {
		t.Skip("is run by the tests of passed sockets and signals")
	}
	runChild(t, address)
}

// passed runs the child with l as its socket. One that should refuse it has all the time that a busy machine may take; for the
// others a second is enough to see that they do not end by themselves, and who asks them waits.
func passed(t *testing.T, l net.Listener, address, environment string, refuses bool) (out string, stop func() error) {
	t.Helper()
	file := listenerFile(t, l)
	defer file.Close()
	// The shell knows the number of the process that it becomes.
	command := exec.Command("sh", "-c", environment+` exec "$0" "$@"`, os.Args[0], "-test.run", "^TestChildThatListens$")
	command.Env = append(os.Environ(), "PANTS_TEST_LISTEN="+address)
	command.ExtraFiles = []*os.File{file}
	output := &strings.Builder{}
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	patience := time.Second
	if refuses {
		patience = 30 * time.Second
	}
	select {
	case <-done:
		return output.String(), nil
	case <-time.After(patience):
	}
	return "", func() error {
		_ = command.Process.Signal(syscall.SIGTERM)
		return <-done
	}
}

func listenerFile(t *testing.T, l net.Listener) *os.File {
	t.Helper()
	file, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestListenSystemd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sockets are passed on Windows")
	}
	tests := []struct{ name, address, environment, refused string }{
		{"the only one", "systemd:", "LISTEN_PID=$$ LISTEN_FDS=1", ""},
		{"by name", "systemd:web", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web", ""},
		{"by name of two", "systemd:web", "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:admin", ""},
		{"passed on without a number", "systemd:", "LISTEN_FDS=1", ""},
		{"for another process", "systemd:", "LISTEN_PID=1 LISTEN_FDS=1", "for process 1"},
		{"none", "systemd:", "LISTEN_PID=$$", "LISTEN_FDS is not set"},
		{"nonsense", "systemd:", "LISTEN_PID=$$ LISTEN_FDS=many", "invalid LISTEN_FDS"},
		{"negative", "systemd:", "LISTEN_PID=$$ LISTEN_FDS=-1", "invalid LISTEN_FDS"},
		{"unknown name", "systemd:admin", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web", `no socket is named "admin"`},
		{"which of two", "systemd:", "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:admin", "which one"},
		{"no socket", "systemd:admin", "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:admin", "no listening socket"},
	}
	for _, network := range []string{"tcp", "unix"} {
		for _, test := range tests {
			t.Run(network+" "+test.name, func(t *testing.T) {
				t.Parallel()
				address := "127.0.0.1:0"
				if network == "unix" {
					address = filepath.Join(shortDir(t), "app.sock")
				}
				l, err := net.Listen(network, address)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				if network == "unix" {
					l.(*net.UnixListener).SetUnlinkOnClose(false)
				}
				out, stop := passed(t, l, test.address, test.environment, test.refused != "")
				if test.refused != "" {
					if stop != nil {
						t.Fatalf("it listens: %v", stop())
					}
					if !strings.Contains(out, test.refused) {
						t.Errorf("it says %q, want %q", out, test.refused)
					}
					return
				}
				if stop == nil {
					t.Fatalf("it has ended: %s", out)
				}
				if got := get(t, network, l.Addr().String()); !strings.HasPrefix(got, "hello") {
					t.Errorf("got %q", got)
				}
				if err := stop(); err != nil {
					t.Errorf("it ended with %v", err)
				}
				if network == "unix" {
					if _, err := os.Lstat(address); err != nil {
						t.Errorf("the passed socket lost its name: %v", err)
					}
				}
			})
		}
	}
}
