package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// startEmbedded is the front without a real server: a reverse proxy, and Intercept around it, which sends the files.
func startEmbedded(address, upstream string, sender *sendfile.Sender) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	network, target := "tcp", upstream
	if socket, ok := strings.CutPrefix(upstream, "unix:"); ok {
		network, target = "unix", socket
	}
	var meter meter
	transport := &http.Transport{
		DisableCompression:  true, // or it asks for gzip where the browser did not
		MaxIdleConnsPerHost: 16,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, target)
			if err != nil {
				return nil, err
			}
			return &appConn{Conn: conn}, nil
		},
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:        forward,
		Transport:      transport,
		ModifyResponse: readRest,
		ErrorHandler:   failed,
	}
	mux := http.NewServeMux()
	mux.Handle("/", meter.measure(sender.Intercept(patient(proxy))))
	mux.HandleFunc("GET "+meterPath, meter.serve)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ConnContext: withConn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(meteredListener{listener}); err != http.ErrServerClosed {
			log.Print(err)
		}
	}()
	return func() {
		// Browsers keep connections open on which they have asked nothing yet.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		transport.CloseIdleConnections()
		<-done
	}, nil
}

// forward tells the app who asked. Of what the client says about that itself only X-Forwarded-For stays, with the client's own
// address added on the right, as nginx, Apache and HAProxy do it; Clean drops the rest of the family, misspelt names too.
func forward(r *httputil.ProxyRequest) {
	chain := r.In.Header["X-Forwarded-For"]
	r.Out.Header = xheaders.Clean(r.Out)
	if len(chain) > 0 {
		r.Out.Header["X-Forwarded-For"] = chain // SetXForwarded appends
	}
	r.SetXForwarded()
	r.Out.Host = r.In.Host
	r.Out.URL.Scheme, r.Out.URL.Host = "http", "app"
}

// patient keeps a request's body open for readRest.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &stillOpen{body: r.Body, ended: make(chan struct{})}
			r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
}

type bodyKey struct{}

// stillOpen is a body whose end is waited for. net/http closes it under the transport, which looks for its end once more after it
// has sent all of it, when the answer begins; that must not look like an error to the transport: it would give up the connection
// that the answer comes on.
type stillOpen struct {
	mu    sync.Mutex
	body  io.ReadCloser
	ended chan struct{} // closed at the end
}

func (s *stillOpen) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
		return 0, io.EOF
	default:
	}
	n, err := s.body.Read(p)
	if err == io.EOF {
		close(s.ended)
	}
	return n, err
}

func (s *stillOpen) Close() error { return nil }

// readRest holds back an answer that came before the end of its request, as that to what is too large, until the transport has sent
// the rest, which the app throws away: a browser that cannot send everything shows a broken connection, and not the answer. What
// the app does not take in time is thrown away here. nginx does the same.
func readRest(res *http.Response) error {
	body, ok := res.Request.Context().Value(bodyKey{}).(*stillOpen)
	if !ok {
		return nil
	}
	const enough = 256 << 20
	select {
	case <-body.ended:
	case <-time.After(time.Second):
		_, _ = io.CopyN(io.Discard, body, enough)
	}
	return nil
}

func failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the browser is gone
	}
	log.Printf("%s %s: %v", r.Method, r.URL.Path, err)
	http.Error(w, "The app does not answer.", http.StatusBadGateway)
}
