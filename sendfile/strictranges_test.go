package sendfile_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// What is malformed is ignored by default and refused on request; what only cannot be satisfied, or is of another unit, is the
// same either way.
func TestStrictRanges(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("abcdefghij"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		value           string
		lenient, strict int
	}{
		{"bytes=2-4", 206, 206},
		{"bytes=-3", 206, 206},
		{"bytes=2-4,6-7", 206, 206},
		{"bytes=20-", 416, 416},
		{"items=0-5", 200, 200},
		{"", 200, 200},
		{"bytes=5-2", 200, 416},
		{"bytes=", 200, 416},
		{"bytes=,", 200, 416},
		{"bytes=1-a", 200, 416},
		{"bytes=--5", 200, 416},
		{"bytes=0-1,5-2", 200, 416},
		{"bytes:0-5", 200, 416},
		{"bytes=+1-2", 200, 416},
	}
	for _, strict := range []bool{false, true} {
		s, err := sendfile.New(sendfile.Config{Root: dir, StrictRanges: strict})
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Range", test.value)
			if err := s.Send(w, r, "a.txt", nil); err != nil {
				t.Errorf("Range %q: %v", test.value, err)
			}
			want := test.lenient
			if strict {
				want = test.strict
			}
			if w.Code != want {
				t.Errorf("Range %q, strict %v: status %d, want %d", test.value, strict, w.Code, want)
			}
		}
	}
}
