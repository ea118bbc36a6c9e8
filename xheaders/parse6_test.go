package xheaders

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzParse6: parse6 takes what netip.ParseAddr takes for IPv6, and reads it the same.
func FuzzParse6(f *testing.F) {
	for _, s := range []string{
		"::", "::1", "1::", "1::2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4:5:6:7:8::",
		"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "::01.2.3.4", "fe80::1%eth0", "fe80::1%",
		"%x", "::%", ":", ":::", "1:::2", "1::2::3", "12345::", "g::", "1:2", "", "1.2.3.4", "2a00:1450:4026:805::200E", "1:", ":1", "::1.2.3.4%x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parse6(s)
		want, err := netip.ParseAddr(s)
		wanted := err == nil && strings.Contains(s, ":")
		if i := strings.IndexByte(s, '%'); i >= 0 && wanted {
			want = want.WithZone("")
		}
		if ok != wanted || ok && got != want.Unmap() {
			t.Errorf("parse6(%q) = %v, %v; netip says %v, %v", s, got, ok, want, err)
		}
	})
}
