package pants

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"
)

// String is a picture of the request for a log or a terminal: its line, headers, parameters, cookies and the names of files. What
// identifies a user, in Cookie, Authorization and Proxy-Authorization headers, is masked. What stands in the query or in a form is
// not, a password neither.
func (r *Request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Request(\n")
	for _, field := range []struct{ name, value string }{
		{"protocol", r.Protocol()}, {"method", r.Method()}, {"remote_ip", r.RemoteIP()}, {"scheme", r.Scheme()},
		{"host", r.Host()}, {"url", r.URL()}, {"path", r.Path()}, {"time", r.Time().Round(time.Microsecond).String()},
	} {
		fmt.Fprintf(&b, "    %-9s = %q\n", field.name, field.value)
	}
	writeMap(&b, "headers", r.Headers(), isSecretHeader)
	writeMap(&b, "get", r.Get(), nil)
	var post map[string][]string
	var uploads map[string][]*File
	if r.body.isLoaded() { // under Wrap nobody has asked for it perhaps
		post, uploads = r.Post(), r.Files()
	}
	writeMap(&b, "post", post, nil)
	cookies := make(map[string][]string, len(r.Cookies()))
	for name := range r.Cookies() {
		cookies[name] = []string{""}
	}
	writeMap(&b, "cookies", cookies, func(string) bool { return true })
	files := make(map[string][]string, len(uploads))
	for name, list := range uploads {
		for _, f := range list {
			files[name] = append(files[name], fmt.Sprintf("%s (%s, %d bytes)", f.Filename, f.ContentType, f.Size))
		}
	}
	writeMap(&b, "files", files, nil)
	b.WriteString(")")
	return b.String()
}

// HTML is String as HTML, escaped, for a debug page that only developers see.
func (r *Request) HTML() string { return "<pre>" + html.EscapeString(r.String()) + "</pre>" }

// secretHeaders prove who somebody is: whoever reads them in a log can be that user.
var secretHeaders = []string{"Authorization", "Cookie", "Proxy-Authorization"}

func isSecretHeader(name string) bool {
	return slices.Contains(secretHeaders, http.CanonicalHeaderKey(name))
}

// writeMap writes one map sorted by name, with "***" in place of each value that is secret.
func writeMap(b *strings.Builder, title string, m map[string][]string, secret func(string) bool) {
	if len(m) == 0 {
		fmt.Fprintf(b, "    %-9s = {}\n", title)
		return
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(b, "    %-9s = {\n", title)
	for _, name := range names {
		for _, value := range m[name] {
			if secret != nil && secret(name) {
				value = "***"
			}
			fmt.Fprintf(b, "        %q: %q\n", name, value)
		}
	}
	b.WriteString("    }\n")
}
