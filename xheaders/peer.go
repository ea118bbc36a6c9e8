package xheaders

import (
	"net"
	"net/netip"
	"strings"
)

// peer is the other end of the connection.
type peer struct {
	addr   netip.Addr // invalid for a socket, and when it cannot be read
	port   uint16
	socket bool
}

// peerOf reads a RemoteAddr. Only here a zone is kept: the kernel wrote it, and for a
// link-local peer it is part of the address.
func peerOf(remote string, local net.Addr) peer {
	if isSocket(remote, local) {
		return peer{socket: true}
	}
	addr, port, ok := parseNode(remote, false)
	if !ok {
		return peer{}
	}
	if addr.Is6() {
		if zone := zoneOf(remote); zone != "" {
			addr = addr.WithZone(zone)
		}
	}
	return peer{addr: addr, port: port}
}

// isSocket: net/http prints an unnamed UNIX socket as "@", a named one by its path.
// The listener knows better than the text: a RemoteAddr that some middleware took from
// a header does not turn a TCP connection into a socket.
func isSocket(remote string, local net.Addr) bool {
	if local != nil {
		return strings.HasPrefix(local.Network(), "unix")
	}
	return strings.HasPrefix(remote, "@") || strings.HasPrefix(remote, "/")
}

func zoneOf(remote string) string {
	_, zone, _ := strings.Cut(remote, "%")
	if i := strings.LastIndexByte(zone, ']'); i >= 0 {
		zone = zone[:i]
	}
	return zone
}

// accepts reports whether the peer may say who the client is.
func (s *settings) accepts(t *trust, p *peer) bool {
	switch {
	case t == nil:
		return s.hops > 0 // not examined
	case t.any:
		return true
	case p.socket:
		return t.unix
	}
	return p.addr.IsValid() && t.contains(p.addr)
}
