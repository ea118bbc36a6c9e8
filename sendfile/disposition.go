package sendfile

import (
	"strings"
	"unicode/utf8"
)

// disposition makes a Content-Disposition (RFC 6266). The name is that of the
// file to save, so only its last component counts, and nothing in it can end
// the quoted text: an unescaped quote is CVE-2022-36359 (Django) and
// CVE-2023-29401 (gin).
func disposition(filename string, inline bool) string {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	if i := strings.LastIndexAny(filename, `/\`); i >= 0 {
		filename = filename[i+1:]
	}
	var plain, extended strings.Builder
	exact := true
	for i := 0; i < len(filename); {
		r, n := utf8.DecodeRuneInString(filename[i:])
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0: // controls, also those above ASCII
		case r == utf8.RuneError && n == 1:
			exact = false
			plain.WriteByte('_')
			extended.WriteByte('_')
		case r >= 0x80 || r == '"' || r == '%':
			// Some browsers undo %XX inside of the quotes.
			exact = false
			plain.WriteByte('_')
			for _, c := range []byte(filename[i : i+n]) {
				writeEscaped(&extended, c, isAttrChar)
			}
		default:
			plain.WriteByte(byte(r))
			writeEscaped(&extended, byte(r), isAttrChar)
		}
		i += n
	}
	if plain.Len() == 0 {
		return kind
	}
	v := kind + `; filename="` + plain.String() + `"`
	if !exact {
		v += "; filename*=UTF-8''" + extended.String()
	}
	return v
}

// isAttrChar is attr-char of RFC 8187 section 3.2.1.
func isAttrChar(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!#$&+-.^_`|~", c) >= 0
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// writeEscaped writes c, as %XX unless keep says otherwise.
func writeEscaped(b *strings.Builder, c byte, keep func(byte) bool) {
	const hex = "0123456789ABCDEF"
	if keep(c) {
		b.WriteByte(c)
		return
	}
	b.WriteByte('%')
	b.WriteByte(hex[c>>4])
	b.WriteByte(hex[c&15])
}
