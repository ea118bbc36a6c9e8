package pants

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// address is what Listen was told, taken apart.
type address struct {
	network string // tcp, tcp4, tcp6, unix or systemd
	text    string // host:port, a path, or the name of a socket of systemd
	mode    fs.FileMode
	hasMode bool
}

// parseAddress reads the addresses that Listen takes; see there. secure decides the default port.
func parseAddress(text string, secure bool) (address, error) {
	scheme, rest, hasScheme := strings.Cut(text, ":")
	switch {
	case text == "" && secure:
		return address{network: "tcp", text: ":443"}, nil
	case text == "":
		return address{network: "tcp", text: ":80"}, nil
	case scheme == "unix" && hasScheme:
		return parseUnix(rest)
	case scheme == "systemd" && hasScheme:
		return address{network: "systemd", text: rest}, nil
	case strings.HasPrefix(text, "/"):
		return address{}, fmt.Errorf("a unix socket is written unix://%s", text)
	}
	network := "tcp"
	if strings.HasPrefix(rest, "//") {
		if scheme != "tcp" && scheme != "tcp4" && scheme != "tcp6" {
			return address{}, fmt.Errorf("unknown scheme %q", scheme)
		}
		network, text = scheme, rest[2:]
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return address{}, err
	}
	if strings.ContainsAny(host+port, "/?#@ ") {
		return address{}, errors.New("want host:port")
	}
	if port == "" {
		return address{}, errors.New("missing port")
	}
	if ip, err := netip.ParseAddr(host); err == nil && network == "tcp" && ip.Unmap().Is4() {
		network = "tcp4" // "0.0.0.0:80" would be reachable by IPv6 as well
	}
	return address{network: network, text: text}, nil
}

// parseUnix reads what follows "unix:".
func parseUnix(text string) (address, error) {
	path, query, hasQuery := strings.Cut(text, "?")
	if authority, ok := strings.CutPrefix(path, "//"); ok {
		if !strings.HasPrefix(authority, "/") {
			return address{}, errors.New("the path of a unix socket is absolute: unix:///run/app.sock")
		}
		path = authority
	}
	path, err := url.PathUnescape(path)
	switch {
	case err != nil:
		return address{}, err
	case !strings.HasPrefix(path, "/"):
		return address{}, errors.New("the path of a unix socket is absolute: unix:///run/app.sock")
	case strings.ContainsRune(path, 0):
		return address{}, errors.New("NUL in the path of a unix socket")
	}
	a := address{network: "unix", text: path}
	if !hasQuery {
		return a, nil
	}
	digits, ok := strings.CutPrefix(query, "mode=")
	if !ok {
		return address{}, fmt.Errorf("unknown option %q, there is only mode", query)
	}
	mode, err := strconv.ParseUint(digits, 8, 32)
	if err != nil || len(digits) < 3 || mode > 0o777 {
		return address{}, fmt.Errorf("invalid mode %q, want octal digits like 0660", digits)
	}
	a.mode, a.hasMode = fs.FileMode(mode), true
	return a, nil
}
