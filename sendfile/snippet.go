package sendfile

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Snippet is the part of the proxy's configuration that belongs to this Sender:
// the internal location, and the way to the app at upstream, which is
// "host:port", or "unix:/run/app.sock" for a unix socket. It is a fragment for a
// server block that is there already. Nothing in it is left to be matched by
// hand, because every part fails in silence when it does not match; see
// [Sender.SelfTest] for a check afterwards.
//
// There is none for Direct and Generic, for the working directory as Root, and
// for names that the configuration language cannot quote.
func (s *Sender) Snippet(upstream string) (string, error) {
	write := snippets[s.conf.Proxy]
	switch {
	case write == nil:
		return "", fmt.Errorf("sendfile: no snippet for Proxy %s", presets[s.conf.Proxy].name)
	case s.root == nil:
		return "", errors.New("sendfile: no snippet without Root")
	}
	v, err := parseUpstream(upstream)
	if err != nil {
		return "", err
	}
	dir := filepath.ToSlash(s.dir)
	if !s.preset.uri && s.conf.Prefix != "" {
		dir = s.conf.Prefix // Root as that server sees it
	}
	v.header = s.header
	v.dir, v.prefix = strings.TrimSuffix(dir, "/"), strings.TrimSuffix(s.conf.Prefix, "/")
	if s.preset.uri && v.prefix == "" {
		return "", fmt.Errorf("sendfile: Prefix %q leaves no location for the app", s.conf.Prefix)
	}
	return write(v)
}

// snippet is what a fragment is made of. dir and prefix have no slash at the end.
type snippet struct {
	host, port, addr    string
	socket              string // instead of them
	dir, prefix, header string
}

func parseUpstream(upstream string) (snippet, error) {
	if socket, ok := strings.CutPrefix(upstream, "unix:"); ok {
		// Each server ends the path at another character, so only plain ones.
		if !strings.HasPrefix(socket, "/") || path.Clean(socket) != socket || escapePath(socket) != socket {
			return snippet{}, fmt.Errorf("sendfile: upstream %q: the path of a socket must be absolute and of plain letters", upstream)
		}
		return snippet{socket: socket}, nil
	}
	host, port, err := net.SplitHostPort(strings.TrimPrefix(upstream, "http://"))
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || !validHost(host) {
		return snippet{}, fmt.Errorf("sendfile: upstream %q is not host:port", upstream)
	}
	return snippet{host: host, port: port, addr: net.JoinHostPort(host, port)}, nil
}

// either is forSocket if the upstream is one.
func (v snippet) either(address, forSocket string) string {
	if v.socket != "" {
		return forSocket
	}
	return address
}

var snippets = [...]func(snippet) (string, error){
	Direct:         nil,
	Nginx:          snippet.nginx,
	Caddy:          snippet.caddy,
	Apache:         snippet.apache,
	ApacheUnescape: snippet.apacheUnescape,
	Lighttpd:       snippet.lighttpd,
	Generic:        nil,
}

func validHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; !isAlnum(c) && c != '.' && c != '-' && c != '_' && c != ':' {
			return false
		}
	}
	return host != ""
}

// quote puts s in double quotes. refused are the texts that mean something even
// there, escaped what a backslash helps against.
func quote(s, server string, refused []string, escaped string) (string, error) {
	if hasControl(s) {
		return "", fmt.Errorf("sendfile: %s cannot quote %q", server, s)
	}
	for _, r := range refused {
		if strings.Contains(s, r) {
			return "", fmt.Errorf("sendfile: %s cannot quote the %s in %q", server, r, s)
		}
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if strings.IndexByte(escaped, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String(), nil
}

// fill replaces each NAME of the pairs in text.
func fill(text string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(text)
}

func (v snippet) nginx() (string, error) {
	q := func(s string) (string, error) { return quote(s, "nginx", []string{"$"}, `"\`) }
	dir, err1 := q(v.dir + "/")
	prefix, err2 := q(v.prefix + "/")
	mapping, err3 := q(v.dir + "/=" + v.prefix + "/")
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", err
	}
	return fill(`# nginx, inside of server { }.
# Both names end in a slash: with only one of them "..", or a neighbouring
# directory, comes within reach.
location PREFIX {
    internal;
    alias DIR;
    etag on;
    # Of the app's headers nginx keeps Content-Type, Content-Disposition,
    # Cache-Control, Expires, Set-Cookie and Accept-Ranges. A line for each
    # other one; it adds nothing where the app sent nothing.
    add_header X-Content-Type-Options $upstream_http_x_content_type_options always;
    add_header Content-Security-Policy $upstream_http_content_security_policy always;
    add_header Access-Control-Allow-Origin $upstream_http_access_control_allow_origin always;
    add_header Vary $upstream_http_vary always;
}
location / {
    proxy_pass http://ADDR;
    proxy_set_header Host $http_host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    # Whatever a client says about these must not reach the app.
    proxy_set_header X-Sendfile-Type X-Accel-Redirect;
    proxy_set_header X-Accel-Mapping MAPPING;
}
`, "PREFIX", prefix, "DIR", dir, "ADDR", v.either(v.addr, "unix:"+v.socket), "MAPPING", mapping), nil
}

func (v snippet) caddy() (string, error) {
	if escapePath(v.prefix) != v.prefix {
		return "", fmt.Errorf("sendfile: Caddy cannot strip the prefix %q; choose one of plain letters", v.prefix)
	}
	q := func(s string) (string, error) { return quote(s, "Caddy", []string{"{", "}", `\`, `"`}, "") }
	dir, err1 := q(v.dir + "/")
	mapping, err2 := q(v.dir + "/=" + v.prefix + "/")
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	return fill(`# Caddy, inside of a site.
reverse_proxy ADDR {
	# Whatever a client says about these must not reach the app.
	header_up X-Sendfile-Type HEADER
	header_up X-Accel-Mapping MAPPING
	@sendfile header HEADER *
	handle_response @sendfile {
		root * DIR
		# Not "rewrite *": Caddy before 2.7 would not decode the value there.
		uri path_regexp ^.* {rp.header.HEADER}
		uri strip_prefix PREFIX
		# Without this a file in answer to POST is a 405.
		method * GET
		# All other headers of the app are dropped.
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Expires Set-Cookie ETag Last-Modified Vary X-Content-Type-Options
		}
		file_server {
			# The client's URL is not the file's: no redirect because of it.
			disable_canonical_uris
		}
	}
}
`, "HEADER", v.header, "ADDR", v.either(v.addr, "unix/"+v.socket), "MAPPING", mapping, "DIR", dir, "PREFIX", v.prefix), nil
}

const apacheText = `# Apache with mod_proxy_http, mod_headers and mod_xsendfile VERSION, inside of a
# VirtualHost.
# The app sees the name that the client asked for.
ProxyPreserveHost On
ProxyPass "/" "SOCKEThttp://ADDR/"
ProxyPassReverse "/" "http://ADDR/"
<Location "/">
    XSendFile on
    # Apache adds X-Forwarded-For by itself, and would pass on this one.
    RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"
    # Whatever a client says about these must not reach the app.
    RequestHeader set X-Sendfile-Type X-Sendfile
    RequestHeader unset X-Accel-Mapping
</Location>
XSendFilePath DIR
UNESCAPE`

func (v snippet) apacheText(version, unescape string) (string, error) {
	dir, err := quote(path.Clean(v.dir+"/"), "Apache", []string{"${"}, `"\`)
	if err != nil {
		return "", err
	}
	return fill(apacheText, "VERSION", version, "SOCKET", v.either("", "unix:"+v.socket+"|"), "ADDR", v.either(v.addr, "localhost"), "DIR", dir, "UNESCAPE", unescape), nil
}

func (v snippet) apache() (string, error) {
	return v.apacheText("0.12", `# mod_xsendfile 1.0 and later decode the path, which is not encoded here:
# XSendFileUnescape off
`)
}

func (v snippet) apacheUnescape() (string, error) {
	return v.apacheText("1.0 or later", "XSendFileUnescape on\n")
}

func (v snippet) lighttpd() (string, error) {
	dir, err := quote(v.dir+"/", "lighttpd", []string{`"`, `\`}, "")
	if err != nil {
		return "", err
	}
	return fill(`# lighttpd; server.modules has to contain "mod_proxy".
# Without x-sendfile-docroot the app could name any file of the machine.
proxy.server = ( "" => ((
    UPSTREAM,
    "x-sendfile" => "enable",
    "x-sendfile-docroot" => ( DIR )
)) )
`, "UPSTREAM", v.either(`"host" => "`+v.host+`", "port" => `+v.port, `"socket" => "`+v.socket+`"`), "DIR", dir), nil
}

// escapedURL is the path of a file for a request.
func escapedURL(base, name string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is no URL of a server", base)
	}
	u.RawQuery, u.Fragment = "", ""
	return strings.TrimSuffix(u.String(), "/") + "/" + escapePath(name), nil
}
