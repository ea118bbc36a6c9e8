package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSizes(t *testing.T) {
	if got, want := sizes(1000, false), []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}; !slices.Equal(got, want) {
		t.Errorf("sizes(1000) = %v", got)
	}
	if got, want := sizes(5000, true), []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}; !slices.Equal(got, want) {
		t.Errorf("sizes(5000), quick = %v", got)
	}
}

// TestExponent: what is done once, or a table that is read from memory and not from a cache, does not hide the exponent.
func TestExponent(t *testing.T) {
	tests := []struct {
		name     string
		cost     func(n float64) float64
		from, to float64
	}{
		{"constant", func(float64) float64 { return 7 }, 0, 0},
		{"linear", func(n float64) float64 { return 3 * n }, 1, 1},
		{"linear, and as much as 10 of them at first", func(n float64) float64 { return 10 + n }, 0.97, 1},
		{"n log n", func(n float64) float64 { return n * math.Log2(n+1) }, 1.1, 1.2},
		{"quadratic", func(n float64) float64 { return n * n }, 2, 2},
		{"quadratic at the end", func(n float64) float64 { return n + n*n/1000 }, 1.3, 2},
	}
	all := sizes(10_000, false)
	for _, test := range tests {
		times := make([]float64, len(all))
		for i, n := range all {
			times[i] = test.cost(float64(n))
		}
		if got := exponent(all, times); got < test.from-1e-9 || got > test.to+1e-9 {
			t.Errorf("%s: exponent %.3f, want %v to %v", test.name, got, test.from, test.to)
		}
	}
}

// TestGrow: work that grows with its square is found out, also where it is measured and not computed.
func TestGrow(t *testing.T) {
	work := func(cost func(n int) int) func(int) (func() bool, func()) {
		return func(n int) (func() bool, func()) {
			return func() bool { spin(time.Duration(cost(n)) * time.Microsecond)(); return true }, noEnd
		}
	}
	g := growth{name: "test", most: 50, curves: []curve{
		{"quadratic", work(func(n int) int { return n * n }), linear},
		{"linear", work(func(n int) int { return 20 * n }), linear},
	}}
	results, err := grow(g, sizes(g.most, false), effort{rounds: 7, turn: 100 * time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if text, broken := results[i].promised(); broken != want {
			t.Errorf("%s: exponent %.2f, %s", results[i].who, results[i].exponent.Center, text)
		}
	}
	g.curves = []curve{{"wrong", func(int) (func() bool, func()) { return func() bool { return false }, noEnd }, 0}}
	if _, err := grow(g, []int{1, 2}, effort{rounds: 1, turn: time.Microsecond}); err == nil {
		t.Error("a wrong outcome is no error")
	}
}

// TestGrowths: each piece of work has the right outcome at its largest size.
func TestGrowths(t *testing.T) {
	for _, g := range growths() {
		for _, c := range g.curves {
			t.Run(g.name+"/"+c.who, func(t *testing.T) {
				for _, n := range []int{1, g.most} {
					do, end := c.prepare(n)
					for time := range 2 {
						if !do() {
							t.Errorf("wrong outcome with %d, time %d", n, time+1)
						}
					}
					end()
				}
			})
		}
	}
}

// TestParkedMemory: it is that of the requests, which have a goroutine each.
func TestParkedMemory(t *testing.T) {
	const goroutines = 10 // no other server's
	for _, server := range []func(*parkingLot) *http.Server{kitParking, bareParking} {
		got, err := parkedMemory(server, 1000, goroutines)
		if each := got / 1000; err != nil || each < 4<<10 || each > 64<<10 {
			t.Errorf("parkedMemory = %d for each, %v", each, err)
		}
	}
}

// TestDrawGrowth: the drawing is an SVG that names every curve and labels every axis.
func TestDrawGrowth(t *testing.T) {
	var all []panel
	want := []string{"linear", "number of them", "time", "memory", "1 µs", "10 KB", "100"}
	for _, g := range growths() {
		want = append(want, g.name)
		var results []grown
		for i, c := range g.curves {
			want = append(want, c.who)
			r := grown{curve: c, sizes: sizes(g.most, false)}
			for _, n := range r.sizes {
				r.times = append(r.times, summary([]float64{float64(n * (i + 1) * 100)}))
				if g.name == parkedName {
					r.memory = append(r.memory, n*10_000)
				}
			}
			results = append(results, r)
		}
		all = append(all, panels(g, results)...)
	}
	file := filepath.Join(t.TempDir(), "growth.svg")
	if err := drawGrowth(file, all); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	texts := svgTexts(t, content)
	for _, text := range want {
		if !slices.Contains(texts, text) {
			t.Errorf("the drawing does not say %q", text)
		}
	}
	if !bytes.Contains(content, []byte(dark)) {
		t.Error("it is only for a light ground")
	}
}

// TestGrowthReport: the pattern picks what is measured, and the file is written.
func TestGrowthReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "growth.svg")
	var b bytes.Buffer
	if o := growthReport(file)(&b, regexp.MustCompile("^growth/cookies$"), true); !o.found || o.wrong > 0 {
		t.Errorf("%+v: %s", o, b.String())
	}
	for _, want := range []string{"growth: cookies", "exponent", "kit Cookies", "at most 1.15: "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if o := growthReport("")(io.Discard, regexp.MustCompile("^nothing"), true); o.found {
		t.Error("found something for ^nothing")
	}
}

// TestCanPlot: asking changes no file, and makes none.
func TestCanPlot(t *testing.T) {
	dir, all := t.TempDir(), regexp.MustCompile("")
	kept, none := filepath.Join(dir, "kept.svg"), filepath.Join(dir, "none.svg")
	if err := os.WriteFile(kept, []byte("a drawing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{kept, none} {
		if err := canPlot(file, all); err != nil {
			t.Error(err)
		}
	}
	if content, err := os.ReadFile(kept); err != nil || string(content) != "a drawing" {
		t.Errorf("the file has %q, %v", content, err)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a file was made")
	}
	if err := canPlot(dir, all); err == nil {
		t.Error("a directory can be written")
	}
	if err := canPlot(none, regexp.MustCompile("^hello/")); err == nil {
		t.Error("nothing can be drawn")
	}
}

// svgTexts reads the whole file, and returns what is written in it.
func svgTexts(t *testing.T, content []byte) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(content))
	var path []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			if len(path) > 0 {
				t.Errorf("%v are open at the end", path)
			}
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if path = append(path, token.Name.Local); path[0] != "svg" || token.Name.Space != "http://www.w3.org/2000/svg" {
				t.Fatalf("%v of %q", path, token.Name.Space)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && path[len(path)-1] == "text" {
				texts = append(texts, string(token))
			}
		}
	}
}
