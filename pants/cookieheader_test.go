package pants_test

import (
	"strings"
	"testing"
)

// Each byte at each place of a value, long enough for the places that are read together: Cookie.py's set of characters is
// read, ';' and blanks end the value, and of anything else nothing is read up to the next ';'.
func TestEachByteOfACookie(t *testing.T) {
	const set = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_!#%&'~`><@,:/$*+-.^|)(?}{=[]"
	const length = 21
	for c := range 256 {
		for place := range length {
			before, after := strings.Repeat("v", place), strings.Repeat("w", length-place-1)
			value := before + string([]byte{byte(c)}) + after
			header := "a=1; b=" + value + "; c=3"
			want := "1 " + value + " 3"
			switch {
			case strings.IndexByte(set, byte(c)) >= 0:
			case (c == ' ' || '\t' <= c && c <= '\r') && place == 0:
				want = "1 " + after + " 3" // a blank before a value is none of it
			case c == ';' || c == ' ' || '\t' <= c && c <= '\r':
				want = "1 " + before + " 3"
			default:
				want = "1  3"
			}
			cookies := readCookies(t, header)
			if got := cookies.Get("a") + " " + cookies.Get("b") + " " + cookies.Get("c"); got != want {
				t.Fatalf("%q is read as %v", header, cookies)
			}
		}
	}
}
