package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-pants/kit/examples/e2e/app"
	"github.com/go-pants/kit/examples/e2e/load"
)

// limit is how long an answer may take.
const limit = 30 * time.Second

var mix = map[string]int{"short": 60, "deferred": 15, "echo": 8, "form": 8, "range": 4, "download": 3, "file": 1, "events": 1}

// everything is all the clients, until ctx ends.
func everything(ctx context.Context, s *server, tally *load.Tally) {
	toTLS := func() (net.Conn, error) {
		conn, err := s.dialTLS()
		if err != nil {
			return nil, err
		}
		return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), nil
	}
	http2 := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(context.Context, string, string) (net.Conn, error) { return s.dialTLS() },
	}}
	defer http2.CloseIdleConnections()
	asHTTP2 := load.Client(http2, "https://localhost", limit)

	var running sync.WaitGroup
	run := func(f func()) {
		running.Add(1)
		go func() {
			defer running.Done()
			f()
		}()
	}
	for name, l := range map[string]*load.Load{
		"kept ":  {Dial: s.dialTCP, Kept: true, Idle: 20, Rate: 150},
		"fresh ": {Dial: s.dialTCP, Rate: 80},
		"unix ":  {Dial: s.dialUnix, Kept: true, Idle: 10, Rate: 80},
		"tls ":   {Dial: toTLS, Kept: true, Idle: 5, Rate: 50},
		"h2 ":    {Ask: asHTTP2, Rate: 80},
	} {
		l.Mix, l.Most, l.Limit, l.Into, l.Name = mix, 50, limit, tally, name
		run(func() { l.Run(ctx) })
	}
	c := &clients{tally: tally, dial: s.dialTCP}
	for name, one := range map[string]struct {
		every time.Duration
		f     func(id string) (load.Outcome, error)
	}{
		"upload":          {time.Second, c.upload},
		"h2 upload":       {3 * time.Second, func(id string) (load.Outcome, error) { return asHTTP2(load.Upload(id, uploadSize())) }},
		"slow reader":     {500 * time.Millisecond, c.slowReader},
		"lines":           {200 * time.Millisecond, c.lines},
		"abandoned":       {50 * time.Millisecond, c.abandoned},
		"malformed":       {50 * time.Millisecond, c.malformed},
		"watched stream":  {time.Second, c.stream},
		"h2 abandoned":    {200 * time.Millisecond, c.abandonedBy(http2)},
		"tls, no request": {time.Second, c.silent(toTLS)},
	} {
		run(func() { c.each(ctx, name, one.every, one.f) })
	}
	running.Wait()
}

// clients are those that do not ask one thing after the other.
type clients struct {
	tally  *load.Tally
	dial   func() (net.Conn, error)
	number atomic.Int64
}

// each lets a client do something now and then, at most 20 at once.
func (c *clients) each(ctx context.Context, name string, every time.Duration, f func(id string) (load.Outcome, error)) {
	var running sync.WaitGroup
	defer running.Wait()
	room := make(chan struct{}, 20)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(rand.Int64N(int64(2 * every)))):
		}
		room <- struct{}{}
		running.Add(1)
		go func() {
			defer running.Done()
			id := fmt.Sprintf("s%d", c.number.Add(1))
			o, err := f(id)
			c.tally.Add(name, id, o, err)
			<-room
		}()
	}
}

// uploadSize is 1 to 20 MiB.
func uploadSize() int { return 1<<20 + rand.IntN(19<<20) }

func (c *clients) upload(id string) (load.Outcome, error) {
	conn, err := c.dial()
	if err != nil {
		return load.Refused, err
	}
	defer conn.Close()
	o, _, err := load.NewConn(conn).Ask(load.Upload(id, uploadSize()), true, limit)
	return o, err
}

// slowReader takes some seconds for the file.
func (c *clients) slowReader(id string) (load.Outcome, error) {
	conn, err := c.dial()
	if err != nil {
		return load.Refused, err
	}
	defer conn.Close()
	o, _, err := load.NewConn(slowly{conn}).Ask(load.File(id), true, limit)
	return o, err
}

type slowly struct{ net.Conn }

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.Conn.Read(p[:min(len(p), 1000)])
}

// lines takes a connection over, has some lines said back and ends it in one way or the other.
func (c *clients) lines(id string) (load.Outcome, error) {
	conn, err := c.dial()
	if err != nil {
		return load.Refused, err
	}
	defer conn.Close()
	l, err := upgrade(conn, id)
	if err != nil {
		return load.Wrong, err
	}
	for i := range rand.IntN(50) {
		if err := l.say(fmt.Sprint("line ", i)); err != nil {
			return load.Wrong, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return load.Right, nil
}

// lineConn is a connection that was taken over.
type lineConn struct {
	net.Conn
	id     string
	reader *bufio.Reader
}

func upgrade(conn net.Conn, id string) (*lineConn, error) {
	l := &lineConn{conn, id, bufio.NewReader(conn)}
	_ = conn.SetDeadline(time.Now().Add(limit))
	_, _ = fmt.Fprintf(conn, "GET /lines?id=%s HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n", id)
	res, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		return nil, errors.New(res.Status)
	}
	return l, nil
}

func (l *lineConn) say(line string) error {
	_, _ = io.WriteString(l, line+"\n")
	got, err := l.reader.ReadString('\n')
	if want := l.id + " " + line + "\n"; err != nil || got != want {
		return fmt.Errorf("%q, %w; want %q", got, err, want)
	}
	return nil
}

// stream reads of a long stream of events what comes in some seconds, and goes.
func (c *clients) stream(id string) (load.Outcome, error) {
	conn, err := c.dial()
	if err != nil {
		return load.Refused, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(limit))
	_, _ = fmt.Fprintf(conn, "GET /events?id=%s&n=100000 HTTP/1.1\r\nHost: app\r\n\r\n", id)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return load.Cut, err
	}
	for i := range 100 + rand.IntN(400) {
		event := make([]byte, len(app.Event(id, i)))
		if _, err := io.ReadFull(res.Body, event); err != nil {
			return load.Cut, err
		}
		if string(event) != app.Event(id, i) {
			return load.Wrong, fmt.Errorf("event %d is %q", i, event)
		}
	}
	return load.Right, nil
}

// abandoned goes somewhere in the middle. There is nothing that it could get wrong.
func (c *clients) abandoned(id string) (load.Outcome, error) {
	requests := []string{
		"GET /deferred?id=%s&after=5000 HTTP/1.1\r\nHost: app\r\n\r\n",
		"GET /download?id=%s&size=1000000 HTTP/1.1\r\nHost: app\r\n\r\n",
		"GET /events?id=%s&n=10000 HTTP/1.1\r\nHost: app\r\n\r\n",
		"GET /file?id=%s HTTP/1.1\r\nHost: app\r\n\r\n",
		"GET /lines?id=%s HTTP/1.1\r\nHost: app\r\nUpgrade: lines\r\nConnection: Upgrade\r\n\r\n",
		"POST /echo?id=%s HTTP/1.1\r\nHost: app\r\nContent-Length: 5000000\r\n\r\n" + strings.Repeat("x", 2_000_000),
		"POST /upload?id=%s HTTP/1.1\r\nHost: app\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n--b\r\nContent-Di",
		"GET /short?id=%s HTTP/1.1\r\nHo",
	}
	conn, err := c.dial()
	if err != nil {
		return load.Refused, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Duration(rand.Int64N(int64(2 * time.Second)))))
	_, _ = fmt.Fprintf(conn, requests[rand.IntN(len(requests))], id)
	_, _ = io.CopyN(io.Discard, conn, rand.Int64N(1<<20))
	return load.Right, nil
}

// abandonedBy does so with streams of HTTP/2.
func (c *clients) abandonedBy(client *http.Client) func(id string) (load.Outcome, error) {
	return func(id string) (load.Outcome, error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.Int64N(int64(time.Second))))
		defer cancel()
		target := []string{"/deferred?after=5000&id=", "/download?size=1000000&id=", "/events?n=10000&id=", "/file?id="}[rand.IntN(4)]
		hr, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://localhost"+target+id, nil)
		if err != nil {
			return load.Wrong, err
		}
		if res, err := client.Do(hr); err == nil {
			_, _ = io.CopyN(io.Discard, res.Body, rand.Int64N(1<<20))
			res.Body.Close()
		}
		return load.Right, nil
	}
}

// malformed is answered with an error or not at all, and never as if it were a request.
func (c *clients) malformed(string) (load.Outcome, error) {
	requests := []struct{ text, status string }{
		{"GET /short HTTP/1.1\r\n\r\n", "400"},
		{"GET /short HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		{"GET /short HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", "400"},
		{"GET /short HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "400"},
		{"GET /short HTTP/9.9\r\nHost: a\r\n\r\n", "505"},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"},
		{"GET /short?id=%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200"}, // Pants takes what it can of a query
		{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n", "400"},
		{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400"},
		{"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
		{"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
		{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", "413"},
		{"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 7\r\n\r\nnothing", "400"},
		{"GET /short HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n", "431"},
		{"PATCH /short HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "405"},
		{"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "404"},
	}
	r := requests[rand.IntN(len(requests))]
	conn, err := c.dial()
	if err != nil {
		return load.Refused, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(limit))
	go func() {
		_, _ = io.WriteString(conn, r.text)
		if half, ok := conn.(interface{ CloseWrite() error }); ok && r.status == "400" {
			_ = half.CloseWrite() // what is cut off is malformed too
		}
	}()
	answer, err := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 "+r.status+" ") {
		return load.Wrong, fmt.Errorf("%.40q was answered with %.40q, %w; want %s", r.text, answer, err, r.status)
	}
	return load.Right, nil
}

// silent connects and says nothing, or only what comes before a request.
func (c *clients) silent(dial func() (net.Conn, error)) func(id string) (load.Outcome, error) {
	return func(string) (load.Outcome, error) {
		conn, err := dial()
		if err != nil {
			return load.Refused, err
		}
		defer conn.Close()
		if secure, ok := conn.(*tls.Conn); ok && rand.IntN(2) == 0 {
			if err := secure.Handshake(); err != nil {
				return load.Wrong, err
			}
		}
		time.Sleep(time.Duration(rand.Int64N(int64(5 * time.Second))))
		return load.Right, nil
	}
}

// drain stops the server while clients of each kind are there, who get what they should.
func drain(s *server, out io.Writer) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf("drain: "+format, args...)) }
	dial := func() net.Conn {
		conn, err := s.dialTCP()
		if err != nil {
			fault("%v", err)
			conn, _ = net.Pipe()
		}
		return conn
	}
	var running sync.WaitGroup
	results := make(chan string, 10)
	idle := load.NewConn(dial())
	defer idle.Close()
	if o, _, err := idle.Ask(load.Short("idle"), false, limit); o != load.Right {
		fault("before it: %v, %v", o, err)
	}
	lines, err := upgrade(dial(), "lines")
	if err != nil {
		fault("%v", err)
		return faults
	}
	defer lines.Close()
	for _, kind := range []string{"events", "download", "deferred"} {
		conn := load.NewConn(dial())
		running.Add(1)
		go func() {
			defer running.Done()
			defer conn.Close()
			if o, _, err := conn.Ask(load.Kinds[kind](kind), false, limit); o != load.Right && o != load.Busy {
				results <- fmt.Sprintf("drain: %s: %v, %v", kind, o, err)
			}
		}()
	}
	time.Sleep(10 * time.Millisecond)
	took, err := s.stop()
	fmt.Fprintf(out, "drained in %v: %v\n", took, err)
	if err != nil {
		fault("%v", err)
	}
	if rest, err := io.ReadAll(lines.reader); string(rest) != "bye lines\n" || err != nil {
		fault("a connection that was taken over ends with %q, %v", rest, err)
	}
	running.Wait()
	close(results)
	for text := range results {
		faults = append(faults, text)
	}
	return faults
}
