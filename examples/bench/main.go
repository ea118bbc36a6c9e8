// Bench does the same work with this kit and with its peers, in turns and in one run, and prints what benchstat would: the
// median, its 95% interval, and ratios. From the repository's root:
//
//	go -C examples/bench run . -quick
//
// The ratio is to the first line of a table, or to the same try without forged entries; like for like it is to the line that has
// the same form: function, middleware, router.
//
// Rows over the wire ask servers, processes on a core of their own, from another core; ratios are of answers per second there,
// more is better, and to bare net/http. PANTS_HOME names a checkout of Pants 1.0.1 to have that measured too, on a python2.7 in
// PATH; BENCH_PROFILE names a directory for the CPU profiles of the servers. The rows of growth tell what more of something costs,
// and -plot growth.svg draws that.
//
// A peer whose answer to a row is wrong is not timed; the table shows what it answered. The command fails when a known answer
// changes, or when one of our promises is broken; with -quick a broken promise of speed is only printed, because the few
// milliseconds that it takes say little on a machine that is busy. Allocations are counted, not timed, and fail in any case. A goal
// is what we have not reached yet: it is printed, and fails nothing.
//
// In process a handler is called with a writer that does nothing, the same for everybody (see exchange). Fiber is not among the
// peers: it is no net/http handler, and what is measured through net/http's adaptor is the adaptor.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"
)

func main() {
	log.SetFlags(0)
	if serving(os.Args) {
		return
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	short := flag.Bool("quick", false, "a few seconds for each topic, for CI")
	only := flag.String("run", "", "only the rows that match this expression")
	plot := flag.String("plot", "", "draw how costs grow into this SVG file")
	flag.Parse()
	if flag.NArg() > 0 { // and the flags after it were not read
		fmt.Fprintf(flag.CommandLine.Output(), "unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *plot != "" {
		if err := canPlot(*plot, pattern); err != nil {
			return err
		}
	}
	cleanUpWhenStopped()
	defer cleanUp()
	e := thorough
	if *short {
		e = quick
	}
	return report(output{}, rows(), pattern, e, wireReport, growthReport(*plot), uploadsReport)
}

// part is a part of the report that measures in its own way. It is told whether to be quick.
type part func(w io.Writer, pattern *regexp.Regexp, short bool) outcome

// outcome is what a part found: whether the pattern matched anything, how many answers and promises do not hold, and what else is
// wrong.
type outcome struct {
	found       bool
	wrong, slow int
	err         error
}

func report(w io.Writer, all []row, pattern *regexp.Regexp, e effort, parts ...part) error {
	fmt.Fprintf(w, "%s %s/%s, %d CPUs; %d rounds of %s in turns; medians with their 95%% intervals\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), e.rounds, e.turn)
	versions(w)
	fmt.Fprintln(w, "fiber is left out: through net/http's adaptor it would be the adaptor that is measured")
	failed, slow, found := 0, 0, false
	for _, r := range all {
		if !pattern.MatchString(r.topic + "/" + r.name) {
			continue
		}
		found = true
		wrong := 0
		for _, t := range r.tries {
			if got := t.answer(); got != t.expected() {
				fmt.Fprintf(w, "%s/%s: %s answers %q, not %q\n", r.topic, r.name, t.who, got, t.expected())
				wrong++
			}
		}
		if failed += wrong; wrong > 0 {
			continue
		}
		results := settle(r, e)
		table(w, r, results)
		for i := range results {
			for _, p := range results[i].promises {
				switch {
				case !p.broken || p.goal:
				case p.exact:
					failed++
				default:
					slow++
				}
				fmt.Fprintf(w, "%s: %s: %s\n", results[i].who, p.text, p.verdict())
			}
		}
	}
	var errs []error
	for _, p := range parts {
		o := p(w, pattern, e == quick)
		found, failed, slow = found || o.found, failed+o.wrong, slow+o.slow
		errs = append(errs, o.err)
	}
	if e != quick {
		failed += slow
	}
	switch {
	case !found:
		return fmt.Errorf("no row matches %q", pattern)
	case failed > 0:
		errs = append(errs, fmt.Errorf("%d answers or promises do not hold", failed))
	}
	return errors.Join(errs...)
}

// settle measures a row, and again for longer if a promise about times seems broken: on a shared machine it may have been a
// neighbour.
func settle(r row, e effort) (results []result) {
	for range e.again + 1 {
		results = measure(r, e)
		if !slices.ContainsFunc(results, func(r result) bool {
			return slices.ContainsFunc(r.promises, func(p promise) bool { return p.broken && !p.far && !p.goal })
		}) {
			break
		}
		e.rounds *= 3
	}
	return results
}

// versions prints which peers were linked.
func versions(w io.Writer) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, module := range info.Deps {
		for _, topic := range peers {
			if module.Path == topic {
				fmt.Fprintf(w, "%s %s\n", module.Path, module.Version)
			}
		}
	}
}

// peers are the modules whose versions matter.
var peers = []string{
	"github.com/go-chi/chi/v5", "github.com/gin-gonic/gin", "github.com/labstack/echo/v5",
	"github.com/gorilla/handlers", "github.com/gorilla/mux", "github.com/gorilla/securecookie",
}

func table(w io.Writer, r row, results []result) {
	fmt.Fprintf(w, "\n%s: %s\n", r.topic, r.name)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(columns, "\tns/op\t\tallocs/op\tratio\t\tlike for like\t\t%s\n", strings.Join(markNames[r.topic], "\t"))
	for i := range results {
		t := &results[i]
		if t.cannot() {
			fmt.Fprintf(columns, "%s\tcannot\t\t\tanswers %q\t\t\t\t%s\n", t.who, t.says, strings.Join(t.marks, "\t"))
			continue
		}
		fmt.Fprintf(columns, "%s\t%.1f\t± %s\t%.0f\t%s\t%s\t%s\n", t.who, t.time.Center, t.time.PctRangeString(), t.count,
			ratio(t.ratio), ratio(t.like), strings.Join(t.marks, "\t"))
	}
	columns.Flush()
}

// ratio is two columns, empty for none.
func ratio(s benchmath.Summary) string {
	if s.Center == 0 {
		return "\t"
	}
	return fmt.Sprintf("%.2f\t± %s", s.Center, s.PctRangeString())
}

// markNames are the titles of try.marks, for each topic.
var markNames = map[string][]string{"xheaders": {"checks the peer", "from the right"}}
