package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/perf/benchmath"
	"golang.org/x/sys/unix"
)

// wireResult is what was measured of one server.
type wireResult struct {
	wireTry
	missing string               // why it was not measured; "" if it was
	rate    benchmath.Summary    // answers per second
	ratio   benchmath.Summary    // to bare net/http's, of turns in the same round
	perCPU  benchmath.Summary    // the same of answers per second of processor time
	behind  [2]benchmath.Summary // how many times faster kitServer is, in either way
	shared  bool                 // somebody in the row had not the whole core
	core    benchmath.Summary    // the share of its core's time that the server had, in percent
	load    benchmath.Summary    // the same of the load
	each    benchmath.Summary    // processor time for one answer, in microseconds
	header  http.Header
}

var (
	wireQuick    = effort{rounds: 7, turn: 10 * time.Millisecond}
	wireThorough = effort{rounds: 101, turn: 50 * time.Millisecond}
)

// wholeCore is the share of its core, in percent, that a server has when it is what limits the answers. With less a neighbour has
// had the rest, and not the same from everybody: then only answers per second of processor time can be compared.
const wholeCore = 95

// wireMeasure starts the servers of a row, all on one core, and has each loaded from another while the others are idle.
func wireMeasure(r wireRow, e effort, self string) ([]wireResult, error) {
	forLoad, forServer, err := twoCores()
	if err != nil {
		return nil, err
	}
	undo, err := stayOn(forLoad)
	if err != nil {
		return nil, err
	}
	defer undo()
	if err := writeWireFiles(scratch()); err != nil {
		return nil, err
	}
	request, want := r.exchange()
	m := &wireTurns{}
	defer m.stop()
	for _, t := range r.tries {
		cmd, missing := wireCommand(r, t, self)
		if missing != "" {
			m.results = append(m.results, wireResult{wireTry: t, missing: missing})
			m.servers, m.loads = append(m.servers, nil), append(m.loads, nil)
			continue
		}
		cmd.Dir = scratch()
		s, err := startServer(t.who, cmd, forServer)
		if err != nil {
			return nil, err
		}
		s.rude = t.server == nil
		m.servers = append(m.servers, s)
		m.results = append(m.results, wireResult{wireTry: t})
		l, err := dialLoad(s.address, r.conns, request, want)
		if err != nil {
			m.loads = append(m.loads, nil)
			return nil, s.explain(err)
		}
		l.headers = r.headers
		m.loads = append(m.loads, l)
	}
	if err := m.rounds(e); err != nil {
		return nil, err
	}
	return m.results, nil
}

// wireCommand is the process that serves a try, or why there is none.
func wireCommand(r wireRow, t wireTry, self string) (cmd *exec.Cmd, missing string) {
	if t.server != nil {
		return exec.Command(self, serveFlag, r.name+"/"+t.who), ""
	}
	home := os.Getenv("PANTS_HOME")
	if home == "" {
		return nil, "PANTS_HOME names no checkout of Pants 1.0.1"
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return nil, err.Error()
	}
	python := python27()
	if python == "" {
		return nil, "no python2.7 that runs is in PATH"
	}
	return exec.Command(python, "-B", "-c", wirePants, home), ""
}

// python27 is the first in PATH that runs: the name may be pyenv's, with nothing behind it.
var python27 = sync.OnceValue(func() string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		python := filepath.Join(dir, "python2.7")
		if exec.Command(python, "-c", "").Run() == nil {
			return python
		}
	}
	return ""
})

//go:embed wirepants.py
var wirePants string

// wireTurns are the servers of a row while they are measured; servers and loads are nil for what is missing.
type wireTurns struct {
	results []wireResult
	servers []*wireServer
	loads   []*load
}

func (m *wireTurns) stop() {
	for i, s := range m.servers {
		if i < len(m.loads) && m.loads[i] != nil {
			m.loads[i].close()
		}
		if s != nil {
			s.stop()
		}
	}
}

// sample is one turn.
type sample struct{ rate, core, load, each float64 }

func (m *wireTurns) turn(i int, d time.Duration) (s sample, err error) {
	server, own := m.servers[i].cpu(), clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	count, took, err := m.loads[i].turn(d)
	if err != nil {
		return s, m.servers[i].explain(err)
	}
	own = clock(unix.CLOCK_PROCESS_CPUTIME_ID) - own
	time.Sleep(time.Millisecond) // until it has gone to sleep: see cpu
	server = m.servers[i].cpu() - server
	return sample{
		rate: float64(count) / took.Seconds(),
		core: 100 * float64(server) / float64(took),
		load: 100 * float64(own) / float64(took),
		each: float64(server.Nanoseconds()) / 1000 / float64(count),
	}, nil
}

func (m *wireTurns) rounds(e effort) error {
	samples := make([][]sample, len(m.results))
	for round := range e.rounds + 1 {
		for _, i := range rand.Perm(len(m.results)) {
			if m.loads[i] == nil {
				continue
			}
			if _, err := m.turn(i, e.turn/5); err != nil { // its core was another's
				return err
			}
			s, err := m.turn(i, e.turn)
			if err != nil {
				return err
			}
			if round == 0 { // the first one warms up
				if m.results[i].header, err = m.loads[i].header(); err != nil {
					return err
				}
				continue
			}
			samples[i] = append(samples[i], s)
		}
	}
	shared := false
	kit := slices.IndexFunc(m.results, func(r wireResult) bool { return r.who == kitServer })
	for i := range m.results {
		r := &m.results[i]
		if samples[i] == nil {
			continue
		}
		of := func(value func(int) float64) benchmath.Summary {
			values := make([]float64, e.rounds)
			for k := range values {
				values[k] = value(k)
			}
			return summary(values)
		}
		r.rate = of(func(k int) float64 { return samples[i][k].rate })
		r.core = of(func(k int) float64 { return samples[i][k].core })
		shared = shared || r.core.Center < wholeCore
		r.load = of(func(k int) float64 { return samples[i][k].load })
		r.each = of(func(k int) float64 { return samples[i][k].each })
		if i > 0 {
			r.ratio = of(func(k int) float64 { return samples[i][k].rate / samples[0][k].rate })
			r.perCPU = of(func(k int) float64 { return samples[0][k].each / samples[i][k].each })
		}
		if kit >= 0 && r.wireTry.behind > 0 {
			r.behind = [2]benchmath.Summary{
				of(func(k int) float64 { return samples[kit][k].rate / samples[i][k].rate }),
				of(func(k int) float64 { return samples[i][k].each / samples[kit][k].each }),
			}
		}
	}
	for i := range m.results {
		m.results[i].shared = shared
	}
	return nil
}

// header is that of the last answer.
func (l *load) header() (http.Header, error) {
	head, _, _ := bytes.Cut(l.conns[0].buf[:l.conns[0].n], endOfHead)
	_, fields, _ := bytes.Cut(head, endOfLine)
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(slices.Clone(fields), "\r\n\r\n"...)))).ReadMIMEHeader()
	if err != nil {
		return nil, errors.Join(errHead, err)
	}
	return http.Header(h), nil
}
