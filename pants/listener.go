package pants

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// lastAccept is how long a listener that is to stop still takes connections that are waiting in the kernel: closing it resets
// them, with the request that their client may have sent.
const lastAccept = 20 * time.Millisecond

// quiet is how long no connection has to come after that, if they have not been coming for a second.
const quiet = time.Millisecond

// listener accepts until it is told to stop.
type listener struct {
	net.Listener
	unlink func() // takes the name of a unix socket away, once; nil if there is none
	shared bool   // other processes have the socket too
	log    *slog.Logger

	mu         sync.Mutex
	stopping   bool
	complained time.Time     // when the log was last told of a shortage
	shortages  int           // since then
	stopped    chan struct{} // closed when Accept will return nothing more
	once       sync.Once
}

func newListener(l net.Listener) *listener {
	return &listener{Listener: l, stopped: make(chan struct{})}
}

// open listens at a.
func (a address) open(ctx context.Context) (*listener, error) {
	switch a.network {
	case "unix":
		return listenUnix(ctx, a)
	case "systemd":
		return inherited(a.text)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, a.network, a.text)
	if err != nil {
		return nil, err
	}
	return newListener(l), nil
}

func (l *listener) Accept() (net.Conn, error) {
	asked := false
	delay := firstDelay
	for {
		start := time.Now()
		conn, err := l.Listener.Accept()
		if err == nil {
			return conn, nil
		}
		if isShortage(err) {
			l.complain(err)
			time.Sleep(delay)
			delay = min(2*delay, lastDelay)
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !l.isStopping() {
			return nil, err
		}
		// A deadline that has passed does not say that nothing waits: the process may not have run meanwhile, and Accept does not
		// look then. One that has waited has looked.
		if asked && time.Since(start) > quiet/2 {
			_ = l.Close()
			return nil, net.ErrClosed // net/http would try again
		}
		asked = l.setDeadline(quiet) == nil
		if !asked {
			return nil, err
		}
	}
}

// Between tries to accept while something is short, as in net/http, which would log each of them, hundreds a second.
const (
	firstDelay = 5 * time.Millisecond
	lastDelay  = time.Second

	complaints = 10 * time.Second // from one line in the log to the next
)

// isShortage tells errors that have nothing to do with the listener. Who connects meanwhile waits in the kernel.
func isShortage(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func (l *listener) complain(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shortages++
	if l.log == nil || time.Since(l.complained) < complaints {
		return
	}
	l.log.Error("pants: connections have to wait", "error", err, "tries", l.shortages)
	l.complained, l.shortages = time.Now(), 0
}

func (l *listener) isStopping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopping
}

// setDeadline is net.TCPListener.SetDeadline, for listeners that have it.
func (l *listener) setDeadline(d time.Duration) error {
	with, ok := l.Listener.(interface{ SetDeadline(time.Time) error })
	if !ok {
		return errors.ErrUnsupported
	}
	return with.SetDeadline(time.Now().Add(d))
}

// Close closes the listener and takes its name away.
func (l *listener) Close() error {
	var err error
	l.once.Do(func() {
		if l.unlink != nil {
			l.unlink()
		}
		err = l.Listener.Close()
		close(l.stopped)
	})
	return err
}

// stop takes in what is waiting and closes. Who tries to connect meanwhile to a unix socket finds none.
func (l *listener) stop() {
	if l.unlink != nil {
		l.unlink()
	}
	if socket, ok := l.Listener.(syscall.Conn); ok && l.shared {
		setNonblock(socket)
	}
	l.mu.Lock()
	l.stopping = true
	l.mu.Unlock()
	if l.setDeadline(lastAccept) != nil {
		_ = l.Close()
		return
	}
	for i := range time.Second / lastAccept {
		select {
		case <-l.stopped:
			return
		case <-time.After(lastAccept):
		}
		if i > 0 && l.shared {
			l.knock()
		}
	}
	_ = l.Close() // net/http is waiting before its next try, or nobody accepts at all
}

// knock wakes an accept that waits in the kernel, where it heeds neither a deadline nor Close. O_NONBLOCK, which keeps it from
// that, is shared by all processes that have the socket, and one that passes it on clears it: systemd does, and os/exec. Whoever
// of them gets the connection sees it end at once.
func (l *listener) knock() {
	if conn, err := net.DialTimeout(l.Addr().Network(), l.Addr().String(), lastAccept); err == nil {
		_ = conn.Close()
	}
}
