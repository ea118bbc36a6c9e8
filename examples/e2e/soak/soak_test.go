package main

import (
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain is the server too: soak starts its own program for it.
func TestMain(m *testing.M) {
	if os.Getenv(role) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Half a minute of what `go run ./soak` does for ten.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	var out strings.Builder
	faults, err := soak(30*time.Second, &out)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	if len(faults) > 0 {
		t.Errorf("%d faults", len(faults))
	}
}

// What counts as flat, over 60 samples.
func TestFlat(t *testing.T) {
	const mb = 1 << 20
	at := func(memory, goroutines int) figures {
		return figures{RSS: memory, Heap: memory / 2, Stacks: mb, Goroutines: goroutines, Descriptors: goroutines / 2, Clients: 100}
	}
	clients := func(f figures, n int) figures {
		f.Clients = n
		return f
	}
	tests := []struct {
		name   string
		sample func(i int) figures
		want   string // what has grown
	}{
		{"the same", func(int) figures { return at(60*mb, 300) }, ""},
		{"noise", func(int) figures { return at((50+rand.IntN(20))*mb, 250+rand.IntN(100)) }, ""},
		{"warming up", func(i int) figures { return at(min(i, 20)*3*mb, 300) }, ""},
		{"a moment", func(i int) figures {
			if i == 50 {
				return at(500*mb, 5000)
			}
			return at(60*mb, 300)
		}, ""},
		{"less", func(i int) figures { return at((90-i)*mb, 300-i) }, ""},
		{"memory leaks", func(i int) figures { return at((60+2*i)*mb, 300) }, "memory"},
		{"goroutines leak", func(i int) figures { return at(60*mb, 300+10*i) }, "goroutines"},
		{"more clients", func(i int) figures { return clients(at(60*mb, 300+i/40*200), 100+i/40*70) }, ""},
		{"more than clients", func(i int) figures { return clients(at(60*mb, 300+i/40*400), 100+i/40*70) }, "goroutines"},
		{"fewer clients", func(i int) figures { return clients(at(60*mb, 300), 170-i/40*70) }, ""},
		{"a leak under fewer clients", func(i int) figures { return clients(at((60+2*i)*mb, 300), 170-i/40*70) }, "memory"},
		{"clients unknown", func(i int) figures { return clients(at(60*mb, 300+10*i), 0) }, "goroutines"},
	}
	for _, test := range tests {
		samples := make([]figures, 60)
		for i := range samples {
			samples[i] = test.sample(i)
		}
		faults := flat(samples, io.Discard)
		if len(faults) > 0 != (test.want != "") || !strings.Contains(strings.Join(faults, "; "), test.want) {
			t.Errorf("%s: %q, want %q", test.name, faults, test.want)
		}
	}
	if faults := flat(make([]figures, 5), io.Discard); len(faults) == 0 {
		t.Error("five samples are enough")
	}
}

// What is left when the clients have gone.
func TestAbove(t *testing.T) {
	rest := figures{RSS: 20 << 20, Heap: 2 << 20, Goroutines: 10, Descriptors: 12}
	for _, test := range []struct {
		f    figures
		want int
	}{
		{rest, 0},
		{figures{RSS: 90 << 20, Heap: 5 << 20, Goroutines: 13, Descriptors: 15}, 0},
		{figures{Heap: 9 << 20, Goroutines: 20, Descriptors: 20}, 3},
	} {
		if got := test.f.above(rest); len(got) != test.want {
			t.Errorf("%v: %q, want %d", test.f, got, test.want)
		}
	}
}
