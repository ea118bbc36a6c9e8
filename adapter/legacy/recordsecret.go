package legacy

import (
	"strings"
	"unicode"
)

// secretParts make a name secret wherever they stand in it, whatever separates its words: "X-Api-Key", "userPassword2",
// "csrf_token".
var secretParts = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "token", "credential", "authorization", "apikey", "accesskey",
	"privatekey", "sessionid", "sessionkey", "csrf", "xsrf", "cardnumber", "accountkey", "encryptionkey", "masterkey", "signingkey",
	"subscriptionkey",
}

// openKeys are the headers called keys that open nothing. In fields and parameters there are too many to tell: "sortKey".
var openKeys = map[string]bool{"Cache-Key": true, "Idempotency-Key": true, "Sec-Websocket-Key": true, "Surrogate-Key": true}

// isKeyHeader tells headers such as Fastly-Key and X-Functions-Key.
func isKeyHeader(canonical string) bool {
	return strings.HasSuffix(canonical, "-Key") && !openKeys[canonical]
}

// secretWords make a name secret as one of its words. In other words they stand by chance: "author", "shopping", "design".
var secretWords = map[string]bool{
	"pass": true, "pwd": true, "pw": true, "pin": true, "otp": true, "totp": true, "auth": true, "jwt": true, "sid": true,
	"sig": true, "signature": true, "session": true, "cvv": true, "cvc": true,
}

// secretNames says by its name whether a header, a parameter, a field or a cookie is secret.
type secretNames struct {
	more, keep map[string]bool // RecordConfig.Secrets and Keep, in lower case
}

func newSecretNames(more, keep []string) secretNames {
	n := secretNames{make(map[string]bool, len(more)), make(map[string]bool, len(keep))}
	for _, name := range more {
		n.more[strings.ToLower(name)] = true
	}
	for _, name := range keep {
		n.keep[strings.ToLower(name)] = true
	}
	return n
}

func (n secretNames) isKept(name string) bool { return n.keep[strings.ToLower(name)] }

func (n secretNames) isSecret(name string) bool {
	if n.isUnmistakable(name) {
		return true
	}
	if n.isKept(name) {
		return false
	}
	for _, word := range words(name) {
		if secretWords[word] {
			return true
		}
	}
	return false
}

// isUnmistakable is isSecret for names met in prose, where "pass:" and "session:" are said of other things.
func (n secretNames) isUnmistakable(name string) bool {
	lower := strings.ToLower(name)
	if n.keep[lower] {
		return false
	}
	if n.more[lower] {
		return true
	}
	joined := strings.Join(words(name), "")
	for _, part := range secretParts {
		if strings.Contains(joined, part) {
			return true
		}
	}
	return false
}

// words are the words of a name in lower case: "authToken[new_pw]" is of "auth", "token", "new" and "pw".
func words(name string) []string {
	var list []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			list = append(list, word.String())
			word.Reset()
		}
	}
	lower := false // the last one was a small letter
	for _, c := range name {
		switch {
		case !unicode.IsLetter(c): // "pw2" is a pw
			end()
		case unicode.IsUpper(c) && lower:
			end()
		}
		if unicode.IsLetter(c) {
			word.WriteRune(unicode.ToLower(c))
		}
		lower = unicode.IsLower(c)
	}
	end()
	return list
}
