package xheaders

import (
	"net/http"
	"strings"
)

// readPrefix returns the path under which the edge serves this app, "" for none.
func (s *settings) readPrefix(h http.Header, hops int) string {
	if !s.prefix {
		return ""
	}
	return cleanPrefix(pick(h[hPrefix], hops))
}

// cleanPrefix returns text without the slash at its end, or "" if it is not a plain
// absolute path. It ends up in front of redirects: "//evil.example" there leads to
// another site, and dot segments to another app (CVE-2023-26125).
func cleanPrefix(text string) string {
	if !strings.HasPrefix(text, "/") || strings.Contains(text, "//") {
		return ""
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case isAlnum(c) || strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0:
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			switch strings.ToLower(text[i+1 : i+3]) {
			case "2e", "2f", "5c", "00":
				return ""
			}
			i += 2
		default:
			return ""
		}
	}
	text = strings.TrimSuffix(text, "/")
	for rest := text; rest != ""; {
		var segment string
		segment, rest, _ = strings.Cut(rest[1:], "/")
		if segment == "." || segment == ".." {
			return ""
		}
		if rest != "" {
			rest = "/" + rest
		}
	}
	return text
}
