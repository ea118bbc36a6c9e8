package sendfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// A relative name is one of the directory that the process is in, whatever has become of that directory's name.
func TestWorkingDirectory(t *testing.T) {
	root := newRoot(t, map[string]string{"one/a.txt": "one", "two/a.txt": "two"})
	one, two := filepath.Join(root, "one"), filepath.Join(root, "two")
	var s sendfile.Sender
	want := func(body string) {
		t.Helper()
		for range 2 {
			if _, got, err := send(t, &s, newRequest("GET"), "a.txt", nil); err != nil || got != body {
				t.Errorf("Send = %q, %v, want %q", got, err, body)
			}
		}
	}
	t.Chdir(one)
	want("one")
	t.Chdir(two)
	want("two")
	t.Chdir(one)
	want("one")
	if runtime.GOOS == "windows" {
		return // which lets nobody rename or remove it
	}
	if err := errors.Join(os.Rename(one, one+".old"), os.Rename(two, one)); err != nil {
		t.Fatal(err)
	}
	want("one")
	t.Chdir(one)
	want("two")
	if err := os.RemoveAll(one); err != nil {
		t.Fatal(err)
	}
	if _, _, err := send(t, &s, newRequest("GET"), "a.txt", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that is gone: %v, want ErrNotExist", err)
	}
	t.Chdir(one + ".old")
	want("one")
}

// Whoever sends while the process moves sends a file of one place or the other, and no descriptor stays behind.
func TestWorkingDirectoryMoves(t *testing.T) {
	root := newRoot(t, map[string]string{"one/a.txt": "one", "two/a.txt": "two"})
	t.Chdir(root)
	var s sendfile.Sender
	moved := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-moved:
					return
				default:
				}
				if _, body, err := send(t, &s, newRequest("GET"), "a.txt", nil); err == nil && body != "one" && body != "two" ||
					err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Send = %q, %v", body, err)
					return
				}
			}
		}()
	}
	for range 200 {
		for _, name := range []string{"one", "two"} {
			if err := os.Chdir(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
			runtime.Gosched()
		}
	}
	close(moved)
	wg.Wait()
	// The one that is kept stays open; the collector closes the others.
	open := func() (n int) {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc/self/fd to count descriptors in")
		}
		for _, fd := range list {
			if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); filepath.Dir(target) == root {
				n++
			}
		}
		return n
	}
	for tries := 0; open() > 1; tries++ {
		if tries == 500 {
			t.Fatalf("%d directories are open", open())
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}
