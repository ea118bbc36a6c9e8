package xheaders

import (
	"net/http"
	"strings"
)

// known maps the folded names of forwarding headers to their canonical form. They carry
// a client's address, scheme or host in some product, and some library believes each of
// them from anybody; so what was not believed here must not reach a handler. Besides
// these, every X-Forwarded-* belongs to the family.
var known = foldedNames(
	hForwarded, "Forwarded-For", "X-Forwarded", hFor, hProto, hSSL, hHost, hPort, hPrefix, hFrontEnd,
	hRealIP, "X-Client-Ip", "Client-Ip", "X-Cluster-Client-Ip", "Cluster-Client-Ip", "True-Client-Ip",
	"X-Remote-Ip", "X-Remote-Addr", "X-Originating-Ip", "Proxy-Client-Ip", "Wl-Proxy-Client-Ip",
	"Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Cf-Pseudo-Ipv4", "Fastly-Client-Ip", "Fly-Client-Ip",
	"X-Azure-Clientip", "X-Azure-Socketip", "X-Envoy-External-Address", "X-Appengine-User-Ip", "X-Appengine-Remote-Addr",
	"Cloudfront-Viewer-Address", "Do-Connecting-Ip", "X-Nf-Client-Connection-Ip", "X-Vercel-Forwarded-For",
	"X-Original-Forwarded-For", "X-Original-For", "X-Original-Host", "X-Original-Proto",
	"X-Host", "X-Scheme", "X-Url-Scheme", "Cloudfront-Forwarded-Proto", "X-Proxied-Https",
)

// begins has a bit for the first two characters of every name in known, and of familyPrefix,
// and now and then for others: it is small, as it is looked at for every header.
var begins = func() (begins [32]uint32) {
	for name := range known {
		begins[name[0]&31] |= 1 << (name[1] & 31)
	}
	return begins
}()

// carried may be listed in Headers without being read: identities and original targets,
// which Wrap lets pass from an accepted peer.
var carried = []string{
	"X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Method", "X-Forwarded-Server", "X-Forwarded-By",
	"X-Forwarded-User", "X-Forwarded-Groups", "X-Forwarded-Email", "X-Forwarded-Preferred-Username",
	"X-Forwarded-Access-Token", "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert",
	"X-Forwarded-Tls-Client-Cert-Info",
}

// unread are names that somebody may list for what they say, and that would otherwise
// be taken for a header with an address.
var unread = map[string]string{
	"X-Forwarded":                "it has no defined form",
	"X-Forwarded-Scheme":         "have the proxy send X-Forwarded-Proto",
	"X-Forwarded-Protocol":       "have the proxy send X-Forwarded-Proto",
	"X-Scheme":                   "have the proxy send X-Forwarded-Proto",
	"X-Url-Scheme":               "have the proxy send X-Forwarded-Proto",
	"X-Original-Proto":           "have the proxy send X-Forwarded-Proto",
	"Cloudfront-Forwarded-Proto": "have the proxy send X-Forwarded-Proto",
	"X-Proxied-Https":            "have the proxy send X-Forwarded-Proto",
	"X-Host":                     "have the proxy send X-Forwarded-Host",
	"X-Original-Host":            "have the proxy send X-Forwarded-Host",
	"Host":                       "it carries no address",
	"Via":                        "it carries no address",

	// An IPv6 address without brackets, ":" and a port: "2001:db8::9:4431" is another address.
	"Cloudfront-Viewer-Address": "its port cannot be told from an IPv6 address, read X-Forwarded-For",
}

const familyPrefix = "x-forwarded-"

// longest is room for every known name.
const longest = 32

func foldedNames(names ...string) map[string]string {
	m := make(map[string]string, len(names))
	for _, name := range names {
		m[strings.ToLower(name)] = name
	}
	return m
}

// fold is the character that CGI, WSGI and PHP make no difference to: they turn dashes,
// and some of them every other sign, into "_". An attacker's X_Forwarded_Proto passes a
// proxy that strips only the dashed name, and comes out as the same variable.
// CVE-2025-64484, GHSA-5m6w-wvh7-57vm, GHSA-f59h-q822-g45g.
func fold(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	case isAlnum(c):
		return c
	}
	return '-'
}

// beginsLikeOne is where most headers of a request end: no name of the family begins like
// them.
func beginsLikeOne(key string) bool {
	return len(key) > 1 && begins[fold(key[0])&31]>>(fold(key[1])&31)&1 != 0
}

// family reports whether key is a forwarding header, or an alias of one: something else
// that folds to the same name.
func family(key string) (name string, alias, ok bool) {
	if !beginsLikeOne(key) {
		return "", false, false
	}
	switch key {
	case hFor, hProto, hHost, hPort, hForwarded, hRealIP: // what proxies send most, as net/http spells it
		return key, false, true
	}
	var buf [longest]byte
	n := 0
	for ; n < len(key) && n < longest; n++ {
		buf[n] = fold(key[n])
	}
	if n == len(key) {
		if name, ok = known[string(buf[:n])]; ok {
			return name, key != name, true
		}
	}
	if n > len(familyPrefix) && string(buf[:len(familyPrefix)]) == familyPrefix {
		return http.CanonicalHeaderKey(foldAll(key)), key != foldAll(key), true
	}
	return "", false, false
}

// foldAll returns key with dashes in place of all other signs, in canonical form. It
// returns key itself when there is nothing to do.
func foldAll(key string) string {
	for i := 0; i < len(key); i++ {
		if !isAlnum(key[i]) && key[i] != '-' {
			b := []byte(key)
			for i, c := range b {
				b[i] = fold(c)
			}
			key = string(b)
			break
		}
	}
	return http.CanonicalHeaderKey(key)
}

// sameFolded reports whether a and b fold to the same name.
func sameFolded(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if fold(a[i]) != fold(b[i]) {
			return false
		}
	}
	return true
}

// member is family, and the header that Config names as the source of the address.
func (s *settings) member(key string) (name string, alias, ok bool) {
	if key == s.source {
		return key, false, true
	}
	if name, alias, ok = family(key); ok {
		return name, alias, ok
	}
	if s.single && sameFolded(key, s.source) {
		return s.source, true, true
	}
	return "", false, false
}
