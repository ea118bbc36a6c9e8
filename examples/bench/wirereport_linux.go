package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// wireReport measures the rows over real sockets that the pattern matches.
func wireReport(w io.Writer, pattern *regexp.Regexp, short bool) (o outcome) {
	e := wireThorough
	if short {
		e = wireQuick
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(w, "wire:", err)
		return outcome{wrong: 1}
	}
	for _, r := range wireRows() {
		if !pattern.MatchString("wire/" + r.name) {
			continue
		}
		if !o.found {
			fmt.Fprintf(w, "\nOver the wire: each server is a process on a core of its own, the load comes from another one; %d rounds of %s\n", e.rounds, e.turn)
		}
		o.found = true
		results, complaints, err := wireSettle(r, e, self, short)
		if errors.Is(err, errOneCore) {
			fmt.Fprintln(w, "wire:", err)
			return o
		}
		if err != nil {
			fmt.Fprintf(w, "wire/%s: %v\n", r.name, err)
			o.wrong++
			continue
		}
		wireTable(w, r, results)
		for _, complaint := range complaints {
			fmt.Fprintln(w, complaint)
			o.slow++
		}
	}
	return o
}

// wireSettle is settle over the wire, where a row takes a minute: it is measured again only once.
func wireSettle(r wireRow, e effort, self string, short bool) (results []wireResult, complaints []string, err error) {
	for range 2 {
		if results, err = wireMeasure(r, e, self); err != nil {
			return nil, nil, err
		}
		complaints = nil
		for i := range results {
			if text, broken := results[i].promised(); broken {
				complaints = append(complaints, fmt.Sprintf("wire/%s: %s: %s", r.name, results[i].who, text))
			}
		}
		if complaints == nil || short {
			break
		}
		e.rounds *= 2
	}
	return results, complaints, nil
}

func wireTable(w io.Writer, r wireRow, results []wireResult) {
	fmt.Fprintf(w, "\nwire: %s, %d connections\n", r.name, r.conns)
	if r.note != "" {
		fmt.Fprintln(w, r.note)
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(columns, "\tanswers/s\t\tratio\t\tserver's core\tload's core\tµs of CPU each\t\tratio per CPU\t\tpromise\n")
	for i := range results {
		t := &results[i]
		if t.missing != "" {
			fmt.Fprintf(columns, "%s\tnot measured: %s\n", t.who, t.missing)
			continue
		}
		text, _ := t.promised()
		fmt.Fprintf(columns, "%s\t%.0f\t± %s\t%s\t%.0f %%\t%.0f %%\t%.2f\t± %s\t%s\t%s\n", t.who, t.rate.Center, t.rate.PctRangeString(), ratio(t.ratio),
			t.core.Center, t.load.Center, t.each.Center, t.each.PctRangeString(), ratio(t.perCPU), text)
	}
	columns.Flush()
	for i := range results {
		if results[i].missing == "" && i > 0 {
			if difference := differs(results[i].header, results[0].header); difference != "" {
				fmt.Fprintf(w, "  headers of %s: %s\n", results[i].who, difference)
			}
		}
	}
}

// differs tells what of a header is not in another: -Date, +Server: ...
func differs(h, from http.Header) string {
	var list []string
	for name := range from {
		if _, ok := h[name]; !ok {
			list = append(list, "-"+name)
		}
	}
	for name, values := range h {
		old, ok := from[name]
		if name == "Date" || name == "Last-Modified" {
			old = values
		}
		if !ok || !slices.Equal(slices.Sorted(slices.Values(values)), slices.Sorted(slices.Values(old))) {
			list = append(list, "+"+name+": "+strings.Join(values, " | "))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

// promised tells how a result stands to its promise, which is about answers per second and per second of processor time; about
// the second only if the core was shared. Noise alone breaks none: the whole interval has to be on the wrong side.
// A goal breaks nothing.
func (r *wireResult) promised() (text string, broken bool) {
	byTime, byCPU, atLeast := r.ratio, r.perCPU, r.atLeast
	switch {
	case r.missing != "" || r.atLeast == 0 && r.wireTry.behind == 0:
		return "", false
	case r.wireTry.behind > 0:
		byTime, byCPU, atLeast = r.behind[0], r.behind[1], r.wireTry.behind
		text = fmt.Sprintf("%s is %.2f ± %s times faster, per CPU %.2f ± %s; ", kitServer, byTime.Center, byTime.PctRangeString(), byCPU.Center, byCPU.PctRangeString())
	}
	if r.shared {
		text, byTime = text+"by CPU, for the core was shared: ", byCPU
	}
	if r.goal > 0 {
		says := "reached"
		if byTime.Center < r.goal || byCPU.Center < r.goal {
			says = "not reached"
		}
		text += fmt.Sprintf("goal %.2f: %s; ", r.goal, says)
	}
	text += fmt.Sprintf("at least %.2f: ", atLeast)
	switch {
	case byTime.Hi < atLeast || byCPU.Hi < atLeast:
		return text + "broken", true
	case byTime.Center < atLeast || byCPU.Center < atLeast:
		return text + "undecided", false
	}
	return text + "OK", false
}
