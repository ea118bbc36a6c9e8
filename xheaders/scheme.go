package xheaders

import "net/http"

// readScheme returns what the headers say of the scheme, and which header it was. The
// first one present decides, also when it cannot be read; then scheme is "".
func (s *settings) readScheme(h http.Header, hops int) (scheme, from string) {
	if s.proto {
		if text := pick(h[hProto], hops); text != "" {
			return schemeOf(text), hProto
		}
	}
	if s.ssl {
		if text := pick(h[hSSL], hops); text != "" {
			return schemeOfSwitch(text), hSSL
		}
	}
	if s.frontEnd {
		if text := pick(h[hFrontEnd], hops); text != "" {
			return schemeOfSwitch(text), hFrontEnd
		}
	}
	return "", ""
}

// schemeOf returns http or https, or "" for anything else. Some proxies name the
// WebSocket schemes; to a handler they are the HTTP request that asks for the upgrade.
func schemeOf(text string) string {
	switch {
	case text == "https", equalFold(text, "https"), equalFold(text, "wss"):
		return "https"
	case text == "http", equalFold(text, "http"), equalFold(text, "ws"):
		return "http"
	}
	return ""
}

func schemeOfSwitch(text string) string {
	switch {
	case equalFold(text, "on"):
		return "https"
	case equalFold(text, "off"):
		return "http"
	}
	return ""
}

// equalFold compares with a lower-case ASCII word, by ASCII only: strings.EqualFold
// takes the long s for an s.
func equalFold(text, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
