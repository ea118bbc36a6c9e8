package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if serving(os.Args) {
		return // a server that a test has started
	}
	if os.Getenv(commandVariable) != "" {
		main()
		return
	}
	code := m.Run()
	cleanUp()
	os.Exit(code)
}

// TestAnswers: everybody answers each row as written there, also where that is wrong: a peer that changes is noticed.
func TestAnswers(t *testing.T) {
	for _, r := range rows() {
		for _, try := range r.tries {
			t.Run(r.topic+"/"+r.name+"/"+try.who, func(t *testing.T) {
				if got := try.answer(); got != try.expected() {
					t.Errorf("answers %q, want %q", got, try.expected())
				}
				if try.says == try.want {
					t.Errorf("%q is the right answer", try.says)
				}
			})
		}
	}
}

// TestProperties: who checks the peer and walks from the right is what the promise to be the fastest is about.
func TestProperties(t *testing.T) {
	want := map[string]string{chiXFF: "yes yes", ginIP: "yes yes", echoIP: "yes yes", gorillaIP: "no no", leftmost: "no no"}
	for _, w := range readers {
		expected, peer := want[w.who]
		if !peer {
			expected = "yes yes" // ours
		}
		if got := strings.Join(w.properties(), " "); got != expected {
			t.Errorf("%s: %s, want %s", w.who, got, expected)
		}
	}
}

func (r row) measures(who string) bool {
	return slices.ContainsFunc(r.tries, func(t try) bool { return t.who == who && !t.cannot() })
}

// TestRows: ratios are to a try of the same row.
func TestRows(t *testing.T) {
	for _, r := range rows() {
		seen := map[string]bool{}
		for _, try := range r.tries {
			if seen[try.who] {
				t.Errorf("%s/%s: %s twice", r.topic, r.name, try.who)
			}
			seen[try.who] = true
			for _, l := range slices.Concat(try.times, try.allocs) {
				if !r.measures(l.to) {
					t.Errorf("%s/%s: %s has a promise about %q, which is not measured", r.topic, r.name, try.who, l.to)
				}
			}
			for _, other := range []string{try.against, try.like} {
				if other != "" && !seen[other] {
					t.Errorf("%s/%s: %s is compared with %q, which does not stand before it", r.topic, r.name, try.who, other)
				}
			}
			if len(try.marks) != len(markNames[r.topic]) {
				t.Errorf("%s/%s: %s has marks %q", r.topic, r.name, try.who, try.marks)
			}
		}
	}
}

func spin(d time.Duration) func() {
	return func() {
		for start := time.Now(); time.Since(start) < d; {
		}
	}
}

// kept makes an allocation one.
var kept *int

// TestReport: the command fails for a wrong answer and for a broken promise, and for nothing else.
func TestReport(t *testing.T) {
	right := func() string { return "a" }
	slow, fast := spin(400*time.Microsecond), spin(10*time.Microsecond)
	allocate := func() { kept = new(int); fast() }
	us := try{who: "us", answer: right, want: "a", do: fast}
	tests := []struct {
		name, want string
		tries      []try
		part       part
	}{
		{"slower, as promised", "", []try{us, {who: "them", answer: right, want: "a", do: slow, against: "us", slower: true}}, nil},
		{"cannot", "", []try{us, {who: "them", answer: func() string { return "b" }, want: "a", says: "b", do: slow, against: "us", slower: true}}, nil},
		{"wrong answer", "1 answers or promises", []try{us, {who: "them", answer: func() string { return "b" }, want: "a", do: slow}}, nil},
		{"right where it was wrong", "1 answers or promises", []try{us, {who: "them", answer: right, want: "a", says: "b", do: slow}}, nil},
		{"faster than us", "1 answers or promises", []try{{who: "us", answer: right, want: "a", do: slow}, {who: "them", answer: right, want: "a", do: fast, against: "us", slower: true}}, nil},
		{"grows", "1 answers or promises", []try{us, {who: "us again", answer: right, want: "a", do: slow, against: "us", atMost: 2}}, nil},
		{"in time", "", []try{us, {who: "us again", answer: right, want: "a", do: slow, times: []limit{{to: "us", most: 100}}}}, nil},
		{"not in time", "1 answers or promises", []try{us, {who: "us again", answer: right, want: "a", do: slow, times: []limit{{to: "us", most: 2}}}}, nil},
		{"goal not reached", "", []try{us, {who: "us again", answer: right, want: "a", do: slow, times: goal("us", 2, 100)}}, nil},
		{"goal and promise", "1 answers or promises", []try{us, {who: "us again", answer: right, want: "a", do: slow, times: goal("us", 1, 2)}}, nil},
		{"allocations", "", []try{us, {who: "us again", answer: right, want: "a", do: allocate, allocs: []limit{{to: "us", most: 1}}}}, nil},
		{"too many", "1 answers or promises", []try{us, {who: "us again", answer: right, want: "a", do: allocate, allocs: []limit{{to: "us", most: 0}}}}, nil},
		{"a part", "", nil, ends(outcome{found: true})},
		{"a part that fails", "over the budget", nil, ends(outcome{found: true, err: errors.New("over the budget")})},
		{"no such row", "no row matches", nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var all []row
			var parts []part
			if test.part != nil {
				parts = append(parts, test.part)
			}
			if test.tries != nil {
				all = []row{{topic: "test", name: test.name, tries: test.tries}}
			}
			err := report(io.Discard, all, regexp.MustCompile("^test/"), effort{21, time.Millisecond, 2}, parts...)
			if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) && test.want != "" {
				t.Errorf("report = %v, want %q", err, test.want)
			}
		})
	}
}

// ends is a part with that outcome.
func ends(o outcome) part {
	return func(io.Writer, *regexp.Regexp, bool) outcome { return o }
}

// TestQuick: what no noise can have broken fails also where there was little time.
func TestQuick(t *testing.T) {
	right := func() string { return "a" }
	us := try{who: "us", answer: right, want: "a", do: spin(10 * time.Microsecond)}
	tests := []struct {
		name, want string
		again      try
	}{
		{"not in time", "", try{do: spin(100 * time.Microsecond), times: []limit{{to: "us", most: 2}}}},
		{"too many allocations", "1 answers or promises", try{do: func() { kept = new(int) }, allocs: []limit{{to: "us", most: 0}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.again.who, test.again.answer, test.again.want = "us again", right, "a"
			var out strings.Builder
			err := report(&out, []row{{topic: "test", name: test.name, tries: []try{us, test.again}}}, regexp.MustCompile(""), quick)
			if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) && test.want != "" {
				t.Errorf("report = %v, want %q", err, test.want)
			}
			if !strings.Contains(out.String(), "BROKEN") {
				t.Errorf("nothing is said of the promise:\n%s", &out)
			}
		})
	}
}

// TestReportParts: a part's rows are found, its wrong answers always fail, and its broken promises unless it was quick.
func TestReportParts(t *testing.T) {
	for _, test := range []struct {
		name, want string
		e          effort
		o          outcome
	}{
		{"nothing matches", "no row matches", quick, outcome{}},
		{"all holds", "<nil>", thorough, outcome{found: true}},
		{"wrong", "1 answers or promises", quick, outcome{found: true, wrong: 1}},
		{"slow", "1 answers or promises", thorough, outcome{found: true, slow: 1}},
		{"slow, but quick", "<nil>", quick, outcome{found: true, slow: 1}},
	} {
		err := report(io.Discard, nil, regexp.MustCompile("^test/"), test.e, func(_ io.Writer, _ *regexp.Regexp, short bool) outcome {
			if short != (test.e == quick) {
				t.Errorf("%s: short is %v", test.name, short)
			}
			return test.o
		})
		if !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%s: report = %v, want %s", test.name, err, test.want)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	for _, r := range rows() {
		for _, try := range r.tries {
			if try.cannot() {
				continue
			}
			b.Run(r.topic+"/"+r.name+"/"+try.who, func(b *testing.B) {
				if got := try.answer(); got != try.want {
					b.Fatalf("answers %q, want %q", got, try.want)
				}
				b.ReportAllocs()
				for b.Loop() {
					try.do()
				}
			})
		}
	}
}
