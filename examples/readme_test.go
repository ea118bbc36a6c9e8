package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Everything in the README that is code is compiled, its configurations are given to New, and its commands are those that run
// in CI.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to compile with")
	}
	// Inside of the module, in a folder that ./... does not see.
	dir, err := os.MkdirTemp("..", ".readme-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)

	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readme, -1)
	if len(blocks) < 2 {
		t.Fatalf("%d blocks of Go found", len(blocks))
	}
	for i, block := range blocks {
		source := block[1]
		if !strings.HasPrefix(source, "package ") {
			// What a fragment declares is for the lines that the reader writes below it.
			var declared []string
			for _, names := range regexp.MustCompile(`(?m)^(\w+(?:, \w+)*) :=`).FindAllStringSubmatch(source, -1) {
				declared = append(declared, names[1])
			}
			source = fmt.Sprintf(fragment, source, strings.Join(declared, ", "))
		}
		run(t, dir, fmt.Sprintf("block%d", i), source, "build", "-o", os.DevNull)
	}

	configs := regexp.MustCompile("`((xheaders|sendfile)\\.Config\\{.*?\\})`").FindAllStringSubmatch(readme, -1)
	if len(configs) < 12 {
		t.Fatalf("%d configurations found", len(configs))
	}
	var calls strings.Builder
	for _, config := range configs {
		fmt.Fprintf(&calls, "\tif _, err := %s.New(%s); err != nil {\n\t\tpanic(err)\n\t}\n", config[2], strings.ReplaceAll(config[1], `"/srv/files"`, "os.TempDir()"))
	}
	run(t, dir, "configs", fmt.Sprintf(program, calls.String()), "run")

	commands := regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindAllStringSubmatch(readme, -1)
	// The first two are run by CI as they stand, the third one's program by its own tests.
	known := map[string]bool{"go run ./examples/chi": true, "go test ./...": true, "go run ./examples/migrate": true}
	for _, command := range commands {
		if !known[command[1]] {
			t.Errorf("command %q is run by nothing", command[1])
		}
	}
	if len(commands) != len(known) {
		t.Errorf("%d commands, want %d", len(commands), len(known))
	}
	for _, link := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(readme, -1) {
		if found, _ := filepath.Glob("../*/*_test.go"); !mentioned(found, "func "+link[1]+"(") {
			t.Errorf("the README names %s, which is nowhere", link[1])
		}
	}
}

func mentioned(files []string, text string) bool {
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && strings.Contains(string(content), text) {
			return true
		}
	}
	return false
}

// run gives a program to the go command.
func run(t *testing.T, dir, name, source string, arguments ...string) {
	t.Helper()
	folder := filepath.Join(dir, name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", append(arguments, "./"+name)...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", name, err, out, source)
	}
}

// fragment is what stands around a piece of code.
const fragment = `package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/pants"
)

var (
	server       *pants.Server
	python       http.Handler
	c            chi.Router
	handler      http.Handler
	plainHandler http.HandlerFunc

	_, _, _, _ = context.Background, log.Fatal, signal.NotifyContext, syscall.SIGTERM
	_          = os.Interrupt
	_          = chi.NewRouter
	_          = adapter.New
	_          = legacy.New
	_          = fmt.Sprint
)

func main() {
%s	used(%s)
}

func used(...any) {}
`

const program = `package main

import (
	"os"

	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

var cdnAddresses = []string{"192.0.2.0/24"}

func main() {
%s}
`
