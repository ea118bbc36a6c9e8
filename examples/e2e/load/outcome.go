// Package load asks an app for many things at once, over bare connections, and says what became of each request.
package load

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

// Outcome is what became of a request, as its client sees it.
type Outcome int

const (
	// Right is the whole answer that was asked for.
	Right Outcome = iota

	// Busy is 503 with Retry-After, to a request that the server may put off.
	Busy

	// Refused had no connection: nothing was sent.
	Refused

	// Unanswered was sent over a connection that had served before, and the connection ended before the first byte of an answer.
	// That is how HTTP/1.1 is: RFC 9112 section 9.3.1 tells clients to retry.
	Unanswered

	// Reset is the same on a connection of its own.
	Reset

	// Cut is an answer that ended in its middle.
	Cut

	// Wrong is another answer.
	Wrong

	// Late did not come in time.
	Late

	outcomes
)

func (o Outcome) String() string {
	return [outcomes]string{"right", "503", "refused", "unanswered", "reset", "CUT", "WRONG", "LATE"}[o]
}

// Tally counts outcomes. It may be used by any number of goroutines.
type Tally struct {
	mu     sync.Mutex
	counts map[string]*[outcomes]int
	ids    [outcomes][]string
	errors []string
}

// Add notes an outcome of a request of that kind. The id is kept unless the request was answered.
func (t *Tally) Add(kind, id string, o Outcome, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]*[outcomes]int{}
	}
	if t.counts[kind] == nil {
		t.counts[kind] = new([outcomes]int)
	}
	t.counts[kind][o]++
	if o != Right && o != Busy {
		t.ids[o] = append(t.ids[o], id)
	}
	if o >= Reset && len(t.errors) < 20 {
		t.errors = append(t.errors, fmt.Sprintf("%s %s: %v: %v", kind, id, o, err))
	}
}

// Count is how many requests had the outcome.
func (t *Tally) Count(o Outcome) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, c := range t.counts {
		n += c[o]
	}
	return n
}

// IDs are those of requests with an outcome other than Right and Busy.
func (t *Tally) IDs(o Outcome) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ids[o]
}

// Errors are the first of what was not answered.
func (t *Tally) Errors() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.errors
}

// String is one line: each outcome that occurred, by kind.
func (t *Tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for o := range outcomes {
		total, kinds := 0, []string{}
		for kind, c := range t.counts {
			if c[o] > 0 {
				total += c[o]
				kinds = append(kinds, fmt.Sprintf("%s %d", kind, c[o]))
			}
		}
		if total > 0 {
			sort.Strings(kinds)
			parts = append(parts, fmt.Sprintf("%v %d (%s)", o, total, strings.Join(kinds, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}
