package main

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// load sends one request again and again, over each of its connections when the answer to the last one has come whole. It is
// one loop around epoll, in one thread, because it has to be cheaper than the servers: what it costs is printed beside them.
type load struct {
	epoll    int
	conns    []*loadConn
	request  []byte
	want     []byte
	headers  wireHeaders
	patience int // milliseconds in which something has to happen

	events  []unix.EpollEvent
	discard []byte
	busy    int
	count   int
}

// loadConn is a connection, and how far its request is sent and the answer read.
type loadConn struct {
	fd     int
	unsent []byte // of the request
	full   bool   // epoll tells when there is room for it
	buf    []byte
	n      int
	left   int // of the answer's body, after what is in buf; -1: the head is not complete
}

const (
	// compared is up to which length an answer's body is compared byte by byte each time. Of a longer one the length is
	// looked at, and the rest is thrown away in the kernel (tcp(7), MSG_TRUNC): copying it would cost as much as sending.
	compared = 4 << 10
	headMax  = 2 << 10
)

func dialLoad(address string, conns int, request, want []byte) (*load, error) {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &load{epoll: epoll, request: request, want: want, patience: 20_000}
	l.events, l.discard = make([]unix.EpollEvent, conns), make([]byte, 256<<10)
	for i := range conns {
		fd, err := dialNonblocking(target)
		if err != nil {
			l.close()
			return nil, err
		}
		l.conns = append(l.conns, &loadConn{fd: fd, buf: make([]byte, headMax+compared)})
		if err := l.register(i, unix.EPOLL_CTL_ADD, unix.EPOLLIN); err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func dialNonblocking(target netip.AddrPort) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	err = errors.Join(
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(target.Port()), Addr: target.Addr().As4()}),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetNonblock(fd, true))
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

func (l *load) close() {
	for _, c := range l.conns {
		_ = unix.Close(c.fd)
	}
	_ = unix.Close(l.epoll)
}

func (l *load) register(i, op int, events uint32) error {
	return unix.EpollCtl(l.epoll, op, l.conns[i].fd, &unix.EpollEvent{Events: events, Fd: int32(i)})
}

// turn loads the server for d, and waits until every request is answered: it is idle when others have their turns.
func (l *load) turn(d time.Duration) (count int, took time.Duration, err error) {
	l.count = 0
	start := time.Now()
	for i := range l.conns {
		if err := l.begin(i); err != nil {
			return 0, 0, err
		}
	}
	for l.busy > 0 {
		n, err := unix.EpollWait(l.epoll, l.events, l.patience)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("epoll_wait: %w", err)
		}
		if n == 0 {
			return 0, 0, fmt.Errorf("%w: %d answers are missing", errSilent, l.busy)
		}
		over := time.Since(start) >= d
		for _, event := range l.events[:n] {
			if err := l.serve(int(event.Fd), event.Events, over); err != nil {
				return 0, 0, err
			}
		}
	}
	return l.count, time.Since(start), nil
}

var errSilent = errors.New("the server is silent")

func (l *load) serve(i int, events uint32, over bool) error {
	c := l.conns[i]
	if events&unix.EPOLLOUT != 0 {
		if err := l.send(i); err != nil {
			return err
		}
	}
	if events&^unix.EPOLLOUT == 0 {
		return nil
	}
	complete, err := l.receive(c)
	if err != nil || !complete {
		return err
	}
	l.busy--
	l.count++
	if over {
		return nil
	}
	return l.begin(i)
}

func (l *load) begin(i int) error {
	c := l.conns[i]
	c.unsent, c.n, c.left = l.request, 0, -1
	l.busy++
	return l.send(i)
}

// send writes what there is room for, and has epoll tell when there is more.
func (l *load) send(i int) error {
	c := l.conns[i]
	for len(c.unsent) > 0 {
		n, err := unix.Write(c.fd, c.unsent)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if c.full {
				return nil
			}
			c.full = true
			return l.register(i, unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLOUT)
		case err != nil:
			return fmt.Errorf("write: %w", err)
		default:
			c.unsent = c.unsent[n:]
		}
	}
	if c.full {
		c.full = false
		return l.register(i, unix.EPOLL_CTL_MOD, unix.EPOLLIN)
	}
	return nil
}
