package tour_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestLook: the page with a result in every demo, on a desk and on a phone, by day and by night.
func TestLook(t *testing.T) {
	t.Parallel()
	axe := axeCore(t)
	p := open(t, browse(t), front(t, embedded))
	for _, scheme := range []string{"light", "dark"} {
		p.colours(scheme)
		p.accessible(axe, "first, "+scheme)
	}
	fillIn(p)
	for _, width := range []int64{1280, 375} {
		p.size(width, 800)
		for _, scheme := range []string{"light", "dark"} {
			p.colours(scheme)
			name := fmt.Sprintf("%d-%s", width, scheme)
			shoot(p, name)
			p.fits(name)
			if scheme == "light" || width == 1280 { // the colours are the same on a phone
				p.accessible(axe, name)
			}
		}
	}
}

// fillIn leaves something to see in every demo, with details open.
func fillIn(p *tab) {
	p.t.Helper()
	p.click("#who form button")
	p.see("#who .result", "What became of the forged headers")
	p.click("#who .result summary")
	p.click("#form form button")
	p.see("#form .result", "The handler saw a POST")
	file := filepath.Join(p.t.TempDir(), strings.Repeat("a-long-name-", 10)+".txt")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#upload-file"), []string{file}))
	p.click("#upload form button")
	p.see("#upload .result", "in memory")
	p.click("#cookies form button")
	p.see("#cookies .result", "Accepted.")
	p.click(`#cookies form[action$=tamper] button`)
	p.see("#cookies .result", "Refused.")
	p.click("#files button[value=whole]")
	p.see("#files .result", "The same bytes")
	p.fill("#chat-text", strings.Repeat("long", 60))
	p.click("#chat form button")
	p.see("#chat-lines", "longlong")
	p.click("#chat .source summary") // one for all: the code is the longest part of the page
}

// fits: nothing is wider than the window, so that nobody has to scroll sideways.
func (p *tab) fits(name string) {
	p.t.Helper()
	wide := eval[[]string](p, `document.documentElement.scrollWidth <= innerWidth ? [] :
		[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll"))
			.map(e => e.outerHTML.slice(0, 150)).concat("the page")`)
	if len(wide) > 0 {
		p.t.Errorf("%s: wider than the window:\n%s", name, strings.Join(wide, "\n"))
	}
}

// axeCore is the text of axe-core, which package-lock.json pins.
func axeCore(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal("axe-core not found: run npm ci in examples/e2e/tour, as .ci/nested does")
	default:
		t.Skip("axe-core not found: run npm ci in examples/e2e/tour")
	}
	return string(text)
}

type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target         []any
		HTML           string
		FailureSummary string
	}
}

// accessible runs axe-core in the page. The page's policy stays as it is: the browser's own console is not subject to it.
func (p *tab) accessible(axe, name string) {
	p.t.Helper()
	if eval[bool](p, `typeof axe === "undefined"`) {
		p.do(chromedp.Action[chromedp.Void](chromedp.Evaluate[chromedp.Void](axe)))
	}
	var found struct {
		Violations []finding
		Passes     int
	}
	text := eval[string](p, `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify({Violations: r.violations, Passes: r.passes.length}))`)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		p.t.Fatal(err)
	}
	if found.Passes < 20 { // 20 rules that found something to look at; the page has more
		p.t.Errorf("%s: axe-core has looked at little: %d rules", name, found.Passes)
	}
	for _, f := range found.Violations {
		report := p.t.Logf
		if f.Impact == "serious" || f.Impact == "critical" {
			report = p.t.Errorf
		}
		for _, node := range f.Nodes {
			report("%s: %s: %s: %s\n%v %s\n%s", name, f.Impact, f.ID, f.Help, node.Target, node.HTML, node.FailureSummary)
		}
	}
}

// shoot writes the whole page as a PNG file: to $ARTIFACTS, else to a folder that the log names.
func shoot(p *tab, name string) {
	p.t.Helper()
	dir := os.Getenv("ARTIFACTS")
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "kit-tour")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join(dir, "tour-"+name+".png")
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("screenshot: %s", file)
}
