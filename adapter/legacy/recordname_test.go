package legacy_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

var recordingName = regexp.MustCompile(`^\d{8}T\d{6}\.\d{6}Z-[0-9A-Za-z_-]{1,90}-[0-9a-f]{8}\.json$`)

// Whatever the client sends, the file is in the directory, and its name can be typed.
func TestRecordingNames(t *testing.T) {
	for _, test := range []struct{ method, target, want string }{
		{"GET", "/", "-GET-root-"},
		{"GET", "/users/7?secret=1", "-GET-users-7-"},
		{"POST", "/a/b_c.txt", "-POST-a-b_c-txt-"},
		{"GET", "/../../etc/passwd", "-GET-etc-passwd-"},
		{"GET", "/..%2f..%2fx", "-GET-2f-2fx-"},
		{"GET", "//", "-GET-root-"},
		{"GET", "/...", "-GET-root-"},
		{"GET", "/a\x00b", "-GET-a-b-"},
		{"GET", "/\\..\\x", "-GET-x-"},
		{"GET", "/C:aux", "-GET-C-aux-"},
		{"GET", "/na\u00efve\xff", "-GET-na-ve-"},
		{"GET", "/" + strings.Repeat("a", 8<<10), "-GET-" + strings.Repeat("a", 63) + "-"},
		{"GET", "/" + strings.Repeat("\u00e9", 8<<10), "-GET-root-"},
		{"OPTIONS", "*", "-OPTIONS-root-"},
		{"CONNECT", "host:443", "-CONNECT-host-443-"},
		{"GET", "http://u:p@host/x", "-GET-http-MASKED-"},
		{"../../X", "/", "-X-root-"},
		{strings.Repeat("M", 500), "/", "-MMMMMMMMMMMM-root-"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.RequestURI = test.method, test.target
		parent := t.TempDir()
		got := record(t, legacy.RecordConfig{Dir: filepath.Join(parent, "dir")}, r, readBody)
		if !recordingName.MatchString(got.Name) || !strings.Contains(got.Name, test.want) || len(got.Name) >= 128 {
			t.Errorf("%.20s %.40q is %q, want %q in it", test.method, test.target, got.Name, test.want)
		}
		if list := filesIn(t, parent); len(list) != 1 {
			t.Errorf("%.40q: files %q beside the directory", test.target, list)
		}
		if !strings.Contains(test.target, "u:p@") && !strings.Contains(test.target, "secret") && got.Request.Target != test.target {
			t.Errorf("target %.40q recorded as %.40q", test.target, got.Request.Target)
		}
	}
}

// Names sort by time, and no file is replaced.
func TestRecordingNamesInOrder(t *testing.T) {
	rec, dir := newRecorder(t, legacy.RecordConfig{PerShape: 500, MaxFiles: 500})
	h := rec.Wrap(http.HandlerFunc(readBody))
	for range 90 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	list := stored(t, rec, dir)
	if len(list) != 90 {
		t.Fatalf("%d recordings of 90", len(list))
	}
	if !slices.IsSortedFunc(list, func(a, b *legacy.Recording) int { return a.Time.Compare(b.Time) }) {
		t.Error("the order of names is not that of times")
	}
}

// A file that is in the way stays: two recordings of the same microsecond are two files.
func TestRecordingsAreNotReplaced(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	sameTime := func(r *legacy.Recording) bool {
		r.Time = at
		return true
	}
	var first []byte
	dir := t.TempDir()
	for n := 1; n <= 3; n++ {
		rec, _ := newRecorder(t, legacy.RecordConfig{Dir: dir, Edit: sameTime})
		rec.Wrap(http.HandlerFunc(readBody)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		list := stored(t, rec, dir)
		if len(list) != n {
			t.Fatalf("%d recordings, want %d", len(list), n)
		}
		data, err := os.ReadFile(filepath.Join(dir, list[0].Name))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if string(data) != string(first) || !strings.HasPrefix(list[0].Name, "20260102T030405.000006Z-") {
			t.Errorf("the first recording is %s now:\n%s", list[0].Name, data)
		}
	}
}
