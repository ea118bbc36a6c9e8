package main

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestUploadsServer: it ends with its input, which ends with the parent, however that ends.
func TestUploadsServer(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, serveFlag, uploadsServer)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Errorf("its first line is %q, %v", line, err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestUploadAtOnce: what is uploaded arrives, and the server's memory is known.
func TestUploadAtOnce(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the peak is read from /proc")
	}
	if peak, _, err := uploadAtOnce(2, 2<<20); err != nil || peak <= 0 {
		t.Errorf("uploadAtOnce = %d, %v", peak, err)
	}
}
