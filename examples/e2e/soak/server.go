package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-pants/kit/examples/e2e/app"
	"github.com/go-pants/kit/examples/e2e/load"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// role is set in the process that is the server: to its folder, and its addresses for TCP and for TLS.
const role = "SOAK_SERVER"

// drainTime is what the server has to end in.
const drainTime = 10 * time.Second

// places are where the server listens.
type places struct{ Dir, TCP, TLS string }

func (p places) unix() string { return filepath.Join(p.Dir, "app.sock") }
func (p places) log() string  { return filepath.Join(p.Dir, "log") }

// serve is the server. It answers each line of its input with its figures, and stops at the end of it.
func serve() error {
	var at places
	if err := json.Unmarshal([]byte(os.Getenv(role)), &at); err != nil {
		return err
	}
	dir := at.Dir
	cert, key, err := load.Certificate(dir)
	if err != nil {
		return err
	}
	file, err := os.Create(at.log())
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	addresses := []string{at.TCP, at.TLS, "unix://" + at.unix()}
	ended := make(chan error, len(addresses))
	for _, address := range addresses {
		root, err := os.MkdirTemp(dir, "root")
		if err != nil {
			return err
		}
		s, err := pants.New(pants.Config{MaxRequest: 32 << 20, DrainTimeout: drainTime, Sendfile: sendfile.Config{Root: root}, Log: log})
		if err != nil {
			return err
		}
		if address == at.TLS {
			if err := s.StartSSL(cert, key); err != nil {
				return err
			}
		}
		handler, err := app.New(s, root, nil)
		if err != nil {
			return err
		}
		go func() { ended <- s.Listen(ctx, address, handler) }()
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := json.NewEncoder(os.Stdout).Encode(measure()); err != nil {
			return err
		}
	}
	stop()
	return errors.Join(<-ended, <-ended, <-ended)
}

// server is the process, as its clients see it.
type server struct {
	places
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *json.Decoder
	ended   chan error
}

func start() (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	s := &server{places: places{Dir: dir}, command: exec.Command(program), ended: make(chan error, 1)}
	for _, address := range []*string{&s.TCP, &s.TLS} {
		if *address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	at, err := json.Marshal(s.places)
	if err != nil {
		return nil, err
	}
	s.command.Env = append(os.Environ(), role+"="+string(at), "TMPDIR="+dir)
	s.command.Stderr = os.Stderr
	if s.stdin, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.stdout = json.NewDecoder(stdout)
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.command.Wait() }()
	for _, dial := range []func() (net.Conn, error){s.dialTCP, s.dialTLS, s.dialUnix} {
		if err := await(dial); err != nil {
			s.kill()
			return nil, fmt.Errorf("the server does not listen: %w", err)
		}
	}
	return s, nil
}

// freeAddress is below the ports that the kernel gives to clients.
func freeAddress() (string, error) {
	for range 100 {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(17000))); err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", errors.New("no free port")
}

func await(dial func() (net.Conn, error)) (err error) {
	for range 1000 {
		var conn net.Conn
		if conn, err = dial(); err == nil {
			return conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

func (s *server) dialTCP() (net.Conn, error) { return net.DialTimeout("tcp", s.TCP, 5*time.Second) }
func (s *server) dialUnix() (net.Conn, error) {
	return net.DialTimeout("unix", s.unix(), 5*time.Second)
}

// dialTLS connects to where TLS is spoken, and leaves the handshake to others.
func (s *server) dialTLS() (net.Conn, error) { return net.DialTimeout("tcp", s.TLS, 5*time.Second) }

func (s *server) figures() (f figures, err error) {
	if _, err := io.WriteString(s.stdin, "figures\n"); err != nil {
		return f, err
	}
	err = s.stdout.Decode(&f)
	return f, err
}

// afterwards looks until nothing is left of the load, or it takes too long: connections end, and what was abandoned is noticed.
func (s *server) afterwards(rest figures) (f figures, err error) {
	for range 100 {
		f, err = s.figures()
		if err != nil || len(f.above(rest)) == 0 {
			return f, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return f, nil
}

// stop tells the server to stop and waits for its end.
func (s *server) stop() (took time.Duration, err error) {
	start := time.Now()
	s.stdin.Close()
	select {
	case err = <-s.ended:
	case <-time.After(drainTime + 5*time.Second):
		err = fmt.Errorf("the server has not ended after %v", time.Since(start))
	}
	return time.Since(start).Round(time.Millisecond), err
}

// complaints are the lines in the server's log. A handshake that a client breaks off is none of its faults.
func (s *server) complaints() (lines []string, err error) {
	content, err := os.ReadFile(s.log())
	for line := range strings.Lines(string(content)) {
		if !strings.Contains(line, "TLS handshake error") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines, err
}

func (s *server) kill() {
	_ = s.command.Process.Kill()
	_ = os.RemoveAll(s.Dir)
}
