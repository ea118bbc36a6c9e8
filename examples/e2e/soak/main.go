// Soak asks an app for everything at once and for long, and looks whether it stays as it was: go run ./soak -for 10m
//
// The app is a process of its own. What it needs is looked at once a second, or 60 times in a longer run, each time after a
// collection of garbage, and said every 10 s. At the end the app is told to stop. The exit code is 1 if an answer was wrong, if
// the figures are not flat (see flat in figures.go), if something was left when the clients had gone, or if the drain has not
// ended cleanly.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/go-pants/kit/examples/e2e/load"
)

func main() {
	if os.Getenv(role) != "" {
		if err := serve(); err != nil {
			log.Fatal(err)
		}
		return
	}
	duration := flag.Duration("for", 10*time.Minute, "how long")
	flag.Parse()
	if flag.NArg() > 0 || *duration < 10*time.Second {
		flag.Usage()
		os.Exit(2)
	}
	faults, err := soak(*duration, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

// lineEvery is the time between two lines of figures.
const lineEvery = 10 * time.Second

// soak runs for that long, tells out about it, and returns what was not as it should be.
func soak(duration time.Duration, out io.Writer) (faults []string, err error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.kill()
	idle, err := s.figures()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "at rest: %v\n", idle)

	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var tally load.Tally
	done := make(chan struct{})
	go func() {
		defer close(done)
		everything(ctx, s, &tally)
	}()
	samples, err := watch(ctx, s, &tally, max(time.Second, duration/60), out)
	if err != nil {
		return nil, err
	}
	<-done
	fmt.Fprintf(out, "%v\n", &tally)
	for _, o := range []load.Outcome{load.Refused, load.Reset, load.Cut, load.Wrong, load.Late} {
		if n := tally.Count(o); n > 0 {
			faults = append(faults, fmt.Sprintf("%d %v", n, o))
		}
	}
	faults = append(faults, tally.Errors()...)
	faults = append(faults, flat(samples, out)...)

	left, err := s.afterwards(idle)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "when the clients have gone: %v\n", left)
	faults = append(faults, left.above(idle)...)

	faults = append(faults, drain(s, out)...)
	complaints, err := s.complaints()
	if err != nil {
		return nil, err
	}
	faults = append(faults, complaints...)
	for _, f := range faults {
		fmt.Fprintf(out, "NOT GOOD: %s\n", f)
	}
	if len(faults) == 0 {
		fmt.Fprintln(out, "good")
	}
	return faults, nil
}

// watch looks at the server until ctx ends.
func watch(ctx context.Context, s *server, tally *load.Tally, every time.Duration, out io.Writer) (samples []figures, err error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	start, said := time.Now(), time.Duration(0)
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return samples, nil
		}
		f, err := s.figures()
		if err != nil {
			return nil, err
		}
		f.Clients = descriptors()
		samples = append(samples, f)
		if now := time.Since(start); now-said >= lineEvery-every/2 {
			said = now
			fmt.Fprintf(out, "%5.0f s: %v, %v\n", now.Seconds(), f, summary(tally))
		}
	}
}

// summary is how many requests there were, and what was not answered rightly.
func summary(tally *load.Tally) string {
	total, text := 0, ""
	for o := load.Right; o <= load.Late; o++ {
		n := tally.Count(o)
		total += n
		if o != load.Right && n > 0 {
			text += fmt.Sprintf(", %d %v", n, o)
		}
	}
	return fmt.Sprintf("%d requests%s", total, text)
}
