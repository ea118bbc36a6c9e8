package adapter_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"math/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter"
)

var (
	update = flag.Bool("update", false, "write down anew what Pants answers to testdata/rules.jsonl")
	apps   = flag.Int("apps", 300, "apps to make up for Pants")
	seed   = flag.Int64("seed", 1, "of the apps that are made up")
)

// askPants has real Pants answer: PANTS_HOME names a checkout of its tag pants-1.0.1.
func askPants(t *testing.T, questions []byte) []byte {
	t.Helper()
	home := os.Getenv("PANTS_HOME")
	if home == "" {
		t.Skip("PANTS_HOME names no checkout of Pants")
	}
	python, err := exec.LookPath("python2.7")
	if err != nil {
		t.Skip("python2.7 not found")
	}
	home, err = filepath.Abs(home)
	if err != nil {
		t.Fatal(err)
	}
	var answers, complaints bytes.Buffer
	command := exec.Command(python, "-B", "testdata/ask_pants.py")
	command.Env = append(os.Environ(), "PYTHONPATH="+home)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(questions), &answers, &complaints
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, &complaints)
	}
	return answers.Bytes()
}

// TestRulesRecorded sees to it that Pants still answers what was written down. With -update it is written down.
func TestRulesRecorded(t *testing.T) {
	const name = "testdata/rules.jsonl"
	recorded, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	answers := askPants(t, recorded)
	if *update {
		if err := os.WriteFile(name, answers, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(answers, recorded) {
		t.Errorf("%s is not what Pants answers; run with -update and look at the difference", name)
	}
}

// TestRulesMadeUp compares with real Pants on rules and requests that nobody thought of.
func TestRulesMadeUp(t *testing.T) {
	var questions bytes.Buffer
	random := maker{rand.New(rand.NewSource(*seed))}
	refused := map[string]error{}
	for range *apps {
		a := random.app()
		a.Rules = slices.DeleteFunc(a.Rules, func(r *appRule) bool {
			_, err := adapter.Rule(r.Rule)
			if err != nil {
				refused[r.Rule] = err
			}
			return err != nil
		})
		if len(a.Rules) == 0 {
			continue
		}
		line, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		questions.Write(append(line, '\n'))
	}
	rules, requests, matched := 0, 0, 0
	differ := map[string]int{}
	answered, err := scanApps(bufio.NewScanner(bytes.NewReader(askPants(t, questions.Bytes()))))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answered {
		for _, rule := range a.Rules {
			rules++
			if rule.Error != "" {
				t.Errorf("rule %q: Pants refuses it, %s", rule.Rule, rule.Error)
			}
		}
		h, seen, err := mountApp(a.Rules)
		if err != nil {
			t.Errorf("%q: %v", a.names(), err)
			continue
		}
		for _, q := range a.Requests {
			requests++
			ours := q.ask(h, seen)
			switch q.Status {
			case 0:
				differ["Pants took too long"]++
				continue
			case 200:
				matched++
			}
			wrong := q.compare(ours)
			if wrong == "" {
				continue
			}
			if why := q.mayDiffer(ours); why != "" {
				differ[why]++
				continue
			}
			t.Errorf("%s %s %q with %q: %s", q.Method, q.Host, q.Target, a.names(), wrong)
		}
	}
	t.Logf("%d rules, %d refused, %d requests, %d reached a handler of Pants, different: %v",
		rules, len(refused), requests, matched, differ)
}

// mayDiffer is why ours is allowed not to be Pants' answer; "" if it is not.
func (q *appRequest) mayDiffer(ours answer) string {
	path, _ := url.QueryUnescape(q.Target)
	missed := ours.Status == 404 || ours.Status == 405
	switch {
	case q.Status == 404 && ours.Status == 405:
		return "405 of chi"
	case missed && strings.HasSuffix(path, "\n"):
		return "line break at the end"
	case missed && escapesMuch(q.Target):
		return "escaped text"
	case ours.Status == 400 && q.Status == 200 && slices.ContainsFunc(q.Values, isLarge):
		return "large int"
	}
	return ""
}

// isLarge tells whether a value stayed packed: an integer that is no int.
func isLarge(value any) bool {
	_, packed := value.(map[string]any)
	return packed
}

// escapesMuch tells whether a slash, or what needs no escape, is escaped.
func escapesMuch(target string) bool {
	for i := 0; i+2 < len(target); i++ {
		if target[i] == '%' {
			c, err := url.PathUnescape(target[i : i+3])
			if err == nil && (c == "/" || c == url.QueryEscape(c)) {
				return true
			}
		}
	}
	return false
}
