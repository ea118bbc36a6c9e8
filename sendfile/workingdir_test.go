package sendfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

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

// Whoever sends while the process moves sends a file of one place or the other, and an absolute name is never another place's.
func TestWorkingDirectoryMoves(t *testing.T) {
	root := newRoot(t, map[string]string{"one/a.txt": "one", "two/a.txt": "two"})
	t.Chdir(root)
	var direct sendfile.Sender
	outside := newSender(t, sendfile.Config{AllowOutside: true})
	moved := make(chan struct{})
	var wg sync.WaitGroup
	for _, who := range []struct {
		s    *sendfile.Sender
		name string
		want []string
	}{
		{&direct, "a.txt", []string{"one", "two"}},
		{&direct, filepath.Join(root, "one", "a.txt"), []string{"one"}},
		{outside, filepath.Join(root, "two", "a.txt"), []string{"two"}},
		{outside, "a.txt", []string{"one", "two"}},
	} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-moved:
					return
				default:
				}
				_, body, err := send(t, who.s, newRequest("GET"), who.name, nil)
				if err == nil && !slices.Contains(who.want, body) ||
					err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, sendfile.ErrOutsideRoot) {
					t.Errorf("Send(%s) = %q, %v", who.name, body, err)
					return
				}
			}
		}()
	}
	for range 500 {
		for _, name := range []string{"one", "two"} {
			if err := os.Chdir(filepath.Join(root, name)); err != nil {
				t.Error(err)
			}
			runtime.Gosched()
		}
	}
	close(moved)
	wg.Wait()
	if n := openBelow(t, root); n > 1 {
		t.Errorf("%d directories are open", n)
	}
}

// One directory is open, however many Senders there are and wherever the process was.
func TestWorkingDirectoryOnce(t *testing.T) {
	root := newRoot(t, map[string]string{"one/a.txt": "one", "two/a.txt": "two"})
	t.Chdir(root)
	for range 20 {
		for _, name := range []string{"one", "two"} {
			if err := os.Chdir(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
			for range 10 {
				var s sendfile.Sender
				if _, body, err := send(t, &s, newRequest("GET"), "a.txt", nil); err != nil || body != name {
					t.Fatalf("Send = %q, %v", body, err)
				}
			}
			if n := openBelow(t, root); n != 1 {
				t.Fatalf("%d directories are open, want 1", n)
			}
		}
	}
}

// openBelow counts the open files and directories in root.
func openBelow(t *testing.T, root string) (n int) {
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
