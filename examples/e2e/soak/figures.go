package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// figures are what a process needs.
type figures struct {
	RSS         int // bytes in memory, by the system; 0 where it does not tell
	Heap        int // bytes that are in use
	Stacks      int // bytes
	Goroutines  int
	Descriptors int // 0 where the system does not tell

	// Clients is how many descriptors those have who ask: connections, but for a few. 0 where the system does not tell.
	Clients int `json:"-"`
}

func (f figures) String() string {
	text := fmt.Sprintf("%.1f MB in memory, %.1f MB heap, %.1f MB stacks, %d goroutines, %d descriptors",
		float64(f.RSS)/1e6, float64(f.Heap)/1e6, float64(f.Stacks)/1e6, f.Goroutines, f.Descriptors)
	if f.Clients > 0 {
		text += fmt.Sprintf(" for %d of its clients", f.Clients)
	}
	return text
}

// measure collects garbage and gives it back before it looks.
func measure() figures {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f := figures{Heap: int(m.HeapAlloc), Stacks: int(m.StackInuse), Goroutines: runtime.NumGoroutine(), Descriptors: descriptors()}
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, after, _ := strings.Cut(string(status), "VmRSS:")
		line, _, _ := strings.Cut(after, "\n")
		kb, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "kB")))
		f.RSS = kb << 10
	}
	return f
}

// descriptors is how many this process has, 0 where the system does not tell.
func descriptors() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}

// figure is one of figures, and how much more of it is no growth: the load is never twice the same.
type figure struct {
	name  string
	value func(figures) int
	some  int // so much more is nothing, in its unit
}

var list = []figure{
	{"memory", func(f figures) int { return f.RSS }, 12 << 20},
	{"heap", func(f figures) int { return f.Heap }, 6 << 20},
	{"stacks", func(f figures) int { return f.Stacks }, 4 << 20},
	{"goroutines", func(f figures) int { return f.Goroutines }, 40},
	{"descriptors", func(f figures) int { return f.Descriptors }, 40},
}

// growth is how much larger the last third may be than the second, beside what is nothing: a fifth.
const growth = 0.2

// flat compares the median of the second third with that of the last one; the first third is for warming up. It says what has
// grown. A median does not heed a moment in which many clients were there at once. More clients in a whole third, as on a machine
// that was busy with something else, may need more in proportion: what is kept of them when they have gone shows later, see above.
func flat(samples []figures, out io.Writer) (faults []string) {
	n := len(samples)
	if n < 6 {
		return []string{fmt.Sprintf("%d samples are too few", n)}
	}
	thirds := func(value func(figures) int) (second, last int) {
		return median(samples[n/3:2*n/3], value), median(samples[2*n/3:], value)
	}
	more := 1.0
	if second, last := thirds(func(f figures) int { return f.Clients }); last > second && second > 0 {
		more = float64(last) / float64(second)
	}
	fmt.Fprintf(out, "%-12s %.2f times as many\n", "clients", more)
	for _, f := range list {
		second, last := thirds(f.value)
		fmt.Fprintf(out, "%-12s second third %10d, last third %10d\n", f.name, second, last)
		if limit := int(float64(second)*(1+growth)*more) + f.some; last > limit {
			faults = append(faults, fmt.Sprintf("%s has grown from %d to %d, up to %d would be flat", f.name, second, last, limit))
		}
	}
	return faults
}

func median(samples []figures, value func(figures) int) int {
	values := make([]int, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// above says what is left of the load. Go keeps the descriptions of goroutines that have ended, and buffers for the next requests.
func (f figures) above(rest figures) (faults []string) {
	if f.Goroutines > rest.Goroutines+3 {
		faults = append(faults, fmt.Sprintf("%d goroutines are left", f.Goroutines-rest.Goroutines))
	}
	if f.Descriptors > rest.Descriptors+3 {
		faults = append(faults, fmt.Sprintf("%d descriptors are left", f.Descriptors-rest.Descriptors))
	}
	if f.Heap > rest.Heap+4<<20 {
		faults = append(faults, fmt.Sprintf("%d bytes of heap are left", f.Heap-rest.Heap))
	}
	return faults
}
