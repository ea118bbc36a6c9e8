package xheaders_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/xheaders"
)

// replace is strings.Replace of something that has to be there.
func replace(t *testing.T, text, old, with string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is not once in\n%s", old, text)
	}
	return strings.Replace(text, old, with, 1)
}

// fronts run the proxies with the lines of the README; only addresses are others, and with a certificate it is a TLS server.
var fronts = []struct {
	name, language string
	run            func(t *testing.T, address, lines, certificate, key string)
}{
	{"nginx", "nginx", func(t *testing.T, address, lines, certificate, key string) {
		listen := "listen " + address + ";"
		if certificate != "" {
			listen = fmt.Sprintf("listen %s ssl; ssl_certificate %s; ssl_certificate_key %s;", address, certificate, key)
		}
		proxy.Nginx(t, address, "server {\n"+listen+"\n"+lines+"}\n")
	}},
	{"Apache", "apache", func(t *testing.T, address, lines, certificate, key string) {
		modules, ssl := []string{"proxy", "proxy_http", "headers"}, ""
		if certificate != "" {
			modules = append(modules, "socache_shmcb", "ssl")
			ssl = fmt.Sprintf("SSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\n", certificate, key)
		}
		proxy.Apache(t, address, modules, fmt.Sprintf("<VirtualHost %s>\n%s%s</VirtualHost>\n", address, ssl, lines))
	}},
	{"lighttpd", "lighttpd", func(t *testing.T, address, lines, certificate, key string) {
		var modules []string
		if certificate != "" {
			proxy.NeedFile(t, "/usr/lib/lighttpd/mod_openssl.so")
			modules = []string{"openssl"}
			lines += fmt.Sprintf("ssl.engine = \"enable\"\nssl.pemfile = %q\nssl.privkey = %q\n", certificate, key)
		}
		proxy.Lighttpd(t, address, modules, lines)
	}},
	{"HAProxy", "haproxy", func(t *testing.T, address, lines, certificate, key string) {
		bind := "bind " + address
		if certificate != "" {
			bind += " ssl crt " + joined(t, certificate, key)
		}
		proxy.HAProxy(t, address, replace(t, lines, "bind :80", bind))
	}},
	{"Caddy", "caddyfile", func(t *testing.T, address, lines, certificate, key string) {
		site, tls := "http://:"+port(address), ""
		if certificate != "" {
			site, tls = "https://:"+port(address), fmt.Sprintf("\ttls %s %s\n", certificate, key)
		}
		proxy.Caddy(t, address, replace(t, lines, "app.example {\n", site+" {\n\tbind 127.0.0.1\n"+tls))
	}},
}

// joined is a file with the certificate and its key.
func joined(t *testing.T, files ...string) (path string) {
	t.Helper()
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return proxy.File(t, proxy.Folder(t), "joined.pem", all.String())
}

// TestReadmeProxies: with the lines and the Config that stand in the README every forgery fails, through the proxy and round it.
func TestReadmeProxies(t *testing.T) {
	for _, front := range fronts {
		for _, transport := range []string{"tcp", "unix socket"} {
			for _, scheme := range []string{"http", "https"} {
				t.Run(fmt.Sprintf("%s, %s, %s", front.name, transport, scheme), func(t *testing.T) {
					t.Parallel()
					says := fromReadme(t, front.name, front.language)
					var address, lines string
					if transport == "tcp" {
						address = onTCP(t, app(t, map[string]xheaders.Config{"app": says.config}))
						lines = says.lines
						if front.name == "lighttpd" {
							lines = replace(t, lines, "8080", port(address))
						} else {
							lines = replace(t, lines, "127.0.0.1:8080", address)
						}
					} else {
						config := says.config
						config.Trust = []string{"unix"}
						address = onSocket(t, app(t, map[string]xheaders.Config{"app": config}))
						lines = replace(t, says.lines, says.forAddress, replace(t, says.forSocket, "/run/app.sock", address))
					}
					certificate, key := "", ""
					if scheme == "https" {
						certificate, key = proxy.Certificate(t, site)
					}
					base := proxy.Address(t)
					front.run(t, base, lines, certificate, key)
					for _, forged := range forgeries {
						t.Run(forged.name, func(t *testing.T) {
							got, err := ask(t, client, scheme+"://"+base, "app", forged.headers)
							if err != nil {
								t.Fatal(err)
							}
							check(t, got, client, scheme, site)
							if !got.Trusted || got.Prefix != "" {
								t.Errorf("trusted %v, prefix %q\n%s", got.Trusted, got.Prefix, got.Explain)
							}
							if transport != "tcp" {
								return // nobody can come from elsewhere
							}
							got, err = ask(t, stranger, "http://"+address, "app", forged.headers)
							if err != nil {
								t.Fatal(err)
							}
							check(t, got, stranger, "http", site)
							if got.Trusted {
								t.Errorf("trusted, round the proxy\n%s", got.Explain)
							}
						})
					}
				})
			}
		}
	}
}

// TestReadmeTwoHops: a CDN, played by this test, before nginx with the lines of the README.
func TestReadmeTwoHops(t *testing.T) {
	t.Parallel()
	const cdn = "127.0.0.7"
	config := fromReadme(t, "Cloudflare, then nginx", "", cdn).config
	address := onTCP(t, app(t, map[string]xheaders.Config{"app": config}))
	lines := replace(t, fromReadme(t, "nginx", "nginx").lines, "127.0.0.1:8080", address)
	certificate, key := proxy.Certificate(t, site)
	base := proxy.Address(t)
	fronts[0].run(t, base, lines, certificate, key)
	for _, test := range []struct {
		name, from, url string
		headers         []header
		client, scheme  string
	}{
		{"through both", cdn, "https://" + base, []header{{"X-Forwarded-For", client}}, client, "https"},
		{"through both, forged", cdn, "https://" + base, []header{{"X-Forwarded-For", "6.6.6.6," + client}, {"X-Forwarded-Proto", "http"}}, client, "https"},
		{"through both, forged as the proxies", cdn, "https://" + base, []header{{"X-Forwarded-For", "6.6.6.6, 127.0.0.1," + client}}, client, "https"},
		{"round the CDN", stranger, "https://" + base, nil, stranger, "https"},
		{"round the CDN, forged", stranger, "https://" + base, []header{{"X-Forwarded-For", "6.6.6.6, " + cdn}, {"Cf-Connecting-Ip", "6.6.6.6"}}, stranger, "https"},
		{"round both, forged", stranger, "http://" + address, []header{{"X-Forwarded-For", "6.6.6.6"}, {"Cf-Connecting-Ip", "6.6.6.6"}, {"X-Forwarded-Proto", "https"}}, stranger, "http"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ask(t, test.from, test.url, "app", test.headers)
			if err != nil {
				t.Fatal(err)
			}
			check(t, got, test.client, test.scheme, site)
		})
	}
}
