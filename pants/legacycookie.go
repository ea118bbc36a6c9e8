package pants

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the format is Pants'
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// The format of Pants 1.0: payload|expires|time|signature, where signature is the hex HMAC-SHA1 of expires, time and the
// base64 of the payload with nothing between them.

func (l LegacyCookies) signature(payload, expires, ts string) []byte {
	mac := hmac.New(sha1.New, l.Secret)
	mac.Write([]byte(expires))
	mac.Write([]byte(ts))
	mac.Write([]byte(base64.StdEncoding.EncodeToString([]byte(payload))))
	return hex.AppendEncode(nil, mac.Sum(nil))
}

func (l LegacyCookies) sign(payload []byte, lifetime int64, now time.Time) string {
	expires, ts := strconv.FormatInt(lifetime, 10), strconv.FormatInt(now.Unix(), 10)
	return string(payload) + "|" + expires + "|" + ts + "|" + string(l.signature(string(payload), expires, ts))
}

// verify returns the payload of a cookie that is genuine and not over. The digits of lifetime, time and payload run into each
// other in what is signed, so one signature fits several texts. Only one of them has a time of exactly ten digits, a canonical
// lifetime and a payload that begins with a kind; the rest is refused.
func (l LegacyCookies) verify(text string, now time.Time) ([]byte, error) {
	rest, signature, ok := cutLast(text)
	if !ok {
		return nil, ErrBadCookie
	}
	rest, ts, ok := cutLast(rest)
	if !ok || len(ts) != 10 || !isCanonical(ts) {
		return nil, ErrBadCookie
	}
	payload, expires, ok := cutLast(rest)
	if !ok || !isCanonical(strings.TrimPrefix(expires, "-")) || payload == "" || strings.IndexByte("suj", payload[0]) < 0 {
		return nil, ErrBadCookie
	}
	if !hmac.Equal(l.signature(payload, expires, ts), []byte(signature)) {
		return nil, ErrBadCookie
	}
	lifetime, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || lifetime > maxLifetime {
		return nil, ErrBadCookie
	}
	issued, err := strconv.ParseInt(ts, 10, 64)
	if err != nil {
		return nil, ErrBadCookie
	}
	// Whole seconds decide, and at the last one the fraction.
	age := now.Unix() - issued
	switch fraction := now.Nanosecond() > 0; {
	case lifetime < 0, age > lifetime, age == lifetime && fraction:
		return nil, ErrExpiredCookie
	case -age > lifetime:
		return nil, ErrBadCookie
	}
	return []byte(payload), nil
}

// cutLast cuts s at its last '|'.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '|')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// isCanonical tells the decimal digits of a number that is not negative, without leading zeros.
func isCanonical(s string) bool {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}
