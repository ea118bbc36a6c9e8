package pants_test

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

func checkRefused(t *testing.T, v *vector, x *vectorExchange) {
	compareRefused(t, v, x)
	if x.isOpen() {
		t.Error("the connection is open, want it closed")
	}
}

// checkAbsoluteForm compares with what net/url makes of the target.
func checkAbsoluteForm(t *testing.T, v *vector, x *vectorExchange) {
	c := firstCall(t, x)
	target := strings.Fields(v.request())[1]
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(target, "://")
	wantPath := "/"
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		wantPath, _, _ = strings.Cut(rest[slash:], "?")
	}
	if got := c.fields["path"]; got != wantPath && !(wantPath == "/" && got == "") {
		t.Errorf("Path = %q, want %q", got, wantPath)
	}
	if got := c.fields["host"]; got != u.Host {
		t.Errorf("Host = %q, want %q", got, u.Host)
	}
	if got, want := c.fields["hostname"], strings.ToLower(u.Hostname()); got != want {
		t.Errorf("Hostname = %q, want %q", got, want)
	}
	if origin := wantPath + target[len(target)-len(rest)+len(strings.SplitN(rest, "?", 2)[0]):]; c.fields["url"] != target && c.fields["url"] != origin {
		t.Errorf("URL = %q, want %q or %q", c.fields["url"], target, origin)
	}
	full, err := url.Parse(c.fields["full_url"])
	if err != nil || full.Host != u.Host || full.Scheme != c.fields["scheme"] || full.RawQuery != u.RawQuery {
		t.Errorf("FullURL = %q (%v), want a URL of %s", c.fields["full_url"], err, u.Host)
	}
}

// checkChunked decodes the first request by itself. Every call must be a request of the client, not one made of chunks.
func checkChunked(t *testing.T, v *vector, x *vectorExchange) {
	request := v.request()
	if all, rest := x.responses(); len(all) == 0 || rest != "" {
		t.Fatalf("answers = %q", x.raw())
	} else if all[0].status == http.StatusBadRequest && len(x.calls) == 0 && strings.Contains(request, "Content-Length:") {
		return // refusing both framings is right as well
	}
	c := firstCall(t, x)
	_, chunks, _ := strings.Cut(request, "\r\n\r\n")
	want, _ := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(chunks)))
	if got := c.fields["body"]; got != string(want) {
		t.Errorf("body = %q, want %q", got, want)
	}
	for _, c := range x.calls {
		if line := c.fields["method"] + " " + c.fields["url"] + " HTTP/"; !strings.Contains(request, line) {
			t.Errorf("a request that nobody sent: %q", line)
		}
	}
	if all, _ := x.responses(); len(all) != len(x.calls) {
		t.Errorf("%d answers to %d requests: the chunks were read as a request", len(all), len(x.calls))
	}
	if second := strings.Contains(chunks, " HTTP/1.1\r\n"); second && x.isOpen() && len(x.calls) != 2 {
		t.Errorf("%d requests on an open connection, want 2", len(x.calls))
	}
}

// sentHeaders are the header lines of the first request as texts, folded lines joined, by lower-case name.
func sentHeaders(request string) map[string][]string {
	header := map[string][]string{}
	head, _, _ := strings.Cut(strings.ReplaceAll(request, "\r\n", "\n"), "\n\n")
	var name string
	for _, line := range strings.Split(head, "\n")[1:] {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && name != "" {
			last := &header[name][len(header[name])-1]
			*last = strings.TrimSpace(*last + " " + strings.Trim(line, " \t"))
			continue
		}
		field, text, _ := strings.Cut(line, ":")
		name = strings.ToLower(field)
		header[name] = append(header[name], strings.Trim(text, " \t"))
	}
	return header
}

func checkHeaderText(t *testing.T, v *vector, x *vectorExchange) {
	want := sentHeaders(v.request())
	if got := firstCall(t, x).headers; !reflect.DeepEqual(got, want) {
		t.Errorf("headers = %q, want %q", got, want)
	}
}

func checkHeaderType(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status >= 400 {
		t.Errorf("status = %d, want no error", r.status)
	}
	checkHeaderText(t, v, x)
	for _, text := range sentHeaders(v.request())["connection"] {
		if strings.EqualFold(text, "close") && x.isOpen() {
			t.Error("the connection is open, want it closed")
		}
	}
	if len(sentHeaders(v.request())["cookie"]) > 0 {
		checkCookies(t, v, x)
	}
	if c := firstCall(t, x); v.Server.XHeaders && c.fields["remote_ip"] == "" {
		t.Error("RemoteIP is empty")
	}
}

func checkConnectionList(t *testing.T, v *vector, x *vectorExchange) {
	head, _, _ := strings.Cut(v.Send[0].text, "\r\n\r\n")
	want := strings.HasSuffix(strings.SplitN(head, "\r\n", 2)[0], "HTTP/1.1")
	for _, token := range strings.Split(strings.Join(sentHeaders(v.Send[0].text)["connection"], ","), ",") {
		switch strings.ToLower(strings.TrimSpace(token)) {
		case "close":
			want = false
		case "keep-alive":
			want = true
		}
	}
	if len(x.open) == 0 || x.open[0] != want {
		t.Errorf("open = %v after the first answer, want %t", x.open, want)
	}
}

// checkForm is for forms with one right reading: the vector says which.
func checkForm(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status != http.StatusOK {
		t.Errorf("status = %d, want 200", r.status)
	}
	if v.Want == nil {
		if c := firstCall(t, x); len(c.post)+len(c.files) == 0 {
			t.Error("nothing was read")
		}
		return
	}
	compareWanted(t, v, x)
}

// checkMultipartAnswered allows dropping the part or refusing the request. Texts that a whole part sent must not be changed.
func checkMultipartAnswered(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if r.status == http.StatusBadRequest && len(x.calls) == 0 {
		return
	}
	if r.status != http.StatusOK {
		t.Errorf("status = %d, want 200 or 400", r.status)
	}
	checkWholeParts(t, v, x)
	if c := firstCall(t, x); strings.Contains(v.request(), "form-data; name=\"a\"\r\n\r\nvalue one\r\n") && !slices.Contains(c.post["a"], "value one") {
		t.Errorf("post = %q: the good part is lost", c.post)
	}
}

// checkWholeParts looks for every value between the end of a part's head and a delimiter.
func checkWholeParts(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if r.status == http.StatusBadRequest && len(x.calls) == 0 {
		return
	}
	if r.status != http.StatusOK {
		t.Errorf("status = %d, want 200 or 400", r.status)
	}
	c := firstCall(t, x)
	whole := func(text string) {
		if body := c.fields["body"]; !strings.Contains(body, "\n"+text+"\r\n--") && !strings.Contains(body, "\n"+text+"\n--") {
			t.Errorf("%q is no whole part of %q", text, body)
		}
	}
	for _, values := range c.post {
		for _, text := range values {
			whole(text)
		}
	}
	for _, files := range c.files {
		for _, f := range files {
			whole(f.body)
		}
	}
}

func checkBaseNames(t *testing.T, v *vector, x *vectorExchange) {
	files := 0
	for _, list := range firstCall(t, x).files {
		for _, f := range list {
			files++
			if strings.ContainsAny(f.filename, `/\`) || f.filename == ".." || f.filename == "." {
				t.Errorf("Filename = %q, want a base name", f.filename)
			}
		}
	}
	if files == 0 {
		t.Error("no file was read")
	}
	if v.Want != nil {
		compareWanted(t, v, x)
	}
}

func checkExtendedName(t *testing.T, v *vector, x *vectorExchange) {
	c := firstCall(t, x)
	m := regexp.MustCompile(`(?i)filename\*=utf-8'[^']*'([^;\r\n]*)`).FindStringSubmatch(v.request())
	if m == nil {
		m = []string{"", "%"} // a damaged one: then only that it makes a file
	}
	want, err := url.PathUnescape(m[1])
	known := err == nil && !strings.Contains(v.request(), "filename=")
	for name, files := range c.files {
		if len(c.post[name]) > 0 {
			t.Errorf("%s is a file and a field", name)
		}
		for _, f := range files {
			if known && f.filename != want[strings.LastIndexAny(want, `/\`)+1:] {
				t.Errorf("Filename = %q, want %q", f.filename, want)
			}
		}
	}
	if len(c.files) == 0 {
		t.Errorf("post = %q, want a file", c.post)
	}
}

var (
	cookieToken    = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	reservedCookie = regexp.MustCompile(`(?i)(?:^|;)[ \t]*(expires|path|comment|domain|max-age|secure|httponly|version)=`)
	plainCookie    = regexp.MustCompile("^([!#%&'*+.^_`|~0-9A-Za-z-]+)=([!#%&'*+./:<>?@^_`|~0-9A-Za-z()-]+)$")
)

// checkCookies looks for the pairs that nobody can misread: those behind the last quote and backslash.
func checkCookies(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status != http.StatusOK {
		t.Errorf("status = %d, want 200", r.status)
	}
	c := firstCall(t, x)
	text := strings.Join(sentHeaders(v.request())["cookie"], "; ")
	if odd := strings.LastIndexAny(text, `"\`); odd >= 0 {
		_, text, _ = strings.Cut(text[odd:], ";")
	}
	plain := map[string]string{}
	for _, pair := range strings.Split(text, ";") {
		pair = strings.Trim(pair, " ")
		if m := plainCookie.FindStringSubmatch(pair); m != nil {
			plain[m[1]] = m[2]
			continue
		}
		for name := range plain { // what else stands here may come later than the plain pair of that name
			if strings.Contains(pair, name) {
				delete(plain, name)
			}
		}
	}
	for name, want := range plain {
		if got, ok := c.cookies[name]; !ok || got != want {
			t.Errorf("cookie %s = %q, %t, want %q", name, got, ok, want)
		}
	}
	for name := range c.cookies {
		if !cookieToken.MatchString(name) {
			t.Errorf("a cookie with the name %q", name)
		}
	}
	if v.has("cookie-reserved") {
		for _, m := range reservedCookie.FindAllStringSubmatch(strings.Join(sentHeaders(v.request())["cookie"], ";"), -1) {
			if _, ok := c.cookies[m[1]]; !ok {
				t.Errorf("no cookie %s in %q", m[1], c.cookies)
			}
		}
	}

	// Whatever the header holds, cookies before and behind it are found.
	lines := regexp.MustCompile(`(?i)\r\nCookie:[^\r]*`).FindAllStringIndex(v.request(), -1)
	if len(lines) == 0 || len(v.Send) != 1 {
		return
	}
	request, first, last := v.request(), lines[0][0]+len("\r\nCookie:"), lines[len(lines)-1][1]
	around := *v
	around.Send = []recordedValue{bytesValue(request[:first] + " zz-before=1; " + request[first:last] + "; zz-behind=2" + request[last:])}
	cookies := firstCall(t, replay(t, &around, replayOptions{})).cookies
	if cookies["zz-before"] != "1" || cookies["zz-behind"] != "2" {
		t.Errorf("cookies = %q, want zz-before and zz-behind as well", cookies)
	}
}

// checkForwarded replays the vector behind a proxy that is trusted by its address.
func checkForwarded(t *testing.T, v *vector, x *vectorExchange) {
	all := firstCall(t, x)
	if scheme := all.fields["scheme"]; scheme != "http" && scheme != "https" {
		t.Errorf("everyone trusted: Scheme = %q, want http or https", scheme)
	}
	if recorded := v.Seen[0]["remote_ip"].text; all.fields["remote_ip"] != recorded {
		t.Errorf("everyone trusted: RemoteIP = %q, want the text %q", all.fields["remote_ip"], recorded)
	}

	peer := "127.0.0.1"
	if v.Server.Peer != nil {
		if peer = *v.Server.Peer; peer == "" {
			peer = "unix"
		}
	}
	headers := []string{"X-Forwarded-For", "X-Forwarded-Proto"}
	if len(sentHeaders(v.request())["x-real-ip"]) > 0 {
		headers[0] = "X-Real-IP"
	}
	c := firstCall(t, replay(t, v, replayOptions{config: func(c *pants.Config) {
		c.XHeaders = xheaders.Config{Trust: []string{peer}, Headers: headers}
	}}))
	if ip := c.fields["remote_ip"]; ip != "" {
		if a, err := netip.ParseAddr(ip); err != nil || a.String() != ip {
			t.Errorf("RemoteIP = %q (%v), want an address or nothing", ip, err)
		}
	}
	scheme := c.fields["scheme"]
	if scheme != "http" && scheme != "https" || c.secure != (scheme == "https") || !strings.HasPrefix(c.fields["full_url"], scheme+"://") {
		t.Errorf("Scheme, IsSecure, FullURL = %q, %t, %q", scheme, c.secure, c.fields["full_url"])
	}
}

func checkNoResults(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status != http.StatusOK {
		t.Errorf("status = %d, want 200", r.status)
	}
	c := firstCall(t, x)
	if len(c.results) == 0 {
		t.Error("no cookie was read")
	}
	for _, r := range c.results {
		if r.kind != kindNull {
			t.Errorf("signed cookie %s = %v, want none", r.name, r.recordedValue)
		}
	}
}
