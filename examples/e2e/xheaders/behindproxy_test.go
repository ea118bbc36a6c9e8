package xheaders_test

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
)

// TestExample runs examples/behindproxy, gives real nginx the lines that its page shows, and looks at it through nginx.
func TestExample(t *testing.T) {
	t.Parallel()
	proxy.Need(t, "nginx")
	program := filepath.Join(proxy.Folder(t), "behindproxy")
	if out, err := exec.Command(proxy.Need(t, "go"), "build", "-o", program, "github.com/go-pants/kit/examples/behindproxy").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The test's client is on this machine as well, so the proxy is trusted by its exact address.
	address := proxy.Address(t)
	proxy.Start(t, exec.Command(program, "-addr", address, "-trust", "127.0.0.1"), address)

	status, page := get(t, "127.0.0.1", "http://"+address+"/explain", address, nil)
	lines := regexp.MustCompile(`(?s)<pre id="nginx">(.*?)</pre>`).FindStringSubmatch(page)
	if status != http.StatusOK || lines == nil {
		t.Fatalf("%d %s", status, page)
	}
	front, bare := proxy.Address(t), proxy.Address(t)
	// HTTP/1.0 is what nginx speaks by itself in the releases that systems ship; newer ones may not.
	server := "server {\n\tlisten %s;\n%s\n}\n"
	proxy.Nginx(t, front, fmt.Sprintf(server, front, html.UnescapeString(lines[1]))+
		fmt.Sprintf(server, bare, "location / { proxy_pass http://"+address+"; proxy_http_version 1.0; }"))

	forged := http.Header{"X-Forwarded-For": {"6.6.6.6, 127.0.0.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}}
	tests := []struct {
		name, from, url, host string
		header                http.Header
		status                int
		want                  string
	}{
		{"through nginx", client, "http://" + front + "/", site, nil, 200, "<td>" + client + "\n"},
		{"through nginx, forged", client, "http://" + front + "/", site, forged, 200, "<td>" + client + "\n"},
		{"round nginx, forged", stranger, "http://" + address + "/", site, forged, 200, "<td>" + stranger + "\n"},
		{"the page through nginx", client, "http://" + front + "/explain", site, nil, 404, ""},
		{"the page through nginx, as this machine", client, "http://" + front + "/explain", "localhost", nil, 404, ""},
		{"the page through a bare proxy_pass", client, "http://" + bare + "/explain", "localhost", nil, 403, ""},
		{"the page through a bare proxy_pass, forged", client, "http://" + bare + "/explain", "localhost", forged, 403, ""},
		{"the page here", "127.0.0.1", "http://" + address + "/explain", address, nil, 200, "client: outside Trust"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, page := get(t, test.from, test.url, test.host, test.header)
			if status != test.status || !strings.Contains(page, test.want) {
				t.Errorf("got %d %s; want %d with %q", status, page, test.status, test.want)
			}
		})
	}
}

func get(t *testing.T, from, url, host string, header http.Header) (status int, content string) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	if header != nil {
		req.Header = header.Clone()
	}
	res, err := (&http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}
