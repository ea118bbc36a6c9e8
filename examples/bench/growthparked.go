package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/go-pants/kit/pants"
)

// parkingLot is a server whose requests are parked until they are told to finish, and its clients' connections. They are
// net.Pipes: sockets would be limited by the number of open files, and cost the system's time.
type parkingLot struct {
	server *http.Server
	listen *pipeListener
	parked chan func() // finishes a request
	conns  []net.Conn
	buf    []byte
}

// kitParking has handlers that return, and answers that come later.
func kitParking(p *parkingLot) *http.Server {
	s, err := pants.New(pants.Config{FinishTimeout: -1})
	must(err)
	return s.HTTPServer(s.Handler(func(r *pants.Request) {
		p.parked <- func() { _ = r.SendResponse("later\n") }
	}))
}

// bareParking has handlers that wait.
func bareParking(p *parkingLot) *http.Server {
	return plainServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		finish := make(chan struct{})
		p.parked <- func() { close(finish) }
		<-finish
		writeText(w, "later\n")
	}))
}

func openParkingLot(server func(*parkingLot) *http.Server) *parkingLot {
	p := &parkingLot{parked: make(chan func()), listen: newPipeListener(), buf: make([]byte, 4<<10)}
	p.server = server(p)
	go func() { _ = p.server.Serve(p.listen) }()
	return p
}

// connect sees to it that there are n connections.
func (p *parkingLot) connect(n int) {
	for len(p.conns) < n {
		p.conns = append(p.conns, p.listen.dial())
	}
}

var parkedRequest = wireRequest("GET", "/", "", nil)

// park sends a request on each of the first n connections, and returns when their handlers have been called.
func (p *parkingLot) park(n int) (finish []func(), err error) {
	p.connect(n)
	finish = make([]func(), n)
	for i := range finish {
		if _, err := p.conns[i].Write(parkedRequest); err != nil {
			return nil, err
		}
		finish[i] = <-p.parked
	}
	return finish, nil
}

var parkedAnswer = []byte("\r\n\r\nlater\n")

// finish finishes them, in order, and reads the answers.
func (p *parkingLot) finish(finish []func()) error {
	go func() {
		for _, f := range finish {
			f()
		}
	}()
	for _, conn := range p.conns[:len(finish)] {
		n := 0
		for !bytes.HasSuffix(p.buf[:n], parkedAnswer) {
			got, err := conn.Read(p.buf[n:])
			if err != nil {
				return fmt.Errorf("after %d bytes of an answer: %w", n, err)
			}
			n += got
		}
		if !bytes.HasPrefix(p.buf, statusLine) {
			return fmt.Errorf("%q", p.buf[:n])
		}
	}
	return nil
}

func (p *parkingLot) close() {
	_ = p.server.Close()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

func parkedCurve(server func(*parkingLot) *http.Server) func(n int) (do func() bool, end func()) {
	return func(n int) (do func() bool, end func()) {
		p := openParkingLot(server)
		return func() bool {
			finish, err := p.park(n)
			return err == nil && p.finish(finish) == nil
		}, p.close
	}
}

// few requests are lost in what the process needs besides.
const few = 500

// weighParked adds the memory that parked requests take together, with their connections.
func weighParked(results []grown, goroutines int) error {
	servers := []func(*parkingLot) *http.Server{kitParking, bareParking}
	for i := range results {
		results[i].memory = make([]int, len(results[i].sizes))
		for k, n := range results[i].sizes {
			if n < few {
				continue
			}
			bytes, err := parkedMemory(servers[i], n, goroutines)
			if err != nil {
				return err
			}
			results[i].memory[k] = bytes
		}
	}
	return nil
}

// parkedMemory begins when the servers before it are gone, and nothing but so many goroutines is left.
func parkedMemory(server func(*parkingLot) *http.Server, n, goroutines int) (int, error) {
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%d goroutines are left, there were %d", runtime.NumGoroutine(), goroutines)
		}
	}
	p := openParkingLot(server)
	defer p.close()
	before := memory()
	finish, err := p.park(n)
	if err != nil {
		return 0, err
	}
	during := memory()
	return during - before, p.finish(finish)
}

// memory is what the process uses when it has nothing left to collect.
func memory() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// pipeListener accepts the far ends of pipes.
type pipeListener struct {
	accepts chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{accepts: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	near, far := net.Pipe()
	l.accepts <- far
	return near
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepts:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
