package pants_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// parkClients is a process: its connections would be counted as the server's memory otherwise. It opens n of them, each with a
// request for its number, closes the first of them when it is told to, and checks what the others get.
func parkClients(address string, n int) {
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			fmt.Println("dial:", err)
			return
		}
		_, _ = fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		conns[i] = conn
	}
	fmt.Println("asked")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	leave, _ := strconv.Atoi(strings.TrimSpace(line))
	for _, conn := range conns[:leave] {
		conn.Close()
	}
	right := 0
	for i, conn := range conns[leave:] {
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			continue
		}
		content, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode == 200 && string(content) == fmt.Sprintf("answer /%d", leave+i) {
			right++
		}
		conn.Close()
	}
	fmt.Println("right", right)
}

// memory is what the process uses when it has nothing left to collect.
func memory() (heap, stacks int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc), int(m.StackInuse)
}

// parking holds requests until somebody finishes them.
type parking struct {
	mu       sync.Mutex
	requests map[int]*pants.Request
	serving  atomic.Int64 // calls of ServeHTTP that have not returned
}

func (p *parking) park(r *pants.Request) {
	number, _ := strconv.Atoi(r.Path()[1:])
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[number] = r
}

func (p *parking) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = map[int]*pants.Request{}
}

// holds tells whether there are so many, and all of their handlers have returned.
func (p *parking) holds(n int) func() bool {
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.requests) == n && p.serving.Load() == int64(n)
	}
}

func (p *parking) take(number int) *pants.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.requests[number]
	delete(p.requests, number)
	return r
}

// Thousands of requests whose handlers have returned: each gets its own answer, from whichever goroutine and in any order; those
// of clients that leave are freed at once, and none stays.
func TestManyParkedRequests(t *testing.T) {
	if address := os.Getenv("PANTS_TEST_PARK"); address != "" {
		n, _ := strconv.Atoi(os.Getenv("PANTS_TEST_PARK_N"))
		parkClients(address, n)
		return
	}
	n := 5000
	if underRace {
		n = 500
	}
	p := &parking{}
	s := newServer(t, pants.Config{FinishTimeout: -1})
	h := s.Handler(p.park)
	ts := onHTTPServer(t, s, http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		p.serving.Add(1)
		defer p.serving.Add(-1)
		h.ServeHTTP(w, hr)
	}), false)
	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
	var left [2]int
	for round := range left {
		p.clear()
		parkAndFinish(t, p, ts.Listener.Addr().String(), n)
		p.clear()
		waitForGoroutines(t, goroutines)
		waitFor(t, func() bool { return openFiles(t) <= descriptors })
		left[round], _ = memory()
	}
	// The first round leaves what Go keeps for the next goroutines; a second one needs no more.
	t.Logf("%d bytes of heap more after the second round than after the first", left[1]-left[0])
	if more := left[1] - left[0]; more > n*100 {
		t.Errorf("%d bytes of heap are left of %d requests", more, n)
	}
}

// parkAndFinish lets n clients ask, a fifth of them leave, and the others get their answers.
func parkAndFinish(t *testing.T, p *parking, address string, n int) {
	t.Helper()
	leave := n / 5
	heap, stacks := memory()
	goroutines := runtime.NumGoroutine()
	command := exec.Command(os.Args[0], "-test.run", "^TestManyParkedRequests$")
	command.Env = append(os.Environ(), "PANTS_TEST_PARK="+address, "PANTS_TEST_PARK_N="+strconv.Itoa(n))
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill(); _ = command.Wait() }()
	said := bufio.NewReader(stdout)
	if line, err := said.ReadString('\n'); line != "asked\n" {
		t.Fatalf("the clients say %q, %v", line, err)
	}
	waitFor(t, p.holds(n))
	heapParked, stacksParked := memory()
	eachHeap, eachStack := (heapParked-heap)/n, (stacksParked-stacks)/n
	t.Logf("%d parked requests, each with its connection: %d bytes of heap, %d of stacks, %d goroutines; together %.1f MB",
		n, eachHeap, eachStack, (runtime.NumGoroutine()-goroutines)/n, float64(heapParked-heap+stacksParked-stacks)/1e6)
	if !underRace && eachHeap+eachStack > 40<<10 {
		t.Errorf("%d bytes for each: more than 40 KiB", eachHeap+eachStack)
	}

	start := time.Now()
	_, _ = fmt.Fprintln(stdin, leave)
	waitFor(t, func() bool { return p.serving.Load() == int64(n-leave) })
	t.Logf("%d clients left, which was noticed within %v", leave, time.Since(start).Round(time.Millisecond))
	for number := range leave {
		if err := p.take(number).SendResponse("late"); !errors.Is(err, pants.ErrFinished) {
			t.Errorf("SendResponse to a client that left = %v, want ErrFinished", err)
		}
	}
	heapLeft, stacksLeft := memory()
	t.Logf("%d bytes of heap and %d of stacks were freed for each", (heapParked-heapLeft)/leave, (stacksParked-stacksLeft)/leave)
	if freed := (heapParked - heapLeft) / leave; !underRace && freed < eachHeap/2 {
		t.Errorf("%d bytes of heap were freed for each client that left, it had %d", freed, eachHeap)
	}

	order := rand.Perm(n - leave)
	numbers := make(chan int)
	var finishing sync.WaitGroup
	for range 16 {
		finishing.Add(1)
		go func() {
			defer finishing.Done()
			for number := range numbers {
				r := p.take(number)
				if err := r.SendResponse("answer " + r.Path()); err != nil {
					t.Errorf("request %d: %v", number, err)
				}
			}
		}()
	}
	for _, number := range order {
		numbers <- leave + number
	}
	close(numbers)
	finishing.Wait()
	if line, err := said.ReadString('\n'); line != fmt.Sprintf("right %d\n", n-leave) {
		t.Errorf("the clients say %q, %v; want %d right answers", line, err, n-leave)
	}
	waitFor(t, p.holds(0))
}
