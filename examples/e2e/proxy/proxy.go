// Package proxy runs real proxies for tests: each on free ports of this machine, in a folder of its own, in the foreground,
// and stopped by its process id when the test ends.
//
// A program that is not installed skips the test, with the reason. Where CI=true is set it fails it: there the programs are
// part of what is tested, and .ci/install brings them.
package proxy

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Need returns the path of a program.
func Need(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	// Debian keeps servers where a user's PATH does not look.
	if path, err := exec.LookPath(filepath.Join("/usr/sbin", name)); err == nil {
		return path
	}
	missing(t, name)
	return ""
}

// NeedFile is Need for a part of a program, such as a module in a package of its own.
func NeedFile(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		missing(t, path)
	}
}

func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s not found: run .ci/install", name)
	}
	t.Skipf("%s not found", name)
}

// Address returns 127.0.0.1 with a port that nobody listens on. It is below the ports that the kernel gives to clients, so
// that no connection of another test takes it meanwhile.
func Address(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(17000)))
		if err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// Folder returns a temporary folder with a name short enough for the path of a unix socket, which ends at 108 bytes.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// File writes content to a new file in dir.
func File(t testing.TB, dir, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Start runs a server in the foreground until the test ends, and returns when it accepts connections on address. What it
// printed is shown if the test fails.
func Start(t testing.TB, command *exec.Cmd, address string) {
	t.Helper()
	var out output
	command.Stdout, command.Stderr = &out, &out
	// If the test's process is killed, no cleanup runs. The system then kills the server when the thread that started it
	// ends: so that thread waits for the server, and for nothing else.
	killWithParent(command)
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(command.Process, ended)
		if t.Failed() {
			t.Logf("%s:\n%s", command, out.String())
		}
	})
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", command.Path, command.ProcessState)
		default:
		}
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			conn.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s does not listen on %s", command.Path, address)
}

// stop asks first: a server with processes of its own takes them along.
func stop(process *os.Process, ended <-chan struct{}) {
	_ = process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = process.Kill()
		<-ended
	}
}

// output is written by the server while the test may read it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
