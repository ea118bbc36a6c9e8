package xheaders

import (
	"net/http"
	"strings"
)

// readHost returns the host that the headers say, or the given one, the Host header's;
// from is the header believed. X-Forwarded-Port goes onto either, unless
// X-Forwarded-Host brought a port of its own.
func (s *settings) readHost(h http.Header, hops int, scheme, host string) (_, from string) {
	own := false
	if s.host {
		text := pick(h[hHost], hops)
		if _, port, ok := splitHost(text); ok {
			host, from, own = text, hHost, port != ""
		}
	}
	if s.port && !own {
		if port := pick(h[hPort], hops); isHostPort(port) {
			host = setPort(host, port, scheme)
		}
	}
	return host, from
}

// splitHost checks a host as strictly as a name in a link must be: a host that can carry
// markup, a path or user information poisons caches and password mails (CVE-2011-4139,
// CVE-2018-0787, CVE-2026-34835). Letter case is kept.
func splitHost(text string) (name, port string, ok bool) {
	name = text
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 || strings.IndexByte(text, '%') >= 0 {
			return "", "", false
		}
		if _, ok := parse6(text[1:end]); !ok {
			return "", "", false
		}
		name = text[:end+1]
	} else {
		if i := strings.IndexByte(text, ':'); i >= 0 {
			name = text[:i]
		}
		for i := 0; i < len(name); i++ {
			if c := name[i]; !isAlnum(c) && strings.IndexByte(".-_~!$&'()", c) < 0 {
				return "", "", false
			}
		}
	}
	rest := text[len(name):]
	if name == "" || rest == "" {
		return name, "", name != ""
	}
	if rest[0] != ':' || !isHostPort(rest[1:]) {
		return "", "", false
	}
	return name, rest[1:], true
}

// isHostPort: 1..65535, in one spelling only.
func isHostPort(text string) bool {
	_, ok := parsePort(text)
	return ok && text[0] != '0'
}

// setPort replaces the port of host; the scheme's own is left out. A Host header that is
// no host stays as it is.
func setPort(host, port, scheme string) string {
	name, old, ok := splitHost(host)
	switch {
	case !ok || old == port && port != defaultPort(scheme):
		return host
	case port == defaultPort(scheme):
		return name
	}
	return name + ":" + port
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
