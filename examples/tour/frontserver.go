package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// A place is where a server runs.
type place struct {
	host, port string
	dir        string // for everything it writes
	snippet    string // what Sender.Snippet says
}

// A frontServer is a real server that can stand before the app.
type frontServer struct {
	programs []string // its names, the first that is found runs
	packages string   // Debian's, for the message when it is not there
	conf     func(place) (string, error)
	args     func(dir, conf string) []string
}

// Each runs in the foreground, as one process of the user who runs the tour, and writes into its folder only.
var frontServers = map[string]frontServer{
	"nginx":    {[]string{"nginx"}, "nginx", nginxConf, nginxArgs},
	"apache":   {[]string{"apache2", "httpd"}, "apache2 libapache2-mod-xsendfile", apacheConf, apacheArgs},
	"lighttpd": {[]string{"lighttpd"}, "lighttpd", lighttpdConf, lighttpdArgs},
	"caddy":    {[]string{"caddy"}, "caddy", caddyConf, caddyArgs},
}

// serverFolders are where systems keep servers that a user's PATH does not name.
var serverFolders = []string{"/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"}

// startServer is startFront for the servers that are programs of their own. The body of its configuration is the text that
// Sender.Snippet tells users to paste.
func startServer(kind, address, upstream string, sender *sendfile.Sender) (stop func(), err error) {
	server, ok := frontServers[kind]
	if !ok {
		return nil, fmt.Errorf("no server is called %q", kind)
	}
	absent := func(what string) error {
		return fmt.Errorf("%s not found: apt-get install %s, or run the tour without -%s", what, server.packages, kind)
	}
	program, ok := findProgram(server.programs)
	if !ok {
		return nil, absent(server.programs[0])
	}
	snippet, err := sender.Snippet(upstream)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	// Each server words it differently, and what answers on the port would look like the server that was to be started.
	free, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s cannot listen on %s: %w", kind, address, err)
	}
	if err := free.Close(); err != nil {
		return nil, err
	}

	dir, err := os.MkdirTemp("", "tour-"+kind)
	if err != nil {
		return nil, err
	}
	remove := func() {
		if err := os.RemoveAll(dir); err != nil {
			log.Print(err)
		}
	}
	text, err := server.conf(place{host, port, dir, snippet})
	if part := (missingPart{}); errors.As(err, &part) {
		err = absent(part.name)
	}
	conf := filepath.Join(dir, "front.conf")
	if err == nil {
		err = os.WriteFile(conf, []byte(text), 0o600)
	}
	if err != nil {
		remove()
		return nil, err
	}
	command := exec.Command(program, server.args(dir, conf)...)
	// Caddy keeps state in the user's folders, unless these are others.
	command.Env = append(command.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "TMPDIR="+dir)
	end, err := launch(command, address)
	if err != nil {
		remove()
		return nil, err
	}
	return sync.OnceFunc(func() {
		end()
		remove()
	}), nil
}

func findProgram(names []string) (path string, ok bool) {
	for _, name := range names {
		for _, dir := range append([]string{""}, serverFolders...) {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path, true
			}
		}
	}
	return "", false
}

// missingPart is the error for a part of a server that is not installed.
type missingPart struct{ name string }

func (m missingPart) Error() string { return m.name + " not found" }

// launch starts a server and returns when it accepts connections. end asks it to end, and waits until it has.
func launch(command *exec.Cmd, address string) (end func(), err error) {
	var out lastWords
	command.Stdout, command.Stderr = &out, &out
	endWithParent(command)
	started, ended, wanted := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		// Linux ends the server with the thread that started it, not with the process. So this one waits for the server,
		// and for nothing else.
		runtime.LockOSThread()
		defer close(ended)
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	end = func() {
		close(wanted)
		// Windows knows no signals but Kill.
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			_ = command.Process.Kill()
		}
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = command.Process.Kill()
			<-ended
		}
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		select {
		case <-ended:
			return nil, fmt.Errorf("%s did not start: %s\n%s", command.Path, command.ProcessState, out.String())
		default:
		}
		if err == nil {
			go func() {
				<-ended
				select {
				case <-wanted:
				default:
					log.Printf("%s has ended: %s\n%s", command.Path, command.ProcessState, out.String())
				}
			}()
			return end, nil
		}
	}
	end()
	return nil, fmt.Errorf("%s does not accept connections on %s\n%s", command.Path, address, out.String())
}

// lastWords is the end of what a server printed.
type lastWords struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const limit = 8 << 10
	l.b.Write(p)
	l.b.Next(max(0, l.b.Len()-limit))
	return len(p), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(l.b.String())
}
