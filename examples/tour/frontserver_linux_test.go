package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// children are the numbers of the processes that this one started and that have not ended.
func children(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	numbers := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		numbers += string(text)
	}
	return numbers
}

// TestFrontServerOfAKilledTour: nothing is asked to stop, and nothing goes on.
func TestFrontServerOfAKilledTour(t *testing.T) {
	if kind := os.Getenv("TOUR_TEST_FRONT"); kind != "" {
		runUntilKilled(t, kind)
		return
	}
	for _, front := range frontKinds {
		t.Run(front.kind, func(t *testing.T) {
			needServer(t, front.kind)
			address := freeAddress(t)
			tour := exec.Command(os.Args[0], "-test.run=^TestFrontServerOfAKilledTour$")
			tour.Env = append(tour.Environ(), "TOUR_TEST_FRONT="+front.kind, "TOUR_TEST_ADDRESS="+address, "TMPDIR="+t.TempDir())
			tour.Stderr = os.Stderr
			out, err := tour.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := tour.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = tour.Process.Kill()
				_ = tour.Wait()
			})
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "runs\n" {
				t.Fatalf("line = %q, %v", line, err)
			}
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			if err := tour.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					break
				}
				conn.Close()
				if time.Now().After(deadline) {
					t.Fatal("it still accepts connections")
				}
			}
		})
	}
}

func runUntilKilled(t *testing.T, kind string) {
	for _, front := range frontKinds {
		if front.kind != kind {
			continue
		}
		sender := newFileSender(t, front.conf, "a.txt", "")
		if _, err := startServer(kind, os.Getenv("TOUR_TEST_ADDRESS"), "127.0.0.1:1", sender); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("runs\n")
		select {}
	}
}
