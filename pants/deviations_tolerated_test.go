package pants_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deviationsTolerated are the places where Pants and a better rule are both fine. The checks are what holds either way.
var deviationsTolerated = []deviation{
	{"host-empty", "net/http does not tell an empty Host from none", checkHostEmpty, nil},
	{"length-repeat", "equal lengths are one length, different ones are refused", checkLengths, func(string) []*vector {
		return []*vector{madeVector("different", "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")}
	}},
	{"header-limit", "too many headers are refused with an answer", checkStatus(200, 431), func(string) []*vector {
		return []*vector{madeVector("512-KiB", getRequest("/", strings.Repeat("X-Long: "+strings.Repeat("x", 1015)+"\r\n", 512)+"X-End: 1"))}
	}},
	{"lf-lines", "a line may end with LF alone", checkLines, nil},
	{"fold-blank", "the blanks of a folded line are trimmed", checkFolded, nil},
	{"connect", "the host of CONNECT is the one of the target", checkConnect, nil},
	{"keepalive-10", "net/http decides over HTTP/1.0 connections", checkEachAnswered, nil},
	{"form-type", "a media type is compared as a whole", checkFormType, nil},
	{"mp-lenient", "blanks around = of a parameter", checkWholeOrNothing, nil},
	{"mp-noheaders", "a part without headers has no name", checkMultipartAnswered, nil},
	{"mp-malformed", "malformed parts are dropped or refused", checkWholeOrNothing, func(string) []*vector {
		return []*vector{
			madeVector("no-colon", postRequest(partsType, "--BB\r\nContent-Disposition form-data; name=\"a\"\r\n\r\none\r\n--BB--\r\n")),
			madeVector("no-end-of-head", postRequest(partsType, "--BB\r\nContent-Disposition: form-data; name=\"a\"\r\n--BB--\r\n")),
			madeVector("nothing", postRequest(partsType, "")),
			madeVector("only-delimiter", postRequest(partsType, "--BB")),
		}
	}},
	{"mp-boundary", "odd boundaries are parsed properly, or no form is read", checkWholeOrNothing, nil},
	{"mp-lf", "lines that end with LF alone are found or not", checkWholeOrNothing, nil},
	{"mp-damaged", "damaged bodies are read as far as they make sense, or refused", checkWholeOrNothing, nil},
	{"cookie-dollar", "names that begin with $ are dropped or kept", checkCookies, nil},
	{"scheme-case", "the scheme is lower case", checkSchemeCase, nil},
	{"ip-form", "addresses are in canonical form", checkAddress, nil},
	{"unix-peer", "a UNIX socket has no address", checkNoAddress, nil},
	{"py-repr", "values are not sent as Python writes them", checkOneAnswer, nil},
	{"date-twice", "Date is sent once", func(t *testing.T, v *vector, x *vectorExchange) {
		if got := wholeAnswer(t, x).values("Date"); len(got) != 1 {
			t.Errorf("Date = %q, want one", got)
		}
	}, nil},
	{"text-status", "only the number of a status counts", checkTextStatus, func(string) []*vector {
		return []*vector{madeVector("reason", getRequest("/"), recordedStep{Op: "send_response", Content: bytesValue("x"), Code: bytesValue("404 Nothing Here")})}
	}},
	{"argument", "a wrong argument is an error, or there is no such argument", checkArgument, nil},
	{"no-finish", "a handler that never finishes is cut off, and never with a 200 that nobody wrote", checkNeverFinished, nil},
	{"raw-headers", "headers are no content", checkRawHeaders, nil},
	{"cookie-twice", "each cookie is sent once", checkCookieOnce, func(string) []*vector {
		return []*vector{madeVector("both", getRequest("/"),
			recordedStep{Op: "set_cookie", Name: bytesValue("a"), Value: bytesValue("1")}, recordedStep{Op: "send_cookies"},
			recordedStep{Op: "send_response", Content: bytesValue("ok")})}
	}},
	{"aborted-start", "who gets half an answer can tell", checkAborted, nil},
	{"samesite", "SameSite is an attribute", checkSameSite, func(string) []*vector {
		attribute := []recordedValue{{kind: kindList, list: []recordedValue{bytesValue("samesite"), bytesValue("Lax")}}}
		return []*vector{madeVector("lax", getRequest("/"), recordedStep{Op: "set_cookie", Name: bytesValue("a"), Value: bytesValue("1"), Attrs: attribute},
			recordedStep{Op: "send_response", Content: bytesValue("ok")})}
	}},
	{"secure-null-expires", "a signed cookie always has a lifetime, 30 days where none is given", checkSignedOut, func(string) []*vector {
		v := madeVector("null", getRequest("/"), recordedStep{Op: "set_secure_cookie", Name: bytesValue("sc"), Value: bytesValue("bar"), Expires: recordedValue{kind: kindNull}},
			recordedStep{Op: "send_response", Content: bytesValue("ok")})
		secret := bytesValue("secret")
		v.Server.CookieSecret = &secret
		return []*vector{v}
	}},
	{"secure-type", "a type letter is s, u or j", checkNoResults, nil},
	{"folder", "a folder is no file", checkStatus(403, 404), nil},
	{"mime-gz", "a compressed archive is that, and no encoded tar", checkGzip, nil},
	{"range-multi", "several ranges: in parts, merged, or the whole file", checkRange(200, 206, 416), nil},
	{"range-syntax", "ranges that are almost right are ignored, read or refused", checkRange(200, 206, 416), nil},
	{"range-method", "ranges are for GET", checkRange(200, 206, 416), nil},
	{"range-empty-file", "an empty file has no range", checkRange(200, 416), nil},
	{"if-range", "an empty If-Range matches or not", checkRange(200, 206), nil},
	{"date-lenient", "almost right dates are read or ignored", checkStatus(200, 206, 304), nil},
	{"xs-normal", "paths are cleaned", checkOffloadPath, nil},
	{"xs-encode", "paths are sent raw, encoded, or not at all", checkOffloadPath, nil},
}

func checkHostEmpty(t *testing.T, v *vector, x *vectorExchange) {
	c := firstCall(t, x)
	if host := c.fields["host"]; host != "" && host != "127.0.0.1" {
		t.Errorf("Host = %q, want none or 127.0.0.1", host)
	}
	if want := "http://" + c.fields["host"] + c.fields["url"]; c.fields["full_url"] != want {
		t.Errorf("FullURL = %q, want %q", c.fields["full_url"], want)
	}
}

func checkLengths(t *testing.T, v *vector, x *vectorExchange) {
	lengths := sentHeaders(v.request())["content-length"]
	r := wholeAnswer(t, x)
	if slices.ContainsFunc(lengths, func(s string) bool { return s != lengths[0] }) {
		checkRefused(t, v, x)
		return
	}
	if r.status == http.StatusBadRequest && len(x.calls) == 0 {
		return
	}
	_, body, _ := strings.Cut(v.request(), "\r\n\r\n")
	if got := firstCall(t, x).fields["body"]; len(x.calls) != 1 || got != body {
		t.Errorf("%d calls with %q, want one with %q", len(x.calls), got, body)
	}
}

func checkLines(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status == http.StatusBadRequest && len(x.calls) == 0 {
		return
	}
	checkHeaderText(t, v, x)
}

func checkFolded(t *testing.T, v *vector, x *vectorExchange) {
	wholeAnswer(t, x)
	want := sentHeaders(v.request())
	for name, values := range firstCall(t, x).headers {
		for i, text := range values {
			if i >= len(want[name]) || strings.Trim(text, " ") != want[name][i] {
				t.Errorf("header %s = %q, want %q", name, values, want[name])
			}
		}
	}
}

func checkConnect(t *testing.T, v *vector, x *vectorExchange) {
	c := firstCall(t, x)
	hosts := append(sentHeaders(v.request())["host"], strings.Fields(v.request())[1])
	if !slices.Contains(hosts, c.fields["host"]) {
		t.Errorf("Host = %q, want one of %q", c.fields["host"], hosts)
	}
	if c.fields["method"] != http.MethodConnect {
		t.Errorf("Method = %q", c.fields["method"])
	}
}

func checkEachAnswered(t *testing.T, v *vector, x *vectorExchange) {
	wholeAnswer(t, x)
	if all, _ := x.responses(); len(all) != len(x.calls) || len(all) != len(x.back) || len(all) < len(v.Send) && x.isOpen() {
		t.Errorf("%d answers, %d calls, %d writes, open = %t", len(all), len(x.calls), len(x.back), x.isOpen())
	}
}

func checkFormType(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status >= 500 {
		t.Errorf("status = %d", r.status)
	}
	if c := firstCall(t, x); len(c.post)+len(c.files) > 0 || c.fields["body"] == "" {
		t.Errorf("post, files, body = %q, %q, %q, want the body alone", c.post, c.files, c.fields["body"])
	}
}

// checkWholeOrNothing is for bodies that may have lost any byte: an answer, and no text that was not sent.
func checkWholeOrNothing(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if r.status == http.StatusBadRequest && len(x.calls) == 0 {
		return
	}
	if r.status != http.StatusOK {
		t.Errorf("status = %d, want 200 or 400", r.status)
	}
	c := firstCall(t, x)
	for name, values := range c.post {
		for _, text := range values {
			if !strings.Contains(c.fields["body"], text) {
				t.Errorf("post %q = %q was not sent", name, text)
			}
		}
	}
	for name, files := range c.files {
		for _, f := range files {
			if !strings.Contains(c.fields["body"], f.body) {
				t.Errorf("file %q = %q was not sent", name, f.body)
			}
		}
	}
}

func checkSchemeCase(t *testing.T, v *vector, x *vectorExchange) {
	c, want := firstCall(t, x), v.Seen[0]
	if got := c.fields["scheme"]; !strings.EqualFold(got, want["scheme"].text) || c.secure != want["is_secure"].bool {
		t.Errorf("Scheme, IsSecure = %q, %t, want %q, %t", got, c.secure, want["scheme"].text, want["is_secure"].bool)
	}
}

func checkAddress(t *testing.T, v *vector, x *vectorExchange) {
	got, want := firstCall(t, x).fields["remote_ip"], v.Seen[0]["remote_ip"].text
	a, err := netip.ParseAddr(got)
	b, err2 := netip.ParseAddr(want)
	if err != nil || err2 != nil || a.Unmap() != b.Unmap() {
		t.Errorf("RemoteIP = %q, want %q", got, want)
	}
}

func checkNoAddress(t *testing.T, v *vector, x *vectorExchange) {
	header := sentHeaders(v.request())
	if got := firstCall(t, x).fields["remote_ip"]; got != "" && !(v.Server.XHeaders && len(header["x-forwarded-for"])+len(header["x-real-ip"]) > 0) {
		if _, err := netip.ParseAddr(got); err == nil {
			t.Errorf("RemoteIP = %q, want no address", got)
		}
	}
}

func checkTextStatus(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	for _, s := range v.allSteps() {
		if s.Code.kind != kindAbsent && r.status != statusCode(s.Code) {
			t.Errorf("status = %d, want %d", r.status, statusCode(s.Code))
		}
	}
}

func checkArgument(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	c := firstCall(t, x)
	if c.err != nil && r.status < 400 {
		t.Errorf("%v, and the status is %d", c.err, r.status)
	}
	for _, line := range r.values("Set-Cookie") {
		if name, _, _ := strings.Cut(line, "="); !cookieToken.MatchString(name) {
			t.Errorf("Set-Cookie = %q", line)
		}
	}
}

func checkNeverFinished(t *testing.T, v *vector, x *vectorExchange) {
	all, rest := x.responses()
	wrote := len(v.steps(0)) > 0
	switch {
	case len(all) > 1 || rest != "":
		t.Errorf("answers = %q", x.raw())
	case len(all) == 0 && x.isOpen():
		t.Error("no answer on an open connection")
	case len(all) == 1 && !wrote && all[0].status < 500:
		t.Errorf("status = %d, and nobody wrote it", all[0].status)
	case len(all) == 1 && !all[0].complete && x.isOpen():
		t.Errorf("an answer without an end: %q", x.raw())
	}
}

func checkRawHeaders(t *testing.T, v *vector, x *vectorExchange) {
	all, rest := x.responses()
	if len(all) > 1 || rest != "" || len(all) == 0 && x.isOpen() {
		t.Fatalf("answers = %q", x.raw())
	}
	for _, r := range all {
		if r.get("X-Raw") != "" {
			t.Errorf("content has become a header: %q", r.head)
		}
		if !r.complete && x.isOpen() {
			t.Errorf("an answer without an end: %q", x.raw())
		}
	}
}

func checkCookieOnce(t *testing.T, v *vector, x *vectorExchange) {
	seen := map[string]int{}
	for _, line := range wholeAnswer(t, x).values("Set-Cookie") {
		name, _, _ := strings.Cut(line, "=")
		seen[name]++
	}
	for _, s := range v.allSteps() {
		if s.Op == "set_cookie" && seen[s.Name.text] != 1 {
			t.Errorf("cookie %s was sent %d times", s.Name.text, seen[s.Name.text])
		}
	}
}

func checkAborted(t *testing.T, v *vector, x *vectorExchange) {
	all, rest := x.responses()
	if len(all) > 1 || rest != "" {
		t.Fatalf("answers = %q", x.raw())
	}
	if x.isOpen() {
		t.Error("the connection is open, want it closed")
	}
	for _, r := range all {
		if r.complete && r.status < 500 {
			t.Errorf("a whole answer: %q", x.raw())
		}
	}
}

func checkSameSite(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	lines := strings.Join(r.values("Set-Cookie"), "\n")
	for _, s := range v.allSteps() {
		for _, a := range (recordedValue{list: s.Attrs}).pairs() {
			if strings.EqualFold(a[0].text, "samesite") && r.status < 400 && !strings.Contains(strings.ToLower(lines), "; samesite="+strings.ToLower(a[1].text)) {
				t.Errorf("Set-Cookie = %q, want it with SameSite=%s", lines, a[1].text)
			}
		}
	}
	if lines == "" && r.status < 400 {
		t.Error("no cookie")
	}
}

func checkGzip(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	content, _, ok := sentFile(v, 0)
	if kinds := []string{"application/gzip", "application/x-gtar", "application/x-tar"}; !slices.Contains(kinds, r.get("Content-Type")) {
		t.Errorf("Content-Type = %q, want one of %q", r.get("Content-Type"), kinds)
	}
	if r.get("Content-Encoding") != "" || ok && r.get(offloadHeader(v)) == "" && r.body != content {
		t.Errorf("Content-Encoding, content = %q, %q, want the archive as it is", r.get("Content-Encoding"), r.body)
	}
}

// checkOffloadPath wants the path as Pants sent it, cleaned, percent-encoded, or the file itself; for no file an error.
func checkOffloadPath(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	content, _, ok := sentFile(v, 0)
	name := offloadHeader(v)
	got := r.get(name)
	switch {
	case !ok:
		if r.status != http.StatusForbidden && r.status != http.StatusNotFound || got != "" {
			t.Errorf("status, %s = %d, %q for no file, want 403 or 404", name, r.status, got)
		}
	case got == "":
		if r.body != content {
			t.Errorf("content = %q, want %q", r.body, content)
		}
	default:
		var recorded string
		for _, p := range (recordedValue{list: v.Got[0].responses()[0].Headers}).pairs() {
			if strings.EqualFold(p[0].text, name) {
				recorded = p[1].text
			}
		}
		decoded, err := url.PathUnescape(got)
		if cleaned := path.Clean(filepath.ToSlash(recorded)); got != recorded && got != cleaned && (err != nil || decoded != recorded && decoded != cleaned) {
			t.Errorf("%s = %q, want %q or %q", name, got, recorded, cleaned)
		}
		if r.get("Content-Length") != strconv.Itoa(0) {
			t.Errorf("Content-Length = %q, want 0", r.get("Content-Length"))
		}
	}
}
