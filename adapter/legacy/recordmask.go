package legacy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// masker puts placeholders in the place of secrets. A placeholder is an HMAC under a key that nobody has but this process: equal
// secrets look equal, and trying out what they may be is of no use.
type masker struct {
	key     []byte
	names   secretNames
	maxBody int64
}

const (
	placeholder       = "MASKED-"
	numberPlaceholder = "MASKED-NUMBER-" // stands for a number of JSON
)

// hash is the part of a placeholder that depends on the secret.
func (m *masker) hash(secret string) []byte {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(secret))
	return h.Sum(nil)
}

// masking is the work on one side of a recording.
type masking struct {
	*masker
	side   string              // "request" or "response"
	masked map[string][]string // as in Recording
	echoes map[string]string   // how secrets may be spelt elsewhere -> placeholder
}

// An echo is looked for in the whole recording: a session's id is in a cookie first, and perhaps in a page too. Short secrets are
// not: a password that is a word of the page would be given away by what is masked there. There is a limit because each costs
// memory for as many bytes as a client likes to send.
const (
	shortestEcho = 16
	maxEchoes    = 500
)

// maxPlaces is how many places of one secret are listed. All are masked.
const maxPlaces = 20

// mask returns the placeholder of a secret and notes where it stood. Nothing has no placeholder.
func (k *masking) mask(place, secret string) string {
	return k.note(placeholder, place, secret)
}

func (k *masking) maskNumber(place, secret string) string {
	return k.note(numberPlaceholder, place, secret)
}

func (k *masking) note(prefix, place, secret string) string {
	if _, is := k.masked[secret]; is || secret == "" {
		return secret // a placeholder already
	}
	hash := hex.EncodeToString(k.hash(secret)[:8])
	k.list(prefix+hash, place)
	if len(secret) >= shortestEcho {
		k.list(placeholder+hash, place) // of a number too: elsewhere it may stand in a text
		for _, spelling := range spellings(secret) {
			if len(k.echoes) < maxEchoes {
				k.echoes[spelling] = placeholder + hash
			}
		}
	}
	return prefix + hash
}

func (k *masking) list(p, place string) {
	if place = k.side + " " + place; len(k.masked[p]) < maxPlaces && !slices.Contains(k.masked[p], place) {
		k.masked[p] = append(k.masked[p], place)
	}
}

// spellings are a text as URLs, HTML and JSON write it.
func spellings(s string) []string {
	quoted, _ := json.Marshal(s)
	plain, _ := readable(s)
	return []string{
		s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), string(quoted[1 : len(quoted)-1]), string(plain[1 : len(plain)-1]),
	}
}

// maskRecording masks everything in r that can be told to be a secret.
func (m *masker) maskRecording(r *Recording) {
	r.Masked = make(map[string][]string)
	request := &masking{m, "request", r.Masked, make(map[string]string)}
	response := &masking{m, "response", r.Masked, request.echoes}

	q, a := &r.Request, &r.Response
	q.Target = request.target(q.Target)
	q.Body = request.body(q.Body, q.Header.Get("Content-Type"), q.Header.Get("Content-Encoding"))
	q.Header = request.header(q.Header)
	q.Trailer = request.header(q.Trailer)
	q.RemoteAddr = m.addresses(q.RemoteAddr)

	a.Body = response.body(a.Body, a.Header.Get("Content-Type"), a.Header.Get("Content-Encoding"))
	a.Header = response.header(a.Header)
	a.Trailer = response.header(a.Trailer)
	for i, c := range a.Cookies {
		if m.names.isKept(c.Name) {
			continue
		}
		a.Cookies[i].Value = response.mask("cookie "+c.Name, unquoted(c.Value))
		for j, attribute := range c.Attributes {
			if name, _, _ := strings.Cut(attribute, "="); !cookieAttributes[strings.ToLower(strings.TrimSpace(name))] {
				c.Attributes[j] = response.mask("cookie "+c.Name, attribute) // a ';' in the value perhaps
			}
		}
	}
	request.echoed(&q.Body)
	response.echoed(&a.Body)
	maskEchoes(r, request.echoes) // of the places too that were noted until now
}

var cookieAttributes = map[string]bool{
	"comment": true, "domain": true, "expires": true, "httponly": true, "max-age": true, "partitioned": true, "path": true,
	"priority": true, "samesite": true, "secure": true, "version": true,
}

// maskEchoes masks secrets where they stand once more, but in bodies.
func maskEchoes(r *Recording, echoes map[string]string) {
	replace := replacer(echoes).Replace
	r.Request.Target = replace(r.Request.Target)
	for _, lists := range []map[string][]string{r.Request.Header, r.Request.Trailer, r.Response.Header, r.Response.Trailer, r.Masked} {
		for _, list := range lists {
			replaceAll(list, replace)
		}
	}
	for _, c := range r.Response.Cookies {
		replaceAll(c.Attributes, replace)
	}
}

func replaceAll(list []string, replace func(string) string) {
	for i, s := range list {
		list[i] = replace(s)
	}
}

// replacer replaces secrets, of two that begin alike the longer one.
func replacer(echoes map[string]string) *strings.Replacer {
	found := slices.Sorted(maps.Keys(echoes))
	slices.SortStableFunc(found, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(found))
	for _, secret := range found {
		pairs = append(pairs, secret, echoes[secret])
	}
	return strings.NewReplacer(pairs...)
}

// echoed masks secrets that stand in a body once more. JSON stays JSON, with the same strings in it.
func (k *masking) echoed(b *RecordedBody) {
	switch {
	case len(k.echoes) == 0 || len(b.Content) == 0:
	case isJSON(b.Content):
		m := &jsonMasker{masking: k, place: "json", in: b.Content, depth: 1, echo: replacer(k.echoes)}
		b.Content = m.all()
	default:
		b.Content = []byte(replacer(k.echoes).Replace(string(b.Content)))
	}
}

// header returns a copy of h without secrets.
func (k *masking) header(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	out := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			out[name] = append(out[name], k.field(name, value))
		}
	}
	return out
}

// schemes are the words before the secret in Authorization; any other first word is taken for a part of it.
var schemes = []string{"Basic", "Bearer", "Digest", "DPoP", "Negotiate", "NTLM", "Token"}

func (k *masking) field(name, value string) string {
	canonical := http.CanonicalHeaderKey(name)
	place := "header " + canonical
	switch {
	case canonical == "Cookie" || canonical == "Cookie2":
		return k.cookies(value)
	case k.names.isKept(name):
		return value
	case canonical == "Authorization" || canonical == "Proxy-Authorization":
		scheme, secret, _ := strings.Cut(value, " ")
		if slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, scheme) }) {
			return scheme + " " + k.mask(place, secret)
		}
		return k.mask(place, value)
	case canonical == "Set-Cookie" || canonical == "Set-Cookie2" || isKeyHeader(canonical) || k.names.isSecret(canonical):
		return k.mask(place, value)
	case addressHeaders[canonical]:
		return k.addresses(value)
	}
	return k.value(place, k.parameters(place, value), 0)
}

// cookies masks the values of a Cookie header. What is between two ';' and is no pair may be the rest of a value: Python lets a
// quoted one contain a ';'.
func (k *masking) cookies(line string) string {
	pairs := strings.Split(line, ";")
	for i, pair := range pairs {
		bare := strings.TrimSpace(pair)
		lead := pair[:strings.Index(pair, bare)]
		name, value, ok := strings.Cut(bare, "=")
		switch {
		case !ok || !isToken(name):
			pairs[i] = lead + k.mask("cookie", bare)
		case !k.names.isKept(name):
			pairs[i] = lead + name + "=" + k.mask("cookie "+name, unquoted(value))
		}
	}
	return strings.Join(pairs, ";")
}

func unquoted(value string) string {
	value = strings.TrimSpace(value)
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

// isToken tells names as RFC 9110 section 5.6.2 has them.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || '9' < c) && (c < 'A' || 'Z' < c) && (c < 'a' || 'z' < c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
