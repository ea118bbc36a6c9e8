package pants

import (
	"net/http"
	"strings"

	"github.com/go-pants/kit/xheaders"
)

// Method is the request method as received; methods are case-sensitive.
func (r *Request) Method() string { return r.in.Method }

// Protocol is HTTP/1.0, HTTP/1.1 or HTTP/2.0. A later minor version of HTTP/1 reads as HTTP/1.1 (RFC 9110 section 2.5).
func (r *Request) Protocol() string {
	if r.in.ProtoMajor == 1 && r.in.ProtoMinor > 1 {
		return "HTTP/1.1"
	}
	return r.in.Proto
}

// URL is the request target as sent, neither decoded nor cleaned. A target in absolute-form (http://host/path) is reduced to
// its path and query; Host has the rest.
func (r *Request) URL() string { return originForm(r.in.RequestURI, r.in) }

// Path is the part of URL before the first '?', neither decoded nor cleaned: %2F, // and /../ stay. Use r.HTTP.URL.Path for the
// decoded one, and never a Path to open a file.
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.URL(), "?")
	return path
}

// Query is the part of URL between the first '?' and the next '#', not decoded.
func (r *Request) Query() string {
	_, query, _ := strings.Cut(r.URL(), "?")
	query, _, _ = strings.Cut(query, "#")
	return query
}

// Fragment is the part of URL after the first '#' that follows the '?'. Browsers do not send it.
func (r *Request) Fragment() string {
	_, query, _ := strings.Cut(r.URL(), "?")
	_, fragment, _ := strings.Cut(query, "#")
	return fragment
}

// originForm reduces a target in absolute-form (RFC 9112 section 3.2.2). What is a target of no kind, like "mailto:x", net/http
// lets through; like Pants it stays as it is. in stands in when there is no target, as in requests that a test made by hand.
func originForm(target string, in *http.Request) string {
	switch {
	case target == "":
		return in.URL.RequestURI()
	case target[0] == '/' || target == "*" || in.Method == http.MethodConnect:
		return target
	}
	scheme, rest, _ := strings.Cut(target, ":")
	if !strings.HasPrefix(rest, "//") || !isToken(scheme) {
		return target
	}
	i := strings.IndexAny(rest[2:], "/?#")
	if i < 0 {
		return "/"
	}
	if rest = rest[2+i:]; rest[0] != '/' {
		return "/" + rest
	}
	return rest
}

// resolved is what xheaders knows of the client; an outer Wrap of an xheaders.Resolver has decided already.
func (r *Request) resolved() xheaders.Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found != nil && r.found.client != nil {
		return *r.found.client
	}
	if info, ok := xheaders.FromContext(r.in.Context()); ok {
		return info
	}
	info := r.server.resolver.Resolve(r.in)
	r.lazy().client = &info
	return info
}

// RemoteIP is the client's address in canonical form, without port, zone or brackets; "" when it is not known, as on a unix
// socket or when a believed proxy did not say. With xheaders.Config.DangerouslyTrustAll it is what the client wrote, unchecked.
func (r *Request) RemoteIP() string {
	info := r.resolved()
	if info.Client.Zone() != "" {
		return info.Client.WithZone("").String() // a link-local peer
	}
	return info.ClientIP()
}

// Scheme is "http" or "https": how the client reached the outermost believed proxy, or this server.
func (r *Request) Scheme() string {
	scheme, _, _ := strings.Cut(r.resolved().Scheme, ",")
	switch scheme = strings.ToLower(trimBlanks(scheme)); {
	case scheme == "http" || scheme == "https":
		return scheme
	case r.in.TLS != nil:
		return "https"
	}
	return "http"
}

// IsSecure tells whether Scheme is "https".
func (r *Request) IsSecure() bool { return r.Scheme() == "https" }

// Host is the host that the request is for, with a port if there was one: what a believed proxy said, else the Host header
// or the target's authority, else "127.0.0.1". Any client can write any host: compare it with those you know before it
// decides anything, or gets into a link for somebody else.
func (r *Request) Host() string {
	if host := r.resolved().Host; host != "" {
		return host
	}
	if r.in.Host != "" {
		return r.in.Host
	}
	return "127.0.0.1"
}

// Hostname is Host in lower case, without port and brackets.
func (r *Request) Hostname() string {
	host := lowerASCII(r.Host())
	if open, end := strings.IndexByte(host, '['), strings.IndexByte(host, ']'); open >= 0 && end >= 0 {
		return host[min(1, end):end]
	}
	host, _, _ = strings.Cut(host, ":")
	return host
}

// lowerASCII does not make a letter of what only looks like one (U+212A, the Kelvin sign).
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			lower := []byte(s)
			for ; i < len(lower); i++ {
				if c := lower[i]; 'A' <= c && c <= 'Z' {
					lower[i] = c + 'a' - 'A'
				}
			}
			return string(lower)
		}
	}
	return s
}

// FullURL is the scheme, the host and the URL in one. The host is what the client wrote, see Host: a link in a mail begins with a
// constant of the app instead.
func (r *Request) FullURL() string { return r.Scheme() + "://" + r.Host() + r.URL() }

// Headers are the request's headers, Host among them. r.HTTP.Header is the same without a copy, and without Host.
func (r *Request) Headers() http.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.lazy()
	if f.headers == nil {
		f.headers = r.in.Header.Clone()
		if f.headers == nil {
			f.headers = http.Header{}
		}
		if r.in.Host != "" {
			f.headers["Host"] = []string{r.in.Host}
		}
	}
	return f.headers
}
