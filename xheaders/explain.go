package xheaders

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Trace is an Info with the reasons for it: one Hop for the peer and for each header
// entry, and notes on what looks like a mistake in the configuration.
type Trace struct {
	Info  Info
	Hops  []Hop
	Notes []string

	hostBy string
}

// Hop is one line of a Trace: what stood there, what became of it, and why.
type Hop struct{ Text, Verdict, Why string }

// Explain is Resolve with reasons. Serve its text from a debug route when a client's
// address is not what you expect, and never from a public one: it shows your proxies,
// and what they let through.
func (x *Resolver) Explain(r *http.Request) Trace {
	var in input
	in.take(r)
	var o outcome
	s, t := x.settings(), x.currentTrust()
	s.resolve(t, &in, &o)
	e := explainer{s: s, t: t, in: &in, o: &o}
	e.trace.Info, e.trace.hostBy = o.info, o.hostBy
	e.peer()
	if s.pants {
		e.pants()
		return e.trace
	}
	e.source()
	e.values()
	e.peerNotes()
	e.sourceNotes()
	return e.trace
}

// String returns the trace as lines of text.
func (t Trace) String() string {
	var b strings.Builder
	for _, h := range t.Hops {
		verdict := h.Verdict
		if h.Why != "" {
			verdict += ": " + h.Why
		}
		fmt.Fprintf(&b, "%-37s %s\n", h.Text, verdict)
	}
	client, hostBy := show(t.Info.ClientIP()), t.hostBy // a peer's zone is text, too
	if !t.Info.hasRaw && !t.Info.Client.IsValid() {
		client = "unknown"
	}
	if hostBy == "" {
		hostBy = "Host"
	}
	fmt.Fprintf(&b, "client=%s scheme=%s host=%s (%s)", client, show(t.Info.Scheme), show(t.Info.Host), hostBy)
	if t.Info.Prefix != "" {
		fmt.Fprintf(&b, " prefix=%s", t.Info.Prefix)
	}
	b.WriteByte('\n')
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

type explainer struct {
	s     *settings
	t     *trust
	in    *input
	o     *outcome
	trace Trace
}

func (e *explainer) hop(text, verdict, why string) {
	e.trace.Hops = append(e.trace.Hops, Hop{text, verdict, why})
}

func (e *explainer) note(format string, args ...any) {
	e.trace.Notes = append(e.trace.Notes, fmt.Sprintf(format, args...))
}

// accepted is whether the peer was allowed to speak; unlike Info.Trusted, also when the
// list was shorter than Hops.
func (e *explainer) accepted() bool { return e.o.verdict != unasked }

func (e *explainer) peer() {
	text, p := "peer   "+show(e.in.remote), e.o.peer
	switch {
	case e.s.pants:
		e.hop(text, "believed", "DangerouslyTrustAll asks nobody")
	case e.accepted() && e.t == nil:
		e.hop(text, "not examined", "Hops without Trust")
	case e.accepted() && e.t.any:
		e.hop(text, "trusted", "any")
	case e.accepted() && p.socket:
		e.hop(text, "trusted", "unix")
	case e.accepted():
		e.hop(text, "trusted", e.listing(p.addr.WithZone("")))
	case p.socket:
		e.hop(text, "not trusted", "a UNIX socket, and Trust does not say unix")
	case !p.addr.IsValid():
		e.hop(text, "not trusted", "no address that can be read")
	case e.t == nil:
		e.hop(text, "client", "nobody is trusted")
	default:
		e.hop(text, "client", "not in Trust")
	}
}

// listing names the entry of Trust that a is in.
func (e *explainer) listing(a netip.Addr) string {
	for _, entry := range e.t.entries {
		switch p := entry.prefix; {
		case !p.Contains(a):
		case p.String() == entry.text, p.IsSingleIP() && p.Addr().String() == entry.text:
			return entry.text
		default:
			return p.String() + " (" + entry.text + ")"
		}
	}
	return ""
}

func (e *explainer) source() {
	lines := e.in.header[e.s.source]
	switch {
	case e.s.single:
		e.single(lines)
	case e.s.source == hForwarded:
		var texts []string
		for l := (elements{lines: lines}); ; {
			text, ok := l.next()
			if !ok {
				break
			}
			texts = append(texts, text)
		}
		e.chain("Fwd", texts)
	default:
		var texts []string
		for l := (list{lines: lines}); ; {
			text, ok := l.next()
			if !ok {
				break
			}
			texts = append(texts, text)
		}
		e.chain("XFF", texts)
	}
}

// maxUnread bounds the entries shown of those that were not read.
const maxUnread = 5

// chain explains the entries of a list; texts begins with the rightmost.
func (e *explainer) chain(label string, texts []string) {
	for i, text := range texts {
		n := len(texts) - i
		if i > e.o.passed+maxUnread && n > 1 {
			e.hop(fmt.Sprintf("%s 1-%d", label, n), "not read", "more of the same")
			return
		}
		verdict, why := e.entry(i, text)
		e.hop(fmt.Sprintf("%-6s %s", label+" "+strconv.Itoa(n), show(text)), verdict, why)
	}
}

// entry explains the i-th entry from the right.
func (e *explainer) entry(i int, text string) (verdict, why string) {
	o := e.o
	decides := i == o.passed && (o.verdict == found || o.verdict == unreadable || o.verdict == malformed)
	switch {
	case !e.accepted():
		return "not read", "the peer is not trusted"
	case i < o.passed && e.s.hops > 0:
		return "hop", fmt.Sprintf("entry %d of %d from the right", i+1, e.s.hops)
	case i < o.passed:
		return "trusted", e.listing(e.node(text))
	case decides && o.verdict == unreadable:
		return "unknown", "not an address"
	case decides && o.verdict == malformed:
		return "unknown", "no Forwarded element with one for parameter"
	case decides:
		why = "outside Trust"
		if e.s.hops > 0 {
			why = fmt.Sprintf("entry %d of %d from the right", i+1, e.s.hops)
		}
		return "client", why + e.port()
	case o.verdict == found:
		return "not read", "left of the client, anybody can write it"
	}
	return "not read", "left of the entry that decides"
}

func (e *explainer) port() string {
	if e.o.info.Port == 0 {
		return ""
	}
	return fmt.Sprintf(" (port %d noted)", e.o.info.Port)
}

// node returns the address of an entry that was read.
func (e *explainer) node(text string) netip.Addr {
	if e.s.source == hForwarded {
		el, _ := parseElement(text)
		text = el.node
	}
	addr, _, _ := parseNode(text, e.s.source == hForwarded)
	return addr
}

func (e *explainer) single(lines []string) {
	for i, line := range slices.Backward(lines) {
		text := e.s.source + " " + strconv.QuoteToASCII(short(line))
		switch {
		case !e.accepted():
			e.hop(text, "not read", "the peer is not trusted")
		case i < len(lines)-1:
			e.hop(text, "not read", "only the last line counts")
		case e.o.verdict == unreadable:
			e.hop(text, "unknown", "not an address")
		default:
			e.hop(text, "client", "what "+e.s.source+" says"+e.port())
		}
	}
}

// values explains the other headers: those that are read, then the rest of the family.
func (e *explainer) values() {
	if e.s.source == hForwarded && e.o.info.Trusted {
		var o outcome
		var said element
		e.s.readForwarded(e.t, e.in.header[hForwarded], &o, &said)
		const leftmost = "leftmost trusted element that has it"
		if said.hasProto {
			e.value("Fwd proto", said.proto, leftmost, schemeOf(said.proto))
		}
		if said.hasHost {
			e.value("Fwd host", said.host, leftmost, e.hostIf(hForwarded))
		}
	}
	for _, name := range []string{hProto, hSSL, hFrontEnd, hHost, hPort, hPrefix} {
		if lines, ok := e.in.header[name]; ok {
			e.known(name, lines)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(e.in.header)) {
		name, alias, ok := e.s.member(key)
		text := quoted(show(key), e.in.header[key])
		switch {
		case !ok || name == e.s.source && !alias:
		case alias:
			e.hop(text, "not read", "an alias of "+name)
			e.note("%s is an alias of %s: your proxy lets it pass, and code that folds names would believe it", show(key), name)
		case slices.Contains([]string{hProto, hSSL, hFrontEnd, hHost, hPort, hPrefix}, name):
		case !slices.Contains(e.s.listed, name):
			e.hop(text, "not read", "not in Headers")
		case !e.o.info.Trusted:
			e.hop(text, "not read", e.silence())
		default:
			e.hop(text, "passed on", "")
		}
	}
}

// known explains a header that could be read.
func (e *explainer) known(name string, lines []string) {
	text := quoted(name, lines)
	at, n, entry := position(lines, e.o.hops)
	switch {
	case !slices.Contains(e.s.listed, name):
		e.hop(text, "not read", "not in Headers")
		return
	case !e.o.info.Trusted:
		e.hop(text, "not read", e.silence())
		return
	case n == 0:
		e.hop(text, "not read", "empty")
		return
	}
	result := ""
	switch name {
	case hProto, hSSL, hFrontEnd:
		scheme, by := e.s.readScheme(e.in.header, e.o.hops)
		if by != name {
			e.hop(text, "not read", by+" decides")
			return
		}
		result = scheme
	case hHost:
		result = e.hostIf(hHost)
	case hPort:
		if e.o.hostBy == hHost {
			if _, port, _ := splitHost(pick(e.in.header[hHost], e.o.hops)); port != "" {
				e.hop(text, "not read", hHost+" brought a port")
				return
			}
		}
		if isHostPort(entry) {
			result = entry
		}
	case hPrefix:
		result = e.o.info.Prefix
	}
	hops := "1 trusted hop"
	if e.o.hops != 1 {
		hops = fmt.Sprintf("%d trusted hops", e.o.hops)
	}
	e.hop(text, fmt.Sprintf("entry %d of %d (%s) -> %s", at, n, hops, orRefused(result)), "")
}

func (e *explainer) value(label, text, from, result string) {
	e.hop(label+" "+strconv.QuoteToASCII(short(text)), from+" -> "+orRefused(result), "")
}

// hostIf returns the host if it came from that header.
func (e *explainer) hostIf(header string) string {
	if e.o.hostBy != header {
		return ""
	}
	return e.o.info.Host
}

// silence is why a header in Headers is not read.
func (e *explainer) silence() string {
	if e.o.verdict == tooShort {
		return "the list is shorter than Hops"
	}
	return "the peer is not trusted"
}

// position says which entry pick takes, counted from the left.
func position(lines []string, hops int) (at, n int, entry string) {
	for l := (list{lines: lines}); ; n++ {
		if _, ok := l.next(); !ok {
			break
		}
	}
	return max(1, n-hops+1), n, pick(lines, hops)
}

func (e *explainer) peerNotes() {
	p, t := e.o.peer, e.t
	addr := p.addr.WithZone("")
	sent := e.sent()
	switch {
	case e.accepted() || len(sent) == 0:
	case p.socket:
		e.note("%s came over a UNIX socket: add \"unix\" to Trust if that is your proxy", sent[0])
	case addr.IsLoopback():
		e.note("peer %s is this machine but not in Trust: add \"loopback\" if that is your proxy", addr)
	case addr.IsPrivate() || addr.IsLinkLocalUnicast():
		e.note("peer %s is private but not in Trust: add %q if that is your proxy", addr, around(addr))
	default:
		e.note("%s came from a peer that is not trusted, and was ignored", sent[0])
	}
	if t == nil {
		return
	}
	for _, entry := range t.entries {
		if strings.HasPrefix(entry.text, "::") && entry.prefix.Addr().Is4() {
			e.note("%q in Trust is the IPv4 network %s", entry.text, entry.prefix)
		}
	}
}

// around guesses the network of a proxy.
func around(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 16
	}
	p, _ := a.Prefix(bits)
	return p
}

// sent lists the headers with addresses that the request has.
func (e *explainer) sent() (names []string) {
	for _, name := range []string{e.s.source, hFor, hForwarded, hRealIP} {
		if len(e.in.header[name]) > 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (e *explainer) sourceNotes() {
	if !e.accepted() {
		return
	}
	source := e.s.source
	var entries int
	for l := (list{lines: e.in.header[source]}); ; entries++ {
		if _, ok := l.next(); !ok {
			break
		}
	}
	switch e.o.verdict {
	case absent:
		if others := e.sent(); len(others) > 0 && others[0] != source {
			e.note("the proxy sends %s, Headers say %s", others[0], source)
		} else {
			e.note("the peer is trusted but sent no %s: does the proxy set it?", source)
		}
	case allTrusted:
		e.note("every entry of %s is trusted: Trust is wider than your proxies", source)
	case tooShort:
		e.note("%s is shorter than Hops (%d, not %d): somebody went round a proxy, or Hops is too high", source, e.o.passed, e.s.hops)
	case unreadable, malformed:
		e.note("the entry of %s that decides is no address: %s", source, e.deciding())
	}
	if e.o.verdict == found && e.s.hops > 0 && !e.s.single && source == hFor && entries > e.s.hops {
		e.note("%s is longer than Hops (%d, not %d): the client sent some itself, or Hops is too low", source, entries, e.s.hops)
	}
	if e.s.single && len(e.in.header[source]) > 1 {
		e.note("%s came %d times: the proxy adds it and should overwrite it", source, len(e.in.header[source]))
	}
}

// deciding describes the entry that could not be read.
func (e *explainer) deciding() string {
	lines := e.in.header[e.s.source]
	if e.s.single {
		line := lines[len(lines)-1]
		if strings.Contains(line, ",") {
			return show(line) + " is a list"
		}
		return describe(line)
	}
	if e.s.source == hForwarded {
		l := elements{lines: lines}
		text := ""
		for range e.o.passed + 1 {
			text, _ = l.next()
		}
		return show(text)
	}
	return describe(pick(lines, e.o.passed+1))
}

func describe(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r > 'f' && r <= 'z' }) {
		return show(text) + " has letters, it looks like a name"
	}
	return show(text)
}

func (e *explainer) pants() {
	address, from := pantsAddress(e.in.header)
	for _, name := range []string{hRealIP, hFor, hProto} {
		lines := e.in.header[name]
		if len(lines) == 0 {
			continue
		}
		text := quoted(name, lines)
		switch {
		case name == hProto:
			e.hop(text, "scheme", "as it came")
		case name == from:
			e.hop(text, "client", "as it came: "+show(address))
		case from == hRealIP:
			e.hop(text, "not read", hRealIP+" decides")
		default:
			e.hop(text, "not read", "empty")
		}
	}
	e.note("DangerouslyTrustAll: every client can choose its own address and scheme")
}

func orRefused(result string) string {
	if result == "" {
		return "refused"
	}
	return show(result)
}

func quoted(name string, lines []string) string {
	return fmt.Sprintf("%-17s %s", name, strconv.QuoteToASCII(short(strings.Join(lines, ", "))))
}

// show returns text from a client as it may be put on a terminal.
func show(text string) string {
	text = short(text)
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return strconv.QuoteToASCII(text)
		}
	}
	if text == "" {
		return `""`
	}
	return text
}

func short(text string) string {
	const longest = 100
	if len(text) > longest {
		return text[:longest] + "..."
	}
	return text
}
