package proxy

import (
	"fmt"
	"net"
	"os/exec"
	"testing"
)

// Lighttpd runs lighttpd with directives.
func Lighttpd(t testing.TB, address string, modules []string, directives string) {
	t.Helper()
	program, dir := Need(t, "lighttpd"), Folder(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	load := ""
	for _, module := range modules {
		load += fmt.Sprintf("server.modules += ( \"mod_%s\" )\n", module)
	}
	conf := File(t, dir, "lighttpd.conf", fmt.Sprintf(`server.bind = %q
server.port = %s
server.document-root = %q
server.upload-dirs = ( %q )
%s%s`, host, port, dir, dir, load, directives))
	accepts(t, exec.Command(program, "-tt", "-f", conf))
	Start(t, exec.Command(program, "-D", "-f", conf), address)
}

// accepts lets a server check its configuration, before it is started with it.
func accepts(t testing.TB, command *exec.Cmd) {
	t.Helper()
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}
