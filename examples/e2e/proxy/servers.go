package proxy

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Nginx runs nginx with what belongs into its http block; address is one that it listens on.
func Nginx(t testing.TB, address, http string) {
	t.Helper()
	nginx(t, nil, address, http)
}

// nginx runs it by another program, if there is one.
func nginx(t testing.TB, by []string, address, http string) {
	t.Helper()
	program, dir := Need(t, "nginx"), Folder(t)
	// One process, and no path outside of dir: it also runs without root, and its end is one signal. As root it would
	// otherwise give its work to a user who may not read the test's files.
	conf := File(t, dir, "nginx.conf", fmt.Sprintf(`daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	%s
}
`, http))
	command := func(arguments ...string) *exec.Cmd {
		line := append(append(slices.Clone(by), program, "-p", dir, "-e", "stderr", "-c", conf), arguments...)
		return exec.Command(line[0], line[1:]...)
	}
	accepts(t, command("-t", "-q"))
	Start(t, command(), address)
}

// HAProxy runs haproxy with what follows its global and defaults sections.
func HAProxy(t testing.TB, address, sections string) {
	t.Helper()
	program, dir := Need(t, "haproxy"), Folder(t)
	conf := File(t, dir, "haproxy.cfg", `global
	maxconn 100
defaults
	mode http
	timeout connect 5s
	timeout client 30s
	timeout server 30s
`+sections)
	Start(t, exec.Command(program, "-db", "-f", conf), address)
}

// Caddy runs caddy with the site blocks of a Caddyfile.
func Caddy(t testing.TB, address, sites string) {
	t.Helper()
	program, dir := Need(t, "caddy"), Folder(t)
	conf := File(t, dir, "Caddyfile", `{
	admin off
	auto_https off
}
`+sites)
	caddy := func(verb string) *exec.Cmd {
		command := exec.Command(program, verb, "--config", conf, "--adapter", "caddyfile")
		command.Env = append(command.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		return command
	}
	accepts(t, caddy("validate"))
	Start(t, caddy("run"), address)
}

// Apache runs apache2 with modules, by their names without mod_ and .so, and directives.
func Apache(t testing.TB, address string, modules []string, directives string) {
	t.Helper()
	program, dir := Need(t, "apache2"), Folder(t)
	load := ""
	for _, module := range append([]string{"mpm_event", "authz_core"}, modules...) {
		load += fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", module, module)
	}
	conf := File(t, dir, "apache2.conf", fmt.Sprintf(`ServerRoot %q
DefaultRuntimeDir %q
ServerName localhost
PidFile %q
ErrorLog /dev/stderr
Listen %s
%s%s`, dir, dir, filepath.Join(dir, "apache2.pid"), address, load, directives))
	accepts(t, exec.Command(program, "-t", "-d", dir, "-f", conf))
	// -X: one process that stays in the foreground.
	Start(t, exec.Command(program, "-X", "-d", dir, "-f", conf), address)
}
