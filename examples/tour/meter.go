package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync"
	"sync/atomic"
)

// Of a request with this header the embedded front measures the answer, and tells at meterPath+"?of="+value what it saw. That can
// be known only when the answer is over, so it cannot be a part of it.
const (
	meterHeader = "Tour-Meter"
	meterPath   = "/front/bytes"
)

// bytesSent is how an answer went through the front, headers included.
type bytesSent struct {
	FromApp int64 `json:"from_app"` // read from the app
	Copied  int64 `json:"copied"`   // written to the client out of this process's memory
	Kernel  int64 `json:"kernel"`   // given to the kernel's sendfile
}

// meter remembers the last measurements.
type meter struct {
	mu    sync.Mutex
	seen  map[string]bytesSent
	order []string
}

const remembered = 100

func (m *meter) add(id string, b bytesSent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]bytesSent{}
	}
	if _, ok := m.seen[id]; !ok {
		m.order = append(m.order, id)
	}
	m.seen[id] = b
	if len(m.order) > remembered {
		delete(m.seen, m.order[0])
		m.order = m.order[1:]
	}
}

func (m *meter) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(meterHeader)
		conn, ok := r.Context().Value(connKey{}).(*clientConn)
		if id == "" || len(id) > 64 || !ok {
			next.ServeHTTP(w, r)
			return
		}
		var app *appConn
		var read int64
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if app, _ = info.Conn.(*appConn); app != nil {
				read = app.read.Load()
			}
		}}
		copied, kernel := conn.copied.Load(), conn.kernel.Load()
		next.ServeHTTP(w, r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
		_ = http.NewResponseController(w).Flush() // what is still buffered counts too
		sent := bytesSent{Copied: conn.copied.Load() - copied, Kernel: conn.kernel.Load() - kernel}
		if app != nil {
			sent.FromApp = app.read.Load() - read
		}
		m.add(id, sent)
	})
}

func (m *meter) serve(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	sent, ok := m.seen[r.URL.Query().Get("of")]
	m.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(sent)
}

// appConn counts what the app answers.
type appConn struct {
	net.Conn
	read atomic.Int64
}

func (c *appConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// clientConn counts what the client is sent, and how.
type clientConn struct {
	*net.TCPConn
	copied, kernel atomic.Int64
}

func (c *clientConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.copied.Add(int64(n))
	return n, err
}

// ReadFrom knows the one form that package net gives to sendfile(2): an io.LimitedReader directly over an *os.File.
func (c *clientConn) ReadFrom(src io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(src)
	if limited, ok := src.(*io.LimitedReader); ok {
		if _, ok := limited.R.(*os.File); ok {
			c.kernel.Add(n)
			return n, err
		}
	}
	c.copied.Add(n)
	return n, err
}

type meteredListener struct{ net.Listener }

func (l meteredListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &clientConn{TCPConn: tcp}, err
	}
	return conn, err
}

type connKey struct{}

func withConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}
