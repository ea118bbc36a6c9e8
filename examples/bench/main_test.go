package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// commandVariable makes the test's program the command.
const commandVariable = "BENCH_COMMAND"

// command is the command in a process of its own, which has 10 s; temp is where it makes its scratch directory.
func command(t *testing.T, temp string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), commandVariable+"=1", "TMPDIR="+temp)
	return cmd
}

// TestArguments: what cannot be meant is told before anything is measured.
func TestArguments(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a flag after something else", []string{"hello", "-quick"}, 2, `unexpected argument "hello"`},
		{"no such flag", []string{"-fast"}, 2, "-fast"},
		{"no expression", []string{"-run", "("}, 1, "missing closing )"},
		{"nothing to draw", []string{"-quick", "-run", "^hello/", "-plot", "growth.svg"}, 1, "nothing to draw"},
		{"no place for the drawing", []string{"-quick", "-run", "^hello/|^growth/cookies$", "-plot", "no such directory/growth.svg"}, 1, "no such directory/"},
		{"no such row", []string{"-run", "^nothing$"}, 1, "no row matches"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			temp := t.TempDir()
			cmd := command(t, temp, test.args...)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(out), test.want) {
				t.Errorf("status %d, want %d with %q:\n%s", code, test.code, test.want, out)
			}
			if strings.Contains(string(out), "ns/op") {
				t.Errorf("it has measured:\n%s", out)
			}
			mustBeEmpty(t, temp)
		})
	}
}

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("%v, %v are left", entries, err)
	}
}
