package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/perf/benchmath"
)

// effort is how long a row is measured: rounds in which everybody has one turn. Many short turns bear a noisy machine better
// than few long ones.
type effort struct {
	rounds int
	turn   time.Duration
	again  int // how often a row is measured again, each time for longer, while a promise about times seems broken
}

var (
	quick    = effort{21, 400 * time.Microsecond, 0}
	thorough = effort{301, 2 * time.Millisecond, 2}
)

// result is what was measured of one try.
type result struct {
	try
	time     benchmath.Summary // ns/op
	count    float64           // allocations of one call
	ratio    benchmath.Summary // to try.against, of turns in the same round
	like     benchmath.Summary // the same to try.like
	promises []promise
}

// promise is what came of a limit.
type promise struct {
	text   string
	broken bool
	exact  bool // nobody's noise is in it
	far    bool // broken by more than a neighbour could
	goal   bool // nothing is broken, it is not reached
}

// verdict is a word for it.
func (p promise) verdict() string {
	switch {
	case p.goal && p.broken:
		return "not reached"
	case p.goal:
		return "reached"
	case p.broken:
		return "BROKEN"
	}
	return "holds"
}

// farOff is by how much a promise has to be broken for nobody to look again.
const farOff = 1.25

// measure lets the tries of a row take turns, A B C B A C: what disturbs the machine for a while disturbs everybody, a ratio
// is taken inside a round, and nobody always comes after the same one, who leaves the caches warm or cold.
//
// The garbage collector runs between the turns only. A turn is so short, and the heap so small, that one collection more or
// less inside would decide; what garbage costs is said by allocs/op, and go test -bench has it in the times.
func measure(r row, e effort) []result {
	results := make([]result, 0, len(r.tries))
	index := map[string]int{}
	for _, t := range r.tries {
		index[t.who] = len(results)
		results = append(results, result{try: t})
	}
	counts := make([]int, len(results))
	times := make([][]float64, len(results))
	for i := range results {
		if !results[i].cannot() {
			counts[i] = calibrate(results[i].do, e.turn)
			results[i].count = testing.AllocsPerRun(min(10*counts[i], 100), results[i].do)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range e.rounds {
		for _, i := range rand.Perm(len(results)) {
			if counts[i] == 0 {
				continue
			}
			// Warm up with as much memory as the turn needs, and give it back: the time of a page fault is the system's.
			loop(results[i].do, counts[i])
			runtime.GC()
			times[i] = append(times[i], loop(results[i].do, counts[i])/float64(counts[i]))
		}
	}
	for i := range results {
		if counts[i] == 0 {
			continue
		}
		to := func(who string) (s benchmath.Summary) {
			j, ok := index[who]
			if !ok || counts[j] == 0 {
				return s
			}
			ratios := make([]float64, e.rounds)
			for k := range ratios {
				ratios[k] = times[i][k] / times[j][k]
			}
			return summary(ratios)
		}
		r := &results[i]
		r.ratio, r.like = to(r.against), to(r.try.like)
		r.keep(to, func(who string) float64 { return results[index[who]].count })
	}
	for i := range results {
		if counts[i] > 0 {
			results[i].time = summary(times[i]) // sorts, so it comes last
		}
	}
	return results
}

// summary is the median with its 95% interval, as benchstat has it.
func summary(values []float64) benchmath.Summary {
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
}

// calibrate returns how often do fits into a turn.
func calibrate(do func(), turn time.Duration) int {
	for n := 1; ; n *= 2 {
		// The best of three: who was interrupted once would get turns too short to say anything.
		took := min(loop(do, n), loop(do, n), loop(do, n))
		if took >= float64(turn)/4 {
			return max(1, int(float64(n)*float64(turn)/took))
		}
	}
}

// loop returns the time of n calls, in nanoseconds.
func loop(do func(), n int) float64 {
	start := time.Now()
	for range n {
		do()
	}
	return float64(time.Since(start))
}

// keep looks which of its promises a result has kept. Noise alone breaks none: the whole interval has to be on the wrong side.
func (r *result) keep(ratio func(who string) benchmath.Summary, count func(who string) float64) {
	note := func(broken, exact, far bool, format string, a ...any) {
		r.promises = append(r.promises, promise{text: fmt.Sprintf(format, a...), broken: broken, exact: exact, far: far})
	}
	switch {
	case r.cannot() || r.ratio.Center == 0:
	case r.slower && r.ratio.Hi < 1:
		note(true, false, r.ratio.Hi < 1/farOff, "faster than %s", r.against)
	case r.atMost > 0 && r.ratio.Lo > r.atMost:
		note(true, false, r.ratio.Lo > farOff*r.atMost, "grows")
	}
	for _, l := range r.times {
		s := ratio(l.to)
		if l.goal {
			text := fmt.Sprintf("%.2f ± %s times as long as %s, goal %.2f", s.Center, s.PctRangeString(), l.to, l.most)
			r.promises = append(r.promises, promise{text: text, broken: s.Lo > l.most, goal: true})
			continue
		}
		note(s.Lo > l.most, false, s.Lo > farOff*l.most, "%.2f ± %s times as long as %s, at most %.2f", s.Center, s.PctRangeString(), l.to, l.most)
	}
	for _, l := range r.allocs {
		more := r.count - count(l.to)
		note(more > l.most, true, true, "%.0f allocations more than %s, at most %.0f", more, l.to, l.most)
	}
}
