package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// made is the directory of this run's files, "" for none yet.
var made struct {
	sync.Mutex
	dir string
}

// scratch returns the directory of this run's files, which cleanUp removes.
func scratch() string {
	made.Lock()
	defer made.Unlock()
	if made.dir == "" {
		dir, err := os.MkdirTemp("", "bench")
		must(err)
		made.dir = dir
	}
	return made.dir
}

func cleanUp() {
	made.Lock()
	defer made.Unlock()
	if made.dir != "" {
		_ = os.RemoveAll(made.dir)
		made.dir = ""
	}
}

// cleanUpWhenStopped has a signal end the command with the status that it has in a shell, and nothing left behind. What was
// ignored from the start, as by nohup, stays so.
func cleanUpWhenStopped() {
	stopped := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(stopped, s)
		}
	}
	go func() {
		s, _ := (<-stopped).(syscall.Signal)
		stop(s)
	}()
	signal.Ignore(syscall.SIGPIPE) // it is for the sockets as well; output notices that its reader has gone
}

func stop(s syscall.Signal) {
	cleanUp()
	os.Exit(128 + int(s))
}

// output is the standard output. The command ends when it cannot tell what it measures.
type output struct{}

func (output) Write(p []byte) (n int, err error) {
	if n, err = os.Stdout.Write(p); err != nil {
		stop(syscall.SIGPIPE)
	}
	return n, err
}
