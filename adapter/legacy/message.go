package legacy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// message is a request as the app gets it.
type message struct {
	method, target, host string

	header http.Header     // of the client, without what nobody believed
	skip   map[string]bool // names in it that do not go on

	client, scheme, believedHost string // for the X headers

	upgrade string // the protocol that the client wants to change to
	body    io.Reader
	length  int64
	framed  bool // there is a Content-Length, even if it is 0
}

// unknown is the client that nobody knows. Pants, with xheaders=True, takes the address of the connection if it is told none,
// and that is ours: an app that lets 127.0.0.1 do more must not be led to that. The word is that of RFC 7239 section 6.2.
const unknown = "unknown"

// newMessage is what the app shall get for r. The error tells what cannot be written as it is.
func (p *Proxy) newMessage(r *pants.Request, hr *http.Request) (*message, error) {
	m := &message{
		method: r.Method(), target: r.URL(), host: hr.Host, header: xheaders.Clean(hr),
		client: r.RemoteIP(), scheme: r.Scheme(), believedHost: r.Host(),
	}
	if m.method == "" {
		m.method = http.MethodGet
	}
	if m.host == "" {
		m.host = "127.0.0.1" // which Pants makes of a request without Host
	}
	if m.client == "" {
		m.client = unknown
	}
	// net/http lets nothing of the kind in; a middleware might.
	for _, word := range [...]string{m.method, m.target, m.host} {
		if !isWord(word) {
			return nil, fmt.Errorf("legacy: %q cannot be sent", word)
		}
	}
	for _, value := range [...]string{m.client, m.scheme, m.believedHost} {
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("legacy: %q cannot be sent", value)
		}
	}
	m.upgrade = upgradeOf(hr)
	m.skip = p.skipped(hr.Header["Connection"])
	if m.length = hr.ContentLength; m.length > 0 {
		m.body = r.BodyReader()
	}
	// A length of 0 is told if the client told it, or would have: what was chunked has a length now.
	m.framed = m.length > 0 || hr.Header["Content-Length"] != nil || hr.Body != nil && hr.Body != http.NoBody
	if wasRead(hr) {
		return nil, errWasRead
	}
	return m, nil
}

// errWasRead is a body that was read through r.Body before it came here: by ParseForm, for one. What is left of it must not be
// taken for the whole.
var errWasRead = errors.New("legacy: a middleware has read the body; with pants.Server.Wrap in front it can, by Request.Post or Body")

func wasRead(hr *http.Request) bool {
	if said := hr.Header["Content-Length"]; len(said) > 0 {
		n, err := strconv.ParseInt(said[0], 10, 64)
		return err != nil || n != hr.ContentLength
	}
	return hr.ContentLength == 0 && (len(hr.PostForm) > 0 || hr.MultipartForm != nil)
}

// isWord tells what can stand in a request line: Pants splits that at blanks of any kind.
func isWord(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] == 0x7f {
			return false
		}
	}
	return text != ""
}

// connectionHeaders are about one connection and not about what comes over it (RFC 9110 section 7.6.1), in both directions.
// The other names do not go on because they are written anew.
var connectionHeaders = []string{
	"Connection", "Http2-Settings", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade",
}

var (
	ownHeaders = names(append([]string{
		"Content-Length", "Expect", "Forwarded", "Host", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip",
	}, connectionHeaders...)...)

	// How an app names files to us is not for clients to say (CVE-2025-61780 in Rack).
	ownHeadersAndOffers = names("X-Sendfile-Type", "X-Accel-Mapping")
)

func init() { maps.Copy(ownHeadersAndOffers, ownHeaders) }

func names(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, name := range list {
		set[name] = true
	}
	return set
}

// skipped are the names that do not go on to the app: with those that the client calls headers of its connection. What the
// app is told about the client is written afterwards, so that none of these can take it away (CVE-2022-31813).
func (p *Proxy) skipped(connection []string) map[string]bool {
	set := ownHeadersAndOffers
	if p.offers {
		set = ownHeaders // a Sender has put its own there
	}
	cloned := false
	for name := range tokens(connection) {
		if name = http.CanonicalHeaderKey(name); !set[name] {
			if !cloned {
				set, cloned = maps.Clone(set), true
			}
			set[name] = true
		}
	}
	return set
}

// tokens are the elements of a list header over all its lines: an empty first one must not hide the rest (CVE-2021-33197).
func tokens(lines []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for len(line) > 0 {
				var token string
				token, line, _ = strings.Cut(line, ",")
				if token = strings.Trim(token, " \t"); token != "" && !yield(token) {
					return
				}
			}
		}
	}
}

// upgradeOf is the protocol that a request wants to change to, "" for none. Not h2c: that would carry requests past every
// route here (golang/go#80416). Neither a choice of protocols, nor HTTP/1.0, where it does not exist.
func upgradeOf(hr *http.Request) string {
	list := hr.Header["Upgrade"]
	if hr.ProtoMajor != 1 || hr.ProtoMinor < 1 || len(list) != 1 || !wantsUpgrade(hr.Header) {
		return ""
	}
	if name := list[0]; name != "" && !strings.ContainsAny(name, ", \t") && !strings.EqualFold(name, "h2c") {
		return name
	}
	return ""
}

func wantsUpgrade(h http.Header) bool {
	for token := range tokens(h["Connection"]) {
		if strings.EqualFold(token, "upgrade") {
			return true
		}
	}
	return false
}

// writeHead writes the request line and the headers. keep asks the app to keep the connection.
func (m *message) writeHead(w *bufio.Writer, keep bool) {
	line := func(parts ...string) {
		for _, part := range parts {
			_, _ = w.WriteString(part)
		}
		_, _ = w.WriteString("\r\n")
	}
	line(m.method, " ", m.target, " HTTP/1.1")
	line("Host: ", m.host)
	_ = m.header.WriteSubset(w, m.skip) // w keeps its error for Flush
	line("X-Real-Ip: ", m.client)
	line("X-Forwarded-For: ", m.client)
	line("X-Forwarded-Proto: ", m.scheme)
	line("X-Forwarded-Host: ", m.believedHost)
	if m.framed {
		line("Content-Length: ", strconv.FormatInt(m.length, 10))
	}
	switch {
	case m.upgrade != "":
		line("Connection: Upgrade")
		line("Upgrade: ", m.upgrade)
	case !keep:
		line("Connection: close")
	}
	line()
}

// mayRepeat tells a request that does no harm if it is sent twice.
func (m *message) mayRepeat() bool {
	return (m.method == http.MethodGet || m.method == http.MethodOptions) && !m.framed && m.upgrade == ""
}

// mayKeep tells a request whose connection may serve another. Pants answers HEAD with the content, which would be taken for the
// next request's answer.
func (m *message) mayKeep() bool { return m.method != http.MethodHead && m.upgrade == "" }
