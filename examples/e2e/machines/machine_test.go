// Package machines_test runs an app on two machines, which are two processes here, behind one nginx.
package machines_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// TestMain is a machine too: the tests run this program again.
func TestMain(m *testing.M) {
	if os.Getenv("MACHINE_NAME") == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

// serve is the app. Its configuration is what machines share, and nothing else passes between them.
func serve() error {
	go func() { // the test has ended, however it did
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	name := os.Getenv("MACHINE_NAME")
	config := pants.Config{DrainTimeout: 8 * time.Second}
	for _, secret := range strings.Split(os.Getenv("MACHINE_SECRETS"), ",") {
		config.CookieSecrets = append(config.CookieSecrets, []byte(secret))
	}
	server, err := pants.New(config)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /login", server.Handler(func(r *pants.Request) {
		if err := r.SetSecureCookie(&http.Cookie{Name: "user"}, r.Get().Get("user")); err != nil {
			log.Fatal(err)
		}
		_ = r.SendResponse(name + " welcomes " + r.Get().Get("user"))
	}))
	// A cookie is set anew on each visit: so users who come back move to the secret that signs.
	mux.Handle("/visit", server.Handler(func(r *pants.Request) {
		var user string
		if err := r.SecureCookie("user", &user); err != nil {
			_ = r.SendResponse(name+": "+err.Error(), pants.Code(http.StatusUnauthorized))
			return
		}
		if err := r.SetSecureCookie(&http.Cookie{Name: "user"}, user); err != nil {
			log.Fatal(err)
		}
		answer := func() { _ = r.SendResponse(name + " knows " + user + " " + string(r.Body())) }
		if r.Method() == http.MethodGet {
			time.AfterFunc(5*time.Millisecond, answer) // a drain turns it away, and nginx asks the other machine
			return
		}
		time.Sleep(5 * time.Millisecond) // a drain waits for it
		answer()
	}))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return server.Listen(ctx, os.Getenv("MACHINE_LISTEN"), mux)
}

// machine is one of them, with an address that it keeps.
type machine struct {
	t       *testing.T
	name    string
	address string
	socket  *os.File // held for it, as systemd does; nil: it listens by itself

	command *exec.Cmd
	ended   chan error
	log     bytes.Buffer
}

// start starts the machine and waits until it answers.
func (m *machine) start(deployment string, secrets ...string) {
	m.t.Helper()
	m.command, m.ended = exec.Command(os.Args[0]), make(chan error, 1)
	listen := m.address
	if m.socket != nil {
		listen = "systemd:"
		m.command.ExtraFiles = []*os.File{m.socket}
	}
	m.command.Env = append(os.Environ(), "MACHINE_NAME="+m.name+deployment, "MACHINE_LISTEN="+listen,
		"MACHINE_SECRETS="+strings.Join(secrets, ","), "LISTEN_FDS=1")
	m.log.Reset()
	m.command.Stderr = &m.log
	stdin, err := m.command.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.command.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func(command *exec.Cmd, ended chan<- error) { ended <- command.Wait() }(m.command, m.ended)
	m.t.Cleanup(func() { stdin.Close() })
	// Who connects to a socket that is held waits; to an address that nobody listens at, tries again.
	for range 1000 {
		if res, err := http.Get("http://" + m.address + "/visit"); err == nil {
			content, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if strings.HasPrefix(string(content), m.name+deployment) {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	m.t.Fatalf("%s does not answer:\n%s", m.name, m.log.String())
}

// stop is what a deployment does first: the machine drains, and ends without an error.
func (m *machine) stop() {
	m.t.Helper()
	if err := m.command.Process.Signal(syscall.SIGTERM); err != nil {
		m.t.Fatal(err)
	}
	select {
	case err := <-m.ended:
		if err != nil {
			m.t.Errorf("%s ended with %v:\n%s", m.name, err, m.log.String())
		}
	case <-time.After(15 * time.Second):
		_ = m.command.Process.Kill()
		m.t.Fatalf("%s has not ended in time", m.name)
	}
}

// hold opens the machine's socket in the test's process, which keeps it while the machine's come and go.
func (m *machine) hold() {
	m.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { l.Close() })
	m.address = l.Addr().String()
	if m.socket, err = l.(*net.TCPListener).File(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { m.socket.Close() })
}

// secret is one that is long enough.
func secret(name string) string { return fmt.Sprintf("%-32s", name) }
