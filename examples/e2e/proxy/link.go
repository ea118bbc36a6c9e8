package proxy

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A Link is a second host: a network namespace of this machine at the other end of a cable of a given speed.
type Link struct{ namespace string }

// LinkAddress is the other host's. The block is for documentation (RFC 5737): no real network has it.
const LinkAddress = "198.51.100.2"

// NewLink lays a cable over which the other host sends at the rate, such as "1gbit", until the test ends.
func NewLink(t testing.TB, rate string) Link {
	t.Helper()
	Need(t, "ip")
	Need(t, "tc")
	if os.Getuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	name := fmt.Sprintf("kit%d", os.Getpid())
	near, far := name+"n", name+"f"
	run := func(line string) error {
		words := strings.Fields(line)
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
		return nil
	}
	t.Cleanup(func() {
		_ = run("ip link del " + near) // it goes with the namespace, sooner or later
		if err := run("ip netns del " + name); err != nil {
			t.Error(err)
		}
	})
	for _, line := range []string{
		"ip netns add " + name,
		"ip link add " + near + " type veth peer name " + far + " netns " + name,
		"ip addr add 198.51.100.1/30 dev " + near,
		"ip link set " + near + " up",
		"ip -n " + name + " addr add " + LinkAddress + "/30 dev " + far,
		"ip -n " + name + " link set " + far + " up",
		"ip -n " + name + " link set lo up",
		"tc -n " + name + " qdisc add dev " + far + " root tbf rate " + rate + " burst 256kb latency 20ms",
	} {
		if err := run(line); err != nil {
			t.Fatal(err)
		}
	}
	return Link{name}
}

// Nginx is the function of that name on the other host; it listens on LinkAddress. Unix sockets are those of this host.
func (l Link) Nginx(t testing.TB, address, http string) {
	t.Helper()
	nginx(t, []string{Need(t, "ip"), "netns", "exec", l.namespace}, address, http)
}
