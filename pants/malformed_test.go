package pants_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// malformed is one connection to a Server that listens: what was sent, and what came of it.
type malformed struct {
	name    string
	raw     string
	answers string // the statuses, in order
	saw     string // by the handler: method, URL, host, X-A and body of each request
	fate    string // of the connection: open, closed, or waits: for more, and the answers come when the client has said that there is none
	vector  string // the recorded one with the same bytes
	pants   string // and what real Pants answered, and whether it left the connection open
	server  string // closing: Config.DisableKeepAlives; small: Config.MaxRequest is 64
}

const (
	getHead     = "GET / HTTP/1.1\r\nHost: app.example\r\n"
	getSecond   = "GET /2 HTTP/1.1\r\nHost: app.example\r\n\r\n"
	postHead    = "POST /b HTTP/1.1\r\nHost: app.example\r\n"
	chunkedHead = postHead + "Transfer-Encoding: chunked\r\n\r\n"
	helloChunks = "5\r\nhello\r\n0\r\n\r\n"
	clientHello = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03................................\x00\x00\x04\x13\x01\x13\x02\x01\x00"
)

// The classes are those of the published lists: the tests of net/http, llhttp and h11, and the ways to smuggle requests. net/http
// decides most of it; two decisions are worth knowing, because no handler can see what was there: a length beside chunks is
// ignored and the connection stays open, and chunks over HTTP/1.0 are no body but the next request.
var malformedRequests = []malformed{
	// The request line.
	{"HTTP/1.0 without any header", "GET / HTTP/1.0\r\n\r\n", "200", "GET / 127.0.0.1", "closed", "reqline-003", "200 closed", ""},
	{"HTTP/1.0 without Host", "GET /x HTTP/1.0\r\nAccept: */*\r\n\r\n", "200", "GET /x 127.0.0.1", "closed", "reqline-006", "200 closed", ""},
	{"HTTP/1.0 without Host, kept alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200", "GET / 127.0.0.1", "open", "", "", ""},
	{"HTTP/0.9, as it was spoken", "GET /\r\n", "400", "", "closed", "", "", ""},
	{"HTTP/0.9 by name", "GET / HTTP/0.9\r\nHost: app.example\r\n\r\n", "505", "", "closed", "reqline-009", "200 closed", ""},
	{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: app.example\r\n\r\n", "200", "GET / app.example", "open", "reqline-007", "200 closed", ""},
	{"HTTP/2.0 by name", "GET / HTTP/2.0\r\nHost: app.example\r\n\r\n", "505", "", "closed", "", "", ""},
	{"HTTP/3.0 by name", "GET / HTTP/3.0\r\nHost: app.example\r\n\r\n", "505", "", "closed", "", "", ""},
	{"HTTP/ without a version", "GET / HTTP/\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-010", "200 closed", ""},
	{"a version that is no number", "GET / HTTP/x\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-011", "200 closed", ""},
	{"a version without a minor one", "GET / HTTP/1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-012", "200 closed", ""},
	{"a version of two digits", "GET / HTTP/1.10\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-013", "200 closed", ""},
	{"a version of three parts", "GET / HTTP/1.1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"http in small letters", "GET / http/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a version without HTTP", "GET / 1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-017", "505 closed", ""},
	{"HTTP without a version", "GET / HTTP\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-018", "505 closed", ""},
	{"an empty request line", "\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-021", "400 closed", ""},
	{"an empty line before the request", "\r\nGET / HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-049", "400 closed", ""},
	{"a blank before the method", " GET / HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"no method", " / HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"no target", "GET HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"an empty target", "GET  HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a method alone", "GET\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a blank in the target", "GET /a b HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-023", "400 closed", ""},
	{"two blanks between words", "GET  /a  HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-024", "200 open", ""},
	{"tabs between words", "GET\t/a\tHTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-025", "200 open", ""},
	{"a vertical tab between words", "GET\v/a HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-028", "200 open", ""},
	{"a blank at the end", "GET / HTTP/1.1 \r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-027", "400 closed", ""},
	{"a method in small letters", "get /m HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "get /m app.example", "open", "reqline-036", "200 open", ""},
	{"a method with a sign", "FOO! /m HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "FOO! /m app.example", "open", "reqline-041", "200 open", ""},
	{"a method that is no token", "G@T / HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-043", "200 open", ""},
	{"a method that is not ASCII", "G\xc3\x89T / HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-045", "200 open", ""},
	{"NUL in the method", "GE\x00T / HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a method of 2000 letters", strings.Repeat("A", 2000) + " / HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", strings.Repeat("A", 2000) + " / app.example", "open", "", "", ""},
	{"a target without a slash", "GET a HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a control character in the target", "GET /\x01 HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"NUL in the target", "GET /\x00 HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a carriage return in the target", "GET /a\rb HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"a fragment", "GET /a#b?c HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /a#b?c app.example", "open", "", "", ""},
	{"a percent sign alone", "GET /%zz HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"NUL, escaped", "GET /%00 HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /%00 app.example", "open", "", "", ""},
	{"dots and backslashes", "GET /..\\../.. HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /..\\../.. app.example", "open", "", "", ""},
	{"a byte above 127", "GET /\xff HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /\xff app.example", "open", "", "", ""},
	{"two slashes", "GET //other.example/a HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET //other.example/a app.example", "open", "", "", ""},
	{"absolute-form with another host", "GET http://other.example:81/a HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /a other.example:81", "open", "host-066", "200 open", ""},
	{"absolute-form without a path", "GET http://other.example HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET / other.example", "open", "", "", ""},
	{"absolute-form with a password", "GET http://u:p@other.example/a HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /a other.example", "open", "", "", ""},
	{"absolute-form without a host", "GET http:///a HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /a app.example", "open", "", "", ""},
	{"absolute-form of another scheme", "GET ftp://other.example/a HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET /a other.example", "open", "", "", ""},
	{"absolute-form with half a bracket", "GET http://[::1/a HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"absolute-form without Host", "GET http://other.example/a HTTP/1.1\r\n\r\n", "400", "", "closed", "", "", ""},
	{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "OPTIONS * app.example", "open", "reqline-046", "200 open", ""},
	{"GET *", "GET * HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "GET * app.example", "open", "", "", ""},
	{"OPTIONS * over HTTP/1.0", "OPTIONS * HTTP/1.0\r\n\r\n", "200", "OPTIONS * 127.0.0.1", "closed", "", "", ""},
	{"a star and more", "OPTIONS *a HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"CONNECT", "CONNECT app.example:443 HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "CONNECT app.example:443 app.example:443", "open", "reqline-047", "200 open", ""},
	{"CONNECT with a path", "CONNECT /a HTTP/1.1\r\nHost: app.example\r\n\r\n", "200", "CONNECT /a app.example", "open", "", "", ""},
	{"CONNECT to no port", "CONNECT app.example:x HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", "200", "PRI * 127.0.0.1", "closed", "reqline-048", "200 closed", ""},
	{"the whole preface of HTTP/2, and its first frame", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "200", "PRI * 127.0.0.1", "closed", "", "", ""},
	{"a TLS ClientHello", clientHello, "400", "", "waits", "", "", ""},
	{"a TLS ClientHello with a line feed in it", clientHello + "\n", "400", "", "closed", "", "", ""},
	{"binary rubbish", strings.Repeat("\x00\xff\n\x80", 64), "400", "", "closed", "", "", ""},
	{"line feeds only", "GET / HTTP/1.1\nHost: app.example\n\n", "200", "GET / app.example", "open", "reqline-050", "open", ""},
	{"carriage returns only", "GET / HTTP/1.1\rHost: app.example\r\r", "400", "", "waits", "", "", ""},
	{"a carriage return after the request line", "GET / HTTP/1.1\rHost: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"never completed", "GET /half HTTP/1.1\r\nHost: app.example\r\n", "400", "", "waits", "reqline-053", "open", ""},
	{"a request line of 1 MiB", "GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: app.example\r\n\r\n", "431", "", "closed", "", "", ""},

	// More than one request.
	{"pipeline: two at once", "GET /1 HTTP/1.1\r\nHost: app.example\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "reqline-054", "200 200 open", ""},
	{"pipeline: a bad one, then a good one", "BAD\r\n\r\nGET /1 HTTP/1.1\r\nHost: app.example\r\n\r\n", "400", "", "closed", "reqline-056", "closed", ""},
	{"pipeline: a good one, then a bad one", getHead + "\r\nBAD\r\n\r\n", "200 400", "GET / app.example", "closed", "", "", ""},
	{"pipeline: an empty line between two", getHead + "\r\n\r\n" + getSecond, "200 400", "GET / app.example", "closed", "", "", ""},
	{"pipeline: another one after the last", getHead + "Connection: close\r\n\r\n" + getSecond, "200", "GET / app.example", "closed", "", "", ""},
	{"pipeline: another one after a refused body", postHead + "Content-Length: 10485761\r\n\r\n" + getSecond, "413", "", "closed", "", "", ""},
	{"pipeline: another one after a refused length", postHead + "Content-Length: x\r\n\r\n" + getSecond, "400", "", "closed", "", "", ""},

	// Headers.
	{"header: a name that is not ASCII", getHead + "x-\xc3\xa9t\xc3\xa9: v\r\n\r\n", "400", "", "closed", "header-042", "200 open", ""},
	{"header: an empty name", getHead + ": v\r\n\r\n", "400", "", "closed", "header-099", "200 open", ""},
	{"header: NUL in a value", getHead + "X-A: a\x00b\r\n\r\n", "400", "", "closed", "header-112", "200 open", ""},
	{"header: a line feed in a value", getHead + "X-A: a\nX-B: b\r\n\r\n", "200", "GET / app.example X-A=a", "open", "header-114", "200 open", ""},
	{"header: a carriage return in a value", getHead + "X-A: a\rX-B: b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a control character in a value", getHead + "X-A: a\x01b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: DEL in a value", getHead + "X-A: a\x7fb\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a byte above 127 in a value", getHead + "X-A: \xff\r\n\r\n", "200", "GET / app.example X-A=\xff", "open", "", "", ""},
	{"header: two carriage returns at the end", getHead + "X-A: b\r\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a blank before the colon", getHead + "X-A : b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a tab before the colon", getHead + "X-A\t: b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: no colon", getHead + "X-A\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a blank in a name", getHead + "X A: b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: brackets in a name", getHead + "X(A): b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: NUL in a name", getHead + "X\x00A: b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a colon alone", getHead + ":\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a folded value", getHead + "X-A: one\r\n two\r\n\r\n", "200", "GET / app.example X-A=one two", "open", "header-086", "200 open", ""},
	{"header: a folded value, the first line empty", getHead + "X-A:\r\n two\r\n\r\n", "200", "GET / app.example X-A=two", "open", "header-089", "200 open", ""},
	{"header: a folded value, the last line blank", getHead + "X-A: one\r\n  \r\n\r\n", "200", "GET / app.example X-A=one ", "open", "header-090", "200 open", ""},
	{"header: a folded first header", "GET / HTTP/1.1\r\n Host: app.example\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: a folded Host", getHead + " b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"header: one of 1 MiB", getHead + "X-B: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "431", "", "closed", "", "", ""},
	{"header: 60 KiB of headers", getHead + strings.Repeat("X-B: "+strings.Repeat("x", 1000)+"\r\n", 60) + "\r\n", "200", "GET / app.example", "open", "", "", ""},
	{"header: 80 KiB of headers", getHead + strings.Repeat("X-B: "+strings.Repeat("x", 1000)+"\r\n", 80) + "\r\n", "431", "", "closed", "", "", ""},
	{"header: Connection twice", getHead + "Connection: keep-alive\r\nConnection: close\r\n\r\n", "200", "GET / app.example", "closed", "header-057", "200 closed", ""},
	{"header: a number among headers", getHead + "X-Number: +5\r\n\r\n", "200", "GET / app.example", "open", "header-065", "200 open", ""},

	// Host.
	{"Host: not there", "GET / HTTP/1.1\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: an empty one", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "200", "GET / 127.0.0.1", "open", "", "", ""},
	{"Host: a blank one", "GET /h?x=1 HTTP/1.1\r\nHost:  \r\n\r\n", "200", "GET /h?x=1 127.0.0.1", "open", "host-023", "200 open", ""},
	{"Host: two that differ", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", "400", "", "closed", "host-060", "500 closed", ""},
	{"Host: two of the same", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n", "400", "", "closed", "host-061", "500 closed", ""},
	{"Host: two over HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: a second one with a blank", "GET / HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: not ASCII", "GET /h?x=1 HTTP/1.1\r\nHost: b\xc3\xbccher.example\r\n\r\n", "400", "", "closed", "host-026", "200 open", ""},
	{"Host: a blank inside", "GET /h?x=1 HTTP/1.1\r\nHost: app example\r\n\r\n", "400", "", "closed", "host-031", "200 open", ""},
	{"Host: a tab inside", "GET /h?x=1 HTTP/1.1\r\nHost: a\tb\r\n\r\n", "400", "", "closed", "host-052", "200 open", ""},
	{"Host: quotes", "GET /h?x=1 HTTP/1.1\r\nHost: \"app.example\"\r\n\r\n", "400", "", "closed", "host-050", "200 open", ""},
	{"Host: a bracket", "GET /h?x=1 HTTP/1.1\r\nHost: ]\r\n\r\n", "200", "GET /h?x=1 ]", "open", "host-042", "200 open", ""},
	{"Host: an at sign", "GET / HTTP/1.1\r\nHost: a8a:@[\r\n\r\n", "400", "", "closed", "host-r014", "200 open", ""},
	{"Host: a port that is a word", "GET /h?x=1 HTTP/1.1\r\nHost: app.example:http\r\n\r\n", "200", "GET /h?x=1 app.example:http", "open", "host-007", "200 open", ""},
	{"Host: a number", "GET /h?x=1 HTTP/1.1\r\nHost: 1\r\n\r\n", "200", "GET /h?x=1 1", "open", "host-036", "500 closed", ""},
	{"Host: escaped", "GET /h?x=1 HTTP/1.1\r\nHost: %41pp.example\r\n\r\n", "200", "GET /h?x=1 %41pp.example", "open", "host-053", "200 open", ""},
	{"Host: a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: a URL", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: markup", "GET / HTTP/1.1\r\nHost: <script>\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: two in one", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400", "", "closed", "", "", ""},
	{"Host: a comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "200", "GET / a,b", "open", "", "", ""},
	{"Host: a port too high", "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", "200", "GET / a:99999", "open", "", "", ""},
	{"Host: NUL inside", "GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n", "400", "", "closed", "", "", ""},

	// Content-Length.
	{"length: equal to the body", postHead + "Content-Length: 5\r\n\r\nhello", "200", `POST /b app.example "hello"`, "open", "body-001", "200 open", ""},
	{"length: two numbers", postHead + "Content-Length: 5 5\r\n\r\nhello", "400", "", "closed", "body-011", "400 closed", ""},
	{"length: minus nothing", postHead + "Content-Length: -0\r\n\r\nhello", "400", "", "closed", "body-013", "200 open", ""},
	{"length: no number", postHead + "Content-Length: nan\r\n\r\nhello", "400", "", "closed", "body-016", "400 closed", ""},
	{"length: empty", postHead + "Content-Length:\r\n\r\n", "400", "", "closed", "body-024", "200 open", ""},
	{"length: twice the same", postHead + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "200", `POST /b app.example "hello"`, "open", "body-025", "400 closed", ""},
	{"length: folded", postHead + "Content-Length:\r\n 5\r\n\r\nhello", "200", `POST /b app.example "hello"`, "open", "body-027", "400 closed", ""},
	{"length: 0, and bytes follow", postHead + "Content-Length: 0\r\n\r\nhello", "200", "POST /b app.example", "open", "body-023", "200 open", ""},
	{"length: a plus sign", postHead + "Content-Length: +5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: a minus sign", postHead + "Content-Length: -5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: a list", postHead + "Content-Length: 5, 5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: hexadecimal", postHead + "Content-Length: 0x5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: an exponent", postHead + "Content-Length: 1e1\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: an underscore", postHead + "Content-Length: 0_5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: zeros before a number", postHead + "Content-Length: 0005\r\n\r\nhello", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"length: a vertical tab before it", postHead + "Content-Length: \v5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: NUL after it", postHead + "Content-Length: 5\x00\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: the largest", postHead + "Content-Length: 9223372036854775807\r\n\r\nhello", "413", "", "closed", "", "", ""},
	{"length: one more than the largest", postHead + "Content-Length: 9223372036854775808\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: twenty digits", postHead + "Content-Length: 99999999999999999999\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: twice, and different", postHead + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "400", "", "closed", "", "", ""},
	{"length: twice, one with a sign", postHead + "Content-Length: 5\r\nContent-Length: +5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: a blank before its colon", postHead + "Content-Length : 5\r\n\r\nhello", "400", "", "closed", "", "", ""},
	{"length: an underscore in the name", postHead + "Content_Length: 5\r\n\r\n", "200", "POST /b app.example", "open", "", "", ""},
	{"length: more than comes", postHead + "Content-Length: 10\r\n\r\nhello", "400", "", "waits", "", "", ""},
	{"length: over HTTP/1.0, none", "POST /b HTTP/1.0\r\n\r\nhello", "200", "POST /b 127.0.0.1", "closed", "", "", ""},
	{"length: a byte over the default limit", postHead + "Content-Length: 10485761\r\n\r\n", "413", "", "closed", "body-031", "413 closed", ""},
	{"length: exactly the limit", postHead + "Content-Length: 64\r\n\r\n" + strings.Repeat("x", 64), "200", `POST /b app.example "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`, "open", "body-028", "200 open", "small"},
	{"length: a byte over the limit", postHead + "Content-Length: 65\r\n\r\n" + strings.Repeat("x", 65), "413", "", "closed", "body-029", "413 closed", "small"},
	{"length: far over the limit, not sent", postHead + "Content-Length: 100000\r\n\r\n", "413", "", "closed", "body-030", "413 closed", "small"},
	{"length: over the limit with Expect", postHead + "Expect: 100-continue\r\nContent-Length: 65\r\n\r\n", "413", "", "closed", "body-036", "413 closed", "small"},

	// Transfer-Encoding.
	{"encoding: with GET", "GET /b HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200", "GET /b app.example", "open", "body-062", "200 400 closed", ""},
	{"encoding: and a second request", chunkedHead + "5\r\nhello\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: app.example\r\n\r\n", "200 200", `POST /b app.example "hello"; GET /second app.example`, "open", "body-063", "200 closed", ""},
	{"encoding: with a length, and a second request", postHead + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: app.example\r\n\r\n", "200 200", `POST /b app.example "hello"; GET /second app.example`, "open", "body-064", "200 closed", ""},
	{"encoding: in capitals", postHead + "Transfer-Encoding: CHUNKED\r\n\r\n" + helloChunks, "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"encoding: a tab before it", postHead + "Transfer-Encoding: \tchunked\r\n\r\n" + helloChunks, "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"encoding: chunked, identity", postHead + "Transfer-Encoding: chunked, identity\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: identity", postHead + "Transfer-Encoding: identity\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: xchunked", postHead + "Transfer-Encoding: xchunked\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: gzip, chunked", postHead + "Transfer-Encoding: gzip, chunked\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: chunked, chunked", postHead + "Transfer-Encoding: chunked, chunked\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: a comma after it", postHead + "Transfer-Encoding: chunked,\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: a comma before it", postHead + "Transfer-Encoding: ,chunked\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: a parameter", postHead + "Transfer-Encoding: chunked;a=1\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: quoted", postHead + "Transfer-Encoding: \"chunked\"\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: empty", postHead + "Transfer-Encoding: \r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: a vertical tab before it", postHead + "Transfer-Encoding: \vchunked\r\n\r\n" + helloChunks, "400", "", "closed", "", "", ""},
	{"encoding: NUL after it", postHead + "Transfer-Encoding: chunked\x00\r\n\r\n" + helloChunks, "400", "", "closed", "", "", ""},
	{"encoding: twice", postHead + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: twice, one unknown", postHead + "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n" + helloChunks, "501", "", "closed", "", "", ""},
	{"encoding: folded", postHead + "Transfer-Encoding:\r\n chunked\r\n\r\n" + helloChunks, "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"encoding: a blank before its colon", postHead + "Transfer-Encoding : chunked\r\n\r\n" + helloChunks, "400", "", "closed", "", "", ""},
	{"encoding: over HTTP/1.0", "POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + helloChunks, "200", "POST /b 127.0.0.1", "closed", "", "", ""},
	{"encoding: over HTTP/1.0, kept alive", "POST /b HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + helloChunks, "200", "POST /b 127.0.0.1", "closed", "", "", ""},
	{"encoding: after a length that ends elsewhere", postHead + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", "200", "POST /b app.example", "open", "", "", ""},
	{"encoding: with a length that is none", postHead + "Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n" + helloChunks, "400", "", "closed", "", "", ""},
	{"encoding: with two lengths", postHead + "Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" + helloChunks, "400", "", "closed", "", "", ""},
	{"encoding: unknown, with a length", postHead + "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nhello", "501", "", "closed", "", "", ""},

	// Chunks.
	{"chunk: an extension", chunkedHead + "5;a=b\r\nhello\r\n0\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: an extension with half a quote", chunkedHead + "5;a=\"b\r\nhello\r\n0\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: an extension with a line feed", chunkedHead + "5;a\nb\r\nhello\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: an extension with a carriage return", chunkedHead + "5;a\rb\r\nhello\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: a long extension", chunkedHead + "5;" + strings.Repeat("x", 3000) + "\r\nhello\r\n0\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: an extension that is too long", chunkedHead + "5;" + strings.Repeat("x", 4094), "400", "", "closed", "", "", ""},
	{"chunk: a plus sign", chunkedHead + "+" + helloChunks, "400", "", "closed", "", "", ""},
	{"chunk: a minus sign", chunkedHead + "-" + helloChunks, "400", "", "closed", "", "", ""},
	{"chunk: 0x", chunkedHead + "0x" + helloChunks, "400", "", "closed", "", "", ""},
	{"chunk: an underscore", chunkedHead + "0_" + helloChunks, "400", "", "closed", "", "", ""},
	{"chunk: no digits", chunkedHead + "\r\nhello\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: no hexadecimal digits", chunkedHead + "g\r\nhello\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: a blank before the size", chunkedHead + " " + helloChunks, "400", "", "closed", "", "", ""},
	{"chunk: a blank after the size", chunkedHead + "5 \r\nhello\r\n0\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: a size of 68 bits", chunkedHead + "ffffffffffffffff1\r\nhello\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: zeros before the size", chunkedHead + "000000000000000" + helloChunks, "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: too many zeros before the size", chunkedHead + "0000000000000000" + helloChunks, "400", "", "closed", "", "", ""},
	{"chunk: a size of 64 bits", chunkedHead + "8000000000000000\r\nhello\r\n0\r\n\r\n", "400", "", "waits", "", "", ""},
	{"chunk: more data than its size", chunkedHead + "5\r\nhelloX\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: no line end after the data", chunkedHead + "5\r\nhello0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: line feeds only", chunkedHead + "5\nhello\n0\n\n", "400", "", "closed", "", "", ""},
	{"chunk: a line feed after the data", chunkedHead + "5\r\nhello\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: a carriage return after the size", chunkedHead + "5\rhello\r\n0\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: a last chunk of two zeros", chunkedHead + "5\r\nhello\r\n00\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: a trailer", chunkedHead + "5\r\nhello\r\n0\r\nX-A: b\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: a trailer that would be a header of its own", chunkedHead + "5\r\nhello\r\n0\r\nContent-Length: 9\r\nHost: b\r\nX-A: b\r\n\r\n", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"chunk: a trailer without a colon", chunkedHead + "5\r\nhello\r\n0\r\nX-A\r\n\r\n", "400", "", "closed", "", "", ""},
	{"chunk: no last line", chunkedHead + "5\r\nhello\r\n0\r\n", "400", "", "waits", "", "", ""},
	{"chunk: half of the data", chunkedHead + "5\r\nhel", "400", "", "waits", "", "", ""},
	{"chunk: none", chunkedHead, "400", "", "waits", "", "", ""},

	// Expect.
	{"Expect: the body at once", postHead + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", "100 200", `POST /b app.example "hello"`, "open", "body-047", "100 200 open", ""},
	{"Expect: no body", postHead + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", "200", "POST /b app.example", "open", "body-050", "200 open", ""},
	{"Expect: something else", postHead + "Expect: other\r\nContent-Length: 5\r\n\r\nhello", "417", "", "closed", "body-051", "200 open", ""},
	{"Expect: a list", postHead + "Expect: 100-continue, other\r\nContent-Length: 5\r\n\r\nhello", "100 200", `POST /b app.example "hello"`, "open", "body-052", "200 open", ""},
	{"Expect: a number", postHead + "Expect: 100\r\nContent-Length: 5\r\n\r\nhello", "417", "", "closed", "body-053", "500 closed", ""},
	{"Expect: over HTTP/1.0", "POST /b HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", "200", `POST /b 127.0.0.1 "hello"`, "closed", "", "", ""},
	{"Expect: empty", postHead + "Expect:\r\nContent-Length: 5\r\n\r\nhello", "200", `POST /b app.example "hello"`, "open", "", "", ""},
	{"Expect: and the body is too large", postHead + "Expect: 100-continue\r\nContent-Length: 10485761\r\n\r\n", "413", "", "closed", "", "", ""},

	// Connection, and what becomes of it.
	{"kept: HTTP/1.1", "GET /1 HTTP/1.1\r\nHost: app.example\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-001", "200 200 open", ""},
	{"kept: close", "GET /1 HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n" + getSecond, "200", "GET /1 app.example", "closed", "keepalive-002", "200 closed", ""},
	{"kept: keep-alive", "GET /1 HTTP/1.1\r\nHost: app.example\r\nConnection: keep-alive\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-005", "200 200 open", ""},
	{"kept: KEEP-ALIVE", "GET /1 HTTP/1.1\r\nHost: app.example\r\nConnection: KEEP-ALIVE\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-007", "200 200 open", ""},
	{"kept: keep-alive, Upgrade", "GET /1 HTTP/1.1\r\nHost: app.example\r\nConnection: keep-alive, Upgrade\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-008", "200 200 open", ""},
	{"kept: te, close", "GET /1 HTTP/1.1\r\nHost: app.example\r\nConnection: te, close\r\n\r\n" + getSecond, "200", "GET /1 app.example", "closed", "keepalive-010", "200 200 open", ""},
	{"kept: empty, HTTP/1.1", "GET /1 HTTP/1.1\r\nHost: app.example\r\nConnection: \r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-012", "200 200 open", ""},
	{"kept: HTTP/1.0, close", "GET /1 HTTP/1.0\r\nHost: app.example\r\nConnection: close\r\n\r\n" + getSecond, "200", "GET /1 app.example", "closed", "keepalive-016", "200 closed", ""},
	{"kept: HTTP/1.0, keep-alive", "GET /1 HTTP/1.0\r\nHost: app.example\r\nConnection: keep-alive\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-019", "200 200 open", ""},
	{"kept: HTTP/1.0, Keep-Alive", "GET /1 HTTP/1.0\r\nHost: app.example\r\nConnection: Keep-Alive\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-020", "200 200 open", ""},
	{"kept: HTTP/1.0, keep-alive, Upgrade", "GET /1 HTTP/1.0\r\nHost: app.example\r\nConnection: keep-alive, Upgrade\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-022", "200 closed", ""},
	{"kept: HTTP/1.0, close;x", "GET /1 HTTP/1.0\r\nHost: app.example\r\nConnection: close;x\r\n\r\n" + getSecond, "200", "GET /1 app.example", "closed", "keepalive-027", "200 closed", ""},
	{"kept: HTTP/1.1, HEAD", "HEAD /1 HTTP/1.1\r\nHost: app.example\r\nConnection: keep-alive\r\n\r\n" + getSecond, "200 200", "HEAD /1 app.example; GET /2 app.example", "open", "keepalive-030", "200 200 open", ""},
	{"kept: POST without a body", "POST /1 HTTP/1.1\r\nHost: app.example\r\n\r\n" + getSecond, "200 200", "POST /1 app.example; GET /2 app.example", "open", "keepalive-031", "200 200 open", ""},
	{"kept: POST with a body", "POST /1 HTTP/1.1\r\nHost: app.example\r\nContent-Length: 3\r\n\r\nx=1" + getSecond, "200 200", `POST /1 app.example "x=1"; GET /2 app.example`, "open", "keepalive-032", "200 200 open", ""},
	{"kept: HTTP/1.0, POST without a body", "POST /1 HTTP/1.0\r\nHost: app.example\r\n\r\n" + getSecond, "200", "POST /1 app.example", "closed", "keepalive-049", "200 closed", ""},
	{"kept: HTTP/1.0, POST with a body", "POST /1 HTTP/1.0\r\nHost: app.example\r\nContent-Length: 3\r\n\r\nx=1" + getSecond, "200", `POST /1 app.example "x=1"`, "closed", "keepalive-050", "200 closed", ""},
	{"kept: HTTP/1.0, PUT with a body, keep-alive", "PUT /1 HTTP/1.0\r\nHost: app.example\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nx=1" + getSecond, "200 200", `PUT /1 app.example "x=1"; GET /2 app.example`, "open", "keepalive-056", "200 200 open", ""},
	{"kept: HTTP/1.1, then HTTP/1.0", "GET /1 HTTP/1.1\r\nHost: app.example\r\n\r\nGET /2 HTTP/1.0\r\nHost: app.example\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "closed", "keepalive-067", "200 200 closed", ""},
	{"kept: three requests", "GET /1 HTTP/1.1\r\nHost: app.example\r\n\r\nPOST /2 HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1GET /3?b=2 HTTP/1.1\r\nHost: app.example\r\n\r\n", "200 200 200", `GET /1 app.example; POST /2 app.example "a=1"; GET /3?b=2 app.example`, "open", "keepalive-075", "200 200 200 open", ""},
	{"kept: Proxy-Connection: close", "GET /1 HTTP/1.1\r\nHost: app.example\r\nProxy-Connection: close\r\n\r\n" + getSecond, "200 200", "GET /1 app.example; GET /2 app.example", "open", "keepalive-079", "200 200 open", ""},
	{"kept: HTTP/1.1, the option is off", "GET /1 HTTP/1.1\r\nHost: app.example\r\n\r\n" + getSecond, "200", "GET /1 app.example", "closed", "keepalive-068", "200 closed", "closing"},
	{"kept: HTTP/1.0, keep-alive, the option is off", "GET /1 HTTP/1.0\r\nHost: app.example\r\nConnection: keep-alive\r\n\r\n" + getSecond, "200", "GET /1 app.example", "closed", "keepalive-070", "200 closed", "closing"},
	{"kept: close, and keep-alive", getHead + "Connection: close\r\nConnection: keep-alive\r\n\r\n", "200", "GET / app.example", "closed", "", "", ""},
	{"kept: the names of headers that count", getHead + "Connection: Host, Content-Length\r\n\r\n", "200", "GET / app.example", "open", "", "", ""},
	{"kept: HTTP/2 without TLS", getHead + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", "200", "GET / app.example", "open", "", "", ""},
}

// TestMalformed sends them over TCP, a unix socket and TLS. After each, the server answers a good request.
func TestMalformed(t *testing.T) {
	vectors, err := readVectors(filepath.Join("testdata", "vectors"), "base")
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]*vector{}
	for _, v := range vectors {
		recorded[v.ID] = v
	}
	for _, m := range malformedRequests {
		if m.vector != "" {
			checkRecorded(t, m, recorded[m.vector])
		}
	}
	for _, transport := range []string{"tcp", "unix", "tls"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			var handler seeingHandler
			addresses := map[string]string{}
			for name, config := range map[string]pants.Config{"": {}, "closing": {DisableKeepAlives: true}, "small": {MaxRequest: 64}} {
				s := newServer(t, config)
				addresses[name] = listenOver(t, s, transport, &handler)
			}
			for _, m := range malformedRequests {
				handler.forget()
				conn, err := dialOver(transport, addresses[m.server])
				if err != nil {
					t.Fatal(err)
				}
				answers, fate := converse(conn, m)
				conn.Close()
				if saw := handler.saw(); answers != m.answers || fate != m.fate || saw != m.saw {
					t.Errorf("%s: answers %q, %s, the handler saw %q; want %q, %s, %q", m.name, answers, fate, saw, m.answers, m.fate, m.saw)
				}
				if conn, err = dialOver(transport, addresses[m.server]); err != nil {
					t.Fatalf("after %s: %v", m.name, err)
				}
				good := malformed{raw: getHead + "Connection: close\r\n\r\n", fate: "closed"}
				if answers, fate := converse(conn, good); answers != "200" || fate != "closed" {
					t.Errorf("after %s: a good request is answered with %q, %s", m.name, answers, fate)
				}
				conn.Close()
			}
		})
	}
}

// checkRecorded sees that what stands beside our answer is what Pants gave to the same bytes.
func checkRecorded(t *testing.T, m malformed, v *vector) {
	t.Helper()
	if v == nil || v.Handler != nil || v.request() != m.raw || m.server != "closing" && v.Server.KeepAlive != nil || m.server != "small" && v.Server.MaxRequest > 0 {
		t.Errorf("%s: %s is not the same request to the same server", m.name, m.vector)
		return
	}
	var words []string
	fate := "closed"
	for _, got := range v.Got {
		if hasContinue(got) {
			words = append(words, "100")
		}
		for _, r := range got.responses() {
			words = append(words, strconv.Itoa(r.Status))
		}
		if fate = "closed"; got.Open {
			fate = "open"
		}
	}
	if got := strings.Join(append(words, fate), " "); got != m.pants {
		t.Errorf("%s: Pants gave %q (%s), not %q", m.name, got, m.vector, m.pants)
	}
}

// seeingHandler answers ok and notes what it saw, but for the requests to /probe.
type seeingHandler struct {
	mu    sync.Mutex
	calls []string
}

func (h *seeingHandler) serve(r *pants.Request) {
	line := r.Method() + " " + r.URL() + " " + r.Host()
	if values, ok := r.Headers()["X-A"]; ok {
		line += " X-A=" + strings.Join(values, "|")
	}
	if body := r.Body(); len(body) > 0 {
		line += " " + strconv.Quote(string(body))
	}
	if r.Path() != "/probe" {
		h.mu.Lock()
		h.calls = append(h.calls, line)
		h.mu.Unlock()
	}
	_ = r.SendResponse("ok")
}

func (h *seeingHandler) saw() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.calls, "; ")
}

func (h *seeingHandler) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = nil
}

// listenOver lets s listen until the test ends.
func listenOver(t *testing.T, s *pants.Server, transport string, h *seeingHandler) (address string) {
	t.Helper()
	network, listenAt := "tcp", ""
	switch transport {
	case "unix":
		network, address = "unix", filepath.Join(shortDir(t), "app.sock")
		listenAt = "unix://" + address
	case "tls":
		cert, key := writePair(t, t.TempDir(), "app")
		if err := s.StartSSL(cert, key); err != nil {
			t.Fatal(err)
		}
		fallthrough
	default:
		address = freeAddress(t)
		listenAt = address
	}
	listening(t, s, listenAt, s.Handler(h.serve))
	dialUntil(t, network, address).Close()
	return address
}

// halfConn can say that there is no more to come.
type halfConn interface {
	net.Conn
	CloseWrite() error
}

func dialOver(transport, address string) (halfConn, error) {
	switch transport {
	case "tls":
		return tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	case "unix":
		return net.DialUnix("unix", nil, &net.UnixAddr{Name: address, Net: "unix"})
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// converse sends m and tells what came back. What is expected only decides what is waited for.
func converse(conn halfConn, m malformed) (answers, fate string) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(conn, m.raw) // fails where the server does not read it all
	}()
	var back bytes.Buffer
	switch m.fate {
	case "open":
		want := len(strings.Fields(m.answers))
		if err := readUntil(conn, &back, func() bool { return len(completeAnswers(m, &back)) >= want }); err != nil {
			return describe(completeAnswers(m, &back)), ended(err)
		}
		first := back.Len()
		_, _ = io.WriteString(conn, "GET /probe HTTP/1.1\r\nHost: app.example\r\n\r\n")
		if err := readUntil(conn, &back, func() bool { return bytes.HasSuffix(back.Bytes()[first:], []byte("\r\n\r\nok")) }); err != nil {
			return describe(completeAnswers(m, &back)), ended(err)
		}
		back.Truncate(first)
		return describe(completeAnswers(m, &back)), "open"
	case "waits":
		<-written
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := io.CopyN(&back, conn, 1); !errors.Is(err, os.ErrDeadlineExceeded) {
			return back.String(), fmt.Sprint("does not wait: ", err)
		}
		_ = conn.CloseWrite()
		err := readUntil(conn, &back, func() bool { return false })
		if ended(err) != "closed" {
			return describe(completeAnswers(m, &back)), ended(err)
		}
		return describe(completeAnswers(m, &back)), "waits"
	}
	err := readUntil(conn, &back, func() bool { return false })
	return describe(completeAnswers(m, &back)), ended(err)
}

// readUntil reads until enough is there. The error tells why there is no more.
func readUntil(conn net.Conn, back *bytes.Buffer, enough func() bool) error {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buffer)
		back.Write(buffer[:n])
		if err != nil {
			return err
		}
		if enough() {
			return nil
		}
	}
}

// ended is the fate of a connection that gave err.
func ended(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "silent"
	}
	return "closed"
}

// completeAnswers are the whole ones in what came back. Each error answer has to announce the end of the connection.
func completeAnswers(m malformed, back *bytes.Buffer) (all []wireAnswer) {
	var methods []string
	if strings.HasPrefix(m.raw, "HEAD ") {
		methods = []string{"HEAD"}
	}
	list, rest := splitResponses(back.String(), methods, true)
	for _, answer := range list {
		if !answer.complete || answer.status >= 400 && answer.get("Connection") != "close" {
			return append(all, wireAnswer{head: answer.head})
		}
		all = append(all, answer)
	}
	if rest != "" && m.fate != "open" {
		all = append(all, wireAnswer{head: rest})
	}
	return all
}

// describe is the statuses; what is no good answer as it is.
func describe(answers []wireAnswer) string {
	var words []string
	for _, answer := range answers {
		if answer.status == 0 {
			words = append(words, strconv.Quote(answer.head))
			continue
		}
		words = append(words, strconv.Itoa(answer.status))
	}
	return strings.Join(words, " ")
}

// What is no TLS at a port for TLS: an answer that a person can read where it was HTTP, else an alert or nothing, and the end. Nor
// is HTTP/1 what a client that has agreed on HTTP/2 may send.
func TestMalformedTLS(t *testing.T) {
	const alert = "\x15\x03"
	tests := []struct{ name, raw, want string }{
		{"HTTP", getHead + "\r\n", "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"},
		{"HTTP with a body", postHead + "Content-Length: 5\r\n\r\nhello", "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request"},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
		{"an unknown method", "BREW / HTTP/1.1\r\nHost: app.example\r\n\r\n", ""},
		{"rubbish", strings.Repeat("\x00\xff\n\x80", 64), ""},
		{"a record of another type", "\x17\x03\x03\x00\x05hello", ""},
		{"a record that is too long", "\x16\x03\x03\xff\xff", alert},
		{"an empty record", "\x16\x03\x03\x00\x00", alert},
		{"a hello cut off", clientHello[:20], ""},
		{"a hello of SSL 2", "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + strings.Repeat("x", 40), alert},
		{"a hello without a common version", clientHello, alert},
		{"an alert", "\x15\x03\x01\x00\x02\x02\x28", ""},
	}
	var handler seeingHandler
	address := listenOver(t, newServer(t, pants.Config{}), "tls", &handler)
	for _, test := range tests {
		conn, err := dialOver("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, test.raw)
		_ = conn.CloseWrite()
		var back bytes.Buffer
		err = readUntil(conn, &back, func() bool { return false })
		conn.Close()
		if got := back.String(); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" || ended(err) != "closed" {
			t.Errorf("%s: %q, %s; want %q, closed", test.name, got, ended(err), test.want)
		}
	}
	agreed, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer agreed.Close()
	_, _ = io.WriteString(agreed, getHead+"\r\n")
	var back bytes.Buffer
	if err := readUntil(agreed, &back, func() bool { return false }); ended(err) != "closed" || strings.Contains(back.String(), "HTTP/1") {
		t.Errorf("HTTP/1 after agreeing on HTTP/2: %q, %s", back.String(), ended(err))
	}
	if saw := handler.saw(); saw != "" {
		t.Errorf("the handler saw %q", saw)
	}
	conn, err := dialOver("tls", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if answers, _ := converse(conn, malformed{raw: getHead + "Connection: close\r\n\r\n", fate: "closed"}); answers != "200" {
		t.Errorf("a good request afterwards is answered with %q", answers)
	}
}
