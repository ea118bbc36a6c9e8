package pants

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"sync"
)

// signer signs and verifies with one secret, in the format of gorilla/securecookie with a hash key alone: base64 of
// time|base64 of the value|MAC, where the MAC is HMAC-SHA256 (RFC 2104) over name|time|base64 of the value. securecookie itself
// makes a new HMAC for each cookie, and hashes the secret twice for it; here that is done once.
type signer struct{ macs sync.Pool } // of *mac

// mac is an HMAC with a secret, and room for what it is about.
type mac struct {
	hash.Hash
	text []byte
}

// maxSigned is the greatest length of a signed value, as in gorilla/securecookie: a client need not take a cookie over 4096 bytes
// (RFC 6265 section 6.1).
const maxSigned = 4096

func newSigners(secrets [][]byte) []*signer {
	signers := make([]*signer, len(secrets))
	for i, secret := range secrets {
		secret = bytes.Clone(secret)
		signers[i] = &signer{sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, secret)} }}}
	}
	return signers
}

// put gives a mac back, unless a long value has made it large.
func (s *signer) put(m *mac) {
	if cap(m.text) <= 4*maxSigned {
		s.macs.Put(m)
	}
}

// sign returns the value as it goes into the cookie of that name. The padding of the outer base64 is left out: '=' would need
// quotes around the cookie's value.
func (s *signer) sign(name string, unix int64, value []byte) (string, error) {
	m := s.macs.Get().(*mac)
	defer s.put(m)
	m.text = append(append(m.text[:0], name...), '|')
	m.text = append(strconv.AppendInt(m.text, unix, 10), '|')
	m.text = base64.URLEncoding.AppendEncode(m.text, value)
	m.Reset()
	_, _ = m.Write(m.text) // which never fails, see hash.Hash
	m.text = m.Sum(append(m.text, '|'))
	signed := m.text[len(name)+1:]
	if n := base64.URLEncoding.EncodedLen(len(signed)); n > maxSigned {
		return "", fmt.Errorf("it takes %d bytes when it is signed, %d are the most", n, maxSigned)
	}
	end := len(m.text)
	m.text = base64.RawURLEncoding.AppendEncode(m.text, signed)
	return string(m.text[end:]), nil
}

// verify returns the value that sign, or gorilla/securecookie, has signed for the cookie of that name. When that was is for others
// to judge.
func (s *signer) verify(name, signed string) (value []byte, ok bool) {
	padding := "==="[:-len(signed)&3]
	if len(signed)+len(padding) > maxSigned {
		return nil, false
	}
	m := s.macs.Get().(*mac)
	defer s.put(m)
	m.text = append(append(m.text[:0], signed...), padding...)
	from := len(m.text)
	m.text = append(append(m.text, name...), '|')
	start := len(m.text)
	var err error
	if m.text, err = base64.URLEncoding.AppendDecode(m.text, m.text[:from]); err != nil {
		return nil, false
	}
	stamp, rest, _ := bytes.Cut(m.text[start:], []byte{'|'})
	encoded, given, found := bytes.Cut(rest, []byte{'|'})
	if !found {
		return nil, false
	}
	end := len(m.text)
	m.Reset()
	_, _ = m.Write(m.text[from : end-len(given)-1])
	m.text = m.Sum(m.text)
	if !hmac.Equal(given, m.text[end:]) { // which takes the same time wherever they differ
		return nil, false
	}
	if _, err := strconv.ParseInt(string(stamp), 10, 64); err != nil {
		return nil, false
	}
	value, err = base64.URLEncoding.AppendDecode(nil, encoded)
	return value, err == nil
}
