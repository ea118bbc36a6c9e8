package pants_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every class, attribute, method and argument in the document of pants.http.server has a row in the table of doc.go, every row is
// of the document, and every Go name in it exists.
func TestDocumentIsCovered(t *testing.T) {
	document, table, goNames := documentAndTable(t)
	items := documentItems(document)
	if len(items) != 73 { // counted by hand; the document has no function outside of a class
		t.Errorf("%d items read from the document: %v", len(items), items)
	}
	for _, problem := range tableProblems(items, table, goNames) {
		t.Error(problem)
	}
}

// The test above notices each single row that is missing, each that the document does not have, and each Go name that is none.
func TestDocumentCoverageNotices(t *testing.T) {
	document, table, goNames := documentAndTable(t)
	items := documentItems(document)
	for i, row := range table {
		for _, item := range row.items {
			if found := tableProblems(items, slices.Delete(slices.Clone(table), i, i+1), goNames); !slices.Contains(found, item+" has no row in doc.go") {
				t.Errorf("without the row of %s: %q", item, found)
			}
			others := slices.DeleteFunc(slices.Clone(items), func(s string) bool { return s == item })
			if found := tableProblems(others, table, goNames); !slices.Contains(found, item+" in doc.go is not of the document") {
				t.Errorf("with a document without %s: %q", item, found)
			}
		}
		for _, name := range goName.FindAllString(row.text, -1) {
			broken := slices.Clone(table)
			broken[i].text = strings.ReplaceAll(row.text, name, name+"X")
			if found := tableProblems(items, broken, goNames); len(found) == 0 {
				t.Errorf("%q is not found wrong", broken[i].text)
			}
		}
	}
	empty := slices.Clone(table)
	empty[0].text = "something"
	if found := tableProblems(items, empty, goNames); len(found) != 1 {
		t.Errorf("a row without a Go name: %q", found)
	}
}

// tableRow is a line of the table: what it is about, "HTTPServer.listen.address", and what stands beside it.
type tableRow struct {
	items []string
	text  string
}

func documentAndTable(t *testing.T) (document string, table []tableRow, goNames map[string][]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/pants.http.server.txt")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	http, err := build.Import("net/http", "", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	goNames = map[string][]string{}
	for prefix, dir := range map[string]string{"": ".", "xheaders.": "../xheaders", "sendfile.": "../sendfile", "http.": http.Dir} {
		if err := declaredIn(goNames, prefix, dir); err != nil {
			t.Fatal(err)
		}
	}
	return string(text), readTable(string(source)), goNames
}

var (
	class  = regexp.MustCompile(`^class pants\.http\.server\.(\w+)\((.*)\)\[source\]$`)
	method = regexp.MustCompile(`^(\w+)\((.*)\)(?:\[source\])?$`)
	// A word alone in its line, or with a link to the source, is an attribute.
	attribute = regexp.MustCompile(`^([a-z_]+)(?:\[source\])?$`)
	// The document has lost the headings of these two, and explains the keys of a file in a sentence.
	lostHeadings = map[string][]string{
		"Return the signed cookie with the key name ": {"get_secure_cookie", "get_secure_cookie.name"},
		"Set a timestamp on a cookie and sign it, ": {"set_secure_cookie", "set_secure_cookie.name", "set_secure_cookie.value",
			"set_secure_cookie.expires"},
		"The form data variable names will be used ": {"files.filename", "files.body", "files.content_type"},
	}
)

// documentItems lists what the document describes, in its order and each once: "HTTPServer", "HTTPServer.listen.address".
func documentItems(document string) []string {
	var items []string
	add := func(path ...string) {
		if item := strings.Join(path, "."); !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	addCall := func(path []string, arguments string) {
		add(path...)
		for _, argument := range strings.Split(arguments, ",") {
			if name, _, _ := strings.Cut(strings.TrimSpace(argument), "="); name != "" {
				add(append(path, name)...)
			}
		}
	}
	owner := ""
	for line := range strings.SplitSeq(document, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if m := class.FindStringSubmatch(line); m != nil {
			owner = m[1]
			addCall([]string{owner}, m[2])
			continue
		}
		if owner == "" {
			continue // the introduction and its examples
		}
		if m := method.FindStringSubmatch(line); m != nil {
			addCall([]string{owner, m[1]}, m[2])
		} else if m := attribute.FindStringSubmatch(line); m != nil {
			add(owner, m[1])
		}
		for beginning, lost := range lostHeadings {
			if strings.HasPrefix(line, beginning) {
				for _, item := range lost {
					add(owner, item)
				}
			}
		}
	}
	return items
}

// readTable reads the rows below the last heading of doc.go; two blanks more make a row one of the row above.
func readTable(source string) []tableRow {
	_, source, _ = strings.Cut(source, "# From Python to Go")
	var rows []tableRow
	var path []string
	for line := range strings.SplitSeq(source, "\n") {
		row, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		name := strings.TrimLeft(row, " ")
		depth := (len(row) - len(name)) / 2
		name, text, _ := strings.Cut(name, "  ")
		path = append(path[:min(depth, len(path))], name)
		var items []string
		for part := range strings.SplitSeq(name, ", ") {
			items = append(items, strings.Join(append(path[:len(path)-1:len(path)-1], part), "."))
		}
		rows = append(rows, tableRow{items, strings.TrimSpace(text)})
	}
	return rows
}

var (
	goName      = regexp.MustCompile(`\b(?:[a-z]+\.)?[A-Z]\w*(?:\.[A-Z]\w*)*`)
	argumentsOf = regexp.MustCompile(`\b(?:(\w+) and )?(\w+) of ([A-Z][\w.]*)`)
)

// tableProblems says what is wrong with the table. goNames has the arguments of each name that is a function.
func tableProblems(items []string, table []tableRow, goNames map[string][]string) []string {
	var problems, rows []string
	for _, row := range table {
		rows = append(rows, row.items...)
		names := goName.FindAllString(row.text, -1)
		if len(names) == 0 && !strings.HasPrefix(row.text, "none: ") {
			problems = append(problems, fmt.Sprintf("%s: no Go name in %q", row.items, row.text))
		}
		for _, name := range names {
			if _, ok := goNames[name]; !ok {
				problems = append(problems, fmt.Sprintf("%s: there is no %s", row.items, name))
			}
		}
		for _, m := range argumentsOf.FindAllStringSubmatch(row.text, -1) {
			for _, argument := range m[1:3] {
				if argument != "" && !slices.Contains(goNames[m[3]], argument) {
					problems = append(problems, fmt.Sprintf("%s: %s has no argument %s", row.items, m[3], argument))
				}
			}
		}
	}
	for _, item := range items {
		if !slices.Contains(rows, item) {
			problems = append(problems, item+" has no row in doc.go")
		}
	}
	for i, item := range rows {
		if !slices.Contains(items, item) {
			problems = append(problems, item+" in doc.go is not of the document")
		}
		if slices.Index(rows, item) != i {
			problems = append(problems, item+" stands in doc.go twice")
		}
	}
	return problems
}

// declaredIn adds the exported names of a package: types, fields, methods, functions with their arguments, constants, variables.
func declaredIn(names map[string][]string, prefix, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			declared(names, prefix, d)
		}
	}
	return nil
}

func declared(names map[string][]string, prefix string, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			receiver := d.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			name = fmt.Sprint(receiver, ".", name)
		}
		arguments := []string{}
		for _, field := range d.Type.Params.List {
			for _, argument := range field.Names {
				arguments = append(arguments, argument.Name)
			}
		}
		names[prefix+name] = arguments
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names[prefix+name.Name] = nil
				}
			case *ast.TypeSpec:
				names[prefix+spec.Name.Name] = nil
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						for _, name := range field.Names {
							names[prefix+spec.Name.Name+"."+name.Name] = nil
						}
					}
				}
			}
		}
	}
}
