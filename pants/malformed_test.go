package pants_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// malformed is a request that is wrong, or nearly so, as raw bytes.
type malformed struct {
	name, raw string
	answers   string // status codes of the answers
	seen      string // what the handler was called for
	open      bool   // the connection serves another request afterwards
	pants     string // the recorded vector of the same bytes and the status of Pants' answer, 0 for none; "" if none was recorded
}

const (
	host  = "Host: app.example\r\n"
	small = "\r\nhello"
)

func malformedRequests() []malformed {
	get := func(line string) string { return line + "\r\n" + host + "\r\n" }
	post := func(headers string) string { return "POST /b HTTP/1.1\r\n" + host + headers }
	chunks := func(body string) string { return post("Transfer-Encoding: chunked\r\n\r\n" + body) }
	with := func(header string) string { return "GET / HTTP/1.1\r\n" + host + header + "\r\n\r\n" }
	next := "GET /next HTTP/1.1\r\n" + host + "\r\n"
	return []malformed{
		// The request line.
		{"no request at all", "\r\n", "400", "", false, ""},
		{"an empty line first", "\r\n" + get("GET / HTTP/1.1"), "400", "", false, "reqline-049 400"},
		{"an empty request line", "\r\n" + host + "\r\n", "400", "", false, "reqline-021 400"},
		{"one word", "BAD\r\n\r\n" + "GET /1 HTTP/1.1\r\n" + host + "\r\n", "400", "", false, "reqline-056 0"},
		{"two words, as HTTP/0.9", get("GET /"), "400", "", false, ""},
		{"a blank in the target", get("GET /a b HTTP/1.1"), "400", "", false, "reqline-023 400"},
		{"two blanks between words", get("GET  /a  HTTP/1.1"), "400", "", false, "reqline-024 200"},
		{"tabs between words", get("GET\t/a\tHTTP/1.1"), "400", "", false, "reqline-025 200"},
		{"a vertical tab between words", get("GET\v/a HTTP/1.1"), "400", "", false, "reqline-028 200"},
		{"a blank at the end", get("GET / HTTP/1.1 "), "400", "", false, "reqline-027 400"},
		{"lower case protocol", get("GET / http/1.1"), "400", "", false, ""},
		{"protocol without a number", get("GET / HTTP"), "400", "", false, "reqline-018 505"},
		{"protocol 1.1", get("GET / 1.1"), "400", "", false, "reqline-017 505"},
		{"HTTP/", get("GET / HTTP/"), "400", "", false, "reqline-010 200"},
		{"HTTP/1", get("GET / HTTP/1"), "400", "", false, "reqline-012 200"},
		{"HTTP/1.10", get("GET / HTTP/1.10"), "400", "", false, "reqline-013 200"},
		{"HTTP/0.9", get("GET / HTTP/0.9"), "505", "", false, "reqline-009 200"},
		{"HTTP/3.0", get("GET / HTTP/3.0"), "505", "", false, ""},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", "200", "PRI * 127.0.0.1", false, "reqline-048 200"},
		{"a method that is no token", get("G@T / HTTP/1.1"), "400", "", false, "reqline-043 200"},
		{"a method beyond ASCII", get("GÉT / HTTP/1.1"), "400", "", false, "reqline-045 200"},
		{"a target that is none", get("GET . HTTP/1.1"), "400", "", false, "url-074 200"},
		{"a target without a path", get("GET ?a=b HTTP/1.1"), "400", "", false, "url-024 200"},
		{"half an escape in the path", get("GET /%4 HTTP/1.1"), "400", "", false, "url-045 200"},
		{"a control in the path", get("GET /a\x7fb HTTP/1.1"), "400", "", false, "url-102 200"},
		{"NUL in the path", get("GET /a\x00b HTTP/1.1"), "400", "", false, ""},
		{"absolute-form", "GET http://other.example:81/a HTTP/1.1\r\n" + host + "\r\n", "200", "GET /a other.example:81", true, "host-066 200"},
		{"absolute-form without a path", get("GET http://other.example HTTP/1.1"), "200", "GET / other.example", true, "url-080 200"},
		{"OPTIONS *", get("OPTIONS * HTTP/1.1"), "200", "OPTIONS * app.example", true, "reqline-046 200"},
		{"GET *", get("GET * HTTP/1.1"), "200", "GET * app.example", true, ""},
		{"a TLS greeting", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + strings.Repeat("\x00", 100) + "\r\n\r\n", "400", "", false, ""},
		{"garbage", "\xff\xfe\x00\x01\x02garbage\r\n\r\n", "400", "", false, ""},
		{"a request line of 1 MiB", get("GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1"), "431", "", false, ""},

		// Host.
		{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "200", "GET / 127.0.0.1", false, "reqline-003 200"},
		{"HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", "400", "", false, ""},
		{"two different Hosts", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", "400", "", false, "host-060 500"},
		{"the same Host twice", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n", "400", "", false, "host-061 500"},
		{"a blank in Host", "GET /h?x=1 HTTP/1.1\r\nHost: app example\r\n\r\n", "400", "", false, "host-031 200"},
		{"quotes in Host", "GET /h?x=1 HTTP/1.1\r\nHost: \"app.example\"\r\n\r\n", "400", "", false, "host-050 200"},

		// Headers.
		{"a header without a colon", with("X-A"), "400", "", false, ""},
		{"an empty name", with(": v"), "400", "", false, "header-099 200"},
		{"a blank before the colon", with("X-A : v"), "400", "", false, ""},
		{"a name that is no token", with("X(A): v"), "400", "", false, ""},
		{"NUL in a value", with("X-A: a\x00b"), "400", "", false, "header-112 200"},
		{"NUL in a name", with("X\x00A: v"), "400", "", false, ""},
		{"a bare CR in a value", with("X-A: a\rb"), "400", "", false, ""},
		{"a folded value", with("X-A: one\r\n two"), "200", "GET / app.example", true, ""},
		{"a first line that is folded", "GET / HTTP/1.1\r\n folded: x\r\n" + host + "\r\n", "400", "", false, ""},
		{"LF alone", "GET / HTTP/1.1\nHost: app.example\n\n", "200", "GET / app.example", true, "reqline-050 0"},
		{"a header of 1 MiB", with("X-A: " + strings.Repeat("a", 1<<20)), "431", "", false, ""},
		{"100 000 headers", with(strings.TrimSuffix(strings.Repeat("X-A: b\r\n", 100_000), "\r\n")), "431", "", false, ""},

		// The length of the body.
		{"a length with a sign", post("Content-Length: +5\r\n" + small), "400", "", false, ""},
		{"a negative length", post("Content-Length: -5\r\n" + small), "400", "", false, ""},
		{"minus zero", "POST /b HTTP/1.1\r\n" + host + "Content-Length: -0\r\n" + small, "400", "", false, "body-013 200"},
		{"a length in hex", post("Content-Length: 0x5\r\n" + small), "400", "", false, ""},
		{"a length in two parts", post("Content-Length: 5 5\r\n" + small), "400", "", false, "body-011 400"},
		{"a length that is none", post("Content-Length: nan\r\n" + small), "400", "", false, "body-016 400"},
		{"an empty length", post("Content-Length:\r\n\r\n"), "400", "", false, "body-024 200"},
		{"a length over 64 bits", post("Content-Length: 99999999999999999999\r\n" + small), "400", "", false, ""},
		{"two different lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n" + small), "400", "", false, ""},
		{"the same length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n" + small), "200", "POST /b app.example hello", true, "body-025 400"},
		{"a list of lengths", post("Content-Length: 5, 5\r\n" + small), "400", "", false, ""},
		{"over the limit", post("Content-Length: 10485761\r\n\r\n"), "413", "", false, "body-031 413"},
		{"over the limit, asked first", post("Expect: 100-continue\r\nContent-Length: 10485761\r\n\r\n"), "413", "", false, ""},
		{"asked first", post("Expect: 100-continue\r\nContent-Length: 5\r\n" + small), "100 200", "POST /b app.example hello", true, ""},
		{"another expectation", post("Expect: other\r\nContent-Length: 5\r\n" + small), "417", "", false, ""},

		// Chunks, and which of two lengths counts.
		{"chunks", chunks("5\r\nhello\r\n0\r\n\r\n"), "200", "POST /b app.example hello", true, ""},
		{"chunks on HTTP/1.0", "POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200", "POST /b 127.0.0.1", false, ""}, // HTTP/1.0 knows none
		// RFC 9112 section 6.1: the chunks count. That the connection should end then is lost on net/http, which tells nobody of the
		// length; no handler sees a request that was smuggled in either of them.
		{"chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + next), "200 200", "POST /b app.example hello, GET /next app.example", true, ""},
		{"a length and chunks", post("Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next), "200 200", "POST /b app.example, GET /next app.example", true, ""},
		{"two codings", post("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), "501", "", false, ""},
		{"an unknown coding", post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), "501", "", false, ""},
		{"two headers of codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "501", "", false, ""},
		{"a coding behind a control", post("Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"), "400", "", false, ""},
		{"a coding after a blank name", post("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), "400", "", false, ""},
		{"a chunk size with a sign", chunks("+5\r\nhello\r\n0\r\n\r\n"), "400", "", false, ""},
		{"a chunk size in words", chunks("five\r\nhello\r\n0\r\n\r\n"), "400", "", false, ""},
		{"a chunk size over 64 bits", chunks("fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), "400", "", false, ""},
		{"a chunk longer than it says", chunks("4\r\nhello\r\n0\r\n\r\n"), "400", "", false, ""},
		{"a chunk without its end", chunks("5\r\nhello0\r\n\r\n"), "400", "", false, ""},
		{"an extension of a chunk", chunks("5;name=\"value\"\r\nhello\r\n0\r\n\r\n"), "200", "POST /b app.example hello", true, ""},
		{"chunk lines of 1 MiB", chunks("5;" + strings.Repeat("a", 1<<20) + "\r\nhello\r\n0\r\n\r\n"), "400", "", false, ""},
		{"chunks over the limit", chunks(strings.Repeat("100000\r\n"+strings.Repeat("x", 1<<20)+"\r\n", 11)), "413", "", false, ""},

		// More than one request.
		{"two at once", next + next, "200 200", "GET /next app.example, GET /next app.example", true, ""},
		{"a good one and a bad one", next + "BAD\r\n\r\n", "200 400", "GET /next app.example", false, ""},
		{"a bad one and a good one", "BAD / HTTP/9.9\r\n\r\n" + next, "505", "", false, ""},
		{"more content than announced", post("Content-Length: 5\r\n\r\nhello" + next), "200 200", "POST /b app.example hello, GET /next app.example", true, ""},
		{"the last one, and another", "GET /1 HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n" + next, "200", "GET /1 app.example", false, ""},
	}
}

// Each malformed request has one fate: the right status, the handler called only for what is sound, and a connection that is
// closed where nobody knows what comes next. Whatever came, the server goes on.
func TestMalformedRequests(t *testing.T) {
	folder, own := vectorsFolder()
	recorded := map[string]*vector{}
	if own {
		all, err := readVectors(folder, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			recorded[v.ID] = v
		}
	}
	seen := make(chan string, 10)
	echo := func(s *pants.Server) http.Handler {
		return s.Handler(func(r *pants.Request) {
			what := strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Method(), r.URL(), r.Host(), r.Body()))
			if r.Path() != "/sound" {
				seen <- what
			}
			_ = r.SendResponse(what)
		})
	}
	plain, socket, secure := newServer(t, pants.Config{}), newServer(t, pants.Config{}), newServer(t, pants.Config{})
	if err := secure.StartSSL(writePair(t, t.TempDir(), "app")); err != nil {
		t.Fatal(err)
	}
	address, path, secureAddress := freeAddress(t), filepath.Join(shortDir(t), "app.sock"), freeAddress(t)
	listening(t, plain, address, echo(plain))
	listening(t, socket, "unix://"+path, echo(socket))
	listening(t, secure, secureAddress, echo(secure))
	ways := map[string]func() net.Conn{
		"TCP":  func() net.Conn { return dialUntil(t, "tcp", address) },
		"unix": func() net.Conn { return dialUntil(t, "unix", path) },
		"TLS": func() net.Conn {
			return tls.Client(dialUntil(t, "tcp", secureAddress), &tls.Config{InsecureSkipVerify: true})
		},
	}
	for _, test := range malformedRequests() {
		if test.pants != "" && own {
			id, status, _ := strings.Cut(test.pants, " ")
			if v := recorded[id]; v == nil {
				t.Errorf("%s: no vector %s", test.name, id)
			} else if got := statusOfPants(v); v.Send[0].text != test.raw || got != status {
				t.Errorf("%s: %s is %q with the answer %s", test.name, id, v.Send[0].text, got)
			}
		}
		for way, connect := range ways {
			t.Run(test.name+" "+way, func(t *testing.T) {
				conn := connect()
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				go func() { _, _ = io.WriteString(conn, test.raw) }()
				in := bufio.NewReader(conn)
				var answers []string
				for range strings.Fields(test.answers) {
					status, _, err := readAnswer(in)
					if err != nil {
						t.Fatalf("after %v: %v", answers, err)
					}
					answers = append(answers, strconv.Itoa(status))
				}
				if got := strings.Join(answers, " "); got != test.answers {
					t.Errorf("answers %s, want %s", got, test.answers)
				}
				var calls []string
				for len(seen) > 0 {
					calls = append(calls, <-seen)
				}
				if got := strings.Join(calls, ", "); got != test.seen {
					t.Errorf("the handler saw %.200q, want %q", got, test.seen)
				}
				if test.open {
					_, _ = io.WriteString(conn, "GET /sound HTTP/1.1\r\nHost: a\r\n\r\n")
					if status, content, err := readAnswer(in); status != 200 || content != "GET /sound a" {
						t.Errorf("afterwards: %d %q, %v", status, content, err)
					}
				} else if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil && strings.Contains(err.Error(), "timeout") {
					t.Errorf("afterwards: %.200q, %v; want the end of the connection", rest, err)
				}
			})
		}
	}
	for way, connect := range ways {
		conn := connect()
		_, _ = io.WriteString(conn, "GET /sound HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, content, err := readAnswer(bufio.NewReader(conn)); status != 200 || content != "GET /sound a" {
			t.Errorf("%s, in the end: %d %q, %v", way, status, content, err)
		}
		conn.Close()
	}
}

// readAnswer reads one, interim ones too.
func readAnswer(in *bufio.Reader) (status int, content string, err error) {
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, "", err
	}
	if res.StatusCode < 200 {
		return res.StatusCode, "", nil
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// statusOfPants is that of Pants' first answer; 0 if there was none.
func statusOfPants(v *vector) string {
	_, rest, _ := strings.Cut(v.Got[0].Raw.text, " ")
	status, _, found := strings.Cut(rest, " ")
	if !found {
		return "0"
	}
	return status
}

// Plain HTTP at a port of HTTPS is told so, and what speaks neither is dropped.
func TestPlainHTTPAtTheHTTPSPort(t *testing.T) {
	s := newServer(t, pants.Config{})
	if err := s.StartSSL(writePair(t, t.TempDir(), "app")); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	listening(t, s, address, hello(s))
	for raw, want := range map[string]string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n": "HTTP/1.0 400 Bad Request", "\x00\x01garbage\r\n\r\n": ""} {
		conn := dialUntil(t, "tcp", address)
		_, _ = io.WriteString(conn, raw)
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		content, _ := io.ReadAll(conn)
		if !strings.HasPrefix(string(content), want) || want == "" && strings.Contains(string(content), "HTTP/") {
			t.Errorf("%q: %q, want %q", raw, content, want)
		}
		conn.Close()
	}
}
