package legacy_test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// standIn is a server that speaks HTTP as Pants 1.0.1 does, as far as a proxy can notice: TestStandInIsLikePants asks both the
// same. It reads a request by its Content-Length only, so that a chunked body is an empty one and its chunks the next request;
// HTTP/1.1 keeps the connection unless "Connection" is "close", whether or not the answer has a length; and HEAD, 204 and 304 are
// answered with content.
type standIn struct {
	net.Listener
	network string

	forgets bool // for benchmarks
	echoes  bool // whatever the path

	mu       sync.Mutex
	accepted int
	open     map[net.Conn]bool
	requests []seen
	gone     chan string // targets of requests whose client left while the handler waited
	wait     chan struct{}
	running  sync.WaitGroup
}

// seen is a request as it came.
type seen struct {
	line    string
	header  map[string][]string // lower case
	body    string
	conn    int // which connection, from 1
	address string
}

func (s seen) get(name string) string { return strings.Join(s.header[name], "|") }

func newStandIn(t testing.TB) *standIn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveStandIn(t, l)
}

func serveStandIn(t testing.TB, l net.Listener) *standIn {
	s := &standIn{Listener: l, network: l.Addr().Network(), open: map[net.Conn]bool{}, gone: make(chan string, 100), wait: make(chan struct{})}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.accepted++
			number := s.accepted
			s.open[c] = true
			s.mu.Unlock()
			s.running.Add(1)
			go func() {
				defer s.running.Done()
				s.serve(c, number)
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.open, c)
				_ = c.Close()
			}()
		}
	}()
	t.Cleanup(s.stop)
	return s
}

func (s *standIn) stop() {
	_ = s.Listener.Close()
	s.mu.Lock()
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *standIn) url() string { return "http://" + s.Addr().String() }

func (s *standIn) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// last is the request that came last.
func (s *standIn) last() seen {
	all := s.seen()
	if len(all) == 0 {
		return seen{line: "none"}
	}
	return all[len(all)-1]
}

func (s *standIn) connections() (accepted, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted, len(s.open)
}

const maxStandInRequest = 10 << 20

// serve is HTTPConnection.
func (s *standIn) serve(c net.Conn, number int) {
	in := bufio.NewReaderSize(c, 64<<10)
	for {
		head, err := readHead(in)
		if err != nil {
			return // StreamBufferOverflow too: no answer
		}
		lines := strings.Split(head, "\r\n")
		words := strings.Fields(lines[0])
		if len(words) != 3 {
			badRequest(c, "400 Bad Request", "Invalid HTTP request line.")
			return
		}
		r := seen{line: lines[0], header: map[string][]string{}, conn: number}
		for _, line := range lines[1:] {
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				badRequest(c, "400 Bad Request", "Illegal header line.")
				return
			}
			name = strings.ToLower(strings.TrimSpace(name))
			r.header[name] = append(r.header[name], strings.TrimSpace(value))
		}
		if lengths := r.header["content-length"]; len(lengths) > 0 {
			n, err := strconv.Atoi(lengths[0])
			switch {
			case err != nil || len(lengths) > 1:
				badRequest(c, "400 Bad Request", "Provided Content-Length is invalid.")
				return
			case n > maxStandInRequest:
				badRequest(c, "413 Request Entity Too Large", "Provided Content-Length larger than server limit.")
				return
			}
			if n > 0 && strings.EqualFold(r.get("expect"), "100-continue") {
				_, _ = io.WriteString(c, words[2]+" 100 (Continue)\r\n\r\n")
			}
			body := make([]byte, n)
			if _, err := io.ReadFull(in, body); err != nil {
				return
			}
			r.body = string(body)
		}
		r.address = address(r, c)
		s.mu.Lock()
		if !s.forgets {
			s.requests = append(s.requests, r)
		}
		s.mu.Unlock()
		a := &standInAnswer{s: s, c: c, in: in, request: r, method: words[0], target: words[1], protocol: words[2]}
		if !a.answer() {
			return
		}
		keep := !strings.EqualFold(r.get("connection"), "close")
		if words[2] != "HTTP/1.1" {
			keep = strings.EqualFold(r.get("connection"), "keep-alive") &&
				(r.header["content-length"] != nil || words[0] == "GET" || words[0] == "HEAD")
		}
		if !keep {
			return
		}
	}
}

// readHead reads to the empty line, at most 64 KiB.
func readHead(in *bufio.Reader) (string, error) {
	var head []byte
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		head = append(head, line...)
		if strings.HasSuffix(string(head), "\r\n\r\n") {
			return strings.TrimSuffix(string(head), "\r\n\r\n"), nil
		}
		if len(head) > 64<<10 {
			return "", io.ErrShortBuffer
		}
	}
}

// address is remote_ip with xheaders=True.
func address(r seen, c net.Conn) string {
	if a := r.get("x-real-ip"); a != "" {
		return a
	}
	if a := r.get("x-forwarded-for"); a != "" {
		a, _, _ = strings.Cut(a, ",")
		return strings.TrimSpace(a)
	}
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	return host
}

func badRequest(c net.Conn, status, text string) {
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", status, len(text), text)
}

// standInAnswer is one request being answered by what its path asks for.
type standInAnswer struct {
	s                        *standIn
	c                        net.Conn
	in                       *bufio.Reader
	request                  seen
	method, target, protocol string
}

func (a *standInAnswer) write(format string, args ...any) { _, _ = fmt.Fprintf(a.c, format, args...) }

// respond is send_response: content whatever the method and the status.
func (a *standInAnswer) respond(status, content string, header ...string) {
	head := a.protocol + " " + status + "\r\n"
	for _, line := range append(header, "Content-Type: text/plain", fmt.Sprintf("Content-Length: %d", len(content))) {
		head += line + "\r\n"
	}
	a.write("%s", head+"Server: HTTPants (stand-in)\r\n\r\n"+content)
}

// echo tells what came. The lines that every connection has for itself are left out.
func (a *standInAnswer) echo() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", a.method, a.target)
	for _, name := range slices.Sorted(maps.Keys(a.request.header)) {
		for _, value := range a.request.header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "\nremote_ip %s\nbody %d %x\n", a.request.address, len(a.request.body), sha256.Sum256([]byte(a.request.body)))
	return b.String()
}

// answer returns false when the connection is to be closed whatever was asked for.
func (a *standInAnswer) answer() bool {
	path, query, _ := strings.Cut(a.target, "?")
	if a.s.echoes {
		path = ""
	}
	switch path {
	case "/nolength": // an answer that ends with the connection, or never
		a.write("%s 200 OK\r\nContent-Type: text/plain\r\n\r\nno length", a.protocol)
	case "/http10":
		a.write("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold")
		return false
	case "/notype":
		a.write("%s 200 OK\r\nContent-Length: 15\r\n\r\n<html>no type</", a.protocol)
	case "/silent": // what a raised exception makes of an answer that had begun
		return false
	case "/garbage":
		a.write("this is no HTTP\r\n\r\n")
		return false
	case "/status": // a text as status
		a.write("%s %s\r\nContent-Length: 2\r\n\r\nok", a.protocol, strings.ReplaceAll(query, "%20", " "))
	case "/header": // a header line as it stands in the query, %20 for a blank
		a.respond("200 OK", "ok", strings.ReplaceAll(query, "%20", " "))
	case "/204":
		a.respond("204 No Content", "late")
	case "/304":
		a.respond("304 Not Modified", "late", `ETag: "x"`)
	case "/500":
		a.respond("500 Internal Server Error", "500 Internal Server Error")
		return false
	case "/twice":
		a.respond("200 OK", "ok", "X-Dup: a", "X-Dup: b", "Set-Cookie: a=b", "Set-Cookie: c=d", "Connection: X-Hop, keep-alive", "X-Hop: 1",
			"Keep-Alive: timeout=5", "Proxy-Authenticate: Basic")
	case "/big":
		n, _ := strconv.Atoi(query)
		a.respond("200 OK", strings.Repeat("0123456789abcdef", n/16))
	case "/sendfile":
		a.respond("200 OK", "", "X-Sendfile: "+query)
	case "/accel":
		a.respond("200 OK", "", "X-Accel-Redirect: "+query)
	case "/half":
		a.write("%s 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n0123456789", a.protocol)
		return false
	case "/halfhead":
		a.write("%s 200 OK\r\nContent-Ty", a.protocol)
		return false
	case "/reset": // in the middle of an answer that has no length
		a.write("%s 200 OK\r\nContent-Type: text/plain\r\n\r\n0123456789", a.protocol)
		time.Sleep(20 * time.Millisecond) // let it arrive
		_ = a.c.(*net.TCPConn).SetLinger(0)
		return false
	case "/wait": // until the test or the client has had enough
		if !a.pause() {
			return false
		}
		a.respond("200 OK", "waited")
	case "/events":
		a.write("%s 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", a.protocol)
		for i := range 3 {
			if !a.pause() {
				return false
			}
			a.write("data: %d\n\n", i)
		}
	case "/drip":
		a.write("%s 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n", a.protocol)
		for i := range 3 {
			if !a.pause() {
				return false
			}
			a.write("%d", i)
		}
	case "/upgrade":
		return a.upgrade(query)
	case "/unasked":
		a.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		return false
	case "/interim":
		a.write("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
		a.respond("200 OK", "ok")
	case "/longhead":
		a.write("HTTP/1.1 200 OK\r\n")
		for range 2000 {
			a.write("X-Long: %s\r\n", strings.Repeat("x", 1000))
		}
		a.respond("200 OK", "ok")
	case "/late": // an answer nobody asked for, after the right one
		a.respond("200 OK", "ok")
		a.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
		a.s.gone <- a.target // now it is there
	default:
		a.respond("200 OK", a.echo())
	}
	return true
}

// pause waits for the test; false if the client left meanwhile.
func (a *standInAnswer) pause() bool {
	gone := make(chan struct{})
	peeked := make(chan struct{})
	go func() {
		defer close(peeked)
		if _, err := a.in.Peek(1); err != nil && !strings.Contains(err.Error(), "timeout") {
			close(gone)
		}
	}()
	defer func() {
		_ = a.c.SetReadDeadline(time.Unix(1, 0))
		<-peeked
		_ = a.c.SetReadDeadline(time.Time{})
	}()
	select {
	case <-a.s.wait:
		return true
	case <-gone:
		a.s.gone <- a.target
		return false
	}
}

// upgrade echoes lines until the client ends, or the line "quit"; "half" ends the sending side.
func (a *standInAnswer) upgrade(query string) bool {
	if !strings.EqualFold(a.request.get("connection"), "upgrade") {
		a.respond("426 Upgrade Required", "no", "Upgrade: websocket")
		return true
	}
	a.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\nX-Dup: a\r\nX-Dup: b\r\nKeep-Alive: x\r\n\r\nhello\n", a.request.get("upgrade"))
	for {
		line, err := a.in.ReadString('\n')
		switch {
		case err == io.EOF && query == "slow": // the client sends no more, we do
			time.Sleep(50 * time.Millisecond)
			a.write("last words\n")
			return false
		case err == io.EOF && query == "deaf":
			<-a.s.wait
			return false
		case err != nil:
			a.s.gone <- a.target
			return false
		case line == "quit\n":
			return false
		}
		a.write("%s", strings.ToUpper(line))
	}
}
