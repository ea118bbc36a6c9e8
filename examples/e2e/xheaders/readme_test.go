package xheaders_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// readme is what it says about one proxy.
type readme struct {
	lines  string // for the proxy's configuration
	config xheaders.Config

	forSocket, forAddress string // what to write in the lines for a unix socket, and instead of what
}

// fromReadme finds the row of a proxy and the lines for it. Nothing of them is repeated here: what is tested is what is pasted.
// cloudflare is what the variable of that name stands for.
func fromReadme(t *testing.T, name, language string, cloudflare ...string) (r readme) {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Trust, proxy by proxy\n")
	for _, row := range regexp.MustCompile("(?m)^\\| (.+?) \\| `(xheaders\\.Config\\{.*?\\})`").FindAllStringSubmatch(section, -1) {
		// "a, b" is two proxies with one Config, "a, then b" one after the other.
		if row[1] == name || slices.Contains(strings.Split(row[1], ", "), name) && !strings.Contains(row[1], ", then ") {
			r.config = evaluate(t, row[2], cloudflare)
			break
		}
	}
	if r.config.Trust == nil && r.config.Hops == 0 {
		t.Fatalf("the README has no xheaders.Config for %s", name)
	}
	if language == "" {
		return r
	}
	fold := regexp.MustCompile("(?s)<summary>" + regexp.QuoteMeta(name) + "</summary>\n\n```" + language + "\n(.*?)```\n(.*?)</details>").FindSubmatch(text)
	if fold == nil {
		t.Fatalf("the README has no lines for %s", name)
	}
	r.lines = string(fold[1])
	if language == "yaml" {
		return r // Traefik has no unix sockets
	}
	socket := regexp.MustCompile("Over a unix socket: `(.+?)` instead of `(.+?)`, and `\"unix\"` in `Trust`").FindSubmatch(fold[2])
	if socket == nil {
		t.Fatalf("the README says nothing about unix sockets for %s", name)
	}
	r.forSocket, r.forAddress = string(socket[1]), string(socket[2])
	return r
}

// evaluate is a small part of Go: a Config of strings and numbers.
func evaluate(t *testing.T, text string, cloudflare []string) (c xheaders.Config) {
	t.Helper()
	expr, err := parser.ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var list func(e ast.Expr) []string
	list = func(e ast.Expr) (out []string) {
		switch e := e.(type) {
		case *ast.Ident:
			if e.Name == "cloudflare" {
				return cloudflare
			}
		case *ast.CallExpr:
			if f, ok := e.Fun.(*ast.Ident); ok && f.Name == "append" && len(e.Args) == 2 && e.Ellipsis.IsValid() {
				return slices.Concat(list(e.Args[0]), list(e.Args[1]))
			}
		case *ast.CompositeLit:
			for _, element := range e.Elts {
				text, err := strconv.Unquote(element.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, text)
			}
			return out
		}
		t.Fatalf("%s: this test does not understand it all", text)
		return nil
	}
	for _, field := range expr.(*ast.CompositeLit).Elts {
		pair := field.(*ast.KeyValueExpr)
		switch name := pair.Key.(*ast.Ident).Name; name {
		case "Trust":
			c.Trust = list(pair.Value)
		case "Headers":
			c.Headers = list(pair.Value)
		case "Hops":
			literal := pair.Value.(*ast.BasicLit)
			if c.Hops, err = strconv.Atoi(literal.Value); err != nil || literal.Kind != token.INT {
				t.Fatalf("%s: %v", text, err)
			}
		default:
			t.Fatalf("%s: this test does not know %s", text, name)
		}
	}
	return c
}
