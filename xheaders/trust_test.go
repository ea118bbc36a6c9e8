package xheaders_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/go-pants/kit/xheaders"
)

// TestManyNetworks: the sorted ranges find what a look at every network would.
func TestManyNetworks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var prefixes []netip.Prefix
		var list []string
		for range 1 + rng.IntN(40) {
			a, bits := randomAddr(rng), 0
			if a.Is4() {
				bits = 1 + rng.IntN(32)
			} else {
				bits = 1 + rng.IntN(128)
			}
			p := netip.PrefixFrom(a, bits)
			prefixes, list = append(prefixes, p), append(list, p.String())
		}
		x := must(t, trust(list...))
		for range 200 {
			a := randomAddr(rng)
			want := false
			for _, p := range prefixes {
				want = want || p.Contains(a)
			}
			r := request(netip.AddrPortFrom(a, 9).String(), "")
			if got := x.Resolve(r).Trusted; got != want {
				t.Fatalf("round %d: %v in %q: %v, want %v", round, a, list, got, want)
			}
		}
	}
}

// randomAddr returns addresses that lie close together, so that networks overlap.
func randomAddr(rng *rand.Rand) netip.Addr {
	if rng.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte{10, byte(rng.IntN(3)), byte(rng.IntN(256)), byte(1 + rng.IntN(255))})
	}
	b := [16]byte{0: 0x20, 1: 0x01, 15: byte(1 + rng.IntN(255))}
	b[rng.IntN(16)] = byte(rng.IntN(256))
	b[0], b[15] = 0x20, 1
	return netip.AddrFrom16(b)
}

func TestSetTrust(t *testing.T) {
	x := must(t, xheaders.Config{})
	r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9")
	steps := []struct {
		name string
		list []string
		bad  bool
		want string
	}{
		{"trusted", []string{"10.0.0.0/8"}, false, "203.0.113.9"},
		{"error keeps the old list", []string{"192.0.2.0/24", "nginx", ""}, true, "203.0.113.9"},
		{"any with a list of addresses", []string{"any"}, true, "203.0.113.9"},
		{"another list", []string{"192.0.2.0/24"}, false, "10.0.0.1"},
		{"trusted again", []string{"private", "loopback"}, false, "203.0.113.9"},
		{"empty list", nil, false, "10.0.0.1"},
	}
	for _, s := range steps {
		err := x.SetTrust(s.list...)
		if (err != nil) != s.bad {
			t.Errorf("%s: error %v", s.name, err)
		}
		if s.bad && !strings.Contains(err.Error(), "xheaders: invalid Trust") {
			t.Errorf("%s: %v", s.name, err)
		}
		if got := x.Resolve(r).ClientIP(); got != s.want {
			t.Errorf("%s: ClientIP = %q, want %q", s.name, got, s.want)
		}
	}
	if err := must(t, pants).SetTrust("loopback"); err == nil {
		t.Error("SetTrust with DangerouslyTrustAll: no error")
	}
	if err := must(t, headers(ten, "X-Real-IP")).SetTrust("any"); err != nil {
		t.Errorf("SetTrust any with a single header: %v", err)
	}
}

// TestSetTrustWithHops: an empty list closes, it does not mean "not examined" again.
func TestSetTrustWithHops(t *testing.T) {
	x := must(t, hops(1))
	r := request("192.0.2.1:9", "X-Forwarded-For: 203.0.113.9")
	for _, s := range []struct {
		list []string
		want string
	}{{[]string{"192.0.2.0/24"}, "203.0.113.9"}, {nil, "192.0.2.1"}} {
		if err := x.SetTrust(s.list...); err != nil {
			t.Fatal(err)
		}
		if got := x.Resolve(r).ClientIP(); got != s.want {
			t.Errorf("after SetTrust(%q): %q, want %q", s.list, got, s.want)
		}
	}
}

// TestSetTrustWhileServing: every request sees one list or the other.
func TestSetTrustWhileServing(t *testing.T) {
	x := must(t, ten)
	h := x.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, _ := xheaders.FromContext(r.Context())
		fmt.Fprint(w, i.ClientIP())
	}))
	var group sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			r := request("10.0.0.1:9", "X-Forwarded-For: 203.0.113.9, 192.0.2.1")
			for {
				select {
				case <-stop:
					return
				default:
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				x.Explain(r)
				if got := w.Body.String(); got != "192.0.2.1" && got != "203.0.113.9" {
					t.Errorf("ClientIP = %q", got)
					return
				}
			}
		}()
	}
	for i := range 300 {
		list := []string{"10.0.0.0/8"}
		if i%2 == 0 {
			list = append(list, "192.0.2.0/24")
		}
		if err := x.SetTrust(list...); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	group.Wait()
}
