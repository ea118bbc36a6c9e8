package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// The app bounds what is uploaded, so that its own answer is seen and not the server's. All four pass on the Host that the
// browser sent, and set X-Forwarded-For and X-Forwarded-Proto on every request, by the snippet or by themselves.

// nginxConf: one process, because as root nginx would otherwise give its work to a user who may not read the files.
func nginxConf(p place) (string, error) {
	return fmt.Sprintf(`daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    sendfile on;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen %s;
        client_max_body_size 0;
%s
    }
}
`, p.listen(), p.snippet), nil
}

func nginxArgs(dir, conf string) []string { return []string{"-p", dir, "-e", "stderr", "-c", conf} }

var apacheModules = []string{"mpm_event", "authz_core", "headers", "proxy", "proxy_http", "xsendfile"}

// apacheFolders are where Debian, Fedora, Alpine and Homebrew keep the modules.
var apacheFolders = []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/apache2", "/opt/homebrew/lib/httpd/modules"}

func apacheConf(p place) (string, error) {
	var load strings.Builder
	for _, module := range apacheModules {
		path := ""
		for _, dir := range apacheFolders {
			if file := filepath.Join(dir, "mod_"+module+".so"); path == "" && isFile(file) {
				path = file
			}
		}
		if path == "" {
			return "", missingPart{"mod_" + module}
		}
		fmt.Fprintf(&load, "LoadModule %s_module %q\n", module, path)
	}
	return fmt.Sprintf(`ServerRoot %q
DefaultRuntimeDir %q
PidFile %q
ServerName localhost
ErrorLog /dev/stderr
LogLevel error
EnableSendfile On
LimitRequestBody 0
Listen %s
%s%s`, p.dir, p.dir, filepath.Join(p.dir, "apache.pid"), p.listen(), load.String(), p.snippet), nil
}

// apacheArgs: -X is one process that stays in the foreground.
func apacheArgs(dir, conf string) []string { return []string{"-X", "-d", dir, "-f", conf} }

func lighttpdConf(p place) (string, error) {
	bind := p.host
	if strings.Contains(bind, ":") {
		bind = "[" + bind + "]"
	}
	if bind != "" {
		bind = fmt.Sprintf("server.bind = %q\n", bind)
	}
	return fmt.Sprintf(`%sserver.port = %s
server.document-root = %q
server.upload-dirs = ( %q )
server.modules = ( "mod_proxy" )
%s`, bind, p.port, p.dir, p.dir, p.snippet), nil
}

func lighttpdArgs(_, conf string) []string { return []string{"-D", "-f", conf} }

// caddyConf: a site with a host would answer nobody who asks for localhost. Without the grace period Caddy ends only when
// the last visitor has closed the page.
func caddyConf(p place) (string, error) {
	bind := ""
	if p.host != "" {
		bind = "bind " + p.host + "\n"
	}
	return fmt.Sprintf(`{
	admin off
	auto_https off
	grace_period 1s
	log {
		level ERROR
	}
}
http://:%s {
%s%s}
`, p.port, bind, p.snippet), nil
}

func caddyArgs(_, conf string) []string {
	return []string{"run", "--config", conf, "--adapter", "caddyfile"}
}

// listen is the address as nginx and Apache write it.
func (p place) listen() string {
	if p.host == "" {
		return p.port
	}
	return net.JoinHostPort(p.host, p.port)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
