package pants_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// vectorFixture is one file that send_file vectors need.
type vectorFixture struct {
	Path    string        `json:"path"`
	Content recordedValue `json:"content"`
	Mtime   json.Number   `json:"mtime"`
}

// writeFixtures writes the files of folder/fixtures.json and returns the folder that holds them: ${BASE} in the vectors.
func writeFixtures(t *testing.T, folder string) (base string) {
	t.Helper()
	// Links resolved, because the server compares paths with its working directory (/var is a link on macOS).
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []vectorFixture
	if err := json.Unmarshal(text, &files); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Join(base, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.Content.text), 0o644); err != nil {
			t.Fatal(err)
		}
		when := clockTime(f.Mtime)
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

// clockTime reads Unix seconds, with or without a fraction. The fractions of the vectors are exact in binary.
func clockTime(n json.Number) time.Time {
	seconds, err := strconv.ParseFloat(n.String(), 64)
	if err != nil {
		return time.Unix(1400000000, 0).UTC() // the default of the vectors
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC()
}
