package main

import (
	"go/parser"
	"go/token"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func text(markup string) string {
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(markup, ""))
}

// TestSources: every demo shows code in both languages, and it is that of the files beside this one.
func TestSources(t *testing.T) {
	_, page := newBrowser(t, start(t)).ask("GET", "/", "", 200)
	for _, name := range []string{"who", "form", "upload", "cookies", "files", "chat"} {
		t.Run(name, func(t *testing.T) {
			d, ok := demos[name]
			if !ok {
				t.Fatal("no demo")
			}
			for file, shown := range map[string]string{name + ".go": text(string(d.Go)), "tour.py": text(string(d.Python))} {
				source, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if strings.TrimSpace(shown) == "" {
					t.Errorf("nothing of %s", file)
				}
				for line := range strings.Lines(shown) {
					if !strings.Contains(string(source), line) {
						t.Errorf("%q is not in %s", line, file)
					}
					// What fits the columns of the page.
					if wide := len(strings.ReplaceAll(line, "\t", "    ")); wide > 82 || file == "tour.py" && wide > 62 {
						t.Errorf("%d columns: %s", wide, line)
					}
				}
			}
			if _, err := parser.ParseFile(token.NewFileSet(), "", "package x\n"+text(string(d.Go)), 0); err != nil {
				t.Error(err)
			}
			for _, part := range []string{string(d.Go), string(d.Python), string(d.Paste), "https://pkg.go.dev/github.com/go-pants/kit/" + d.Package} {
				if !strings.Contains(page, part) {
					t.Errorf("not on the page: %s", part)
				}
			}
		})
	}
}

func TestCut(t *testing.T) {
	const source = "package x\n\n// a is one.\nfunc (t *tour) a() {}\n\nfunc b() {}\n\n// a of others.\nfunc (r *room) a() { x() }\n"
	for name, want := range map[string]string{
		"a": "// a is one.\nfunc (t *tour) a() {}", "b": "func b() {}", "room.a": "// a of others.\nfunc (r *room) a() { x() }", "c": "", "room.b": "func b() {}",
	} {
		if got := cutGo(source, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	const python = "x = 1\n\n\n@route\ndef a(r):\n    b()\n\n    c()\n\n\ndef ab(r):\n    pass\n"
	for name, want := range map[string]string{"a": "@route\ndef a(r):\n    b()\n\n    c()", "ab": "def ab(r):\n    pass", "b": ""} {
		if got := cutPython(python, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestColoured(t *testing.T) {
	const source = "if a < b { return \"// no\" } // <yes>"
	const want = `<span class="keyword">if</span> a &lt; b { <span class="keyword">return</span> <span class="string">&#34;// no&#34;</span> } <span class="comment">// &lt;yes&gt;</span>`
	if got := string(coloured(goWords, source)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestPaste compiles what a reader is to paste, the comments' code too.
func TestPaste(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to compile with")
	}
	var b strings.Builder
	b.WriteString(`package main

import (
	"net/http"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

var (
	handler http.Handler
	server  *pants.Server
	news    chan string

	_ = sendfile.New
	_ = xheaders.New
)

func used(...any) {}

func main() {}
`)
	inside := regexp.MustCompile(`(?m)^(.*?)(?:// (?:in it|in a handler|and later): (.*))$`)
	declared := regexp.MustCompile(`(\w+)(?:, (\w+))? := `)
	for name, d := range demos {
		b.WriteString("\nfunc " + name + "(w http.ResponseWriter, r *")
		if strings.Contains(string(d.Paste), "http.") || name == "chat" || name == "upload" {
			b.WriteString("pants.Request")
		} else {
			b.WriteString("http.Request")
		}
		b.WriteString(", name, path string) {\n")
		for line := range strings.Lines(text(string(d.Paste))) {
			if parts := inside.FindStringSubmatch(line); parts != nil {
				b.WriteString(parts[1] + "\n{\n" + strings.ReplaceAll(parts[2], "info.ClientIP()", "used(info.ClientIP())") + "\n")
				b.WriteString(use(declared.FindStringSubmatch(parts[2])) + "}\n")
				continue
			}
			b.WriteString(line + "\n" + use(declared.FindStringSubmatch(line)))
		}
		b.WriteString("}\n")
	}
	// Inside of the module, in a folder that ./... does not see.
	dir, err := os.MkdirTemp("../..", ".paste-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", "build", "-o", os.DevNull, ".")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, b.String())
	}
}

// use makes the compiler accept variables that only a reader's code would use.
func use(declaration []string) string {
	var b strings.Builder
	for _, name := range declaration[min(1, len(declaration)):] {
		if name != "" && name != "_" {
			b.WriteString("used(" + name + ")\n")
		}
	}
	return b.String()
}
