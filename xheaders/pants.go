package xheaders

import "net/http"

// resolvePants is HTTPRequest.__init__ of Pants 1.0.1 with xheaders=True: no trust and
// no check. Pants stored a header that came twice as a list and digits as a number, which
// broke the request; here X-Real-IP's last line counts, and the first of the others.
func resolvePants(in *input, p peer) Info {
	info := Info{
		Client: p.addr.WithZone(""), Port: p.port, Peer: p.addr,
		Scheme: in.transport(), Host: in.host, Trusted: true, pants: true,
	}
	if info.Host == "" {
		info.Host = "127.0.0.1"
	}
	if lines := in.header[hProto]; len(lines) > 0 {
		info.Scheme = lines[0]
	}
	if text, from := pantsAddress(in.header); from != "" {
		info.Client, info.Port, _ = parseNode(text, false)
		info.raw, info.hasRaw = text, true
	}
	return info
}

// pantsAddress returns what Pants would have taken for the client's address, and the
// header that it stood in, "" for none.
func pantsAddress(h http.Header) (text, from string) {
	if lines := h[hRealIP]; len(lines) > 0 {
		if text = trimOWS(lines[len(lines)-1]); text != "" {
			return text, hRealIP
		}
	}
	for _, line := range h[hFor] {
		// Python's 0 is false: the recordings of Pants show the peer for it.
		if line = trimOWS(line); line == "" || line == "0" {
			continue
		}
		for i := 0; i < len(line); i++ {
			if line[i] == ',' {
				return trimOWS(line[:i]), hFor
			}
		}
		return line, hFor
	}
	return "", ""
}
