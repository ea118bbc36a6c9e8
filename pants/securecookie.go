package pants

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	// secureLifetime is how long a secure cookie lasts that names no lifetime, as in Pants: 30 days.
	secureLifetime = 30 * 24 * 60 * 60

	// secureSkew is how far the clocks of servers that share secrets may be apart.
	secureSkew = 5 * time.Minute
)

// SetSecureCookie puts a cookie into CookiesOut that the client cannot alter, and that SecureCookie reads. A string, a []byte,
// or anything that json.Marshal makes an object or array of is a value; everything else is an error.
//
// c gives the name and the attributes. c.MaxAge is the lifetime in seconds, also enforced by the server: 0 means until
// c.Expires, or 30 days if that is zero; a negative one writes a cookie that is over. The client gets it as expires, like
// Pants' clients did. HttpOnly is set; change r.CookiesOut()[name] afterwards to send other attributes. A cookie of that name in
// CookiesOut keeps the attributes that c does not give.
//
// The kit's own format is that of gorilla/securecookie (HMAC-SHA256 over name, time and value; not encrypted). With
// LegacyCookies.Write it is that of Pants 1.0. Without a secret for the format the error is ErrNoSecret; when the headers are on
// their way and the cookie would be lost, it is ErrHeadersSent or ErrFinished.
func (r *Request) SetSecureCookie(c *http.Cookie, value any) error {
	if err := r.res.tooLate(); err != nil {
		return err // a login that never arrives must not look like one
	}
	if err := checkCookieName(c.Name); err != nil {
		return fmt.Errorf("pants: %w", err)
	}
	payload, err := securePayload(value)
	if err != nil {
		return err
	}
	now := r.server.now()
	lifetime := int64(c.MaxAge)
	switch {
	case lifetime != 0:
	case !c.Expires.IsZero():
		lifetime = int64(c.Expires.Sub(now) / time.Second)
	default:
		lifetime = secureLifetime
	}
	end := time.Unix(now.Unix()+lifetime, 0)
	if lifetime > maxLifetime || lifetime < -maxLifetime || end.Year() > 9999 {
		return fmt.Errorf("pants: secure cookie %q: impossible lifetime of %d s", c.Name, lifetime)
	}
	s := r.server
	var text string
	switch {
	case s.config.LegacyCookies.Write && s.config.LegacyCookies.covers(c.Name):
		text = s.config.LegacyCookies.sign(payload, lifetime, now)
		s.cookieCounters.legacy(&s.cookieCounters.writtenLegacy, now)
	case len(s.signers) == 0:
		return ErrNoSecret
	default:
		if text, err = s.writeOwn(c.Name, payload, now.Unix(), end.Unix()); err != nil {
			return fmt.Errorf("pants: secure cookie %q: %w", c.Name, err)
		}
		s.cookieCounters.writtenOwn.Add(1)
	}
	out := r.CookiesOut().Set(c.Name, text)
	out.Expires, out.RawExpires, out.MaxAge, out.HttpOnly = end, "", 0, true
	if c.Path != "" {
		out.Path = c.Path
	}
	if c.Domain != "" {
		out.Domain = c.Domain
	}
	if c.SameSite != 0 {
		out.SameSite = c.SameSite
	}
	out.Secure = out.Secure || c.Secure
	out.Partitioned = out.Partitioned || c.Partitioned
	out.Unparsed = append(out.Unparsed, c.Unparsed...)
	return nil
}

// SecureCookie reads the cookie of that name that SetSecureCookie, or a Python app with LegacyCookies.Secret, has set. dst is a
// *string or *[]byte for text and bytes, or a pointer that json.Unmarshal fills.
//
// The error is http.ErrNoCookie when the client sent none, ErrBadCookie when it is forged or damaged, ErrExpiredCookie when it
// is genuine but over, and ErrNoSecret when the Server has no secret for it. Any other error says that the value does not fit dst.
// dst is set only without an error.
func (r *Request) SecureCookie(name string, dst any) error {
	s := r.server
	legacy := len(s.config.LegacyCookies.Secret) > 0 && s.config.LegacyCookies.covers(name)
	if len(s.signers) == 0 && !legacy {
		return ErrNoSecret
	}
	cookie := r.Cookies()[name]
	if cookie == nil {
		return http.ErrNoCookie
	}
	now := s.now()
	payload, err := s.readOwn(name, cookie.Value, now)
	tryLegacy := legacy && err == ErrBadCookie
	if tryLegacy {
		payload, err = s.config.LegacyCookies.verify(cookie.Value, now)
	}
	if err == nil {
		err = readPayload(payload, dst)
	}
	s.cookieCounters.read(err, tryLegacy, now)
	return err
}

// writeOwn signs the kit's own format: when it was issued, when it ends, and the payload, with '|' between them.
func (s *Server) writeOwn(name string, payload []byte, issued, end int64) (string, error) {
	stamped := strconv.AppendInt(make([]byte, 0, len("1234567890|1234567890|")+len(payload)), issued, 10)
	stamped = strconv.AppendInt(append(stamped, '|'), end, 10)
	stamped = append(append(stamped, '|'), payload...)
	return s.signers[0].sign(name, issued, stamped)
}

// readOwn verifies what writeOwn wrote.
func (s *Server) readOwn(name, text string, now time.Time) ([]byte, error) {
	signed, ok := s.verifyAny(name, text)
	if !ok {
		return nil, ErrBadCookie
	}
	first, rest, _ := bytes.Cut(signed, []byte{'|'})
	second, payload, ok := bytes.Cut(rest, []byte{'|'})
	if !ok {
		return nil, ErrBadCookie
	}
	issued, err := strconv.ParseInt(string(first), 10, 64)
	if err != nil {
		return nil, ErrBadCookie
	}
	end, err := strconv.ParseInt(string(second), 10, 64)
	if err != nil {
		return nil, ErrBadCookie
	}
	switch {
	case time.Unix(issued, 0).After(now.Add(secureSkew)):
		return nil, ErrBadCookie
	case now.After(time.Unix(end, 0)):
		return nil, ErrExpiredCookie
	}
	return payload, nil
}

// verifyAny takes what any of the secrets has signed.
func (s *Server) verifyAny(name, text string) (signed []byte, ok bool) {
	for _, signer := range s.signers {
		if signed, ok = signer.verify(name, text); ok {
			return signed, true
		}
	}
	return nil, false
}

// securePayload is a kind and a value: s and bytes, u and UTF-8 text, j and JSON.
func securePayload(value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, errors.New("pants: secure cookie: the string is not UTF-8; pass it as []byte")
		}
		return append([]byte{'u'}, v...), nil
	case []byte:
		return append([]byte{'s'}, v...), nil
	}
	kind := reflect.ValueOf(value)
	for kind.Kind() == reflect.Pointer && !kind.IsNil() {
		kind = kind.Elem()
	}
	switch {
	case kind.Kind() == reflect.Map && kind.IsNil():
		return []byte("j{}"), nil
	case kind.Kind() == reflect.Slice && kind.IsNil():
		return []byte("j[]"), nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("pants: secure cookie: %w", err)
	}
	if text[0] != '{' && text[0] != '[' {
		return nil, fmt.Errorf("pants: secure cookie: cannot hold a %T", value)
	}
	return append([]byte{'j'}, text...), nil
}

// readPayload gives a verified payload to dst.
func readPayload(payload []byte, dst any) error {
	if len(payload) == 0 {
		return ErrBadCookie
	}
	kind, value := payload[0], payload[1:]
	switch kind {
	case 's':
	case 'u':
		if !utf8.Valid(value) {
			return ErrBadCookie
		}
	case 'j':
		if !json.Valid(value) || string(bytes.TrimSpace(value)) == "null" {
			return ErrBadCookie
		}
		return unmarshal(value, dst)
	default:
		return ErrBadCookie
	}
	switch dst := dst.(type) {
	case *string:
		*dst = string(value)
	case *[]byte:
		*dst = bytes.Clone(value)
	case *any:
		if kind == 'u' {
			*dst = string(value)
		} else {
			*dst = bytes.Clone(value)
		}
	default:
		return fmt.Errorf("pants: secure cookie holds text or bytes, not something for a %T", dst)
	}
	return nil
}

// unmarshal is json.Unmarshal that leaves dst as it was when it fails.
func unmarshal(text []byte, dst any) error {
	pointer := reflect.ValueOf(dst)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return fmt.Errorf("pants: secure cookie: cannot be read into a %T", dst)
	}
	fresh := reflect.New(pointer.Type().Elem())
	if err := json.Unmarshal(text, fresh.Interface()); err != nil {
		return fmt.Errorf("pants: secure cookie: %w", err)
	}
	pointer.Elem().Set(fresh.Elem())
	return nil
}

// covers tells whether the format is used for cookies of that name.
func (l LegacyCookies) covers(name string) bool {
	return l.Names == nil || slices.Contains(l.Names, name)
}

// maxLifetime keeps the arithmetic with seconds far inside of an int64.
const maxLifetime = 1 << 40
