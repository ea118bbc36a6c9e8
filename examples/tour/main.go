// Tour shows what the kit does for an app behind a proxy, on one page to click through:
//
//	go run ./examples/tour
//
// It is an app and, in the same process, a small proxy in front of it. With -nginx, -apache, -lighttpd or -caddy the real server
// stands there instead, if it is installed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "where the front listens")
	var kinds []*bool
	for _, name := range realFronts {
		kinds = append(kinds, flag.Bool(name, false, "have "+name+" stand in front"))
	}
	flag.Parse()
	kind := embedded
	for i, chosen := range kinds {
		switch {
		case !*chosen:
		case kind != embedded:
			log.Fatalf("-%s and -%s: only one can stand in front", kind, realFronts[i])
		default:
			kind = realFronts[i]
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, kind, *address, func(t *tour) {
		fmt.Printf("Open %s/\nCtrl-C ends the tour.\n", t.base)
	})
	if err != nil {
		log.Fatal(err)
	}
}

// embedded is the front that is part of this program; realFronts are the others.
const embedded = "embedded"

var realFronts = []string{"nginx", "apache", "lighttpd", "caddy"}

// run serves until ctx ends: first the app drains, while the front still delivers what it answers, then the front stops.
func run(ctx context.Context, kind, address string, ready func(*tour)) error {
	dir, err := os.MkdirTemp("", "tour-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t, err := newTour(kind, address, dir)
	if err != nil {
		return err
	}
	defer t.client.CloseIdleConnections()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	socket := filepath.Join(dir, "app.sock")
	done := make(chan error, 1)
	go func() { done <- t.server.Listen(ctx, "unix://"+socket+socketMode(kind), t.routes()) }()
	if err := accepts(socket, done); err != nil {
		return err
	}
	stop, err := startFront(kind, address, "unix:"+socket, t.front)
	if err != nil {
		cancel()
		return errors.Join(err, <-done)
	}
	defer stop()
	ready(t)
	return <-done
}

// socketMode says who may connect to the app, which believes whoever can: this user, or, because a real server may run as another
// one, everybody on this machine. Give the two a group, and the socket 0660, where that matters.
func socketMode(kind string) string {
	if kind == embedded {
		return "?mode=0600"
	}
	return "?mode=0666"
}

// accepts waits until the app does.
func accepts(socket string, done <-chan error) error {
	for range 500 {
		select {
		case err := <-done:
			return err
		default:
		}
		if conn, err := net.Dial("unix", socket); err == nil {
			return conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the app does not listen")
}
