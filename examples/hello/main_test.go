package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestHello(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, address) }()
	var res *http.Response
	for range 200 {
		if res, err = http.Get("http://" + address + "/"); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil || string(content) != "Hello World.\n" || res.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("got %q, %v, Content-Type %q", content, err, res.Header.Get("Content-Type"))
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("serve = %v after it was told to stop", err)
	}
}
