// Bench does the same work with this kit and with its peers, in turns and in one run, and prints what benchstat would: the
// median, its 95% interval, and ratios. From the repository's root:
//
//	go -C examples/bench run . -quick
//
// The ratio is to the first line of a table, or to the same try without forged entries; like for like it is to the line of
// ours that has the same form, function or middleware.
//
// A peer whose answer to a row is wrong is not timed; the table shows what it answered. The command fails when a known answer
// changes, or when one of our promises is broken; with -quick a broken promise of speed is only printed, because the few
// milliseconds that it takes say little on a machine that is busy.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"
)

func main() {
	log.SetFlags(0)
	short := flag.Bool("quick", false, "a few seconds for each topic, for CI")
	only := flag.String("run", "", "only the rows that match this expression")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		log.Fatal(err)
	}
	e := thorough
	if *short {
		e = quick
	}
	if err := report(os.Stdout, rows(), pattern, e); err != nil {
		log.Fatal(err)
	}
}

func report(w io.Writer, all []row, pattern *regexp.Regexp, e effort) error {
	fmt.Fprintf(w, "%s %s/%s, %d CPUs; %d rounds of %s in turns; medians with their 95%% intervals\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), e.rounds, e.turn)
	versions(w)
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
		results, complaints := settle(r, e)
		table(w, r, results)
		for _, complaint := range complaints {
			fmt.Fprintln(w, complaint)
			slow++
		}
	}
	if e != quick {
		failed += slow
	}
	switch {
	case !found:
		return fmt.Errorf("no row matches %q", pattern)
	case failed > 0:
		return fmt.Errorf("%d answers or promises do not hold", failed)
	}
	return nil
}

// settle measures a row, and again for longer if a promise seems broken: on a shared machine it may have been a neighbour.
func settle(r row, e effort) (results []result, complaints []string) {
	for range 3 {
		results, complaints = measure(r, e), nil
		for i := range results {
			if what := results[i].broken(); what != "" {
				complaints = append(complaints, fmt.Sprintf("%s/%s: %s: %s", r.topic, r.name, results[i].who, what))
			}
		}
		if complaints == nil {
			break
		}
		e.rounds *= 3
	}
	return results, complaints
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
var peers = []string{"github.com/go-chi/chi/v5", "github.com/gin-gonic/gin", "github.com/labstack/echo/v5", "github.com/gorilla/handlers"}

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
		fmt.Fprintf(columns, "%s\t%.1f\t± %s\t%.0f\t%s\t%s\t%s\n", t.who, t.time.Center, t.time.PctRangeString(), t.allocs,
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
