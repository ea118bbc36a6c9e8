package legacytest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-pants/kit/adapter/legacy"
)

// Difference is one thing in which an answer is not as recorded.
type Difference struct {
	Where     string // "status", "header Location", "cookie sid Path", "body /user/name", "body line 7"
	Got, Want string // shortened; text is quoted
}

// String is "status = 500, want 200".
func (d Difference) String() string { return d.Where + " = " + d.Got + ", want " + d.Want }

// DefaultHeaders are the headers that are compared unless Options say otherwise: those that a browser, a client or a cache acts
// on. Date, Server, Content-Length, Etag, Last-Modified and Expires differ between two servers that do the same.
func DefaultHeaders() []string {
	return []string{
		"Content-Type", "Location", "Cache-Control", "Content-Disposition", "Content-Language", "Vary", "Allow", "WWW-Authenticate",
		"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Content-Security-Policy", "X-Frame-Options",
	}
}

// Compare tells how got differs from the answer in r. It reads got's body to the end, but of a stream that was cut, of which only
// the head is compared, nothing.
//
// A placeholder in the recording fits any text that is not empty, and a placeholder of a number any number. Of Content-Type the
// media type and the charset are compared; of lists (Vary, Allow, Cache-Control) the members; of Location what is behind this
// host's name. Cookies are compared by name and attributes, Max-Age and Expires by what they make of it: a cookie of the session,
// a lasting one, or one that is deleted. JSON is compared as JSON: the order of keys, blanks, escapes and the spelling of numbers
// are free. Any other text is compared as it is, up to Options, and anything else byte for byte. Of a body that was not stored
// the SHA-256 is compared if there is one, and else nothing.
func Compare(r *legacy.Recording, got *http.Response, o Options) []Difference {
	c := &comparison{r: r, o: o}
	for _, pointer := range o.IgnoreJSON {
		if !strings.HasPrefix(pointer, "/") {
			c.add("IgnoreJSON", show(pointer), `a JSON pointer, "/name"`)
			return c.found
		}
	}
	if got.StatusCode != r.Response.Status {
		c.add("status", strconv.Itoa(got.StatusCode), strconv.Itoa(r.Response.Status))
	}
	names := o.Headers
	if names == nil {
		names = DefaultHeaders()
	}
	for _, name := range names {
		c.header(name, got.Header.Values(name), r.Response.Header.Values(name))
	}
	c.cookies(got.Header["Set-Cookie"])
	if !r.Response.Cut && r.Response.Status != http.StatusSwitchingProtocols {
		c.read(got)
	}
	return c.found
}

// comparison collects what Compare finds.
type comparison struct {
	r     *legacy.Recording
	o     Options
	found []Difference
}

func (c *comparison) add(where, got, want string) {
	c.found = append(c.found, Difference{where, got, want})
}

// none is shown for what is not there.
const none = "none"

// show quotes a text and shortens it.
func show(s string) string {
	if len(s) > 200 {
		return strconv.Quote(s[:200]) + fmt.Sprintf("... (%d bytes)", len(s))
	}
	return strconv.Quote(s)
}

// clean takes out of a text what differs each time.
func (c *comparison) clean(s string) string {
	for _, re := range c.o.IgnoreText {
		s = re.ReplaceAllString(s, "")
	}
	return s
}

// fits tells whether got is want, in which placeholders stand for any text.
func (c *comparison) fits(got, want string) bool {
	got, want = c.clean(got), c.clean(want)
	if got == want {
		return true
	}
	literals, ok := c.split(want)
	if !ok || !strings.HasPrefix(got, literals[0]) {
		return false
	}
	got = got[len(literals[0]):]
	last := len(literals) - 1
	for _, literal := range literals[1:last] {
		i := -1
		if got != "" {
			i = strings.Index(got[1:], literal) // a secret has at least one byte
		}
		if i < 0 {
			return false
		}
		got = got[1+i+len(literal):]
	}
	return len(got) > len(literals[last]) && strings.HasSuffix(got, literals[last])
}

// split cuts a recorded text at the placeholders in it; ok is false when there are none.
func (c *comparison) split(s string) (literals []string, ok bool) {
	for {
		at, length := -1, 0
		for placeholder := range c.r.Masked {
			if i := strings.Index(s, placeholder); i >= 0 && (at < 0 || i < at) {
				at, length = i, len(placeholder)
			}
		}
		if at < 0 {
			return append(literals, s), len(literals) > 0
		}
		literals, s = append(literals, s[:at]), s[at+length:]
	}
}

// maxRead is the longest body that is read.
const maxRead = 256 << 20

// read compares the bodies.
func (c *comparison) read(got *http.Response) {
	want := c.r.Response.Body
	if want.Omitted != "" && want.SHA256 == "" {
		return
	}
	content, err := io.ReadAll(io.LimitReader(got.Body, maxRead))
	if err != nil {
		c.add("body", fmt.Sprintf("%d bytes, then %q", len(content), err), "a whole one")
		return
	}
	if want.Omitted != "" {
		sum := sha256.Sum256(content)
		c.sum(int64(len(content)), want.Length, hex.EncodeToString(sum[:]), want.SHA256)
		return
	}
	if coding := got.Header.Get("Content-Encoding"); strings.EqualFold(coding, "gzip") {
		if content, err = gunzip(content); err != nil {
			c.add("body", "not the gzip that it claims to be: "+err.Error(), "gzip")
			return
		}
	}
	c.body(content, want.Content, got.Header.Get("Content-Type"))
}

func gunzip(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, nil // in answer to HEAD
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxRead))
}

func (c *comparison) sum(gotLength, wantLength int64, got, want string) {
	if gotLength != wantLength || got != want {
		c.add("body", fmt.Sprintf("%d bytes, SHA-256 %s", gotLength, got), fmt.Sprintf("%d bytes, SHA-256 %s", wantLength, want))
	}
}
