// Package xheaders_test asks an app behind real proxies who its clients are.
package xheaders_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/middleware"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// Clients differ from proxies by their source address: 127.0.0.0/8 is this machine as a whole, and the proxies are at
// 127.0.0.1 unless a configuration binds them elsewhere.
const (
	client   = "127.0.0.5"
	stranger = "127.0.0.6" // goes round the proxies
	site     = "app.example"
)

// reply is what the app says of a request.
type reply struct {
	Client, Scheme, Host, Prefix, Peer string
	Trusted                            bool
	Pants                              struct{ RemoteIP, Scheme, Host string }
	Explain                            string
}

// app serves every configuration under a path of its own.
func app(t *testing.T, configs map[string]xheaders.Config) http.Handler {
	t.Helper()
	c := chi.NewRouter()
	for name, config := range configs {
		x, err := xheaders.New(config)
		if err != nil {
			t.Fatal(err)
		}
		var server pants.Server
		c.With(middleware.XHeaders(x), middleware.Pants(&server)).Get("/"+name, func(w http.ResponseWriter, hr *http.Request) {
			var a reply
			info, ok := xheaders.FromContext(hr.Context())
			if !ok {
				t.Error("no Info in the context")
			}
			a.Client, a.Scheme, a.Host, a.Prefix, a.Trusted = info.ClientIP(), info.Scheme, info.Host, info.Prefix, info.Trusted
			if info.Peer.IsValid() {
				a.Peer = info.Peer.String()
			}
			r := pants.FromContext(hr.Context())
			a.Pants.RemoteIP, a.Pants.Scheme, a.Pants.Host = r.RemoteIP(), r.Scheme(), r.Host()
			a.Explain = x.Explain(hr).String()
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(a)
		})
	}
	return c
}

// onTCP serves h and returns its address.
func onTCP(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// onSocket serves h on a unix socket and returns its path.
func onSocket(t *testing.T, h http.Handler) (path string) {
	t.Helper()
	path = filepath.Join(proxy.Folder(t), "app.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return path
}

// header is one line: a map could send neither two lines in order nor a name that Go spells differently.
type header struct{ name, value string }

// ask sends a request to base from a source address, as the site's client would.
func ask(t *testing.T, from, base, path string, headers []header) (reply, error) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	transport := &http.Transport{
		DialContext: dialer.DialContext,
		// The certificate is made in the test; who signed it is not what is tested.
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: site},
		DisableKeepAlives: true,
	}
	req, err := http.NewRequest(http.MethodGet, base+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = site
	for _, h := range headers {
		req.Header[h.name] = append(req.Header[h.name], h.value)
	}
	res, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return reply{}, fmt.Errorf("status %s", res.Status)
	}
	var a reply
	err = json.NewDecoder(res.Body).Decode(&a)
	return a, err
}

// check compares a reply, and what pants.Request says with what xheaders says.
func check(t *testing.T, got reply, client, scheme, host string) {
	t.Helper()
	if got.Client != client || got.Scheme != scheme || got.Host != host {
		t.Errorf("client %q, scheme %q, host %q; want %q, %q, %q\n%s", got.Client, got.Scheme, got.Host, client, scheme, host, got.Explain)
	}
	if p := got.Pants; p.RemoteIP != got.Client || p.Scheme != got.Scheme || p.Host != got.Host {
		t.Errorf("pants.Request says %+v, xheaders says %q, %q, %q", p, got.Client, got.Scheme, got.Host)
	}
	if !strings.Contains(got.Explain, "client=") {
		t.Errorf("Explain = %q", got.Explain)
	}
}
