package pants_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-pants/kit/pants"
)

// A server that ends cleanly at the first signal, and at once at the second.
func ExampleServer_Listen() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)

	var server pants.Server
	hello := server.Handler(func(r *pants.Request) { r.SendResponse("Hello World.") })

	time.AfterFunc(time.Millisecond, stop)                           // stands for the signal
	if err := server.Listen(ctx, "127.0.0.1:0", hello); err != nil { // ":8080", "unix:///run/app.sock?mode=0660", "systemd:"
		log.Fatal(err)
	}
	fmt.Println("drained")
	// Output: drained
}

// HTTPS: renewed certificates are taken without a restart. With Listen the port is 443 if the address is "".
func ExampleServer_StartSSL() {
	certFile, keyFile, trust := exampleCertificate() // "/etc/ssl/app/fullchain.pem", "/etc/ssl/app/privkey.pem"
	defer os.RemoveAll(filepath.Dir(certFile))
	var server pants.Server
	if err := server.StartSSL(certFile, keyFile); err != nil {
		log.Fatal(err)
	}
	srv := server.HTTPServer(server.Handler(func(r *pants.Request) { r.SendResponse(r.Scheme()) }))
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.ServeTLS(l, "", "")

	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}}}
	res, err := client.Get("https://" + l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	content, _ := io.ReadAll(res.Body)
	fmt.Println(string(content))
	// Output: https
}

// An http.Server with the kit's limits, on a listener of one's own.
func ExampleServer_HTTPServer() {
	var server pants.Server
	srv := server.HTTPServer(server.Handler(func(r *pants.Request) { r.SendResponse("Hello World.") }))
	srv.IdleTimeout = 5 * time.Minute
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(l)
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	content, _ := io.ReadAll(res.Body)
	fmt.Println(string(content), srv.Shutdown(context.Background()))
	// Output: Hello World. <nil>
}

// An event stream that ends when the server is told to stop, instead of being cut off.
func ExampleServer_Draining() {
	var server pants.Server
	events := server.Handler(func(r *pants.Request) {
		r.SendHeaders(http.Header{"Content-Type": {"text/event-stream"}})
		r.Go(func() {
			defer r.Finish()
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					r.Send("data: tick\n\n")
				case <-server.Draining():
					r.Send("event: bye\ndata:\n\n")
					return
				case <-r.Context().Done():
					return
				}
			}
		})
	})
	server.Drain() // Listen does it when its context ends
	show(events, "GET", "/events", "")
	// Output: 200 text/event-stream event: bye
	// data:
}

// An http.Server that the kit has not made tells deferred requests so.
func ExampleServer_Drain() {
	var server pants.Server
	srv := &http.Server{Handler: server.Handler(func(r *pants.Request) { r.SendResponse("Hello World.") })}
	srv.RegisterOnShutdown(server.Drain)
	fmt.Println(srv.Shutdown(context.Background()))
	// Output: <nil>
}

// exampleCertificate writes the certificate that httptest has for 127.0.0.1, and its key.
func exampleCertificate() (certFile, keyFile string, trust *x509.CertPool) {
	made := httptest.NewTLSServer(nil)
	defer made.Close()
	pair := made.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "certificate")
	if err != nil {
		log.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	trust = x509.NewCertPool()
	trust.AddCert(made.Certificate())
	return certFile, keyFile, trust
}
