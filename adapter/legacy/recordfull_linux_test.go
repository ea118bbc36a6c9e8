package legacy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// A file that cannot grow fails as on a full disk, in the middle of a write.
func TestRecordOnAFullDisk(t *testing.T) {
	var log logged
	rec, dir := newRecorder(t, legacy.RecordConfig{Log: log.logger()})
	h := rec.Wrap(http.HandlerFunc(readBody))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	low := limit
	low.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low); err != nil {
		t.Skip(err)
	}
	for range 5 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Body.String() != "ok" {
			t.Errorf("answer %q", w.Body)
		}
		time.Sleep(time.Millisecond)
	}
	err := rec.Close()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err == nil || !strings.Contains(err.Error(), "file too large") {
		t.Errorf("Close = %v, want why recording ended", err)
	}
	if got := filesIn(t, dir); len(got) != 0 {
		t.Errorf("files %q are left of a write that failed", got)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "file too large") {
		t.Errorf("log %q, want one line", got)
	}
}
