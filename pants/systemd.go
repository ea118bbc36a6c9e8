package pants

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

// given are the sockets that the process was started with.
var given struct {
	sync.Mutex
	claimed bool
	sockets []givenSocket
	err     error
}

type givenSocket struct {
	name string
	file *os.File // nil: taken
}

// firstGiven is the descriptor that passed sockets begin with (sd_listen_fds(3)).
const firstGiven = 3

// inherited is a socket that systemd, or the process before this one, has passed: the only one, or the one of that name. Each
// can be taken once.
func inherited(name string) (*listener, error) {
	given.Lock()
	defer given.Unlock()
	if !given.claimed {
		given.claimed = true
		given.sockets, given.err = claim()
	}
	if given.err != nil {
		return nil, given.err
	}
	found := -1
	for i, s := range given.sockets {
		if name != "" && s.name != name {
			continue
		}
		if found >= 0 {
			return nil, fmt.Errorf("%d sockets were passed, named %s: which one?", len(given.sockets), givenNames())
		}
		found = i
	}
	if found < 0 {
		return nil, fmt.Errorf("no socket is named %q, there are %s", name, givenNames())
	}
	s := &given.sockets[found]
	if s.file == nil {
		return nil, fmt.Errorf("the socket %q is in use already", s.name)
	}
	l, err := net.FileListener(s.file)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d is no listening socket: %w", firstGiven+found, err)
	}
	_ = s.file.Close() // l has a duplicate
	s.file = nil
	out := newListener(l)
	out.shared = true
	return out, nil
}

// claim reads the environment and removes what it says of the sockets, so that no child takes them for its own.
func claim() ([]givenSocket, error) {
	pid, hasPid := os.LookupEnv("LISTEN_PID")
	count, names := os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"} {
		_ = os.Unsetenv(name)
	}
	if count == "" {
		return nil, errors.New("no socket was passed: LISTEN_FDS is not set")
	}
	// A process that passes its sockets on does not know the number of the next one: no LISTEN_PID is fine, another's is not.
	if hasPid && pid != strconv.Itoa(os.Getpid()) {
		return nil, fmt.Errorf("the sockets are for process %s, this is %d (LISTEN_PID)", pid, os.Getpid())
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 1000 {
		return nil, fmt.Errorf("invalid LISTEN_FDS %q", count)
	}
	list := strings.Split(names, ":")
	sockets := make([]givenSocket, n)
	for i := range sockets {
		name := "unknown" // as sd_listen_fds_with_names(3)
		if names != "" && i < len(list) {
			name = list[i]
		}
		closeOnExec(firstGiven + i)
		sockets[i] = givenSocket{name, os.NewFile(uintptr(firstGiven+i), name)}
	}
	return sockets, nil
}

// givenNames is for messages.
func givenNames() string {
	names := make([]string, len(given.sockets))
	for i, s := range given.sockets {
		names[i] = strconv.Quote(s.name)
	}
	return strings.Join(names, ", ")
}
