package tour_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestKeyboard goes through the demos without a mouse. Only the file is chosen without a key: its dialog is the system's.
func TestKeyboard(t *testing.T) {
	p := open(t, browse(t), front(t, embedded))
	p.tabTo(".skip")
	p.key(kb.Enter)
	p.holds(`document.activeElement.id === "main"`)

	p.tabTo("#who-as")
	p.replace("203.0.113.77")
	p.key(kb.Enter)
	p.see("#who .result", "pretends to be 203.0.113.77", "you are 127.0.0.1")

	p.tabTo("#form-name")
	p.replace("Keys")
	p.tabTo("#form input[value=poems]")
	p.key(" ")
	p.tabTo("#form button")
	p.key(" ")
	p.see("#form .result", "The handler saw a POST", "Keys", "engines", "poems")

	file := filepath.Join(t.TempDir(), "keys.txt")
	if err := os.WriteFile(file, []byte("keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.tabTo("#upload-file")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#upload-file"), []string{file}))
	p.tabTo("#upload form button")
	p.key(kb.Enter)
	p.see("#upload .result", "keys.txt", "4 bytes", "in memory")

	p.tabTo("#cookies-name")
	p.replace("Grace")
	p.key(kb.Enter)
	p.see("#cookies .result", "You are logged in as Grace.")
	p.tabTo(`#cookies form[action$=tamper] button`)
	p.key(kb.Enter)
	p.see("#cookies .result", "Refused.")
	p.tabTo(`#cookies form[action$=logout] button`)
	p.key(" ")
	p.see("#cookies .result", "You are not logged in.")

	p.tabTo("#cookies .source summary")
	p.key(kb.Enter)
	p.see("#cookies .source pre", "def ")

	p.tabTo("#files button[value=range]")
	p.key(kb.Enter)
	p.see("#files .result", "206 Partial Content")
	p.tabTo("#files .scroll") // a table that is wider than the phone can be scrolled

	p.tabTo("#chat-name")
	p.replace("Ada")
	p.tabTo("#chat-text")
	p.replace("By keys")
	p.key(kb.Enter)
	p.see("#chat-lines", "Ada By keys")
}

func (p *tab) key(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// tabTo presses Tab until an element has the focus. Whatever has it on the way has to show it.
func (p *tab) tabTo(selector string) {
	p.t.Helper()
	for range 100 {
		p.key(kb.Tab)
		at := eval[struct {
			Here, Shown bool
			What        string
		}](p, `(() => {
			const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
			return {
				Here: e.matches(`+quote(selector)+`),
				Shown: e === document.body || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && r.width > 0 && r.right > 0,
				What: e.outerHTML.slice(0, 200),
			};
		})()`)
		if !at.Shown {
			p.t.Errorf("nobody sees that this has the focus: %s", at.What)
		}
		if at.Here {
			return
		}
	}
	p.t.Fatalf("no Tab leads to %s", selector)
}
