package pants_test

import (
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

func TestVectors(t *testing.T) {
	folder, own := vectorsFolder()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	base := writeFixtures(t, folder)
	vectors, err := readVectors(folder, base)
	if err != nil {
		t.Error(err)
	}
	t.Chdir(filepath.Join(base, "root")) // Pants' working directory, unless a vector says otherwise

	categories := map[string][]*vector{}
	for _, v := range vectors {
		categories[v.Category] = append(categories[v.Category], v)
	}
	names := make([]string, 0, len(categories))
	for name := range categories {
		names = append(names, name)
	}
	sort.Strings(names)

	var whole, part, refused int
	selected := map[string][]string{}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for _, v := range categories[name] {
				rows := deliberateFor(v)
				for _, d := range rows {
					selected[d.name] = append(selected[d.name], v.ID)
				}
				switch {
				case v.NetHTTP.Requests == 0:
					refused++
				case len(v.DifferIn) > 0 || len(rows) > 0:
					part++
				default:
					whole++
				}
				t.Run(v.ID, func(t *testing.T) { testVector(t, v, rows) })
			}
		})
	}

	deviations := 0
	for _, d := range deliberate {
		ids := selected[d.name]
		deviations += len(ids)
		if own && strings.Join(ids, " ") != strings.Join(d.ids, " ") {
			t.Errorf("deviation %q applies to %q, want %q", d.name, ids, d.ids)
		}
	}
	if own {
		if len(vectors) != 1580 || len(names) != 19 || refused != 58 {
			t.Errorf("read %d vectors in %d categories, %d refused by net/http, want 1580, 19, 58", len(vectors), len(names), refused)
		}
		if deviations > 25 {
			t.Errorf("%d vectors are left to deliberate deviations, want at most 25", deviations)
		}
	}
	t.Logf("%d vectors in %d categories: %d compared whole, %d in part (%d by deliberate deviations), %d refused by net/http",
		len(vectors), len(names), whole, part, deviations, refused)
}

// testVector replays v and compares by the rules of the README beside the vectors.
func testVector(t *testing.T, v *vector, rows []deliberation) {
	x := replay(t, v, replayOptions{})
	left := append([]string(nil), v.DifferIn...)
	if v.NetHTTP.Requests == 0 {
		// Rule 1: net/http refuses these bytes before any handler runs. Where it has no answer of its own, plain net/http
		// waits for a body or answers OPTIONS * by itself. Both are for us to do, so Pants is the measure again, but for the
		// time that net/http takes to close.
		if v.NetHTTP.Status != 0 {
			compareRefused(t, v, x)
			return
		}
		left = append(left, "connection")
	}
	for _, code := range v.Bugs {
		left = append(left, alsoLeft[code]...)
	}
	for _, d := range rows {
		left = append(left, d.leaves...)
	}
	compareVector(t, v, x, left)
	for _, d := range rows {
		d.check(t, v, x)
	}
	if t.Failed() {
		t.Logf("%s: %s\nsent %q\ngot  %q", v.ID, v.Title, v.request(), x.raw())
		for _, c := range x.calls {
			if c.err != nil {
				t.Logf("the handler failed: %v", c.err)
			}
		}
	}
}
