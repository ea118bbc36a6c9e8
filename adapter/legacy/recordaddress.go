package legacy

import (
	"net/netip"
	"regexp"
)

// addressHeaders hold the addresses of clients.
var addressHeaders = map[string]bool{
	"X-Forwarded-For": true, "X-Real-Ip": true, "Forwarded": true, "True-Client-Ip": true, "Cf-Connecting-Ip": true, "X-Client-Ip": true,
	"X-Cluster-Client-Ip": true, "Fastly-Client-Ip": true, "X-Original-Forwarded-For": true,
}

var addressLike = regexp.MustCompile(`[0-9A-Fa-f:.]*[0-9A-Fa-f]`)

// addresses replaces public addresses in s by ones that are reserved for documentation (RFC 5737, RFC 3849). They stay addresses,
// so that who is trusted and who is not comes out the same, and equal ones stay equal. Loopback and private ones are no secret.
func (m *masker) addresses(s string) string {
	return addressLike.ReplaceAllStringFunc(s, func(found string) string {
		if ap, err := netip.ParseAddrPort(found); err == nil { // 203.0.113.9:80
			return netip.AddrPortFrom(m.address(ap.Addr()), ap.Port()).String()
		}
		if a, err := netip.ParseAddr(found); err == nil {
			return m.address(a).String()
		}
		return found
	})
}

func (m *masker) address(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
		return a
	}
	h := m.hash(a.String())
	if a.Is4() {
		nets := [][3]byte{{192, 0, 2}, {198, 51, 100}, {203, 0, 113}}
		n := nets[int(h[0])%len(nets)]
		return netip.AddrFrom4([4]byte{n[0], n[1], n[2], 1 + h[1]%254})
	}
	masked := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	copy(masked[4:], h)
	return netip.AddrFrom16(masked)
}
