package tour_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestWithoutScript: every demo does its work by plain forms and links.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	browser := browse(t)
	p := plain(t, browser, front(t, embedded))
	p.see("#chat .without-script", "wait for the next line")

	p.fill("#who-as", "203.0.113.77")
	p.click("#who form button")
	p.see("#who .result", "pretends to be 203.0.113.77", "you are ")
	if p.text("#who .forged .bad") != "" {
		t.Errorf("believed: %s", p.text("#who .forged"))
	}

	p.fill("#form-name", "<i>plain</i>")
	p.click("#form button:not(.second)")
	p.see("#form .result", "The handler saw a POST", "the address", "<i>plain</i>", "engines")
	p.fill("#form-name", "<i>plain</i>")
	p.click("#form button.second")
	p.see("#form .result", "The handler saw a GET", "<i>plain</i>")

	file := filepath.Join(t.TempDir(), "plain.bin")
	send := func(size int) {
		t.Helper()
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		p.do(chromedp.SetUploadFiles(chromedp.CSS("#upload-file"), []string{file}))
		p.click("#upload form button")
	}
	send(2 << 20)
	p.see("#upload .result", "plain.bin", "2,097,152 bytes", "on disk")
	send(5 << 20)
	p.see("#upload .result", "413 Content Too Large.")
	p.until(func() bool { return p.expect("413: POST " + p.base + "/upload") }, func() string { return "the answer 413" })
	p.until(func() bool { return p.expect("status of 413") }, func() string { return "413 on the console" })

	p.fill("#cookies-name", "Grace")
	p.click("#cookies form button")
	p.see("#cookies .result", "You are logged in as Grace.")
	p.click(`#cookies form[action$=tamper] button`)
	p.see("#cookies .result", "Refused.")
	p.click(`#cookies form[action$=logout] button`)
	p.see("#cookies .result", "You are not logged in.")

	p.click("#files button[value=range]")
	p.see("#files .result", "A part of it", "206 Partial Content", "The same bytes")
	p.click("#files .source summary")
	p.see("#files .source pre", "def ")

	p.click("#chat .without-script a")
	second := plain(t, browser, p.base)
	second.fill("#chat-name", "Grace")
	second.fill("#chat-text", "The page comes now.")
	second.click("#chat form button")
	second.see("#chat-lines", "Grace The page comes now.")
	p.front()
	p.see("#chat-lines", "Grace The page comes now.")
	shoot(p, "without-script")
}

// plain is open in a tab that runs no scripts of the page.
func plain(t *testing.T, browser context.Context, base string) *tab {
	t.Helper()
	p := attach(t, browser, base)
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	p.size(1280, 800)
	p.do(chromedp.Navigate(base + "/"))
	if p.text("#who .paste button") != "" { // tour.js adds them
		t.Fatal("the page's script has run")
	}
	return p
}
