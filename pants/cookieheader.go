package pants

import (
	"net/http"
	"strings"
)

// cookieReader reads the Cookie headers of a request, one after the other.
type cookieReader struct {
	cookies Cookies
	limit   int           // how many there may be
	likely  int           // how many are expected, at most limit
	count   int           // how many there were, equal names too
	room    []http.Cookie // one allocation for many
}

// read adds the cookies of one header, and reports false when there are more than may be. The grammar is that of Cookie.py in
// Python 2.7: name, blanks, '=', blanks, then a quoted string, a date with a comma, or characters of a set; pairs end at ';' or
// a blank.
func (c *cookieReader) read(line string) bool {
	for i := 0; i < len(line); {
		start := i
		for start < len(line) && (isSpace(line[start]) || line[start] == ';') {
			start++
		}
		if start == len(line) {
			break
		}
		name, value, end := plainPair(line, start)
		quoted := false
		if end < 0 {
			var pair, ok bool
			name, value, end, pair, ok = readPair(line, start)
			if !ok {
				// Not a cookie: go on behind the next ';'.
				semicolon := strings.IndexByte(line[start:], ';')
				if semicolon < 0 {
					break
				}
				i = start + semicolon + 1
				continue
			}
			if !pair || !isToken(name) {
				i = end
				continue // a word without '=', or a name that is none
			}
			quoted, value = strings.HasPrefix(value, `"`), unquoteCookie(value)
		}
		i = end
		if c.count == c.limit {
			return false
		}
		if len(c.room) == 0 {
			c.room = make([]http.Cookie, max(1, min(c.likely-c.count, cookieRoom)))
		}
		c.count++
		cookie := &c.room[0]
		c.room = c.room[1:]
		cookie.Name, cookie.Value, cookie.Quoted = name, value, quoted
		c.cookies[name] = cookie
	}
	return true
}

// cookieRoom is how many cookies are allocated at once at the most: whoever keeps one of them keeps them all.
const cookieRoom = 16

// plainPair reads what nearly every cookie is: a token, '=', characters that need no quotes, and ';' or the end. Of anything else
// end is -1.
func plainPair(line string, start int) (name, value string, end int) {
	equals := start
	for equals < len(line) && characters[line[equals]]&tokenCharacter != 0 {
		equals++
	}
	if equals == start || equals == len(line) || line[equals] != '=' {
		return "", "", -1
	}
	end = equals + 1 + cookieCharacters(line[equals+1:])
	switch {
	case end == len(line):
		return line[start:equals], line[equals+1:], end
	case line[end] == ';':
		return line[start:equals], line[equals+1 : end], end + 1
	}
	return "", "", -1
}

// cookieCharacters is how many bytes at the begin of s are such. It looks at eight of them at once.
func cookieCharacters(s string) int {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		t := s[i : i+8]
		v := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		if (v|(v-'!'*ones)|(v+ones)|((v^'"'*ones)-ones)|((v^';'*ones)-ones)|((v^'\\'*ones)-ones))&highest != 0 {
			break
		}
	}
	for i < len(s) && isCookieChar(s[i]) {
		i++
	}
	return i
}

// readPair reads one name and value from line[i:]. pair is false for a word without '='; ok is false when the grammar does not
// fit. end is where the next pair may begin.
func readPair(line string, i int) (name, value string, end int, pair, ok bool) {
	start := i
	// The key is the shortest that lets the rest fit: '=' belongs to the set, but a key ends at the first one that may.
	for i < len(line) && isCookieChar(line[i]) && (line[i] != '=' || i == start) {
		i++
	}
	if i == start {
		return "", "", 0, false, false
	}
	name = line[start:i]
	j := skipSpaces(line, i)
	if j == len(line) || line[j] != '=' {
		end, ok = pairEnd(line, i)
		return name, "", end, false, ok
	}
	equals := j
	from := skipSpaces(line, equals+1)
	if j = readValue(line, from); j >= 0 {
		if end, ok = pairEnd(line, j); ok {
			return name, line[from:j], end, true, true
		}
	}
	// The value does not end well. A blank on either side of the '=' may have ended the pair before it.
	switch {
	case from > equals+1:
		return name, "", from, true, true
	case equals > i:
		return name, "", equals, false, true
	}
	return "", "", 0, false, false
}

// readValue returns the end of the value that begins at i, or -1.
func readValue(line string, i int) int {
	if i < len(line) && line[i] == '"' {
		for j := i + 1; j < len(line); j++ {
			switch line[j] {
			case '"':
				return j + 1
			case '\\':
				j++
			}
		}
		return -1
	}
	if end := cookieDate(line, i); end > 0 {
		if _, ok := pairEnd(line, end); ok {
			return end
		}
	}
	return i + cookieCharacters(line[i:])
}

// pairEnd moves behind the blanks and the ';' that end a pair; false when something else follows.
func pairEnd(line string, i int) (int, bool) {
	j := skipSpaces(line, i)
	switch {
	case j == len(line):
		return j, true
	case line[j] == ';':
		return j + 1, true
	case j > i:
		return j, true
	}
	return 0, false
}

// cookieDate returns the end of a date like "Wed, 09-Jun-2021 10:18:14 GMT" at i, or -1: three word characters, a comma, a
// blank, 9 to 11 blanks, word characters or hyphens, a blank, 8 digits or colons, a blank, GMT.
func cookieDate(line string, i int) int {
	if i+5 > len(line) || !isWord(line[i]) || !isWord(line[i+1]) || !isWord(line[i+2]) || line[i+3] != ',' || !isSpace(line[i+4]) {
		return -1
	}
	for n := 11; n >= 9; n-- {
		if end := dateTail(line, i+5, n); end > 0 {
			return end
		}
	}
	return -1
}

func dateTail(line string, i, n int) int {
	const rest = 1 + 8 + 1 + 3
	if i+n+rest > len(line) {
		return -1
	}
	for _, c := range []byte(line[i : i+n]) {
		if !isSpace(c) && !isWord(c) && c != '-' {
			return -1
		}
	}
	i += n
	if !isSpace(line[i]) || !isSpace(line[i+9]) || line[i+10:i+13] != "GMT" {
		return -1
	}
	for _, c := range []byte(line[i+1 : i+9]) {
		if (c < '0' || c > '9') && c != ':' {
			return -1
		}
	}
	return i + rest
}

// unquoteCookie strips one pair of quotes and decodes \ooo and \x.
func unquoteCookie(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		if i+3 < len(s) && '0' <= s[i+1] && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]) {
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		i++
		out = append(out, s[i])
	}
	return string(out)
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

// isCookieChar tells the characters that Cookie.py reads in a name or a value without quotes.
func isCookieChar(c byte) bool {
	return characters[c]&cookieCharacter != 0
}

// characters tells what a character may be part of.
var characters = func() (table [256]uint8) {
	for c := range table {
		if isWord(byte(c)) || strings.IndexByte("!#$%&'*+-.^`|~", byte(c)) >= 0 {
			table[c] |= tokenCharacter
		}
		if isWord(byte(c)) || strings.IndexByte("!#%&'~`><@,:/$*+-.^|)(?}{=[]", byte(c)) >= 0 {
			table[c] |= cookieCharacter
		}
	}
	return table
}()

const (
	tokenCharacter uint8 = 1 << iota
	cookieCharacter
)

func skipSpaces(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

// isToken tells a token of RFC 9110 section 5.6.2, which is what a cookie's name and a header's name have to be.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if characters[s[i]]&tokenCharacter == 0 {
			return false
		}
	}
	return s != ""
}
