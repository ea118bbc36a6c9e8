package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/gorilla/securecookie"
)

// What everybody does here: HMAC-SHA256 over name, time and value, base64 around it, nothing encrypted. Ours is gorilla's with
// the issue and the end of the cookie in the value, 22 bytes more, and without the padding of the base64, because '=' would have
// to be quoted in a cookie. Gorilla's serializer is the one for bytes, the cheapest there is and the one that ours uses; its
// default, gob, is shown beside.
const (
	secureBytes = "securecookie, bytes"
	secureGob   = "securecookie, gob"
	secureKit   = "kit"
	secureMost  = 1.15
	secureName  = "session"
	secureValue = "0123456789abcdef0123456789abcdef"
)

var secureKey = []byte("a secret of 32 bytes for a bench")

// signers sign and verify outside of a request.
type signers struct {
	bytes, gob *securecookie.SecureCookie
	kit        *pants.Server
}

func newSigners() signers {
	server, err := pants.New(pants.Config{CookieSecrets: [][]byte{secureKey}, FinishTimeout: -1})
	must(err)
	return signers{securecookie.New(secureKey, nil).SetSerializer(securecookie.NopEncoder{}), securecookie.New(secureKey, nil), server}
}

// opened is a request that stays open as long as the program, to call its functions.
func (s signers) opened(hr *http.Request) *pants.Request {
	got := make(chan *pants.Request)
	go s.kit.Handler(func(r *pants.Request) { got <- r }).ServeHTTP(&sink{header: http.Header{}}, hr)
	return <-got
}

// within calls f in a request of its own.
func (s signers) within(hr *http.Request, f func(r *pants.Request) string) (got string) {
	s.kit.Handler(func(r *pants.Request) {
		got = f(r)
		_ = r.Finish()
	}).ServeHTTP(&sink{header: http.Header{}}, hr)
	return got
}

// signedByKit is a value as ours writes it.
func (s signers) signedByKit() string {
	return s.within(get("/"), func(r *pants.Request) string { return encodedByKit(r).Value })
}

// sessionCookie is what goes out, without the value.
func sessionCookie() *http.Cookie {
	return &http.Cookie{Name: secureName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Expires: time.Now().Add(30 * 24 * time.Hour)}
}

func encoded(codec *securecookie.SecureCookie) *http.Cookie {
	c := sessionCookie()
	var err error
	c.Value, err = codec.Encode(secureName, []byte(secureValue))
	must(err)
	return c
}

func encodedByKit(r *pants.Request) *http.Cookie {
	must(r.SetSecureCookie(sessionCookie(), []byte(secureValue)))
	return r.CookiesOut()[secureName]
}

func decoded(codec *securecookie.SecureCookie, text string) string {
	var value []byte
	if err := codec.Decode(secureName, text, &value); err != nil {
		return err.Error()
	}
	return string(value)
}

func decodedByKit(r *pants.Request) string {
	var value []byte
	if err := r.SecureCookie(secureName, &value); err != nil {
		return err.Error()
	}
	return string(value)
}

// carrying is a request with that cookie.
func carrying(value string) *http.Request {
	return received("198.51.100.7:40312", strings.Replace(browser, "Cookie: a=b", "Cookie: "+secureName+"="+value, 1))
}

// secureCookiesRows compare functions with functions, where the promises are, and the requests that they are called in.
func secureCookiesRows() []row {
	s := newSigners()
	return []row{s.setFunctions(), s.getFunctions(), s.setRequests(), s.getRequests()}
}

// verified reads a cookie that somebody set.
func (s signers) verified(who, text string) string {
	switch who {
	case secureBytes:
		return decoded(s.bytes, text)
	case secureGob:
		return decoded(s.gob, text)
	}
	return s.within(carrying(text), decodedByKit)
}

// functions is a row of functions with a result, which is used.
func functions[T any](name, want string, check func(who string, result T) string, bytes, gob, kit func() T) row {
	r := row{name: name}
	for i, f := range []func() T{bytes, gob, kit} {
		var result T
		t := try{who: []string{secureBytes, secureGob, secureKit}[i], want: want, do: func() { result = f() }}
		t.answer = func() string { t.do(); return check(t.who, result) }
		if i > 0 {
			t.against = secureBytes
		}
		r.tries = append(r.tries, t)
	}
	r.tries[2].times = []limit{{to: secureBytes, most: secureMost}}
	return r
}

// setFunctions sign a value and make a cookie of it.
func (s signers) setFunctions() row {
	r := s.opened(get("/"))
	return functions("set, Encode and SetSecureCookie", secureValue,
		func(who string, c *http.Cookie) string { return s.verified(who, c.Value) },
		func() *http.Cookie { return encoded(s.bytes) },
		func() *http.Cookie { return encoded(s.gob) },
		func() *http.Cookie {
			delete(r.CookiesOut(), secureName) // as in a request that has set none yet
			return encodedByKit(r)
		},
	)
}

// getFunctions verify a value that was read from its header before.
func (s signers) getFunctions() row {
	bytes, gob := encoded(s.bytes).Value, encoded(s.gob).Value
	r := s.opened(carrying(s.signedByKit()))
	return functions("get, Decode and SecureCookie", secureValue,
		func(_, value string) string { return value },
		func() string { return decoded(s.bytes, bytes) },
		func() string { return decoded(s.gob, gob) },
		func() string { return decodedByKit(r) },
	)
}

var (
	sentCookie  = regexp.MustCompile(secureName + `=([^;\n]*)`)
	sentExpires = regexp.MustCompile(`Expires=[^;\n]*`)
)

// setRequests send the cookie with hello.
func (s signers) setRequests() row {
	bare := func(codec *securecookie.SecureCookie) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, encoded(codec))
			writeText(w, hello)
		})
	}
	want := fmt.Sprintf("200 text/plain\nSet-Cookie: %s=%s; Path=/; Expires=some day; HttpOnly; SameSite=Lax\n%s", secureName, secureValue, hello)
	r := ask("set, in a request", want, get("/"), nil, []string{"Set-Cookie"}, []peer{
		{who: secureBytes, handler: bare(s.bytes)},
		{who: secureGob, handler: bare(s.gob)},
		{who: secureKit, handler: s.kit.Handler(func(r *pants.Request) {
			encodedByKit(r)
			_ = r.SendResponse(hello)
		})},
	})
	for i := range r.tries {
		t := &r.tries[i]
		answer := t.answer
		t.answer = func() string { // with the value that is in it, and without the date
			text := sentExpires.ReplaceAllString(answer(), "Expires=some day")
			return sentCookie.ReplaceAllStringFunc(text, func(pair string) string {
				return secureName + "=" + s.verified(t.who, strings.TrimPrefix(pair, secureName+"="))
			})
		}
	}
	return r
}

// getRequests answer with the value that came.
func (s signers) getRequests() row {
	bare := func(codec *securecookie.SecureCookie) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			c, err := hr.Cookie(secureName)
			must(err)
			writeText(w, decoded(codec, c.Value))
		})
	}
	return ask("get, in a request", "200 text/plain\n"+secureValue, nil, nil, nil, []peer{
		{who: secureBytes, handler: bare(s.bytes), request: carrying(encoded(s.bytes).Value)},
		{who: secureGob, handler: bare(s.gob), request: carrying(encoded(s.gob).Value)},
		{who: secureKit, handler: s.kit.Handler(func(r *pants.Request) { _ = r.SendResponse(decodedByKit(r)) }),
			request: carrying(s.signedByKit())},
	})
}
