package pants_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// The log of a server behind a proxy: who is asking, and over which connection.
func ExampleRequest_Connection() {
	server := behindProxy()
	h := server.Handler(func(r *pants.Request) {
		r.SendResponse(r.RemoteIP() + " by way of " + r.Connection().RemoteAddr())
	})
	show(h, "GET", "/", "", "X-Forwarded-For", "203.0.113.9")
	// Output: 200 text/plain 203.0.113.9 by way of 192.0.2.1:1234
}

// RemoteAddr is whoever connected; here that is the proxy.
func ExampleConnection_RemoteAddr() {
	server, err := pants.New(pants.Config{XHeaders: xheaders.Config{Trust: []string{"192.0.2.0/24"}}})
	if err != nil {
		panic(err)
	}
	h := server.Handler(func(r *pants.Request) {
		peer, _, _ := net.SplitHostPort(r.Connection().RemoteAddr())
		r.SendResponse(fmt.Sprint("a proxy: ", peer != r.RemoteIP()))
	})
	show(h, "GET", "/", "", "X-Forwarded-For", "203.0.113.9")
	// Output: 200 text/plain a proxy: true
}

// Code that holds a connection sees whether somebody still waits for an answer.
func ExampleConnection_CurrentRequest() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		c := r.Connection()
		fmt.Println(c.CurrentRequest().Path())
		r.SendResponse("done")
		fmt.Println(c.CurrentRequest() == nil)
	})
	show(h, "GET", "/x", "")
	// Output:
	// /x
	// true
	// 200 text/plain done
}

// Finish is the Request's, for code that has a Connection only.
func ExampleConnection_Finish() {
	end := func(c *pants.Connection) {
		if r := c.CurrentRequest(); r != nil {
			r.Send("bye\n")
			c.Finish()
		}
	}
	var server pants.Server
	show(server.Handler(func(r *pants.Request) { end(r.Connection()) }), "GET", "/", "")
	// Output: 200  bye
}

// Some clients are not worth an answer.
func ExampleConnection_Close() {
	var server pants.Server
	front := httptest.NewServer(server.Handler(func(r *pants.Request) {
		if strings.HasSuffix(r.Path(), ".php") {
			r.Connection().Close()
			return
		}
		r.SendResponse("welcome")
	}))
	defer front.Close()
	_, err := http.Get(front.URL + "/wp-login.php")
	fmt.Println(errors.Is(err, io.EOF))
	// Output: true
}

// Another protocol takes the connection over after HTTP has asked for it. WebSocket libraries do the same.
func ExampleConnection_Hijack() {
	var server pants.Server
	front := httptest.NewServer(server.Handler(func(r *pants.Request) {
		if r.Headers().Get("Upgrade") != "shout" {
			r.SendResponse("only for shouting", pants.Code(426))
			return
		}
		conn, rw, err := r.Connection().Hijack()
		if err != nil { // HTTP/2
			r.SendResponse("not on this connection", pants.Code(501))
			return
		}
		defer conn.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n")
		rw.Flush()
		line, _ := rw.ReadString('\n')
		rw.WriteString(strings.ToUpper(line))
		rw.Flush()
	}))
	defer front.Close()

	conn, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nis anybody there?\n")
	answer := bufio.NewReader(conn)
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		panic(err)
	}
	echo, _ := answer.ReadString('\n')
	fmt.Print(res.StatusCode, " ", echo)
	// Output: 101 IS ANYBODY THERE?
}
