package legacy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// A thousand requests at once, each gets its own answer, and nothing is left of them.
func TestThousandAtOnce(t *testing.T) {
	app := newStandIn(t)
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprint("KeepAlive ", keep), func(t *testing.T) {
			leavesNothing(t)
			proxy := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: keep})
			address := front(t, proxy)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}, Timeout: 30 * time.Second}
			defer client.CloseIdleConnections()
			defer legacy.DropIdle(proxy)
			var all sync.WaitGroup
			for i := range 1000 {
				all.Add(1)
				go func() {
					defer all.Done()
					for j := range 3 {
						target := fmt.Sprintf("/%d/%d", i, j)
						body := strings.Repeat(target, 100)
						res, err := client.Post("http://"+address+target, "text/plain", io.MultiReader(strings.NewReader(body))) // chunked
						if j == 2 {
							body = ""
							if err == nil {
								res.Body.Close()
							}
							res, err = client.Get("http://" + address + target)
						}
						if err != nil {
							t.Error(err)
							return
						}
						content, err := io.ReadAll(res.Body)
						res.Body.Close()
						if s := string(content); err != nil || !strings.Contains(s, " "+target+"\n") || !strings.Contains(s, fmt.Sprintf("\nbody %d ", len(body))) {
							t.Errorf("%s: got %s, %v", target, s, err)
						}
					}
				}()
			}
			all.Wait()
		})
	}
}

// Clients that give up, wherever they are, leave nothing.
func TestManyGiveUp(t *testing.T) {
	app := newStandIn(t)
	proxy := newProxy(t, legacy.Config{Backend: app.url(), KeepAlive: true})
	address := front(t, proxy)
	leavesNothing(t)
	defer legacy.DropIdle(proxy)
	starts := []string{
		request("GET", "/wait"), request("GET", "/events"), request("GET", "/drip"), request("GET", "/big?10000000"),
		request("POST", "/a", "Content-Length: 3000000") + strings.Repeat("x", 2_000_000), chunked("/a", fiveMiB)[:1_000_000],
		upgrade("/upgrade", "a\n"), "GET /a HTT",
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Add(1)
		go func() {
			defer all.Done()
			c := dial(t, address)
			defer c.Close()
			go io.WriteString(c, starts[i%len(starts)])
			time.Sleep(time.Duration(i%7) * 5 * time.Millisecond)
			_ = c.SetReadDeadline(time.Now().Add(time.Duration(i%3) * time.Millisecond))
			_, _ = c.Read(make([]byte, 100))
		}()
	}
	all.Wait()
	eventually(t, "the app is rid of them", func() bool { _, open := app.connections(); return open == legacy.Idle(proxy) })
}

// A megabyte of headers is net/http's to refuse, and where it does not, Pants' to drop.
func TestLongHeaders(t *testing.T) {
	app := newStandIn(t)
	address := through(t, app)
	if got := ask(t, address, request("GET", "/a", "X-A: "+strings.Repeat("x", 1<<20))); got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %v, %v", got, got.err)
	}
	if got := ask(t, address, request("GET", "/a", "X-A: "+strings.Repeat("x", 60_000))); got.status != 200 {
		t.Errorf("got %v, %v", got, got.err)
	}
	if n := len(app.seen()); n != 1 {
		t.Errorf("the app got %d requests", n)
	}
}
