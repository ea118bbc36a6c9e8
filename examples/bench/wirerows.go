package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
)

// wireRow is one job over real sockets: a request, the answer to it, and who serves it.
type wireRow struct {
	name     string
	note     string // what is to be known of it
	conns    int
	job      wireJob
	exchange wireExchange
	headers  wireHeaders
	tries    []wireTry
}

// wireHeaders are those that an answer has to have. A charset, and what else somebody adds, is a matter of taste.
type wireHeaders struct {
	mediaType string // "" for any, or none
	cookies   int    // lines of Set-Cookie; 0 for any number
}

// wireTry is a server. Bare net/http stands first in its row, and the ratios are to it.
type wireTry struct {
	who     string
	server  func() *http.Server // nil: it is Python's
	atLeast float64             // a promise: so many times bare net/http's requests per second; 0 for none
	behind  float64             // a promise: kitServer is so many times faster; 0 for none
	goal    float64             // what the promised figure is to be, and is not yet: printed only; 0 for none
}

const (
	bareServer  = "net/http"
	bareLimits  = "net/http, time limits" // those of HTTPServer, as far as http.Server has them
	kitServer   = "pants, HTTPServer"
	kitChi      = "pants on chi, HTTPServer"
	kitPlain    = "pants, http.Server"
	kitChiPlain = "pants on chi, http.Server"
	kitToDisk   = "pants, HTTPServer, to disk"
	realPants   = "Pants 1.0.1, Python 2.7"
)

// wireFiles are what the rows with files send, from the servers' working directory. HTML is a type that no system's table lacks.
var wireFiles = map[string]int{"4k.html": 4 << 10, "1m.html": 1 << 20}

func wireFile(name string) []byte {
	return bytes.Repeat([]byte("0123456789abcdef"), wireFiles[name]/16)
}

func writeWireFiles(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for name := range wireFiles {
		if err := root.WriteFile(name, wireFile(name), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// wireRequest is a browser's request, the same as in the topic xheaders.
func wireRequest(method, target, head string, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString(strings.ReplaceAll(strings.Replace(browser, "GET /", method+" "+target, 1), "\n", "\r\n"))
	b.WriteString(strings.ReplaceAll(head, "\n", "\r\n"))
	if body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// statusLine is how every right answer begins.
var statusLine = []byte("HTTP/1.1 200 ")

var wireForm = urlencodedJob("", 10, 20)

// wireUpload is made when it is needed: each server would make one at its start.
var wireUpload = sync.OnceValue(func() formJob { return fileJob("", 8<<20) })

// wireExchange is a request and the body of its answer, made when they are needed.
type wireExchange func() (request, want []byte)

func wireGet(target, head, want string) wireExchange {
	return func() ([]byte, []byte) { return wireRequest("GET", target, head, nil), []byte(want) }
}

func getFile(name string) wireExchange {
	return func() ([]byte, []byte) { return wireRequest("GET", "/"+name, "", nil), wireFile(name) }
}

func wirePost(target, contentType string, content func() (body, want []byte)) wireExchange {
	return func() ([]byte, []byte) {
		body, want := content()
		return wireRequest("POST", target, "Content-Type: "+contentType+"\n", body), want
	}
}

func wireRows() []wireRow {
	query := "/fields?" + strings.ReplaceAll(string(wireForm.body), "field", "query")
	rows := []wireRow{
		{name: "hello", conns: 32, job: helloJob, exchange: wireGet("/hello", "", "Hello World.\n")},
		{name: "hello with a route parameter", conns: 32, job: paramJob, exchange: wireGet("/hello/alice", "", "Hello alice.\n"),
			note: "Without a router the path's prefix is cut by hand."},
		{name: "10 query and 10 form fields", conns: 32, job: fieldsJob, exchange: wirePost(query, wireForm.contentType, func() (body, want []byte) {
			return wireForm.body, []byte("400")
		})},
		{name: "5 cookies in, 2 out", conns: 32, job: cookiesJob,
			exchange: wireGet("/cookies", "Cookie: b=22; session=0123456789abcdef; d=4; e=5\n", "0123456789abcdef"), headers: wireHeaders{cookies: 2}},
		{name: "1 KiB JSON echo", conns: 32, job: jsonJob, exchange: wirePost("/json", "application/json", func() (body, want []byte) {
			return wireJSON, wireJSON
		}), headers: wireHeaders{mediaType: "application/json"}, note: "Decoded into a struct and encoded again, by encoding/json."},
		{name: "4 KiB file", conns: 32, job: smallFileJob, exchange: getFile("4k.html"), headers: wireHeaders{mediaType: "text/html"}},
		{name: "1 MiB file", conns: 8, job: largeFileJob, exchange: getFile("1m.html"), headers: wireHeaders{mediaType: "text/html"}},
		{name: "8 MiB upload", conns: 2, job: uploadJob, exchange: func() (request, want []byte) {
			j := wireUpload()
			return wireRequest("POST", "/upload", "Content-Type: "+j.contentType+"\n", j.body), []byte(j.want)
		}, note: "A multipart form, kept in memory by all but the one to disk."},
		{name: "deferred answer", conns: 32, job: deferredJob, exchange: wireGet("/deferred", "", "later\n"),
			note: "Without the kit the handler waits for the goroutine that answers."},
		{name: "full stack", conns: 32, job: stackJob,
			exchange: wireGet("/hello/alice", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\n", "alice 203.0.113.9 https\n"),
			note: "A route parameter, the client's address and scheme behind a trusted proxy, an access log. Bare net/http has chi's logger\n" +
				"around one function that cuts the path, walks X-Forwarded-For by hand and asks whether the peer is on loopback."},
	}
	for i := range rows {
		rows[i].headers.mediaType = cmp.Or(rows[i].headers.mediaType, "text/plain")
		rows[i].tries = wireTries(rows[i].job)
	}
	wirePromise(rows, "hello", kitServer, wireTry{atLeast: 0.80, goal: 0.97})
	wirePromise(rows, "full stack", kitChi, wireTry{atLeast: 0.75, goal: 0.90})
	wirePromise(rows, "hello", realPants, wireTry{behind: 2, goal: 3.5})
	return rows
}

func wirePromise(rows []wireRow, row, who string, p wireTry) {
	for _, r := range rows {
		for i := range r.tries {
			if r.name == row && r.tries[i].who == who {
				r.tries[i].atLeast, r.tries[i].behind, r.tries[i].goal = p.atLeast, p.behind, p.goal
				return
			}
		}
	}
	panic("no " + row + "/" + who)
}
