package main

import (
	"bufio"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
)

// TestStopped: a command that is stopped while it measures leaves no files, and has the status that a shell tells.
func TestStopped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such signals")
	}
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE} {
		t.Run(s.String(), func(t *testing.T) {
			if signal.Ignored(s) { // under nohup, and the command would inherit that
				signal.Notify(make(chan os.Signal, 1), s)
				defer signal.Ignore(s)
			}
			temp := t.TempDir()
			cmd := command(t, temp, "-quick", "-run", "^files/|^wire/")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Error(err)
			}
			if entries, err := os.ReadDir(temp); err != nil || len(entries) != 1 {
				t.Errorf("%v, %v while it measures", entries, err)
			}
			if s == syscall.SIGPIPE {
				out.Close()
			} else {
				if err := cmd.Process.Signal(s); err != nil {
					t.Error(err)
				}
				_, _ = io.Copy(io.Discard, out)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 128+int(s) {
				t.Errorf("%v, want status %d", cmd.ProcessState, 128+int(s))
			}
			mustBeEmpty(t, temp)
		})
	}
}
