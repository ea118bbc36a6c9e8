package sendfile_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-pants/kit/sendfile"
)

func TestValidators(t *testing.T) {
	root := newRoot(t, map[string]string{"a": "123456789012345"})
	age := func(at time.Time) {
		t.Helper()
		if err := os.Chtimes(filepath.Join(root, "a"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	mine := func(fs.FileInfo) string { return `"mine"` }
	tests := []struct {
		title    string
		etag     func(fs.FileInfo) string
		at       time.Time
		tag, mod string
	}{
		{"default", nil, time.Unix(1700000000, 123), `"f-17979cfe362a007b"`, "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"a nanosecond later", nil, time.Unix(1700000000, 124), `"f-17979cfe362a007c"`, "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"as nginx", sendfile.NginxETag, time.Unix(0x6553f100, 5), `"6553f100-f"`, "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"own", mine, time.Unix(1700000000, 0), `"mine"`, "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"never dated", nil, time.Unix(0, 0), "", ""},
		{"never dated, as nginx", sendfile.NginxETag, time.Unix(0, 0), "", ""},
		{"never dated, own", mine, time.Unix(0, 0), `"mine"`, ""},
		{"first second", nil, time.Unix(1, 0), `"f-3b9aca00"`, "Thu, 01 Jan 1970 00:00:01 GMT"},
		{"in the future", sendfile.NginxETag, time.Unix(4000000000, 0), `"ee6b2800-f"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			age(tt.at)
			s := newSender(t, sendfile.Config{Root: root, ETag: tt.etag})
			res, _, _ := send(t, s, newRequest("GET"), "a", nil)
			if got := res.Header.Get("Etag"); got != tt.tag {
				t.Errorf("ETag = %s, want %s", got, tt.tag)
			}
			if got := res.Header.Get("Last-Modified"); got != tt.mod {
				t.Errorf("Last-Modified = %q, want %q", got, tt.mod)
			}
			if tt.mod == "" {
				res, _, _ := send(t, s, newRequest("GET", "If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"), "a", nil)
				if res.StatusCode != 200 {
					t.Errorf("If-Modified-Since without a date of the file = %d", res.StatusCode)
				}
			}
		})
	}
}

// The fraction of a second is not sent, so it must not count.
func TestFractionOfASecond(t *testing.T) {
	root := newRoot(t, map[string]string{"a": alphabet})
	at := changed.Add(500 * time.Millisecond)
	if err := os.Chtimes(filepath.Join(root, "a"), at, at); err != nil {
		t.Fatal(err)
	}
	s := newSender(t, sendfile.Config{Root: root})
	for _, fields := range [][]string{{"If-Modified-Since", changedText}, {"If-Unmodified-Since", changedText, "If-Modified-Since", changedText}} {
		if res, _, _ := send(t, s, newRequest("GET", fields...), "a", nil); res.StatusCode != 304 {
			t.Errorf("%q = %d, want 304", fields, res.StatusCode)
		}
	}
	if res, _, _ := send(t, s, newRequest("GET", "Range", "bytes=1-2", "If-Range", changedText), "a", nil); res.StatusCode != 206 {
		t.Errorf("If-Range = %d, want 206", res.StatusCode)
	}
}

// Pants sent local time and called it GMT. The zone of a process is fixed when
// it starts, so this one starts another.
func TestLastModifiedIsUTC(t *testing.T) {
	if os.Getenv("SENDFILE_TEST_ZONE") == "" {
		exe, err := os.Executable()
		if err != nil {
			t.Skip(err)
		}
		for _, zone := range []string{"EST5", "XXX-5:30"} {
			cmd := exec.Command(exe, "-test.run=^TestLastModifiedIsUTC$")
			cmd.Env = append(os.Environ(), "TZ="+zone, "SENDFILE_TEST_ZONE=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("TZ=%s: %v\n%s", zone, err, out)
			}
		}
	}
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a": "a"})})
	if res, _, _ := send(t, s, newRequest("GET"), "a", nil); res.Header.Get("Last-Modified") != changedText {
		t.Errorf("Last-Modified = %q", res.Header.Get("Last-Modified"))
	}
	if res, _, _ := send(t, s, newRequest("GET", "If-Modified-Since", changedText), "a", nil); res.StatusCode != 304 {
		t.Errorf("If-Modified-Since = %d", res.StatusCode)
	}
}
