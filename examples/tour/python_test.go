package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestPython: tour.py is on the page, so it has to be true too. It needs python2.7, and a checkout of Pants 1.0.1 in PANTS_HOME.
func TestPython(t *testing.T) {
	home := os.Getenv("PANTS_HOME")
	if home == "" {
		t.Skip("PANTS_HOME does not name a checkout of Pants 1.0.1")
	}
	interpreter, err := exec.LookPath("python2.7")
	if err != nil {
		t.Skip(err)
	}
	files := t.TempDir()
	if err := os.WriteFile(filepath.Join(files, "a.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	command := exec.Command(interpreter, "-B", "tour.py", address[strings.LastIndex(address, ":")+1:], files)
	command.Env = append(os.Environ(), "PYTHONPATH="+home)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s", &out)
		}
	}()
	b := newBrowser(t, &tour{base: "http://" + address})
	for range 500 {
		if res, err := http.Get(b.base + "/who"); err == nil {
			res.Body.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}

	const form = "application/x-www-form-urlencoded"
	contentType, upload := multipartForm(t, "dot.gif", "GIF89a")
	for _, step := range []struct {
		name, method, target, body, contentType, want string
	}{
		{"who", "GET", "/who", "", "", "6.6.6.6 http " + address + "\n"}, // Pants believes anybody
		{"form", "POST", "/form?a=1&a=2", "x=y", form, `{"post": {"x": "y"}, "method": "POST", "get": {"a": ["1", "2"]}}`},
		{"upload", "POST", "/upload", string(upload), contentType, `[{"sha256": "610f5ae4d76e332636a17bd357fd6ce99029316a99d320280d4d77a746bf29e8", "type": "image/gif", "name": "dot.gif", "size": 6}]`},
		{"nobody", "GET", "/cookies", "", "", "None\n"},
		{"login", "POST", "/cookies/login", "name=Ada", form, "Hello.\n"},
		{"visitor", "GET", "/cookies", "", "", "Ada\n"},
		{"logout", "POST", "/cookies/logout", "x=y", form, "Bye.\n"},
		{"file", "GET", "/files/a.txt", "", "", ""}, // for the proxy to send
		{"say", "POST", "/chat/say", "name=Ada&text=Hello", form, "Said.\n"},
	} {
		t.Run(step.name, func(t *testing.T) {
			b.t = t
			header := []string{"X-Forwarded-For", "6.6.6.6, 127.0.0.1"}
			if step.contentType != "" {
				header = append(header, "Content-Type", step.contentType)
			}
			res, got := b.ask(step.method, step.target, step.body, 200, header...)
			if !same(got, step.want) {
				t.Errorf("got %q, want %q", got, step.want)
			}
			if step.name == "file" && res.Header.Get("X-Accel-Redirect") != protected+"a.txt" {
				t.Errorf("header %v", res.Header)
			}
		})
	}
	b.t = t
	waiting := make(chan string)
	go func() {
		res, err := b.Get(fmt.Sprint(b.base, "/chat/lines?after=1"))
		if err != nil {
			waiting <- err.Error()
			return
		}
		defer res.Body.Close()
		var lines []map[string]string
		_ = json.NewDecoder(res.Body).Decode(&lines)
		waiting <- fmt.Sprint(lines)
	}()
	// Whether the request waits already makes no difference to the answer.
	b.ask("POST", "/chat/say", "name=Ada&text=again", 200, "Content-Type", form)
	if got := <-waiting; got != "[map[name:Ada text:again]]" {
		t.Errorf("heard %s", got)
	}
}

// same compares as JSON what is JSON.
func same(got, want string) bool {
	var a, b any
	if json.Unmarshal([]byte(got), &a) == nil && json.Unmarshal([]byte(want), &b) == nil {
		return reflect.DeepEqual(a, b)
	}
	return got == want
}
