package sendfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

func TestSnippet(t *testing.T) {
	base := t.TempDir()
	dir := func(name string) string {
		t.Helper()
		path := filepath.Join(base, name)
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
		return path
	}
	type config = sendfile.Config
	tests := []struct {
		title    string
		conf     config
		upstream string
		parts    []string // of the snippet; BASE is where the directories are
		wrong    string   // in the error
	}{
		{"nginx", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/protected/"}, "127.0.0.1:8080",
			[]string{"location \"/protected/\" {\n    internal;\n    alias \"BASE/files/\";", "proxy_pass http://127.0.0.1:8080;", `X-Accel-Mapping "BASE/files/=/protected/";`, "$upstream_http_x_content_type_options always;"}, ""},
		{"nginx forces both slashes", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/protected"}, "[::1]:8080",
			[]string{`location "/protected/" {`, `alias "BASE/files/";`, "proxy_pass http://[::1]:8080;"}, ""},
		{"nginx, quotes", config{Proxy: sendfile.Nginx, Root: dir(`a "b" \c;{`), Prefix: `/p "x"`}, "app:80",
			[]string{`location "/p \"x\"/" {`, `alias "BASE/a \"b\" \\c;{/";`}, ""},
		{"nginx, URL as upstream", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/p"}, "http://app:80", []string{"proxy_pass http://app:80;"}, ""},
		{"Caddy", config{Proxy: sendfile.Caddy, Root: dir("my files"), Prefix: "/protected/"}, "127.0.0.1:8080",
			[]string{"reverse_proxy 127.0.0.1:8080 {", "header X-Accel-Redirect *", `root * "BASE/my files/"`, "uri path_regexp ^.* {rp.header.X-Accel-Redirect}\n", "disable_canonical_uris", "uri strip_prefix /protected\n", "method * GET", "Vary X-Content-Type-Options"}, ""},
		{"Caddy, other header", config{Proxy: sendfile.Caddy, Header: "X-Sendfile", Root: dir("files"), Prefix: "/p"}, "127.0.0.1:8080",
			[]string{"@sendfile header X-Sendfile *", "{rp.header.X-Sendfile}", "header_up X-Sendfile-Type X-Sendfile"}, ""},
		{"Apache", config{Proxy: sendfile.Apache, Root: dir(`a "b" \c`)}, "127.0.0.1:8080",
			[]string{`XSendFilePath "BASE/a \"b\" \\c"`, "# XSendFileUnescape off", `ProxyPass "/" "http://127.0.0.1:8080/"`, "XSendFile on", "mod_xsendfile 0.12",
				"ProxyPreserveHost On", `RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"`}, ""},
		{"Apache, Root as it sees it", config{Proxy: sendfile.Apache, Root: dir("files"), Prefix: "/srv/files/"}, "127.0.0.1:8080", []string{`XSendFilePath "/srv/files"`}, ""},
		{"Apache 1.0", config{Proxy: sendfile.ApacheUnescape, Root: dir("files")}, "127.0.0.1:8080", []string{"\nXSendFileUnescape on\n", "1.0 or later"}, ""},
		{"lighttpd", config{Proxy: sendfile.Lighttpd, Root: dir("files")}, "127.0.0.1:8080",
			[]string{`"host" => "127.0.0.1", `, `"port" => 8080`, `"x-sendfile" => "enable"`, `"x-sendfile-docroot" => ( "BASE/files/" )`}, ""},

		{"nginx, unix socket", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/p"}, "unix:/run/app.sock", []string{"proxy_pass http://unix:/run/app.sock;"}, ""},
		{"Caddy, unix socket", config{Proxy: sendfile.Caddy, Root: dir("files"), Prefix: "/p"}, "unix:/run/app.sock", []string{"reverse_proxy unix//run/app.sock {"}, ""},
		{"Apache, unix socket", config{Proxy: sendfile.Apache, Root: dir("files")}, "unix:/run/app.sock",
			[]string{`ProxyPass "/" "unix:/run/app.sock|http://localhost/"`, `ProxyPassReverse "/" "http://localhost/"`}, ""},
		{"lighttpd, unix socket", config{Proxy: sendfile.Lighttpd, Root: dir("files")}, "unix:/run/app.sock", []string{`"socket" => "/run/app.sock",`}, ""},

		{"socket, relative", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/p"}, "unix:app.sock", nil, "path of a socket"},
		{"socket, directive", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/p"}, "unix:/a;b", nil, "path of a socket"},
		{"direct", config{Root: dir("files")}, "127.0.0.1:8080", nil, "no snippet for Proxy Direct"},
		{"generic", config{Header: "X-Sendfile", Root: dir("files")}, "127.0.0.1:8080", nil, "no snippet for Proxy Generic"},
		{"no root", config{Proxy: sendfile.Apache}, "127.0.0.1:8080", nil, "no snippet without Root"},
		{"nginx, the whole site", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/"}, "127.0.0.1:8080", nil, "leaves no location for the app"},
		{"no port", config{Proxy: sendfile.Apache, Root: dir("files")}, "127.0.0.1", nil, "is not host:port"},
		{"no host", config{Proxy: sendfile.Apache, Root: dir("files")}, ":80", nil, "is not host:port"},
		{"port 0", config{Proxy: sendfile.Apache, Root: dir("files")}, "a:0", nil, "is not host:port"},
		{"named port", config{Proxy: sendfile.Apache, Root: dir("files")}, "a:http", nil, "is not host:port"},
		{"directive in the host", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/p"}, "a;return 200:80", nil, "is not host:port"},
		{"nginx, variable", config{Proxy: sendfile.Nginx, Root: dir("a$b"), Prefix: "/p"}, "a:80", nil, "nginx cannot quote the $"},
		{"nginx, variable in prefix", config{Proxy: sendfile.Nginx, Root: dir("files"), Prefix: "/p$x"}, "a:80", nil, "nginx cannot quote the $"},
		{"nginx, line feed", config{Proxy: sendfile.Nginx, Root: dir("a\nb"), Prefix: "/p"}, "a:80", nil, "nginx cannot quote"},
		{"Caddy, placeholder", config{Proxy: sendfile.Caddy, Root: dir("a{b"), Prefix: "/p"}, "a:80", nil, "Caddy cannot quote the {"},
		{"Caddy, prefix", config{Proxy: sendfile.Caddy, Root: dir("files"), Prefix: "/p x"}, "a:80", nil, "Caddy cannot strip the prefix"},
		{"Apache, variable", config{Proxy: sendfile.Apache, Root: dir("a${b}")}, "a:80", nil, "Apache cannot quote the ${"},
		{"lighttpd, quote", config{Proxy: sendfile.Lighttpd, Root: dir(`a"b`)}, "a:80", nil, `lighttpd cannot quote the "`},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			got, err := newSender(t, tt.conf).Snippet(tt.upstream)
			if tt.wrong != "" {
				if got != "" || err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("Snippet = %q, %v, want an error with %q", got, err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.parts {
				if part = strings.ReplaceAll(part, "BASE", base); !strings.Contains(got, part) {
					t.Errorf("%s\nlacks %q", got, part)
				}
			}
			for _, placeholder := range []string{"PREFIX", "DIR", "ADDR", "MAPPING", "HEADER", "UNESCAPE", "VERSION", "UPSTREAM", "SOCKET"} {
				if strings.Contains(got, placeholder) {
					t.Errorf("%s\nstill has %s", got, placeholder)
				}
			}
		})
	}
}
