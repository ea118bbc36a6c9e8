package main

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"regexp"
	"strings"
)

// The page shows the code that runs: it is cut out of the files that this program is built from.
//
//go:embed who.go form.go upload.go cookies.go files.go chat.go tour.py
var sources embed.FS

// demo is what stands beside a demo on the page.
type demo struct {
	Go, Python template.HTML
	Paste      template.HTML // for one's own app
	Package    string        // where it is documented
}

var demos = map[string]demo{
	"who":     newDemo("who", []string{"trust", "who"}, []string{"who"}, pasteWho, "xheaders"),
	"form":    newDemo("form", []string{"form"}, []string{"form"}, pasteForm, "pants"),
	"upload":  newDemo("upload", []string{"upload", "refuseUpload", "hash"}, []string{"upload"}, pasteUpload, "pants"),
	"cookies": newDemo("cookies", []string{"login", "visitor", "logout"}, []string{"login", "visitor", "logout"}, pasteCookies, "pants"),
	"files":   newDemo("files", []string{"filesConfig", "file"}, []string{"serve", "file"}, pasteFiles, "sendfile"),
	"chat":    newDemo("chat", []string{"say", "lines", "room.wait", "room.say"}, []string{"say", "lines", "answer"}, pasteChat, "pants"),
}

func newDemo(name string, goFunctions, pythonFunctions []string, paste, pkg string) demo {
	return demo{
		Go:      coloured(goWords, cut(name+".go", goFunctions, cutGo)),
		Python:  coloured(pythonWords, cut("tour.py", pythonFunctions, cutPython)),
		Paste:   coloured(goWords, paste),
		Package: pkg,
	}
}

// cut panics if a function is not there: the files are part of the program, and the tests start it.
func cut(file string, functions []string, one func(source, name string) string) string {
	source, err := sources.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var parts []string
	for _, name := range functions {
		part := one(string(source), name)
		if part == "" {
			panic(fmt.Sprintf("no function %s in %s", name, file))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "\n\n")
}

// cutGo is the function with its comment; name is "function", or "type.method" where the type says which one.
func cutGo(source, name string) string {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		panic(err)
	}
	receiver, method, qualified := strings.Cut(name, ".")
	if !qualified {
		receiver, method = "tour", name
	}
	for _, declared := range file.Decls {
		f, ok := declared.(*ast.FuncDecl)
		if !ok || f.Name.Name != method || f.Recv != nil && receiverOf(f) != receiver {
			continue
		}
		start := f.Pos()
		if f.Doc != nil {
			start = f.Doc.Pos()
		}
		return source[files.Position(start).Offset:files.Position(f.End()).Offset]
	}
	return ""
}

func receiverOf(f *ast.FuncDecl) string {
	typ := f.Recv.List[0].Type
	if pointer, ok := typ.(*ast.StarExpr); ok {
		typ = pointer.X
	}
	name, _ := typ.(*ast.Ident)
	return name.String()
}

// cutPython is the function with its decorators, up to the two empty lines that PEP 8 puts behind it.
func cutPython(source, name string) string {
	for part := range strings.SplitSeq(source, "\n\n\n") {
		if strings.Contains("\n"+part, "\ndef "+name+"(") {
			return strings.Trim(part, "\n")
		}
	}
	return ""
}

var (
	goWords = regexp.MustCompile("(?m)" +
		`(?P<comment>//.*$)|(?P<string>"(?:[^"\\\n]|\\.)*"|` + "`[^`]*`" + `|'(?:[^'\\\n]|\\.)+')|` +
		`(?P<keyword>\b(?:break|case|const|continue|default|defer|else|for|func|go|if|import|map|nil|package|range|return|` +
		`select|struct|switch|type|var)\b)`)
	pythonWords = regexp.MustCompile(`(?m)(?P<comment>#.*$)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|` +
		`(?P<keyword>\b(?:and|as|class|def|elif|else|except|for|from|if|import|in|is|lambda|not|or|pass|return|try|while|with|None)\b)`)
)

// coloured marks comments, strings and keywords; everything is escaped.
func coloured(words *regexp.Regexp, source string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range words.FindAllStringSubmatchIndex(source, -1) {
		b.WriteString(template.HTMLEscapeString(source[last:at[0]]))
		for i, class := range words.SubexpNames() {
			if class != "" && at[2*i] >= 0 {
				fmt.Fprintf(&b, `<span class="%s">%s</span>`, class, template.HTMLEscapeString(source[at[0]:at[1]]))
			}
		}
		last = at[1]
	}
	b.WriteString(template.HTMLEscapeString(source[last:]))
	return template.HTML(b.String())
}
