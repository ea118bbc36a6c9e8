package pants

import (
	"sync/atomic"
	"time"
)

// CookieStats counts secure cookies by their format, since the Server was made. A handler that reads a cookie twice counts
// twice. It goes well into expvar: expvar.Func(func() any { return server.CookieStats() }).
type CookieStats struct {
	ReadOwn       uint64 `json:"read_own"`       // accepted in the kit's own format
	ReadLegacy    uint64 `json:"read_legacy"`    // accepted in the format of Pants 1.0
	Bad           uint64 `json:"bad"`            // refused with ErrBadCookie
	Expired       uint64 `json:"expired"`        // refused with ErrExpiredCookie
	WrittenOwn    uint64 `json:"written_own"`    // set in the kit's own format
	WrittenLegacy uint64 `json:"written_legacy"` // set in the format of Pants 1.0

	// LastLegacy is when a cookie of Pants 1.0 was accepted or set last; zero if none was. When it is longer ago than the
	// longest lifetime of the app's cookies, LegacyCookies can go.
	LastLegacy time.Time `json:"last_legacy,omitzero"`
}

// cookieCounters are CookieStats while they are counted.
type cookieCounters struct {
	readOwn, readLegacy, bad, expired, writtenOwn, writtenLegacy atomic.Uint64

	lastLegacy atomic.Int64 // Unix nanoseconds; 0: never
}

// CookieStats tells how many secure cookies of each format were read and set so far.
func (s *Server) CookieStats() CookieStats {
	c := &s.cookieCounters
	stats := CookieStats{
		ReadOwn: c.readOwn.Load(), ReadLegacy: c.readLegacy.Load(), Bad: c.bad.Load(), Expired: c.expired.Load(),
		WrittenOwn: c.writtenOwn.Load(), WrittenLegacy: c.writtenLegacy.Load(),
	}
	if last := c.lastLegacy.Load(); last != 0 {
		stats.LastLegacy = time.Unix(0, last).UTC()
	}
	return stats
}

// legacy notes a cookie of Pants 1.0 in counter.
func (c *cookieCounters) legacy(counter *atomic.Uint64, now time.Time) {
	counter.Add(1)
	c.lastLegacy.Store(now.UnixNano())
}

// read notes how reading a cookie went.
func (c *cookieCounters) read(err error, legacy bool, now time.Time) {
	switch {
	case err == nil && legacy:
		c.legacy(&c.readLegacy, now)
	case err == nil:
		c.readOwn.Add(1)
	case err == ErrBadCookie:
		c.bad.Add(1)
	case err == ErrExpiredCookie:
		c.expired.Add(1)
	}
}
