package sendfile_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// Out of descriptors is no 404: a cache would keep that one.
func TestSendOutOfDescriptors(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a.txt": "a"})})
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	low := limit
	low.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Skip(err)
	}
	res, body, err := send(t, s, newRequest("GET"), "a.txt", nil)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 503 || body != "503 Service Unavailable" || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("Send = %d %q, %v", res.StatusCode, body, err)
	}
}

// openLimit is how many descriptors this process may have.
func openLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return limit.Cur
}
