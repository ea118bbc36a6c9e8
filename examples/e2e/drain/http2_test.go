package drain_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/examples/e2e/app"
	"github.com/go-pants/kit/examples/e2e/load"
	"github.com/go-pants/kit/examples/e2e/proxy"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// secure is a site over TLS whose socket the test holds.
func secure(t *testing.T) (s *site, address string) {
	t.Helper()
	s, address = inherited(t, "tcp")
	var err error
	if s.cert, s.key, err = load.Certificate(proxy.Folder(t)); err != nil {
		t.Fatal(err)
	}
	return s, address
}

// HTTP/2 says which streams a server that ends has not begun: no request is lost, also none that may not be sent twice.
func TestRollingRestartHTTP2(t *testing.T) {
	s, address := secure(t)
	now := s.start()
	wait(t, "tcp", address)
	var loads []*load.Load
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var running sync.WaitGroup
	for _, rate := range []int{500, 20, 5} { // connections that are busy, and some that are idle often
		client := &http.Client{Transport: &http.Transport{
			ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", address) },
		}}
		defer client.CloseIdleConnections()
		l := &load.Load{Ask: load.Client(client, "https://localhost", 15*time.Second), Mix: mix, Rate: rate, Most: 50, Limit: 15 * time.Second}
		loads = append(loads, l)
		running.Add(1)
		go func() {
			defer running.Done()
			n := l.Run(ctx)
			t.Logf("%d requests: %v", n, &l.Tally)
		}()
	}
	time.Sleep(300 * time.Millisecond)
	for range 5 {
		next := s.start()
		time.Sleep(300 * time.Millisecond)
		t.Logf("drained in %v", now.stop())
		now = next
	}
	cancel()
	running.Wait()
	t.Logf("drained in %v at last", now.stop())
	for _, l := range loads {
		judge(t, s, "HTTP/2", l)
	}
}

// Frame by frame: GOAWAY without an error, the streams that it counts are finished, one that comes later is nobody's, and the
// connection ends.
func TestGoAway(t *testing.T) {
	s, address := secure(t)
	v := s.start()
	wait(t, "tcp", address)
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	_ = framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 8 << 20})
	_ = framer.WriteWindowUpdate(0, 8<<20)
	ask := func(stream uint32, path string) {
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}} {
			_ = encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	}
	const size = 2 << 20
	ask(1, fmt.Sprintf("/download?id=one&size=%d", size))
	ask(3, "/events?id=three&n=1000")

	content, ended := map[uint32]*bytes.Buffer{1: {}, 3: {}}, map[uint32]bool{}
	var took chan time.Duration
	goAway := false
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("the connection ends with %v", err)
			}
			break
		}
		id := frame.Header().StreamID
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = framer.WriteSettingsAck()
			}
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo || f.LastStreamID != 3 || goAway {
				t.Errorf("%v, want one for stream 3 without an error", f)
			}
			goAway = true
			ask(5, "/short?id=five")
		case *http2.HeadersFrame:
			if content[id] == nil {
				t.Errorf("an answer to stream %d", id)
			}
			ended[id] = f.StreamEnded()
		case *http2.DataFrame:
			if content[id] == nil {
				t.Fatalf("content of stream %d", id)
			}
			content[id].Write(f.Data())
			ended[id] = f.StreamEnded()
			if took == nil && content[1].Len() > 0 && content[3].Len() > 0 {
				took = make(chan time.Duration)
				go func() { took <- v.stop() }()
			}
		case *http2.RSTStreamFrame:
			t.Errorf("%v", f)
		}
	}
	if took == nil {
		t.Fatal("nothing has begun")
	}
	t.Logf("drained in %v", <-took)
	if !goAway {
		t.Error("no GOAWAY")
	}
	if !ended[1] || !bytes.Equal(content[1].Bytes(), app.Text("one", size)) {
		t.Errorf("the download: %d bytes of %d, ended %v", content[1].Len(), size, ended[1])
	}
	if !ended[3] || !bytes.HasSuffix(content[3].Bytes(), []byte(app.Goodbye)) {
		t.Errorf("the events: ended %v with %q", ended[3], content[3].Bytes()[max(0, content[3].Len()-30):])
	}
	if n := s.handled()["five"]; n != 0 {
		t.Errorf("the stream after GOAWAY was handled %d times", n)
	}
}
