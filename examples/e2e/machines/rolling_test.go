package machines_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/proxy"
)

// nginx runs with the upstream block of the README, in which only the addresses are others.
func nginx(t *testing.T, more string, machines ...string) (base string) {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```nginx\n(upstream app .*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("the README has no upstream")
	}
	lines := string(block[1])
	for i, address := range machines {
		documented := fmt.Sprintf("10.0.0.%d:8080", 11+i)
		if strings.Count(lines, documented) != 1 {
			t.Fatalf("%s is not once in\n%s", documented, lines)
		}
		lines = strings.Replace(lines, documented, address, 1)
	}
	front := proxy.Address(t)
	proxy.Nginx(t, front, fmt.Sprintf("%s\nserver {\n\tlisten %s;\n\tkeepalive_requests 1000000;\n\tclient_max_body_size 20m;\n\tlocation / { proxy_pass http://app; }\n%s}\n", lines, front, more))
	return "http://" + front
}

// user is somebody who has logged in once, and never again.
type user struct {
	name   string
	client *http.Client
	base   string
}

func login(t *testing.T, base, name string) *user {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u := &user{name, &http.Client{Jar: jar, Timeout: 20 * time.Second}, base}
	res, err := u.client.Post(base+"/login?user="+name, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if content, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !strings.HasSuffix(string(content), " welcomes "+name) {
		t.Fatalf("login: %d %q, %v", res.StatusCode, content, err)
	}
	return u
}

// visit says which machine answered; its error is whatever was wrong with the answer.
func (u *user) visit(method, body string) (machine string, err error) {
	req, err := http.NewRequest(method, u.base+"/visit", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := u.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	machine, rest, _ := strings.Cut(string(content), " ")
	if res.StatusCode != 200 || rest != "knows "+u.name+" "+body {
		return machine, fmt.Errorf("%s: %d %q", method, res.StatusCode, content)
	}
	return machine, nil
}

// tally is what became of the visits.
type tally struct {
	mu     sync.Mutex
	right  map[string]int // by machine and deployment, by user and deployment, and by user
	posts  int
	lost   int // POST requests that nobody answered
	errors []error
}

func (y *tally) add(u *user, method, machine string, err error, mayLose bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case err == nil:
		y.right[machine]++
		_, deployment, _ := strings.Cut(machine, "-")
		y.right[u.name+"-"+deployment]++
		y.right[u.name]++
		if method == http.MethodPost {
			y.posts++
		}
	case mayLose && method == http.MethodPost && strings.HasPrefix(err.Error(), "POST: 502 "):
		y.lost++
	default:
		y.errors = append(y.errors, err)
	}
}

// until waits for n right answers of a machine, or to a user.
func (y *tally) until(t *testing.T, who string, n int) {
	t.Helper()
	count := func() int {
		y.mu.Lock()
		defer y.mu.Unlock()
		return y.right[who]
	}
	for start, deadline := count(), time.Now().Add(20*time.Second); count() < start+n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%s: no %d answers", who, n)
			return
		}
	}
}

// Users are served by two machines in turn, while secrets are rotated in three deployments, each a restart of one machine after the
// other. Nobody is logged out, nobody gets another's answer, and nobody is turned away.
func TestRotationWhileServing(t *testing.T) {
	const users = 8
	before, after := secret("before"), secret("after")
	deployments := [][]string{{before}, {before, after}, {after, before}, {after}}
	for _, held := range []bool{true, false} {
		t.Run(map[bool]string{true: "sockets of systemd", false: "addresses of their own"}[held], func(t *testing.T) {
			machines := []*machine{{t: t, name: "one"}, {t: t, name: "two"}}
			for _, m := range machines {
				if held {
					m.hold()
				} else {
					m.address = proxy.Address(t)
				}
				m.start("-0", deployments[0]...)
			}
			base := nginx(t, "", machines[0].address, machines[1].address)
			y := &tally{right: map[string]int{}}
			end := make(chan struct{})
			var visiting sync.WaitGroup
			for i := range users {
				u := login(t, base, fmt.Sprint("user", i))
				visiting.Add(1)
				go func() {
					defer visiting.Done()
					for n := 0; ; n++ {
						select {
						case <-end:
							return
						default:
						}
						method, body := http.MethodGet, ""
						if n%4 == 3 {
							method, body = http.MethodPost, strings.Repeat(fmt.Sprint(u.name, n), 100)
						}
						machine, err := u.visit(method, body)
						// A socket that is closed resets whoever is still in its queue, and a POST is not asked twice. One that is held is not closed.
						y.add(u, method, machine, err, !held)
					}
				}()
			}
			for i, secrets := range deployments {
				if i > 0 {
					for j, m := range machines {
						other := machines[1-j]
						m.stop()
						if !held { // who comes to a socket that is held waits for the new process
							y.until(t, fmt.Sprint(other.name, "-", i-1+j), 20) // it serves all of them meanwhile
						}
						m.start(fmt.Sprint("-", i), secrets...)
						// nginx asks each machine once: who was turned away by this one has to be through with the other before that goes.
						for n := range users {
							y.until(t, fmt.Sprint("user", n), 2)
						}
					}
				}
				for _, m := range machines {
					y.until(t, fmt.Sprint(m.name, "-", i), 20)
				}
				for n := range users { // who has not come back would be logged out by the deployment after the next
					y.until(t, fmt.Sprint("user", n, "-", i), 5)
				}
			}
			close(end)
			visiting.Wait()
			for _, m := range machines {
				m.stop()
			}
			for _, err := range y.errors[:min(len(y.errors), 10)] {
				t.Errorf("%v, and so on: %d in all", err, len(y.errors))
			}
			if y.posts == 0 {
				t.Error("no POST was answered: nothing is shown")
			}
			right := 0
			for n := range users {
				right += y.right[fmt.Sprint("user", n)]
			}
			t.Logf("%d right answers, %d of them to POST; %d POST without one", right, y.posts, y.lost)
		})
	}
}

// Why it takes three: a secret that signs before every machine accepts it, or that goes before its cookies have, logs out.
func TestRotationInHaste(t *testing.T) {
	before, after := secret("before"), secret("after")
	one, two := &machine{t: t, name: "one", address: proxy.Address(t)}, &machine{t: t, name: "two", address: proxy.Address(t)}
	one.start("", after, before)
	two.start("", before)
	u := login(t, "http://"+one.address, "ada")
	u.base = "http://" + two.address
	if _, err := u.visit(http.MethodGet, ""); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a secret that the other machine does not have yet: %v", err)
	}
	one.stop()
	one.start("", after)
	u = login(t, "http://"+two.address, "ada")
	u.base = "http://" + one.address
	if _, err := u.visit(http.MethodGet, ""); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a secret that is gone: %v", err)
	}
	one.stop()
	two.stop()
}
