package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answering is a server that writes the same bytes for each request, in two pieces, and then does what its then says.
func answering(t *testing.T, first, second string, then func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					hr, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, hr.Body)
					for _, piece := range []string{first, second} {
						if _, err := io.WriteString(conn, piece); err != nil {
							return
						}
					}
					if then != nil {
						then(conn)
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestLoad: an answer that is not the row's ends the measurement.
func TestLoad(t *testing.T) {
	hang := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }
	shut := func(conn net.Conn) { conn.Close() }
	long := strings.Repeat("0123456789", 10_000)
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: "
	tests := []struct {
		name, first, second string
		then                func(net.Conn)
		want                string
		err                 error
	}{
		{"right", ok + "2\r\n\r\nab", "", nil, "ab", nil},
		{"right, name in lower case", "HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length:2\r\n\r\nab", "", nil, "ab", nil},
		{"right, in pieces", ok + "2\r\n\r", "\na" + "b", nil, "ab", nil},
		{"right, long", ok + "100000\r\n\r\n" + long[:5000], long[5000:], nil, long, nil},
		{"right, empty", ok + "0\r\n\r\n", "", nil, "", nil},
		{"wrong status", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nab", "", nil, "ab", errStatus},
		{"another protocol", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "", nil, "ab", errStatus},
		{"wrong body", ok + "2\r\n\r\nac", "", nil, "ab", errBody},
		{"wrong begin of a long body", ok + "100000\r\n\r\n" + strings.Repeat("x", 5000), long[5000:], nil, long, errBody},
		{"longer than it should be", ok + "3\r\n\r\nabc", "", nil, "ab", errLength},
		{"shorter than it should be", ok + "1\r\n\r\na", "", nil, "ab", errLength},
		{"no length", "HTTP/1.1 200 OK\r\n\r\nab", "", shut, "ab", errLength},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "", nil, "ab", errLength},
		{"bytes after it", ok + "2\r\n\r\nabc", "", nil, "ab", errLength},
		{"closed in a short body", ok + "2\r\n\r\na", "", shut, "ab", errClosed},
		{"closed in a long body", ok + "100000\r\n\r\n" + long[:50_000], "", shut, long, errClosed},
		{"closed in the head", "HTTP/1.1 200 OK\r\nContent-", "", shut, "ab", errClosed},
		{"closed without an answer", "", "", shut, "ab", errClosed},
		{"closed after an answer", ok + "2\r\n\r\nab", "", shut, "ab", errClosed},
		{"silent", "", "", hang, "ab", errSilent},
		{"silent in a body", ok + "2\r\n\r\na", "", hang, "ab", errSilent},
		{"endless head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10_000), "", hang, "ab", errHead},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, err := dialLoad(answering(t, test.first, test.second, test.then), 3, wireRequest("GET", "/", "", nil), []byte(test.want))
			if err != nil {
				t.Fatal(err)
			}
			defer l.close()
			if test.err == errSilent {
				l.patience = 200
			}
			var count int
			for range 2 {
				n, _, turnErr := l.turn(10 * time.Millisecond)
				if count, err = count+n, turnErr; err != nil {
					break
				}
			}
			if !errors.Is(err, test.err) {
				t.Errorf("turn = %v, want %v", err, test.err)
			}
			if test.err == nil && count < 2*3 {
				t.Errorf("%d answers, 3 connections have two turns", count)
			}
		})
	}
}

// TestLoadHeaders: an answer without what the row is about ends the measurement; a charset and other headers do not.
func TestLoadHeaders(t *testing.T) {
	text, two := wireHeaders{mediaType: "text/plain"}, wireHeaders{cookies: 2}
	tests := []struct {
		name, head string
		headers    wireHeaders
		err        error
	}{
		{"type", "Content-Type: text/plain\r\n", text, nil},
		{"type with a charset", "content-type:Text/Plain ; charset=utf-8\r\nX-More: 1\r\n", text, nil},
		{"another type", "Content-Type: text/plainer\r\n", text, errHeader},
		{"no type", "X-Content-Type: text/plain\r\n", text, errHeader},
		{"no type needed", "", wireHeaders{}, nil},
		{"cookies", "Set-Cookie: a=b\r\nset-cookie: c=d\r\n", two, nil},
		{"a cookie", "Set-Cookie: a=b; c=d\r\n", two, errHeader},
		{"no cookie", "", two, errHeader},
		{"too many cookies", strings.Repeat("Set-Cookie: a=b\r\n", 3), two, errHeader},
		{"cookies that nobody asked for", "Content-Type: text/plain\r\nSet-Cookie: a=b\r\n", text, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, head := range []string{test.head + "Content-Length: 2\r\n", "Content-Length: 2\r\n" + test.head} {
				l, err := dialLoad(answering(t, "HTTP/1.1 200 OK\r\n"+head+"\r\nab", "", nil), 1, wireRequest("GET", "/", "", nil), []byte("ab"))
				if err != nil {
					t.Fatal(err)
				}
				defer l.close()
				l.headers = test.headers
				if _, _, err := l.turn(time.Millisecond); !errors.Is(err, test.err) {
					t.Errorf("turn = %v, want %v", err, test.err)
				}
			}
		})
	}
}

// TestLoadUpload: a request that does not fit into the socket's buffers goes out piece by piece, and comes whole.
func TestLoadUpload(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	l, err := dialLoad(answering(t, ok, "", nil), 2, wireRequest("POST", "/", "", make([]byte, 32<<20)), []byte("ok"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if count, _, err := l.turn(time.Millisecond); count < 2 || err != nil {
		t.Errorf("turn = %d, %v", count, err)
	}
}

// TestLoadAnsweredEarly: a server that refuses a request before it has read it does not do the row.
func TestLoadAnsweredEarly(t *testing.T) {
	nl, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	go func() {
		conn, err := nl.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 1))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		_, _ = nl.Accept() // until the test ends
	}()
	l, err := dialLoad(nl.Addr().String(), 1, wireRequest("POST", "/", "", make([]byte, 64<<20)), []byte("ok"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if count, _, err := l.turn(time.Millisecond); !errors.Is(err, errEarly) {
		t.Errorf("turn = %d, %v, want %v", count, err, errEarly)
	}
}
