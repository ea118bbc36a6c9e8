// Package docs_test looks at the documentation of the kit's packages as a user meets it: go doc, and the examples.
package docs_test

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	screenLines   = 55
	screenColumns = 130
)

// What "go doc ./pants" prints, the package comment and the names, is seen without scrolling.
func TestIndexFitsAScreen(t *testing.T) {
	command, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("go not found")
		}
		t.Skip("go not found")
	}
	for _, p := range packages(t) {
		cmd := exec.Command(command, "doc", "./"+p.dir)
		cmd.Dir = root
		index, err := cmd.Output()
		if err != nil {
			t.Errorf("go doc ./%s: %v", p.dir, err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(index)), "\n")
		if len(lines) > screenLines {
			t.Errorf("go doc ./%s has %d lines, more than the %d of a screen", p.dir, len(lines), screenLines)
		}
		for _, line := range lines {
			if n := len([]rune(strings.ReplaceAll(line, "\t", "    "))); n > screenColumns {
				t.Errorf("go doc ./%s: %d columns: %s", p.dir, n, line)
			}
		}
		for _, name := range p.names() {
			if typ, _, isMember := strings.Cut(name, "."); !isMember && !bytes.Contains(index, []byte(typ)) {
				t.Errorf("go doc ./%s does not name %s", p.dir, name)
			}
		}
	}
}

// withoutExample are functions and methods that a user does not call, or that no output can show, and why.
var withoutExample = map[string]string{
	"adapter/legacy/legacytest.":             "a package is shown by Example; here Replay is all there is to show",
	"adapter/legacy.Recording.MarshalJSON":   "encoding/json calls it",
	"adapter/legacy.Recording.UnmarshalJSON": "encoding/json calls it",
}

// Whatever a user calls has an example, and the output of each example is checked.
func TestEveryFunctionHasAnExample(t *testing.T) {
	unused := maps.Clone(withoutExample)
	for _, p := range packages(t) {
		shown := map[string]bool{}
		for _, e := range p.examples {
			if e.Output == "" && !e.EmptyOutput {
				t.Errorf("%s: Example%s has no output that is checked", p.dir, e.Name)
				continue
			}
			if _, suffix, ok := strings.Cut("_"+e.Name, "_incorrect"); ok && (suffix != "" || e.Doc == "") {
				t.Errorf("%s: Example%s does not say what is wrong, and what to do instead", p.dir, e.Name)
			} else if !ok {
				shown[e.Name] = true
			}
		}
		for _, name := range append(p.functions(), "") { // "" is the package itself
			if _, ok := withoutExample[p.dir+"."+name]; ok {
				delete(unused, p.dir+"."+name)
				continue
			}
			if name == "" && !shown[""] || !hasExample(shown, strings.ReplaceAll(name, ".", "_")) {
				t.Errorf("%s.%s has no example", p.dir, name)
			}
		}
	}
	for name := range unused {
		t.Errorf("%s is excused from an example, and is not there", name)
	}
}

// classicMistakes and the examples that show what comes of them.
var classicMistakes = map[string]string{
	"a write after the handler returned":                "pants.Server_Wrap_incorrect",
	"a panic in a plain goroutine":                      "pants.Request_Go_incorrect",
	"a response that nobody finishes":                   "pants.Request_Finish_incorrect",
	"an answer without a return":                        "pants.Request_SendResponse_incorrect",
	"a secure cookie taken for encrypted":               "pants.Request_SetSecureCookie_incorrect",
	"a secure cookie after the headers":                 "pants.Request_SetSecureCookie_late_incorrect",
	"cookies of Pants 1.0, whose names are not signed":  "pants.LegacyCookies_incorrect",
	"http.MaxBytesReader below an HTTPServer":           "pants.Server_HTTPServer_incorrect",
	"RemoteAddr taken for the client":                   "pants.Request_RemoteIP_incorrect",
	"RemoteAddr taken for the client, with net/http":    "xheaders.Info_incorrect",
	"a link made of the Host header":                    "pants.Request_FullURL_incorrect",
	"the client's text in the path of a file":           "pants.Request_SendFile_incorrect",
	"the client's text in the path, with a Sender":      "sendfile.Sender_Send_joined_incorrect",
	"an upload saved by its own name":                   "pants.File_SaveTo_incorrect",
	"the leftmost X-Forwarded-For":                      "xheaders.Config_incorrect",
	"private networks trusted, with clients in them":    "xheaders.Config_tooWide_incorrect",
	"everybody trusted, without a firewall":             "xheaders.Config_any_incorrect",
	"a header that the proxy does not set":              "xheaders.Config_unsetHeader_incorrect",
	"xheaders=True as before":                           "xheaders.Config_dangerouslyTrustAll_incorrect",
	"a proxy that is to send files, and is not there":   "sendfile.Config_incorrect",
	"a wrapped writer that hides the kernel's sendfile": "sendfile.Sender_Send_incorrect",
	"a router that changes paths before the old app":    "adapter/legacy.Proxy_incorrect",
}

func TestClassicMistakesAreShown(t *testing.T) {
	shown := map[string]bool{}
	for _, p := range packages(t) {
		for _, e := range p.examples {
			shown[p.dir+"."+e.Name] = true
		}
	}
	for mistake, example := range classicMistakes {
		if !shown[example] {
			t.Errorf("%s: there is no example %s", mistake, example)
		}
	}
}

// hasExample tells whether there is an example for a function, maybe with a suffix; shown has their names.
func hasExample(shown map[string]bool, name string) bool {
	for example := range shown {
		suffix, ok := strings.CutPrefix(example, name)
		if ok && (suffix == "" || suffix[0] == '_' && suffix[1] >= 'a' && suffix[1] <= 'z') { // Router_Rule is no example for Router
			return true
		}
	}
	return false
}

// Every exported name is explained, in sentences that end.
func TestEveryNameIsExplained(t *testing.T) {
	for _, p := range packages(t) {
		if first, _, _ := strings.Cut(p.doc.Doc, "\n"); !strings.HasPrefix(first, "Package "+p.doc.Name+" ") {
			t.Errorf("%s: package comment begins with %q", p.dir, first)
		}
		p.explained(func(name, text string, begins bool) {
			text = strings.TrimSpace(text)
			last := text[strings.LastIndexByte(text, '\n')+1:]
			word := name[strings.LastIndexByte(name, '.')+1:]
			switch {
			case text == "":
				t.Errorf("%s.%s has no comment", p.dir, name)
			case begins && !strings.HasPrefix(text, word):
				t.Errorf("%s.%s: the comment does not begin with the name: %q", p.dir, name, text)
			case !strings.HasPrefix(last, "\t") && !strings.ContainsAny(last[len(last)-1:], ".:)"):
				t.Errorf("%s.%s: the comment ends in the middle of a sentence: %q", p.dir, name, last)
			}
		})
	}
}

const root = "../.."

// documented is a package as go/doc reads it.
type documented struct {
	dir      string
	doc      *doc.Package
	examples []*doc.Example
}

// packages are all that the main module offers: those outside of examples.
func packages(t *testing.T) []documented {
	t.Helper()
	var found []documented
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != root && (name[0] == '.' || name == "testdata" || name == "examples" || name == "node_modules") {
			return filepath.SkipDir
		}
		p, err := build.ImportDir(path, 0)
		if err != nil {
			if _, none := err.(*build.NoGoError); none {
				return nil
			}
			return err
		}
		dir, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		read, err := readPackage(filepath.ToSlash(dir), path, p)
		found = append(found, read)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 7 {
		t.Fatalf("only %d packages found", len(found))
	}
	return found
}

func readPackage(dir, path string, p *build.Package) (documented, error) {
	fset := token.NewFileSet()
	read := func(names ...string) ([]*ast.File, error) {
		var files []*ast.File
		for _, name := range names {
			f, err := parser.ParseFile(fset, filepath.Join(path, name), nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		return files, nil
	}
	files, err := read(p.GoFiles...)
	if err != nil {
		return documented{}, err
	}
	tests, err := read(slices.Concat(p.TestGoFiles, p.XTestGoFiles)...)
	if err != nil {
		return documented{}, err
	}
	d, err := doc.NewFromFiles(fset, files, dir)
	return documented{dir, d, doc.Examples(tests...)}, err
}

// functions are the exported functions and methods, "New" and "Server.Listen".
func (p documented) functions() []string {
	var names []string
	add := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			names = append(names, prefix+f.Name)
		}
	}
	add("", p.doc.Funcs)
	for _, typ := range p.doc.Types {
		add("", typ.Funcs)
		add(typ.Name+".", typ.Methods)
	}
	return names
}

// names are functions and methods, and types.
func (p documented) names() []string {
	names := p.functions()
	for _, typ := range p.doc.Types {
		names = append(names, typ.Name)
	}
	return names
}

// explained calls f with each exported name and its comment. begins says that the comment has to begin with the name.
func (p documented) explained(f func(name, text string, begins bool)) {
	functions := func(prefix string, list []*doc.Func) {
		for _, fn := range list {
			f(prefix+fn.Name, fn.Doc, true)
		}
	}
	values := func(list []*doc.Value) {
		for _, group := range list {
			for _, spec := range group.Decl.Specs {
				spec := spec.(*ast.ValueSpec)
				for _, name := range spec.Names {
					if name.IsExported() {
						f(name.Name, spec.Doc.Text()+spec.Comment.Text()+group.Doc, false)
					}
				}
			}
		}
	}
	functions("", p.doc.Funcs)
	values(p.doc.Consts)
	values(p.doc.Vars)
	for _, typ := range p.doc.Types {
		f(typ.Name, typ.Doc, true)
		functions("", typ.Funcs)
		functions(typ.Name+".", typ.Methods)
		values(typ.Consts)
		values(typ.Vars)
	}
}
