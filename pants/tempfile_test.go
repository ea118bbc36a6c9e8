package pants_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/go-pants/kit/pants"
)

// A temporary file cannot be found by anybody: on Linux it has no name at any time, elsewhere for a moment.
func TestTemporaryFileHasNoName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for name, open := range map[string]func() (*os.File, error){"unnamed": pants.UnnamedFile, "unlinked": pants.UnlinkedFile} {
		file, err := open()
		if err != nil && name == "unnamed" {
			if runtime.GOOS != "linux" {
				continue // there is none, and the other one is used
			}
			t.Logf("no unnamed files in %s: %v", dir, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString("body"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back := make([]byte, 4)
		if _, err := file.ReadAt(back, 0); err != nil || string(back) != "body" {
			t.Errorf("%s: read back %q, %v", name, back, err)
		}
		if info, err := file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: the folder has %v, %v", name, left, err)
		}
		if err := file.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
