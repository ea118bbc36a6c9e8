package main

import "github.com/go-pants/kit/sendfile"

// startFront starts the server that stands before the app: kind is "embedded", "nginx", "apache", "lighttpd" or "caddy". It listens
// on address, asks upstream ("host:port", or "unix:/path" for a unix socket), and sends the files that the sender's answers name. It
// returns when the front accepts connections; stop ends it.
func startFront(kind, address, upstream string, sender *sendfile.Sender) (stop func(), err error) {
	if kind == embedded {
		return startEmbedded(address, upstream, sender)
	}
	return startServer(kind, address, upstream, sender)
}
