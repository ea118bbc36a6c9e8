package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
)

// serveFlag makes this program a server, for one try of a row over the wire, -serve ROW/WHO, or for the uploads.
const serveFlag = "-serve"

// profileEnv names a directory for the CPU profiles of the servers.
const profileEnv = "BENCH_PROFILE"

// serving tells whether this process is to be a server, and is one until its input ends: with the parent it ends too.
func serving(args []string) bool {
	if len(args) != 3 || args[1] != serveFlag {
		return false
	}
	if err := serve(args[2]); err != nil {
		log.Fatal(err)
	}
	return true
}

func serve(name string) error {
	if name == uploadsServer {
		return untilInputEnds(receiveUploads)
	}
	for _, r := range wireRows() {
		for _, t := range r.tries {
			if r.name+"/"+t.who != name || t.server == nil {
				continue
			}
			if dir := os.Getenv(profileEnv); dir != "" {
				stop, err := profile(filepath.Join(dir, strings.NewReplacer(" ", "-", "/", "-", ",", "").Replace(name)+".pprof"))
				if err != nil {
					return err
				}
				defer stop()
			}
			return untilInputEnds(t.server)
		}
	}
	return fmt.Errorf("no server %q", name)
}

// untilInputEnds serves, and says its address in its first line.
func untilInputEnds(server func() *http.Server) error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := server()
	go func() { log.Fatal(srv.Serve(l)) }()
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func profile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}
