package tour_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/go-pants/kit/examples/e2e/proxy"
)

// program is the tour, built once; quit ends the browser, if a test has started it.
var (
	program string
	quit    = func() {}
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "e2etour")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "tour")
		build := exec.Command("go", "-C", "../../..", "build", "-o", program, "./examples/tour")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			panic(err)
		}
		defer func() { quit() }()
		return m.Run()
	}())
}

// front starts the tour behind a server and returns its URL.
func front(t *testing.T, kind string) (base string) {
	t.Helper()
	address := proxy.Address(t)
	arguments := []string{"-addr", address}
	if kind != embedded {
		proxy.Need(t, map[string]string{"apache": "apache2"}[kind]+map[bool]string{true: kind}[kind != "apache"])
		arguments = append(arguments, "-"+kind)
	}
	proxy.Start(t, exec.Command(program, arguments...), address)
	return "http://" + address
}

const embedded = "embedded"

// chromium is the browser of all tests: to start it takes longer than most of them.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // root has none
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	quit = func() {
		cancel()
		release()
	}
	return ctx, chromedp.Do(ctx)
})

// browse returns the browser with cookies and windows of the test's own, which go when it ends.
func browse(t *testing.T) context.Context {
	t.Helper()
	proxy.Need(t, "chromium")
	browser, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is a page in the browser, and whatever goes wrong on it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string
	*watch
}

// open shows the tour at a width, in "light" or "dark". What the browser complained about fails the test when it ends.
func open(t *testing.T, browser context.Context, base string, o ...chromedp.ContextOption) *tab {
	t.Helper()
	p := attach(t, browser, base, o...)
	p.size(1280, 800)
	p.do(chromedp.Navigate(base + "/"))
	return p
}

func attach(t *testing.T, browser context.Context, base string, o ...chromedp.ContextOption) *tab {
	t.Helper()
	w := &watch{urls: map[string]string{}}
	ctx, cancel := chromedp.NewContext(browser, append(o, chromedp.WithListener(w.event))...)
	p := &tab{t, ctx, base, w}
	t.Cleanup(func() {
		for _, problem := range w.all() {
			t.Errorf("the browser complains: %s", problem)
		}
		cancel()
	})
	// Without a deadline: the tab lives as long as the context of its first step.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p.colours("light")
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.text("body"))
	}
}

const patience = 15 * time.Second

// eval returns what a script says.
func eval[T any](p *tab, script string) T {
	p.t.Helper()
	v, err := try[T](p, script)
	if err != nil {
		p.t.Fatalf("%.200s: %v", script, err)
	}
	return v
}

// try is eval where the page may just be leaving.
func try[T any](p *tab, script string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// text is what a visitor reads there, "" if there is no such element.
func (p *tab) text(selector string) string {
	p.t.Helper()
	text, _ := try[string](p, `document.querySelector(`+quote(selector)+`)?.innerText ?? ""`)
	return text
}

func quote(s string) string {
	return "`" + strings.NewReplacer("`", "\\`", `\`, `\\`, "$", `\$`).Replace(s) + "`"
}

// see waits until all texts stand there; "!" before one says that it must not.
func (p *tab) see(selector string, texts ...string) {
	p.t.Helper()
	seen := ""
	p.until(func() bool {
		seen = p.text(selector)
		for _, text := range texts {
			text, not := strings.CutPrefix(text, "!")
			if strings.Contains(seen, text) == not {
				return false
			}
		}
		return true
	}, func() string { return selector + " is\n" + seen + "\nwant " + strings.Join(texts, " | ") })
}

// until waits for something that the page does.
func (p *tab) until(done func() bool, what func() string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain: %s\nproblems: %q", what(), p.all())
		}
	}
}

// holds waits until a script says true.
func (p *tab) holds(script string) {
	p.t.Helper()
	p.until(func() bool {
		ok, err := try[bool](p, script)
		return err == nil && ok
	}, func() string { return script })
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// fill writes into a field, in place of what stands there.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.click(selector)
	p.replace(text)
	if got := eval[string](p, `document.querySelector(`+quote(selector)+`).value`); got != text {
		p.t.Fatalf("%s holds %q, want %q", selector, got, text)
	}
}

// replace types into the field that has the focus.
func (p *tab) replace(text string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl)), chromedp.KeyEvent(text))
}

func (p *tab) size(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

func (p *tab) colours(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.holds(`matchMedia("(prefers-color-scheme: ` + scheme + `)").matches`)
}

// front shows the tab, and hides the others of the window.
func (p *tab) front() {
	p.t.Helper()
	p.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(p.ctx, page.BringToFront, struct{}{})
		return chromedp.Void{}, err
	})
}

// another clicks a link that opens a tab, and returns that.
func (p *tab) another(link string) *tab {
	p.t.Helper()
	opened := chromedp.WaitNewTarget(p.ctx, func(i *target.Info) bool {
		return i.Type == "page" && i.BrowserContextID == chromedp.FromContext(p.ctx).BrowserContextID // not another test's
	})
	p.click(link)
	select {
	case id := <-opened:
		second := attach(p.t, p.ctx, p.base, chromedp.WithTargetID(id))
		// It scrolls to the part of the page that the link names: a click would miss.
		second.holds(`new Promise(done => {
			const before = scrollY;
			requestAnimationFrame(() => requestAnimationFrame(() => done(document.readyState === "complete" && before === scrollY)));
		})`)
		return second
	case <-time.After(patience):
		p.t.Fatalf("%s opens no tab", link)
		return nil
	}
}
