package xheaders

import "strings"

// list reads the elements of a comma-separated header from the right, all its lines
// being one list (RFC 9110 section 5.3). It looks at no more text than it returns, so
// what a client put on the left costs nothing. Empty elements do not count (section 5.6.1).
type list struct {
	lines []string
	rest  string
	open  bool // rest is part of a line
}

func (l *list) next() (text string, ok bool) {
	for {
		if !l.open {
			last := len(l.lines) - 1
			if last < 0 {
				return "", false
			}
			l.rest, l.lines, l.open = l.lines[last], l.lines[:last], true
		}
		if i := strings.LastIndexByte(l.rest, ','); i >= 0 {
			text, l.rest = l.rest[i+1:], l.rest[:i]
		} else {
			text, l.open = l.rest, false
		}
		if text = trimOWS(text); text != "" {
			return text, true
		}
	}
}

// pick returns the element that the outermost trusted proxy wrote: the hops-th from the
// right. A shorter list was set at the edge and passed on, so its leftmost is taken.
// It returns "" if there is none.
func pick(lines []string, hops int) (text string) {
	l := list{lines: lines}
	for ; hops > 0; hops-- {
		t, ok := l.next()
		if !ok {
			break
		}
		text = t
	}
	return text
}

// readChain finds the client in X-Forwarded-For. Every proxy appends the address that it
// was called from, so the entries are as good as the proxies on their right.
func (s *settings) readChain(t *trust, lines []string, o *outcome) {
	l := list{lines: lines}
	for {
		text, ok := l.next()
		if !ok {
			o.verdict = s.exhausted(o.passed)
			return
		}
		if s.hops > 0 && o.passed < s.hops-1 {
			o.passed++
			continue
		}
		addr, port, ok := parseNode(text, false)
		if !ok {
			o.verdict = unreadable
			return
		}
		if s.hops == 0 && t.contains(addr) {
			o.passed++
			continue
		}
		o.info.Client, o.info.Port, o.verdict = addr, port, found
		return
	}
}

// exhausted is the verdict when the list ends before the client. Falling back to the
// leftmost entry or to the peer is what turns a header that was lost on the way
// (CVE-2022-31813), or a Trust that covers the whole office, into an internal client.
func (s *settings) exhausted(passed int) verdict {
	switch {
	case s.hops > 0:
		return tooShort
	case passed > 0:
		return allTrusted
	}
	return absent
}

// readSingle finds the client in a header that holds one address. Of several lines the
// last one counts: a proxy that adds its line below the client's (CVE-2026-45045) is
// read right, and one that overwrites sends only one.
func (s *settings) readSingle(lines []string, o *outcome) {
	if len(lines) == 0 {
		o.verdict = absent
		return
	}
	addr, port, ok := parseNode(lines[len(lines)-1], false)
	if !ok {
		o.verdict = unreadable
		return
	}
	o.info.Client, o.info.Port, o.verdict = addr, port, found
}
