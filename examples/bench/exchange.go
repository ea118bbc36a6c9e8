package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// exchange is somebody's handler and the request that it answers again and again.
//
// Everybody gets a shallow copy of the request, in memory that the last one had, and a header map that is empty: what a handler
// has parsed, set or noted there is gone, and making it new costs everybody the same copy and no allocation. No handler here
// writes into the request's header, which all of them share.
type exchange struct {
	handler http.Handler
	request *http.Request
	body    []byte // the request's, nil for none

	hr      http.Request
	content content
	w       sink
}

func (x *exchange) do() {
	clear(x.w.header)
	x.w.status = 0
	x.hr = *x.request
	if x.body != nil {
		x.content.Reset(x.body)
		x.hr.Body = &x.content
	}
	x.handler.ServeHTTP(&x.w, &x.hr)
}

// content is a body that can be had again.
type content struct{ bytes.Reader }

func (*content) Close() error { return nil }

// answer tells what a client would see of the response: status, media type, the headers that the row is about, and the body. It
// leaves out what is a matter of taste, the charset that gin and echo add, and what net/http adds for everybody.
func (x *exchange) answer(headers ...string) string {
	var body bytes.Buffer
	x.w.keep = &body
	x.do()
	x.w.keep = nil
	h := x.w.header
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	text := fmt.Sprint(x.w.status, " ", mediaType)
	if length := h.Get("Content-Length"); length != "" && length != fmt.Sprint(body.Len()) {
		text += " with a Content-Length of " + length
	}
	for _, name := range headers {
		for _, value := range h[name] {
			if c, err := http.ParseSetCookie(value); name == "Set-Cookie" && err == nil {
				value = c.String() // attributes in whatever order and case
			}
			text += "\n" + name + ": " + value
		}
	}
	if body.Len() > 2<<10 {
		return fmt.Sprintf("%s\n%d bytes, CRC %08x", text, body.Len(), crc32.ChecksumIEEE(body.Bytes()))
	}
	return text + "\n" + body.String()
}

// sink is a writer that does nothing. It has every method that net/http's own has for HTTP/1, because wrappers ask for them.
type sink struct {
	header http.Header
	status int
	keep   *bytes.Buffer // where the body goes, nil for nowhere
	buffer []byte        // of ReadFrom
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

func (s *sink) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	if s.keep != nil {
		s.keep.Write(p)
	}
	return len(p), nil
}

func (s *sink) WriteString(p string) (int, error) {
	s.WriteHeader(http.StatusOK)
	if s.keep != nil {
		s.keep.WriteString(p)
	}
	return len(p), nil
}

// ReadFrom reads all there is, as io.Copy would into a writer without it, but with a buffer of its own: who hides the method pays
// for a buffer, as on a real server. There is no sendfile(2) without a socket.
func (s *sink) ReadFrom(src io.Reader) (n int64, err error) {
	s.WriteHeader(http.StatusOK)
	if s.buffer == nil {
		s.buffer = make([]byte, 32<<10) // that of io.Copy
	}
	for {
		read, err := src.Read(s.buffer)
		if s.keep != nil {
			s.keep.Write(s.buffer[:read])
		}
		n += int64(read)
		switch err {
		case nil:
		case io.EOF:
			return n, nil
		default:
			return n, err
		}
	}
}

func (*sink) Flush()                           {}
func (*sink) FlushError() error                { return nil }
func (*sink) SetReadDeadline(time.Time) error  { return nil }
func (*sink) SetWriteDeadline(time.Time) error { return nil }
func (*sink) EnableFullDuplex() error          { return nil }

func (*sink) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }

// peer is somebody's handler at a row's job.
type peer struct {
	who     string
	handler http.Handler
	request *http.Request // nil for that of the row
	like    string        // see try
	times   []limit       // see try
	allocs  []limit       // see try
}

// ask makes a row of one request and those who answer it. Ratios are to the first.
func ask(name, want string, hr *http.Request, body []byte, headers []string, peers []peer) row {
	r := row{name: name}
	for _, p := range peers {
		x := &exchange{handler: p.handler, request: cmp.Or(p.request, hr), body: body, w: sink{header: http.Header{}}}
		t := try{
			who: p.who, answer: func() string { return x.answer(headers...) }, want: want, do: x.do,
			like: p.like, times: p.times, allocs: p.allocs,
		}
		if p.who != peers[0].who {
			t.against = peers[0].who
		}
		r.tries = append(r.tries, t)
	}
	return r
}

// received returns a request as net/http hands it to a handler, with the values and cancellations of its context. Its head has
// '\n' at the end of each line.
func received(peer, head string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head+"\n", "\n", "\r\n"))))
	must(err)
	r.RemoteAddr = peer
	ctx := context.WithValue(context.Background(), http.ServerContextKey, &http.Server{})
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 8080}))
	// The connection's and the request's; both live as long as the program.
	for range 2 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		_ = cancel
	}
	return r.WithContext(ctx)
}

// get is a browser's request for a target, with further header lines.
func get(target string, lines ...string) *http.Request {
	head := strings.Replace(browser, "GET / ", "GET "+target+" ", 1)
	for _, line := range lines {
		head += line + "\n"
	}
	return received("198.51.100.7:40312", head)
}

// post is a browser's request with a body.
func post(target, contentType string, body []byte) *http.Request {
	hr := get(target, "Content-Type: "+contentType, fmt.Sprint("Content-Length: ", len(body)))
	hr.Method, hr.ContentLength = http.MethodPost, int64(len(body))
	return hr
}

// must is for what the rows themselves have wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
