package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/go-pants/kit/pants"
)

// uploadsServer is the name of the server after serveFlag.
const uploadsServer = "uploads"

// uploadsReport is the part about uploads.
func uploadsReport(w io.Writer, pattern *regexp.Regexp, short bool) outcome {
	if !pattern.MatchString("uploads/memory of the server") {
		return outcome{}
	}
	fmt.Fprint(w, "\nuploads: memory of the server\n")
	return outcome{found: true, err: uploads(w, short)}
}

// uploads shows how much memory a server needs for large uploads. It starts the server as a process of its own, uploads to it over
// loopback, and prints the largest resident size that the kernel saw. A figure over its budget is an error.
func uploads(w io.Writer, quick bool) error {
	size, count, each := int64(2<<30), 100, int64(20<<20)
	if quick {
		size, each = size/8, each/2 // all of them are still far more than the budget
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer columns.Flush()
	fmt.Fprintln(columns, "\tpeak\tbudget\ttime")
	var errs []error
	for _, t := range []struct {
		name   string
		count  int
		size   int64
		budget int64
	}{
		{"one upload", 1, size, 64 << 20},
		{"uploads at once", count, each, 300 << 20},
	} {
		peak, took, err := uploadAtOnce(t.count, t.size)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d %s of %d MiB", t.count, t.name, t.size>>20)
		if t.count == 1 {
			name = fmt.Sprintf("%s of %d MiB", t.name, t.size>>20)
		}
		fmt.Fprintf(columns, "%s\t%d MiB\t%d MiB\t%.2f s\n", name, peak>>20, t.budget>>20, took.Seconds())
		if peak > t.budget {
			errs = append(errs, fmt.Errorf("%s: %d MiB resident, budget %d MiB", name, peak>>20, t.budget>>20))
		}
	}
	return errors.Join(errs...)
}

// receiveUploads is the server: it counts the bytes of each uploaded file.
func receiveUploads() *http.Server {
	server, err := pants.New(pants.Config{MaxRequest: -1, MemoryLimit: 1 << 20})
	must(err)
	return server.HTTPServer(server.Handler(func(r *pants.Request) {
		files := r.Files()["file"]
		if len(files) == 0 {
			_ = r.SendResponse("no file", pants.Code(http.StatusBadRequest))
			return
		}
		in, err := files[0].Open()
		if err != nil {
			panic(err)
		}
		n, err := io.Copy(io.Discard, in)
		if err != nil || in.Close() != nil {
			panic(err)
		}
		_ = r.SendResponse(fmt.Sprint(n))
	}))
}

// uploadAtOnce uploads count files of size bytes at once to a new server.
func uploadAtOnce(count int, size int64) (peak int64, took time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := exec.CommandContext(ctx, self, serveFlag, uploadsServer)
	server.Stderr = os.Stderr
	if _, err := server.StdinPipe(); err != nil {
		return 0, 0, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := server.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { cancel(); _ = server.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, 0, err
	}
	url := "http://" + strings.TrimSpace(line) + "/"
	start := time.Now()
	results := make([]error, count)
	var all sync.WaitGroup
	for i := range count {
		all.Add(1)
		go func() {
			defer all.Done()
			results[i] = upload(ctx, url, size)
		}()
	}
	all.Wait()
	took = time.Since(start)
	if err := errors.Join(results...); err != nil {
		return 0, 0, err
	}
	peak, err = peakResident(server.Process.Pid)
	return peak, took, err
}

// upload sends a form with one file of size bytes, made up on the way.
func upload(ctx context.Context, url string, size int64) error {
	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	if _, err := form.CreateFormFile("file", "made-up.bin"); err != nil {
		return err
	}
	start := head.Len()
	if err := form.Close(); err != nil {
		return err
	}
	content := io.MultiReader(bytes.NewReader(head.Bytes()[:start]), io.LimitReader(madeUp{}, size), bytes.NewReader(head.Bytes()[start:]))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, content)
	if err != nil {
		return err
	}
	req.ContentLength = size + int64(head.Len())
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if string(answer) != fmt.Sprint(size) {
		return fmt.Errorf("status %d %q, want %d", res.StatusCode, answer, size)
	}
	return nil
}

// madeUp is data with line breaks and dashes, where a boundary might be.
type madeUp struct{}

func (madeUp) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], "\r\n--some data, and some more of it, ")
	}
	return len(p), nil
}

// peakResident is the largest resident size of a process so far, as the kernel counts it.
func peakResident(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(status), "\n") {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes << 10, nil
		}
	}
	return 0, errors.New("no VmHWM in the process's status")
}
