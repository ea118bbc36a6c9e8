package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/perf/benchmath"
	"golang.org/x/sys/unix"
)

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func mustNotBeThere(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

// TestWireRows: everybody's answers are right, and each row has what the ratios are to.
func TestWireRows(t *testing.T) {
	for _, r := range wireRows() {
		t.Run(r.name, func(t *testing.T) {
			if r.tries[0].who != bareServer {
				t.Errorf("%s stands first", r.tries[0].who)
			}
			results, err := wireMeasure(r, effort{rounds: 1, turn: time.Millisecond}, self(t))
			if errors.Is(err, errOneCore) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, result := range results {
				if result.missing != "" {
					t.Logf("%s: %s", result.who, result.missing)
				} else if result.rate.Center <= 0 || result.core.Center <= 0 || result.each.Center <= 0 || i > 0 && result.ratio.Center <= 0 {
					t.Errorf("%s: rate %v, core %v, each %v, ratio %v", result.who, result.rate.Center, result.core.Center, result.each.Center, result.ratio.Center)
				}
			}
		})
	}
}

// TestWireServer: the process is alone on its core, and gone when it is stopped.
func TestWireServer(t *testing.T) {
	_, core, err := twoCores()
	if err != nil {
		t.Skip(err)
	}
	s, err := startServer("bare", exec.Command(self(t), serveFlag, "hello/"+bareServer), core)
	if err != nil {
		t.Fatal(err)
	}
	pid := s.cmd.Process.Pid
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil || set.Count() != 1 || !set.IsSet(core) {
		t.Errorf("SchedGetaffinity = %d cores, %v", set.Count(), err)
	}
	res, err := http.Get("http://" + s.address + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if s.cpu() <= 0 {
		t.Error("the server used no processor time")
	}
	s.stop()
	mustNotBeThere(t, pid)
}

// TestWireServerDies: the report tells that, and what the process said at last.
func TestWireServerDies(t *testing.T) {
	_, core, err := twoCores()
	if err != nil {
		t.Skip(err)
	}
	script := `echo 127.0.0.1:1; echo last words >&2; exec sleep 60`
	s, err := startServer("them", exec.Command("sh", "-c", script), core)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.explain(errClosed); err.Error() != "them: "+errClosed.Error() {
		t.Errorf("while it lives: %v", err)
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	got := s.explain(errClosed)
	if !errors.Is(got, errClosed) || !strings.Contains(got.Error(), "signal: killed: last words") {
		t.Errorf("afterwards: %v", got)
	}
	s.stop()
}

// TestWireServerDiesUnderLoad: a turn ends with that error, and does not hang.
func TestWireServerDiesUnderLoad(t *testing.T) {
	_, core, err := twoCores()
	if err != nil {
		t.Skip(err)
	}
	s, err := startServer("bare", exec.Command(self(t), serveFlag, "hello/"+bareServer), core)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	request, want := wireRows()[0].exchange()
	l, err := dialLoad(s.address, 4, request, want)
	if err != nil {
		t.Fatal(err)
	}
	m := &wireTurns{servers: []*wireServer{s}, loads: []*load{l}}
	defer l.close()
	time.AfterFunc(50*time.Millisecond, func() { _ = s.cmd.Process.Kill() })
	if _, err := m.turn(0, time.Minute); err == nil || !strings.Contains(err.Error(), "its process ended: signal: killed") {
		t.Errorf("turn = %v", err)
	}
}

// TestWireServerFails: a process that does not come up is reported with its words.
func TestWireServerFails(t *testing.T) {
	r := wireRow{name: "none", conns: 1, tries: []wireTry{{who: "nobody", server: func() *http.Server { return nil }}}, exchange: wireGet("/", "", "")}
	_, err := wireMeasure(r, effort{rounds: 1, turn: time.Millisecond}, self(t))
	if errors.Is(err, errOneCore) {
		t.Skip(err)
	}
	if err == nil || !strings.Contains(err.Error(), `no server "none/nobody"`) {
		t.Errorf("wireMeasure = %v", err)
	}
}

// TestWireProfile: a relative directory is found from where the command was called.
func TestWireProfile(t *testing.T) {
	path, dir := self(t), t.TempDir()
	t.Chdir(dir)
	t.Setenv(profileEnv, "profiles")
	if err := os.Mkdir("profiles", 0o700); err != nil {
		t.Fatal(err)
	}
	r := wireRows()[0]
	r.tries = r.tries[:1]
	_, err := wireMeasure(r, effort{rounds: 1, turn: time.Millisecond}, path)
	if errors.Is(err, errOneCore) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat("profiles/hello-net-http.pprof"); err != nil || info.Size() == 0 {
		t.Errorf("the profile: %v, %v", info, err)
	}
}

// TestStayOn: all threads are bound, and free again.
func TestStayOn(t *testing.T) {
	core, _, err := twoCores()
	if err != nil {
		t.Skip(err)
	}
	var before, during, after unix.CPUSet
	_ = unix.SchedGetaffinity(os.Getpid(), &before)
	undo, err := stayOn(core)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.SchedGetaffinity(os.Getpid(), &during)
	undo()
	_ = unix.SchedGetaffinity(os.Getpid(), &after)
	if during.Count() != 1 || !during.IsSet(core) || after != before {
		t.Errorf("%d cores before, %d while bound, %d after", before.Count(), during.Count(), after.Count())
	}
}

func TestWirePromised(t *testing.T) {
	at := func(lo, center, hi float64) benchmath.Summary {
		return benchmath.Summary{Lo: lo, Center: center, Hi: hi}
	}
	kept, near, below := at(0.85, 0.9, 0.95), at(0.85, 0.89, 0.95), at(0.85, 0.87, 0.89)
	ratio := wireTry{atLeast: 0.9}
	times := wireTry{behind: 3.5}
	slower, faster := at(3.4, 3.6, 3.7), at(3.2, 3.3, 3.4)
	type both = [2]benchmath.Summary
	tests := []struct {
		name   string
		r      wireResult
		want   string
		broken bool
	}{
		{"nothing promised", wireResult{ratio: below, perCPU: below}, "", false},
		{"not measured", wireResult{wireTry: ratio, missing: "no python2.7"}, "", false},
		{"kept", wireResult{wireTry: ratio, ratio: kept, perCPU: kept}, "OK", false},
		{"below, but not by more than the noise", wireResult{wireTry: ratio, ratio: near, perCPU: kept}, "undecided", false},
		{"below in processor time, the same", wireResult{wireTry: ratio, ratio: kept, perCPU: near}, "undecided", false},
		{"below", wireResult{wireTry: ratio, ratio: below, perCPU: kept}, "broken", true},
		{"below in processor time", wireResult{wireTry: ratio, ratio: kept, perCPU: below}, "broken", true},
		{"below, on a shared core", wireResult{wireTry: ratio, ratio: below, perCPU: kept, shared: true}, "OK", false},
		{"above, on a shared core", wireResult{wireTry: ratio, ratio: kept, perCPU: below, shared: true}, "broken", true},
		{"kept, the goal not reached", wireResult{wireTry: wireTry{atLeast: 0.9, goal: 0.97}, ratio: kept, perCPU: kept}, "goal 0.97: not reached; at least 0.90: OK", false},
		{"kept, the goal reached", wireResult{wireTry: wireTry{atLeast: 0.8, goal: 0.9}, ratio: kept, perCPU: kept}, "goal 0.90: reached; at least 0.80: OK", false},
		{"slower", wireResult{wireTry: times, behind: both{slower, slower}}, "OK", false},
		{"not slow enough", wireResult{wireTry: times, behind: both{faster, faster}}, "broken", true},
		{"slow for want of its core", wireResult{wireTry: times, behind: both{slower, faster}, shared: true}, "broken", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, broken := test.r.promised()
			if !strings.HasSuffix(text, test.want) || test.want == "" && text != "" || broken != test.broken {
				t.Errorf("promised = %q, %v, want %q, %v", text, broken, test.want, test.broken)
			}
		})
	}
}

func TestDiffers(t *testing.T) {
	from := http.Header{"Date": {"a"}, "Content-Type": {"text/plain"}, "Etag": {"1"}}
	h := http.Header{"Date": {"b"}, "Content-Type": {"text/html"}, "Server": {"x", "y"}}
	if got, want := differs(h, from), "+Content-Type: text/html; +Server: x | y; -Etag"; got != want {
		t.Errorf("differs = %q, want %q", got, want)
	}
}

// TestWireReport: the pattern picks the rows, and the table has what a reader has to know.
func TestWireReport(t *testing.T) {
	if o := wireReport(io.Discard, regexp.MustCompile("^nothing"), true); o.found {
		t.Error("found a row for ^nothing")
	}
	if _, _, err := twoCores(); err != nil {
		t.Skip(err)
	}
	var b bytes.Buffer
	o := wireReport(&b, regexp.MustCompile("^wire/full stack$"), true)
	if !o.found || o.wrong > 0 {
		t.Errorf("%+v", o)
	}
	for _, want := range []string{"wire: full stack, 32 connections", "server's core", kitChi, "goal 0.90: ", "at least 0.75: ", "headers of gin: +Content-Type"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
