package pants_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// deliberation is a place where this package differs from what no vector calls a defect. The ids are all vectors of the
// recordedStatus set that applies selects; elsewhere applies decides alone.
type deliberation struct {
	name, reason string
	ids          []string
	applies      func(v *vector) bool
	leaves       []string // the parts that are not compared
	check        func(t *testing.T, v *vector, x *vectorExchange)
}

var deliberate = []deliberation{
	{
		"etag-fraction", "two versions of a file within one second need two tags, so the fraction of the modification time is in it",
		strings.Fields("file-025"),
		func(v *vector) bool {
			_, info := v.target(0)
			return info != nil && info.ModTime().Nanosecond() != 0 && !offloadsFiles(v) && !asksByTag(v)
		},
		[]string{"header.Etag"}, checkFileHeaders,
	},
	{
		"etag-fraction-asked", "the same, and the client asks with the tag of Pants: for us it is the tag of another version", nil,
		func(v *vector) bool {
			_, info := v.target(0)
			return info != nil && info.ModTime().Nanosecond() != 0 && !offloadsFiles(v) && asksByTag(v)
		},
		[]string{"response"}, checkRange(200, 206, 412),
	},
	{
		"download-name", "a download name is a name: what stands before the last slash is cut",
		strings.Fields("file-066"),
		func(v *vector) bool {
			for _, s := range v.allSteps() {
				if s.Op == "send_file" && strings.ContainsAny(s.Filename.text, `/\`) {
					return recordedStatus(v, http.StatusOK)
				}
			}
			return false
		},
		[]string{"header.Content-Disposition"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			s, _ := v.sendFile(0)
			want := s.Filename.text
			want = want[strings.LastIndexAny(want, `/\`)+1:]
			if got := wholeAnswer(t, x).get("Content-Disposition"); got != `attachment; filename="`+want+`"` {
				t.Errorf("Content-Disposition = %q, want the name %q", got, want)
			}
		},
	},
	{
		"offload-looks", "a file is looked at before the proxy is asked to send it: its 404 would keep our caching headers",
		strings.Fields("xsendfile-073 xsendfile-119"),
		func(v *vector) bool {
			name, info := v.target(0)
			return offloadsFiles(v) && name != "" && (info == nil || !info.Mode().IsRegular()) && rootExists(v)
		},
		[]string{"response"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			r := wholeAnswer(t, x)
			if r.status != http.StatusNotFound && r.status != http.StatusForbidden || r.get(offloadHeader(v)) != "" {
				t.Errorf("status, %s = %d, %q, want 403 or 404 without it", offloadHeader(v), r.status, r.get(offloadHeader(v)))
			}
		},
	},
	{
		"no-such-root", "a root that does not exist is a mistake in the configuration, so New finds it",
		strings.Fields("xsendfile-121"),
		func(v *vector) bool { return !rootExists(v) },
		[]string{"all"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			if x.newErr == nil {
				t.Error("New: no error")
			}
		},
	},
	{
		"expires-beside-cache-control", "who sets Cache-Control has said how long, so Expires is not made up beside it",
		strings.Fields("range-106"),
		func(v *vector) bool {
			for _, s := range v.allSteps() {
				if s.Op == "send_file" && givesHeader(s, "Cache-Control") && !givesHeader(s, "Expires") {
					return !offloadsFiles(v)
				}
			}
			return false
		},
		[]string{"header.Expires"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			if got := wholeAnswer(t, x).values("Expires"); len(got) > 0 {
				t.Errorf("Expires = %q, want none", got)
			}
		},
	},
	{
		"protocol-minor", "HTTP/1.2 and up are read as HTTP/1.1, which is what the answer says",
		strings.Fields("reqline-007 response-138"),
		func(v *vector) bool {
			return len(v.Seen) > 0 && regexp.MustCompile(`^HTTP/1\.[2-9]$`).MatchString(v.Seen[0]["protocol"].text)
		},
		[]string{"seen.protocol"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			if got := firstCall(t, x).fields["protocol"]; got != "HTTP/1.1" {
				t.Errorf("Protocol = %q, want HTTP/1.1", got)
			}
		},
	},
	{
		"expect-list", "Expect is a list (RFC 9110 section 10.1.1), so 100-continue in it is answered",
		strings.Fields("body-052"),
		func(v *vector) bool {
			expect := strings.Join(sentHeaders(v.request())["expect"], ",")
			return strings.Contains(strings.ToLower(expect), "100-continue") && strings.Contains(expect, ",")
		},
		[]string{"continue"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			if !strings.HasPrefix(x.raw(), "HTTP/1.1 100 ") || len(x.calls) != 1 {
				t.Errorf("answers = %q, want 100 Continue first", x.raw())
			}
		},
	},
	{
		"empty-secret", "an empty key is no key, because anybody can sign with it: nothing is signed, and nothing believed",
		strings.Fields("secget-046 secget-r006 secget-r008 secget-r015 secget-r020 secget-r022 secget-r038 secget-r043 secget-r047 " +
			"secset-100 secset-r018 secset-r032 secset-r040"),
		func(v *vector) bool {
			if v.Server.CookieSecret == nil || v.Server.CookieSecret.text != "" {
				return false
			}
			for _, s := range v.Seen {
				for _, p := range s["results"].pairs() {
					if p[1].kind != kindNull {
						return true
					}
				}
			}
			return signsCookies(v)
		},
		[]string{"results", "response"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			if _, err := pants.New(pants.Config{LegacyCookies: pants.LegacyCookies{Secret: []byte{}, Write: true}}); err == nil {
				t.Error("New takes an empty secret to sign with")
			}
			c := firstCall(t, x)
			if signsCookies(v) {
				if !errors.Is(c.err, pants.ErrNoSecret) || len(wholeAnswer(t, x).values("Set-Cookie")) > 0 {
					t.Errorf("SetSecureCookie: %v, and the answer is %q, want ErrNoSecret and no cookie", c.err, x.raw())
				}
				return
			}
			checkNoResults(t, v, x)
		},
	},
	{
		"negative-max-age", "http.Cookie says Max-Age=0 for all that is over", nil,
		func(v *vector) bool {
			for _, s := range v.allSteps() {
				for _, a := range (recordedValue{list: s.Attrs}).pairs() {
					if s.Op == "set_cookie" && strings.EqualFold(a[0].text, "max-age") && strings.HasPrefix(a[1].text, "-") {
						return true
					}
				}
			}
			return false
		},
		[]string{"header.Set-Cookie"},
		func(t *testing.T, v *vector, x *vectorExchange) {
			if got := strings.Join(wholeAnswer(t, x).values("Set-Cookie"), "\n"); !strings.Contains(got, "; Max-Age=0") {
				t.Errorf("Set-Cookie = %q, want it with Max-Age=0", got)
			}
		},
	},
}

// asksByTag reports whether a condition of the request names an entity tag.
func asksByTag(v *vector) bool {
	header := sentHeaders(v.request())
	for _, name := range []string{"if-none-match", "if-match", "if-range"} {
		if strings.Contains(strings.Join(header[name], ","), `"`) {
			return true
		}
	}
	return false
}

func givesHeader(s recordedStep, name string) bool {
	for _, f := range s.Headers.fields() {
		if strings.EqualFold(f[0].text, name) {
			return true
		}
	}
	return false
}

// signsCookies reports whether the handler signs cookies.
func signsCookies(v *vector) bool {
	for _, s := range v.allSteps() {
		if s.Op == "set_secure_cookie" {
			return true
		}
	}
	return false
}

// deliberateFor are the rows for v. What a defect code explains needs no other reason.
func deliberateFor(v *vector) []deliberation {
	var rows []deliberation
	if len(v.Bugs) > 0 || v.NetHTTP.Requests == 0 {
		return nil
	}
	for _, d := range deliberate {
		if d.applies(v) {
			rows = append(rows, d)
		}
	}
	return rows
}

// recordedStatus reports whether Pants answered with status.
func recordedStatus(v *vector, status int) bool {
	for _, a := range v.Got {
		for _, r := range a.responses() {
			if r.Status == status {
				return true
			}
		}
	}
	return false
}

func offloadsFiles(v *vector) bool {
	return v.Server.Sendfile.kind == kindBool && v.Server.Sendfile.bool || v.Server.Sendfile.kind == kindBytes && v.Server.Sendfile.text != ""
}

func rootExists(v *vector) bool {
	info, err := os.Stat(v.root())
	return err == nil && info.IsDir()
}

// target is the file that the n-th call sends, as it is on the disk; no info: it is not there.
func (v *vector) target(n int) (string, os.FileInfo) {
	s, ok := v.sendFile(n)
	if !ok {
		return "", nil
	}
	name := s.Path.text
	if !filepath.IsAbs(name) {
		name = filepath.Join(v.root(), name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return name, nil
	}
	return name, info
}
