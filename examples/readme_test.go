package examples_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Everything in the README that is code is compiled and run, its configurations are given to New, and its commands are those that
// run in CI.
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
	if len(blocks) != len(pieces)+1 {
		t.Errorf("%d blocks of Go found, and %d pieces to run beside the whole program", len(blocks), len(pieces))
	}
	for i, block := range blocks {
		if strings.HasPrefix(block[1], "package ") {
			runWhole(t, dir, block[1])
			continue
		}
		run(t, dir, fmt.Sprintf("block%d", i), around(t, block[1]))
	}

	configs := regexp.MustCompile("`((xheaders|sendfile)\\.Config\\{.*?\\})`").FindAllStringSubmatch(readme, -1)
	if len(configs) < 12 {
		t.Fatalf("%d configurations found", len(configs))
	}
	var calls strings.Builder
	for _, config := range configs {
		fmt.Fprintf(&calls, "\tif _, err := %s.New(%s); err != nil {\n\t\tpanic(err)\n\t}\n", config[2], strings.ReplaceAll(config[1], `"/srv/files"`, "os.TempDir()"))
	}
	run(t, dir, "configs", fmt.Sprintf(program, calls.String()))

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
	// Configurations of proxies are run by examples/e2e: there is nothing in the README that nobody runs.
	for _, fence := range regexp.MustCompile("(?m)^```(\\w+)$").FindAllStringSubmatch(readme, -1) {
		found, _ := filepath.Glob("e2e/*/readme*_test.go")
		if language := fence[1]; language != "go" && language != "sh" && !mentioned(found, `"`+language+`"`) {
			t.Errorf("a block of %s is run by nothing", language)
		}
	}

	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`(\\]\\((.*?)\\))?").FindAllStringSubmatch(readme, -1) {
		found, _ := filepath.Glob("../*/*_test.go")
		if name[2] != "" {
			found = []string{"../" + name[3]}
		}
		if !mentioned(found, "func "+name[1]+"(") {
			t.Errorf("the README names %s, which is not in %v", name[1], found)
		}
	}
	prose := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAllString(readme, "")
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(prose, -1) {
		if _, err := os.Stat("../" + link[1]); err != nil {
			t.Error(err)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(readme, -1) {
		if !slices.Contains(anchors(readme), link[1]) {
			t.Errorf("no section has the anchor %s", link[1])
		}
	}
}

// anchors are what GitHub calls the headings.
func anchors(readme string) (out []string) {
	for _, heading := range regexp.MustCompile("(?m)^##+ (.*)$").FindAllStringSubmatch(readme, -1) {
		text := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		out = append(out, strings.ReplaceAll(text, " ", "-"))
	}
	return out
}

func mentioned(files []string, text string) bool {
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && strings.Contains(string(content), text) {
			return true
		}
	}
	return false
}

// run gives a program to the go command, in the folder that it is in.
func run(t *testing.T, dir, name, source string) {
	t.Helper()
	folder := write(t, dir, name, source)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "run", ".")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", name, err, out, source)
	}
}

func write(t *testing.T, dir, name, source string) (folder string) {
	t.Helper()
	folder = filepath.Join(dir, name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// runWhole starts the smallest program, and asks it once.
func runWhole(t *testing.T, dir, source string) {
	t.Helper()
	address := freeAddress(t)
	folder := write(t, dir, "whole", strings.ReplaceAll(source, "127.0.0.1:8080", address))
	binary, err := filepath.Abs(filepath.Join(folder, "whole.exe"))
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := exec.Command(binary)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	for range 1000 {
		res, err := http.Get("http://" + address + "/")
		if err != nil {
			time.Sleep(10 * time.Millisecond) // it does not listen yet
			continue
		}
		defer res.Body.Close()
		if content, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(content) != "Hello World.\n" {
			t.Errorf("the smallest program answers %d %q, %v", res.StatusCode, content, err)
		}
		return
	}
	t.Error("the smallest program does not answer")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

const program = `package main

import (
	"os"

	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

var (
	cdnAddresses = []string{"192.0.2.0/24"}
	cloudflare   = []string{"173.245.48.0/20"}
)

func main() {
%s}
`
