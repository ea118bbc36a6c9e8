package pants_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/go-pants/kit/pants"
	"github.com/gorilla/securecookie"
)

// gorilla is the original of the format.
func gorilla(secret []byte) *securecookie.SecureCookie {
	return securecookie.New(secret, nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0)
}

// padded is a value with the '=' that gorilla/securecookie writes and asks for.
func padded(signed string) string { return signed + "==="[:-len(signed)&3] }

// agrees compares what the kit makes of a value with what gorilla/securecookie makes of it.
func agrees(t *testing.T, secret []byte, name, signed string) {
	t.Helper()
	value, ok := pants.Verify(secret, name, signed)
	var want []byte
	err := gorilla(secret).Decode(name, padded(signed), &want)
	if ok != (err == nil) || !bytes.Equal(value, want) {
		t.Errorf("%q of %q: %q, %v; gorilla/securecookie says %q, %v", signed, name, value, ok, want, err)
	}
}

func TestSignerIsGorillas(t *testing.T) {
	for _, name := range []string{"session", "c", "a|b", ""} {
		for _, value := range []string{"", "x", "|", "a|b|c", "\x00\xff", strings.Repeat("long ", 400)} {
			for _, secret := range [][]byte{secretA, []byte("s"), bytes.Repeat(secretA, 5)} {
				signed, err := pants.Sign(secret, name, 1_700_000_000, []byte(value))
				if err != nil || strings.ContainsAny(signed, "=,; \"") {
					t.Fatalf("%q, %v", signed, err)
				}
				var got []byte
				if err := gorilla(secret).Decode(name, padded(signed), &got); err != nil || string(got) != value {
					t.Errorf("gorilla/securecookie reads %q: %q, %v", signed, got, err)
				}
				theirs, err := gorilla(secret).Encode(name, []byte(value))
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range []string{theirs, strings.TrimRight(theirs, "=")} {
					if got, ok := pants.Verify(secret, name, text); !ok || string(got) != value {
						t.Errorf("Verify(%q) = %q, %v; want %q", text, got, ok, value)
					}
				}
				for i := range signed { // each character altered
					agrees(t, secret, name, signed[:i]+string(signed[i]^1)+signed[i+1:])
					agrees(t, secret, name, signed[:i])
				}
				agrees(t, secret, name+"x", signed)
				agrees(t, append([]byte{1}, secret...), name, signed)
			}
		}
	}
}

// The longest value is that of gorilla/securecookie too.
func TestSignerLength(t *testing.T) {
	fits := 0
	for n := 2000; n < 2400; n++ {
		value := bytes.Repeat([]byte("x"), n)
		signed, err := pants.Sign(secretA, "c", 1_700_000_000, value)
		_, theirs := gorilla(secretA).Encode("c", value)
		if (err == nil) != (theirs == nil) {
			t.Fatalf("%d bytes: %v; gorilla/securecookie says %v", n, err, theirs)
		}
		if err == nil {
			fits = n
			agrees(t, secretA, "c", signed)
		}
	}
	if fits == 0 || fits == 2399 {
		t.Errorf("%d bytes fit: the limit was not met", fits)
	}
	agrees(t, secretA, "c", strings.Repeat("x", 4096))
	agrees(t, secretA, "c", strings.Repeat("x", 4097))
}

// One signer serves any number of requests at once, and none sees another's value.
func TestSignerAtOnce(t *testing.T) {
	s := newServer(t, pants.Config{CookieSecrets: [][]byte{secretA, secretB}})
	var running sync.WaitGroup
	for i := range 8 {
		running.Add(1)
		go func() {
			defer running.Done()
			for k := range 200 {
				want := strings.Repeat(fmt.Sprint(i, "/", k, " "), k%50+1)
				header, err := setSecure(t, s, &http.Cookie{Name: "c"}, want)
				var got string
				if err == nil {
					err = getSecure(s, header, "c", &got)
				}
				if err != nil || got != want {
					t.Errorf("%q, %v; want %q", got, err, want)
				}
			}
		}()
	}
	running.Wait()
}

// FuzzVerify: whatever a client sends, the verdict is that of gorilla/securecookie, and only what was signed is accepted.
func FuzzVerify(f *testing.F) {
	for _, value := range []string{"", "value", "a|b"} {
		signed, err := pants.Sign(secretA, "c", 1_700_000_000, []byte(value))
		if err != nil {
			f.Fatal(err)
		}
		f.Add("c", signed, 0, byte(0))
		f.Add("c", signed, 7, byte(1))
		f.Add("d", signed+"=", 0, byte(0))
	}
	f.Add("", "", 0, byte(0))
	f.Add("c", "||", 0, byte(0))
	f.Add("c", "fHx8", 0, byte(0))
	f.Add("c", "MXx8\n", 0, byte(0))
	f.Fuzz(func(t *testing.T, name, signed string, at int, mask byte) {
		text := []byte(signed)
		if len(text) > 0 {
			text[uint(at)%uint(len(text))] ^= mask
		}
		agrees(t, secretA, name, string(text))
		own, err := pants.Sign(secretA, name, 1, text)
		if err != nil {
			return // too long
		}
		if value, ok := pants.Verify(secretA, name, own); !ok || !bytes.Equal(value, text) {
			t.Errorf("Verify(Sign(%q)) = %q, %v", text, value, ok)
		}
		if _, ok := pants.Verify(secretB, name, own); ok {
			t.Errorf("%q is accepted with another secret", own)
		}
	})
}
