package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wireServer is a process that serves one try of a row, on a core of its own.
type wireServer struct {
	who     string
	address string
	cmd     *exec.Cmd
	stdin   io.Closer
	rude    bool // it does not look at its input
	stderr  bytes.Buffer
	ended   chan struct{} // closed when the process has; err is its end then
	err     error
}

// startServer starts a process on the core. It says its address in its first line, or its port, as Pants' does.
func startServer(who string, cmd *exec.Cmd, core int) (*wireServer, error) {
	s := &wireServer{who: who, cmd: cmd, ended: make(chan struct{})}
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	if dir := os.Getenv(profileEnv); dir != "" { // the process has another working directory
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, profileEnv+"="+dir)
	}
	cmd.Stderr = &s.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	// All threads of the new process have the affinity of the one that forked.
	if err := onCore(core, cmd.Start); err != nil {
		return nil, err
	}
	line := make(chan string, 1)
	go func() {
		r := bufio.NewReader(stdout)
		text, _ := r.ReadString('\n')
		line <- strings.TrimSpace(text)
		_, _ = io.Copy(io.Discard, r)
		s.err = cmd.Wait()
		close(s.ended)
	}()
	select {
	case s.address = <-line:
	case <-time.After(20 * time.Second):
	}
	if _, err := strconv.Atoi(s.address); err == nil {
		s.address = "127.0.0.1:" + s.address
	}
	if s.address == "" {
		s.stop()
		return nil, fmt.Errorf("%s does not say where it listens%s", who, s.last())
	}
	return s, nil
}

// stop ends the process, by its closed input or by force, and waits for it.
func (s *wireServer) stop() {
	_ = s.stdin.Close()
	if s.rude {
		_ = s.cmd.Process.Kill()
	}
	select {
	case <-s.ended:
	case <-time.After(2 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// explain adds to an error of the load what became of the process.
func (s *wireServer) explain(err error) error {
	select {
	case <-s.ended:
		return fmt.Errorf("%s: %w; its process ended: %v%s", s.who, err, s.err, s.last())
	case <-time.After(100 * time.Millisecond): // the connection is closed before the process can be waited for
		return fmt.Errorf("%s: %w", s.who, err)
	}
}

// last is the end of what the process wrote to its standard error, which may be read when it has ended.
func (s *wireServer) last() string {
	text := strings.TrimSpace(s.stderr.String())
	if text == "" {
		return ""
	}
	return ": " + text[max(0, len(text)-2000):]
}

// cpu is the processor time that the process has used. The number of a process' clock is made of its id (clock_getcpuclockid(3));
// /proc/PID/stat has it in steps of 10 ms only. While the process runs, another one sees it as it was at the last tick, some
// milliseconds ago, so it is asked when it has nothing left to do.
func (s *wireServer) cpu() time.Duration {
	return clock(int32(^s.cmd.Process.Pid<<3 | 2))
}

func clock(id int32) time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(id, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// onCore calls f in a thread that is bound to a core.
func onCore(core int, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set.Set(core)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	return errors.Join(f(), unix.SchedSetaffinity(0, &before))
}

// stayOn binds every thread of this process to a core, until it is undone. Those that are started meanwhile inherit it.
func stayOn(core int) (undo func(), err error) {
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, err
	}
	set.Set(core)
	procs := runtime.GOMAXPROCS(1)
	undo = func() {
		_ = bindThreads(&before)
		runtime.GOMAXPROCS(procs)
	}
	if err := bindThreads(&set); err != nil {
		undo()
		return nil, err
	}
	return undo, nil
}

func bindThreads(set *unix.CPUSet) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, set); err != nil && err != unix.ESRCH { // it ended meanwhile
			return err
		}
	}
	return nil
}

// twoCores are one for the load and one for the server, of those that this process may use.
func twoCores() (forLoad, forServer int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 0, 0, err
	}
	var cores []int
	for core := range len(set) * 64 {
		if set.IsSet(core) {
			cores = append(cores, core)
		}
	}
	if len(cores) < 2 {
		return 0, 0, errOneCore
	}
	return cores[0], cores[len(cores)-1], nil
}

var errOneCore = errors.New("not measured: the load and the server need a core each, there is one")
