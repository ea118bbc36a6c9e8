package sendfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// root may read everything, so where tests run as root one thread asks the file
// system as somebody else. The thread ends with the goroutine that locked it.
func TestSendForbiddenToRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("TestSendForbidden does this without root")
	}
	root := newRoot(t, map[string]string{"shut.txt": "a", "shut/a.txt": "a", "open.txt": "a"})
	s := newSender(t, sendfile.Config{Root: root})
	for name, mode := range map[string]fs.FileMode{"": 0o755, "shut.txt": 0, "shut": 0, "open.txt": 0o644} {
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
			return
		}
		for _, tt := range []struct {
			name   string
			status int
			body   string
			cause  error
		}{
			{"open.txt", 200, "a", nil},
			{"shut.txt", 403, "You do not have permission to access that file.", fs.ErrPermission},
			{"shut/a.txt", 403, "You do not have permission to access that file.", fs.ErrPermission},
		} {
			res, body, err := send(t, s, newRequest("GET"), tt.name, nil)
			if res.StatusCode != tt.status || body != tt.body || !errors.Is(err, tt.cause) {
				t.Errorf("Send(%q) = %d %q, %v", tt.name, res.StatusCode, body, err)
			}
		}
	}()
	<-done
}
