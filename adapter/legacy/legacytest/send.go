package legacytest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

const (
	patience = 30 * time.Second // for one answer
	goodbye  = 5 * time.Second  // for the handler to return when its client is gone
)

// send has h answer the request of r. The body of the response is in memory; where it was cut off, reading it ends in the error.
func send(r *legacy.Recording, h http.Handler, unmask func(place, placeholder string) string) (*http.Response, error) {
	raw, err := request(r, secretsOf(r, unmask))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	panicked := make(chan error, 1)
	server := &http.Server{
		DisableGeneralOptionsHandler: true,                       // OPTIONS * is for h
		ErrorLog:                     log.New(io.Discard, "", 0), // what it would say is in the result
		Handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			defer func() {
				if p := recover(); p != nil {
					if p != http.ErrAbortHandler {
						panicked <- fmt.Errorf("the handler panicked: %v\n%s", p, debug.Stack())
					}
					panic(http.ErrAbortHandler)
				}
			}()
			if r.Request.RemoteAddr != "" {
				hr.RemoteAddr = r.Request.RemoteAddr
			}
			if r.Request.Scheme == "https" {
				hr.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
			}
			h.ServeHTTP(w, hr)
		}),
	}
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		_ = server.Serve(listener) // ErrServerClosed
	}()
	response, err := exchange(listener.Addr().String(), raw, r)
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
		err = errors.Join(err, fmt.Errorf("the handler has not returned %v after its client was gone", goodbye))
	}
	<-serving
	select {
	case p := <-panicked:
		return nil, p
	default:
		return response, err
	}
}

// exchange writes raw to the server and reads the answer, of a stream that was cut the head only.
func exchange(address string, raw []byte, r *legacy.Recording) (*http.Response, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	written := make(chan struct{})
	go func() { // the answer may come before the request is read
		defer close(written)
		_, _ = conn.Write(raw)
	}()
	defer func() {
		_ = conn.Close()
		<-written
	}()
	response, err := readResponse(bufio.NewReader(conn), r.Request.Method)
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	var body []byte
	if !r.Response.Cut && response.StatusCode != http.StatusSwitchingProtocols {
		body, err = io.ReadAll(response.Body)
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	return response, nil
}

// readResponse skips 1xx answers but 101.
func readResponse(in *bufio.Reader, method string) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil || response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			return response, err
		}
	}
}

// failing is the end of a body.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// request is the request of r on the wire.
func request(r *legacy.Recording, s secrets) ([]byte, error) {
	q := &r.Request
	protocol := "HTTP/1.1"
	if q.Protocol == "HTTP/1.0" {
		protocol = q.Protocol
	}
	body, err := s.body(q)
	if err != nil {
		return nil, err
	}
	chunked := q.Chunked && protocol == "HTTP/1.1"
	fields := []string{q.Method + " " + s.target(q.Target) + " " + protocol, "Host: " + q.Host}
	connection := "close" // there is no other request
	for _, name := range slices.Sorted(maps.Keys(q.Header)) {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "Trailer":
			continue
		case "Connection":
			if strings.Contains(strings.ToLower(q.Header.Get(name)), "upgrade") {
				connection = q.Header.Get(name)
			}
			continue
		}
		for _, value := range q.Header[name] {
			fields = append(fields, name+": "+s.text(value))
		}
	}
	fields = append(fields, "Connection: "+connection)
	var trailer []string
	switch {
	case chunked:
		fields = append(fields, "Transfer-Encoding: chunked")
		for _, name := range slices.Sorted(maps.Keys(q.Trailer)) {
			fields = append(fields, "Trailer: "+name)
			for _, value := range q.Trailer[name] {
				trailer = append(trailer, name+": "+s.text(value))
			}
		}
	case len(body) > 0 || q.Header.Get("Content-Length") != "":
		fields = append(fields, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	for _, line := range append(fields, trailer...) {
		if strings.ContainsAny(line, "\r\n\x00") {
			return nil, fmt.Errorf("%q cannot be sent", line)
		}
	}
	var out bytes.Buffer
	out.WriteString(strings.Join(fields, "\r\n") + "\r\n\r\n")
	if !chunked {
		out.Write(body)
		return out.Bytes(), nil
	}
	if len(body) > 0 {
		fmt.Fprintf(&out, "%x\r\n%s\r\n", len(body), body)
	}
	out.WriteString("0\r\n")
	for _, line := range trailer {
		out.WriteString(line + "\r\n")
	}
	out.WriteString("\r\n")
	return out.Bytes(), nil
}
