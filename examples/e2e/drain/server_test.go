// Package drain_test stops and starts servers while clients ask them, and counts what becomes of each request.
package drain_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/app"
	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// TestMain is the server too: the tests run this program again.
func TestMain(m *testing.M) {
	address := os.Getenv("DRAIN_LISTEN")
	if address == "" {
		os.Exit(m.Run())
	}
	if err := serve(address, os.Getenv("DRAIN_JOURNAL"), os.Getenv("DRAIN_CERT"), os.Getenv("DRAIN_KEY")); err != nil {
		log.Fatal(err)
	}
}

// drainTime is what servers have to end in.
const drainTime = 8 * time.Second

// serve is an app that ends as the documentation of Listen shows. It notes each request in the journal before it answers.
func serve(address, journal, cert, key string) error {
	go func() { // the test has ended, however it did
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	root, err := os.MkdirTemp(filepath.Dir(journal), "root")
	if err != nil {
		return err
	}
	notes, err := os.OpenFile(journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s, err := pants.New(pants.Config{DrainTimeout: drainTime, Sendfile: sendfile.Config{Root: root}})
	if err != nil {
		return err
	}
	handler, err := app.New(s, root, func(id string) { _, _ = notes.WriteString(id + "\n") })
	if err != nil {
		return err
	}
	if cert != "" {
		if err := s.StartSSL(cert, key); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	fmt.Println("SIGTERM is heeded")
	for {
		err := s.Listen(ctx, address, handler)
		if !errors.Is(err, syscall.EADDRINUSE) || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Millisecond) // the one before has the address still
	}
}

// server is a process with the app.
type server struct {
	t       *testing.T
	command *exec.Cmd
	ended   chan error
	log     bytes.Buffer
}

// site is what the servers of a test have in common.
type site struct {
	t         *testing.T
	address   string // for Listen
	journal   string
	socket    *os.File // passed to servers; nil: none
	cert, key string
}

func newSite(t *testing.T, address string) *site {
	return &site{t: t, address: address, journal: filepath.Join(proxy.Folder(t), "journal")}
}

// start starts a server that can be told to stop. It need not listen yet.
func (s *site) start() *server {
	s.t.Helper()
	v := &server{t: s.t, command: exec.Command(os.Args[0]), ended: make(chan error, 1)}
	v.command.Env = append(os.Environ(), "DRAIN_LISTEN="+s.address, "DRAIN_JOURNAL="+s.journal, "DRAIN_CERT="+s.cert, "DRAIN_KEY="+s.key)
	if s.socket != nil {
		v.command.Env = append(v.command.Env, "LISTEN_FDS=1")
		v.command.ExtraFiles = []*os.File{s.socket}
	}
	v.command.Stderr = &v.log
	stdin, err := v.command.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	stdout, err := v.command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := v.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		_ = v.command.Wait()
		s.t.Fatalf("the server says %q, %v:\n%s", line, err, v.log.String())
	}
	go func() { v.ended <- v.command.Wait() }()
	s.t.Cleanup(func() { stdin.Close() })
	return v
}

// stop tells the server to stop, and waits for its end, which has to be in time and without an error.
func (v *server) stop() (took time.Duration) {
	v.t.Helper()
	start := time.Now()
	if err := v.command.Process.Signal(syscall.SIGTERM); err != nil {
		v.t.Fatal(err)
	}
	select {
	case err := <-v.ended:
		if err != nil {
			v.t.Errorf("the server ended with %v:\n%s", err, v.log.String())
		}
	case <-time.After(drainTime + 5*time.Second):
		v.t.Error("the server has not ended in time")
		_ = v.command.Process.Kill()
		<-v.ended
	}
	return time.Since(start).Round(time.Millisecond)
}

// handled is how often each request reached a handler.
func (s *site) handled() map[string]int {
	s.t.Helper()
	file, err := os.Open(s.journal)
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	handled := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		handled[lines.Text()]++
	}
	return handled
}

// wait waits until somebody answers.
func wait(t *testing.T, network, address string) {
	t.Helper()
	for range 2000 {
		if conn, err := net.Dial(network, address); err == nil {
			conn.Close()
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("nobody listens at %s", address)
}
