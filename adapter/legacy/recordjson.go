package legacy

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// json masks the fields of valid JSON that have secret names, with all that is in them. The rest stays as it is, byte for byte:
// the order of keys and the spelling of numbers are what Go and Python may differ in.
func (k *masking) json(place string, in []byte, depth int) []byte {
	m := &jsonMasker{masking: k, place: place, in: in, depth: depth}
	return m.all()
}

// jsonMasker walks over valid JSON once.
type jsonMasker struct {
	*masking
	place string
	in    []byte // what is left
	out   bytes.Buffer
	path  []string
	depth int
	echo  *strings.Replacer // of what is masked already; nil: that comes later
}

func (m *jsonMasker) all() []byte {
	m.value(false)
	m.blanks()
	return m.out.Bytes()
}

func (m *jsonMasker) copy(n int) {
	m.out.Write(m.in[:n])
	m.in = m.in[n:]
}

func (m *jsonMasker) blanks() {
	n := 0
	for n < len(m.in) && strings.IndexByte(" \t\r\n", m.in[n]) >= 0 {
		n++
	}
	m.copy(n)
}

// value copies one value; secret says that all of it is.
func (m *jsonMasker) value(secret bool) {
	m.blanks()
	switch m.in[0] {
	case '{':
		m.object(secret)
	case '[':
		m.array(secret)
	case '"':
		m.string(secret)
	case 't', 'f', 'n':
		m.copy(scalarEnd(m.in))
	default:
		n := scalarEnd(m.in)
		number := string(m.in[:n])
		if !secret && !m.isEcho(number) {
			m.copy(n)
			return
		}
		m.quote(m.maskNumber(m.here(), number))
		m.in = m.in[n:]
	}
}

// isEcho tells numbers in which a secret stands.
func (m *jsonMasker) isEcho(number string) bool {
	if m.echo == nil || len(number) < shortestEcho {
		return false
	}
	for secret := range m.echoes {
		if strings.Contains(number, secret) {
			return true
		}
	}
	return false
}

func (m *jsonMasker) object(secret bool) {
	named := m.namesSecret()
	m.copy(1)
	for m.blanks(); m.in[0] != '}'; m.blanks() {
		if m.in[0] == ',' {
			m.copy(1)
			m.blanks()
		}
		n := stringEnd(m.in)
		key := unquoteJSON(m.in[:n])
		m.text(n)
		m.blanks()
		m.copy(1) // ':'
		m.path = append(m.path, key)
		m.value(secret || m.names.isSecret(key) || named && strings.EqualFold(key, "value"))
		m.path = m.path[:len(m.path)-1]
	}
	m.copy(1)
}

// namesSecret tells an object such as {"name": "password", "value": "x"}, as forms are turned into JSON.
func (m *jsonMasker) namesSecret() bool {
	if len(m.path) > 32 { // looking ahead at every level takes the square of the time
		return false
	}
	var object struct {
		Name any `json:"name"`
		Key  any `json:"key"`
	}
	if err := json.NewDecoder(bytes.NewReader(m.in)).Decode(&object); err != nil {
		return false
	}
	name, _ := object.Name.(string)
	key, _ := object.Key.(string)
	return m.names.isSecret(name) || m.names.isSecret(key)
}

func (m *jsonMasker) array(secret bool) {
	m.copy(1)
	i := 0
	for m.blanks(); m.in[0] != ']'; m.blanks() {
		if m.in[0] == ',' {
			m.copy(1)
		}
		m.path = append(m.path, strconv.Itoa(i))
		m.value(secret)
		m.path = m.path[:len(m.path)-1]
		i++
	}
	m.copy(1)
}

func (m *jsonMasker) string(secret bool) {
	n := stringEnd(m.in)
	s := unquoteJSON(m.in[:n])
	masked := s
	switch {
	case secret:
		masked = m.mask(m.here(), s)
	case strings.ContainsAny(s, "{[=:>"): // else there is nothing in it to look for
		masked = m.masking.value(m.here(), s, m.depth)
	}
	if masked == s {
		m.text(n)
		return
	}
	m.quote(masked)
	m.in = m.in[n:]
}

// text copies a string that is no secret, but for the echoes in it.
func (m *jsonMasker) text(n int) {
	if m.echo == nil {
		m.copy(n)
		return
	}
	_, _ = m.echo.WriteString(&m.out, string(m.in[:n])) // a Buffer takes everything
	m.in = m.in[n:]
}

func (m *jsonMasker) quote(s string) {
	quoted, _ := readable(s) // a string always can be
	m.out.Write(quoted)
}

// here is the place as a JSON pointer (RFC 6901), cut where it gets too deep for anybody to follow.
func (m *jsonMasker) here() string {
	var b strings.Builder
	b.WriteString(m.place + " ")
	for _, step := range m.path[:min(len(m.path), 32)] {
		b.WriteString("/")
		_, _ = pointerEscapes.WriteString(&b, step) // a Builder takes everything
	}
	return b.String()
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func stringEnd(in []byte) int {
	for i := 1; ; i++ {
		switch in[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

func scalarEnd(in []byte) int {
	if n := bytes.IndexAny(in, " \t\r\n,]}"); n >= 0 {
		return n
	}
	return len(in)
}

func unquoteJSON(quoted []byte) string {
	var s string
	_ = json.Unmarshal(quoted, &s) // it is valid
	return s
}
