package main

import (
	"fmt"

	"github.com/go-pants/kit/sendfile"
)

// startFront starts the server that stands before the app: kind is "embedded", "nginx", "apache", "lighttpd" or "caddy". It listens
// on address, asks upstream ("host:port", or "unix:/path" for a unix socket), and sends the files that the sender's answers name. It
// returns when the front accepts connections; stop ends it.
func startFront(kind, address, upstream string, sender *sendfile.Sender) (stop func(), err error) {
	switch kind {
	case embedded:
		return startEmbedded(address, upstream, sender)
	}
	return nil, fmt.Errorf("no front %q", kind)
}
