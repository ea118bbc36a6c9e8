package websocket_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

const handshake = "GET / HTTP/1.1\r\nHost: app.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// bareClient is a client without a library: it says what it is told, and needs little memory.
type bareClient struct{ net.Conn }

func dialBare(t *testing.T, to *target) bareClient {
	t.Helper()
	conn, err := to.dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return bareClient{conn}
}

// ask sends a request and reads its answer.
func (b bareClient) ask(t *testing.T, request string) (*http.Response, string) {
	t.Helper()
	_ = b.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(b, request); err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	for head := []byte{0}; !bytes.HasSuffix(seen.Bytes(), []byte("\r\n\r\n")); { // and no byte more: it might be a frame's
		if _, err := b.Read(head); err != nil {
			t.Fatalf("%q, %v", seen.String(), err)
		}
		seen.Write(head)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(io.MultiReader(&seen, b), 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return res, ""
	}
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(content)
}

// expectGoingAway reads the close frame, answers it, and waits for the end of the connection.
func (b bareClient) expectGoingAway(t *testing.T) {
	t.Helper()
	_ = b.SetDeadline(time.Now().Add(10 * time.Second))
	frame := make([]byte, 4+len("restarting"))
	if _, err := io.ReadFull(b, frame); err != nil || string(frame) != "\x88\x0c\x03\xe9restarting" {
		t.Fatalf("%q, %v; want the close frame 1001", frame, err)
	}
	_, _ = io.WriteString(b, "\x88\x82\x00\x00\x00\x00\x03\xe9")
	if rest, err := io.ReadAll(b); err != nil || len(rest) > 0 {
		t.Errorf("after the close frame: %q, %v", rest, err)
	}
}
