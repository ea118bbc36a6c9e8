package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/gonum/stat"
)

// growth is what one kind of work costs the more there is of it.
type growth struct {
	name   string // what there is more of
	note   string
	most   int
	curves []curve
}

// curve is how one implementation does it.
type curve struct {
	who string
	// prepare returns what does the work n times over, and tells whether the outcome was right. end gives back what it holds.
	prepare func(n int) (do func() bool, end func())
	atMost  float64 // a promise: the exponent; 0 for none
}

// linear is the exponent that is promised. A table that grows out of the processor's caches costs more than linearly, by a
// little, however it is made; what is quadratic has 2.
const linear = 1.15

var (
	growthQuick    = effort{rounds: 7, turn: 200 * time.Microsecond}
	growthThorough = effort{rounds: 41, turn: 2 * time.Millisecond}
)

// grown is a curve that was measured.
type grown struct {
	curve
	sizes    []int
	times    []benchmath.Summary // ns, for each size
	exponent benchmath.Summary
	memory   []int // bytes for each size, 0 where they were not measured; nil if nowhere
}

// sizes are 1, 2, 5, 10 ... most. To be quick the last two are left out.
func sizes(most int, short bool) (all []int) {
	for decade := 1; decade <= most; decade *= 10 {
		for _, n := range []int{decade, 2 * decade, 5 * decade} {
			if n <= most {
				all = append(all, n)
			}
		}
	}
	if short {
		all = all[:len(all)-2]
	}
	return all
}

// exponent is the slope of the upper half of a curve, on logarithmic axes: at the lower half what is done once decides.
func exponent(sizes []int, times []float64) float64 {
	var x, y []float64
	for i := len(sizes) / 2; i < len(sizes); i++ {
		x, y = append(x, math.Log(float64(sizes[i]))), append(y, math.Log(times[i]))
	}
	_, slope := stat.LinearRegression(x, y, nil, false)
	return slope
}

// grow measures the curves, all their sizes in turns.
func grow(g growth, sizes []int, e effort) ([]grown, error) {
	type point struct {
		do    func() bool
		count int
		times []float64
	}
	points := make([][]point, len(g.curves))
	for i, c := range g.curves {
		points[i] = make([]point, len(sizes))
		for k, n := range sizes {
			do, end := c.prepare(n)
			defer end()
			if !do() {
				return nil, fmt.Errorf("%s: wrong outcome with %d", c.who, n)
			}
			points[i][k] = point{do: do, count: calibrate(func() { do() }, e.turn)}
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range e.rounds {
		for _, turn := range rand.Perm(len(g.curves) * len(sizes)) {
			p := &points[turn/len(sizes)][turn%len(sizes)]
			right := p.do() // as in measure
			runtime.GC()
			took := loop(func() { right = p.do() && right }, p.count)
			if !right {
				return nil, fmt.Errorf("%s: wrong outcome with %d", g.curves[turn/len(sizes)].who, sizes[turn%len(sizes)])
			}
			p.times = append(p.times, took/float64(p.count))
		}
	}
	results := make([]grown, len(g.curves))
	for i, c := range g.curves {
		results[i] = grown{curve: c, sizes: sizes}
		exponents := make([]float64, e.rounds)
		for round := range exponents {
			times := make([]float64, len(sizes))
			for k := range sizes {
				times[k] = points[i][k].times[round]
			}
			exponents[round] = exponent(sizes, times)
		}
		results[i].exponent = summary(exponents)
		for k := range sizes {
			results[i].times = append(results[i].times, summary(points[i][k].times))
		}
	}
	return results, nil
}

// promised tells how a curve stands to its promise; noise alone breaks none.
func (g *grown) promised() (text string, broken bool) {
	switch {
	case g.atMost == 0:
		return "", false
	case g.exponent.Lo > g.atMost:
		return fmt.Sprintf("at most %.2f: broken", g.atMost), true
	case g.exponent.Center > g.atMost:
		return fmt.Sprintf("at most %.2f: undecided", g.atMost), false
	}
	return fmt.Sprintf("at most %.2f: OK", g.atMost), false
}

func selectedGrowths(pattern *regexp.Regexp) (all []growth) {
	for _, g := range growths() {
		if pattern.MatchString("growth/" + g.name) {
			all = append(all, g)
		}
	}
	return all
}

// growthReport measures how costs grow, and draws them if there is a name for the file.
func growthReport(file string) part {
	return func(w io.Writer, pattern *regexp.Regexp, short bool) (o outcome) {
		e := growthThorough
		if short {
			e = growthQuick
		}
		var drawn []panel
		for _, g := range selectedGrowths(pattern) {
			o.found = true
			goroutines := runtime.NumGoroutine()
			results, err := grow(g, sizes(g.most, short), e)
			if err != nil {
				fmt.Fprintf(w, "growth/%s: %v\n", g.name, err)
				o.wrong++
				continue
			}
			if g.name == parkedName {
				if err := weighParked(results, goroutines); err != nil {
					fmt.Fprintf(w, "growth/%s: %v\n", g.name, err)
					o.wrong++
				}
			}
			growthTable(w, g, results)
			for i := range results {
				if text, broken := results[i].promised(); broken {
					fmt.Fprintf(w, "growth/%s: %s: %s\n", g.name, results[i].who, text)
					o.slow++
				}
			}
			drawn = append(drawn, panels(g, results)...)
		}
		if file != "" && len(drawn) > 0 {
			if err := drawGrowth(file, drawn); err != nil {
				fmt.Fprintln(w, "growth:", err)
				o.wrong++
			}
		}
		return o
	}
}

func growthTable(w io.Writer, g growth, results []grown) {
	fmt.Fprintf(w, "\ngrowth: %s\n", g.name)
	if g.note != "" {
		fmt.Fprintln(w, g.note)
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	decades := func(cell func(k int) string) {
		all := results[0].sizes
		for k, n := range all {
			if isDecade(n) || k == len(all)-1 {
				fmt.Fprintf(columns, "\t%s", cell(k))
			}
		}
	}
	decades(func(k int) string { return fmt.Sprint(results[0].sizes[k]) })
	fmt.Fprintln(columns, "\texponent\t\tpromise")
	for i := range results {
		r := &results[i]
		text, _ := r.promised()
		fmt.Fprint(columns, r.who)
		decades(func(k int) string { return timeText(r.times[k].Center) })
		fmt.Fprintf(columns, "\t%.2f\t± %s\t%s\n", r.exponent.Center, r.exponent.PctRangeString(), text)
		if r.memory != nil {
			fmt.Fprint(columns, "  bytes for each, with its connection")
			decades(func(k int) string {
				if r.memory[k] == 0 {
					return ""
				}
				return fmt.Sprint(r.memory[k] / r.sizes[k])
			})
			fmt.Fprintln(columns, "\t\t\t")
		}
	}
	columns.Flush()
}

func isDecade(n int) bool {
	for n > 1 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}

// timeText is a time in nanoseconds, with three digits.
func timeText(ns float64) string {
	for _, unit := range []string{"ns", "µs", "ms"} {
		if ns < 1000 {
			return fmt.Sprintf("%.3g %s", ns, unit)
		}
		ns /= 1000
	}
	return fmt.Sprintf("%.3g s", ns)
}
