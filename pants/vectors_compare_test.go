package pants_test

import (
	"crypto/hmac"
	"crypto/sha1" // the signature of Pants 1.0
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// The rules of comparing stand in the README beside the vectors. left names the parts that are left out: all, response,
// connection, results, seen, seen.<field>, or header.<Name> or
// continue (100 Continue) of the answers.

// compareRefused checks a request that net/http refuses by itself: an error answer, and no handler ran.
func compareRefused(t *testing.T, v *vector, x *vectorExchange) {
	if len(x.calls) > 0 {
		t.Errorf("the handler ran %d times, want never", len(x.calls))
	}
	all, _ := x.responses()
	if len(all) != 1 || all[0].status < 400 {
		t.Errorf("answers = %q, want one error", x.raw())
	}
}

func compareVector(t *testing.T, v *vector, x *vectorExchange, left []string) {
	skip := map[string]bool{}
	for _, name := range left {
		skip[name] = true
	}
	if x.newErr != nil && !skip["all"] {
		t.Errorf("New: %v", x.newErr)
		return
	}
	if !skip["all"] {
		compareCalls(t, v, x, skip)
		compareAnswers(t, v, x, skip)
	}
	if v.Want != nil {
		compareWanted(t, v, x)
	}
}

// compareCalls compares what the handler saw.
func compareCalls(t *testing.T, v *vector, x *vectorExchange, skip map[string]bool) {
	if skip["seen"] {
		return
	}
	// Whether there is a second request depends on the connection.
	if len(x.calls) != len(v.Seen) && !skip["connection"] {
		t.Errorf("the handler ran %d times, want %d", len(x.calls), len(v.Seen))
	}
	for n := range min(len(x.calls), len(v.Seen)) {
		compareSeen(t, v.Seen[n], x.calls[n], skip)
	}
}

func compareSeen(t *testing.T, want recordedCall, got *handlerCall, skip map[string]bool) {
	names := make([]string, 0, len(want))
	for name := range want {
		if !skip["seen."+name] && !skip[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		w := want[name]
		if w.kind == kindError && name != "cookie_attrs" {
			t.Errorf("%s: Pants raised %s, and nothing says what to do instead", name, w.text)
			continue
		}
		switch name {
		case "headers":
			headers := valueMap(w, strings.ToLower)
			if skip["seen.host"] { // where the target has the host, net/http does not keep the header
				delete(headers, "host")
				delete(got.headers, "host")
			}
			equalMaps(t, name, got.headers, headers)
		case "get":
			equalMaps(t, name, got.get, valueMap(w, nil))
		case "post":
			equalMaps(t, name, got.post, valueMap(w, nil))
		case "files":
			equalMaps(t, name, got.files, fileMap(w))
		case "cookies":
			cookies := map[string]string{}
			for _, p := range w.pairs() {
				cookies[p[0].text] = p[1].text
			}
			equalMaps(t, name, got.cookies, cookies)
		case "cookie_attrs": // attributes of cookies that came in: every name is a cookie name, see cookie-reserved
			if len(w.list) > 0 {
				t.Errorf("cookie_attrs %v: not a thing of Go's", w.list)
			}
		case "is_secure":
			if got.secure != w.bool {
				t.Errorf("is_secure = %t, want %t", got.secure, w.bool)
			}
		case "results":
			compareResults(t, got.results, w)
		case "handler_error":
			if got.err == nil {
				t.Errorf("the handler failed with no error, want one like %s", w.text)
			}
		default:
			if g, ok := got.fields[name]; !ok {
				t.Errorf("unknown field seen.%s", name)
			} else if g != w.text {
				t.Errorf("%s = %q, want %q", name, g, w.text)
			}
		}
	}
}

// valueMap gives each name its values. A name that came once has one value, one that came more often a list.
func valueMap(v recordedValue, fold func(string) string) map[string][]string {
	m := map[string][]string{}
	for _, p := range v.pairs() {
		name := p[0].text
		if fold != nil {
			name = fold(name)
		}
		m[name] = append(m[name], p[1].lines()...)
	}
	return m
}

func fileMap(v recordedValue) map[string][]seenFile {
	m := map[string][]seenFile{}
	for _, p := range v.pairs() {
		for _, f := range p[1].list {
			m[p[0].text] = append(m[p[0].text], seenFile{f.object["filename"].text, f.object["content_type"].text, f.object["body"].text})
		}
	}
	return m
}

func equalMaps[V any](t *testing.T, name string, got, want map[string]V) {
	if len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want) {
		return
	}
	t.Errorf("%s = %+q, want %+q", name, any(got), any(want))
}

// compareResults compares the signed cookies that were read.
func compareResults(t *testing.T, got []readCookie, want recordedValue) {
	pairs := want.pairs()
	if len(got) != len(pairs) {
		t.Errorf("read %d signed cookies, want %d", len(got), len(pairs))
		return
	}
	for n, p := range pairs {
		w, g := p[1], got[n].recordedValue
		same := g.kind == w.kind && g.text == w.text
		if g.kind == kindJSON && (w.kind == kindJSON || w.kind == kindNumber || w.kind == kindBool) {
			same = sameJSON(g.text, w.text)
		}
		if got[n].name != p[0].text || !same {
			t.Errorf("signed cookie %s = %v, want %s %v", got[n].name, g, p[0].text, w)
		}
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// compareAnswers compares what came back, element by element of send.
func compareAnswers(t *testing.T, v *vector, x *vectorExchange, skip map[string]bool) {
	if len(x.back) != len(v.Got) && !skip["connection"] {
		t.Errorf("the connection closed after %d of %d writes", len(x.back), len(v.Got))
	}
	methods := x.methods
	for n := range min(len(x.back), len(v.Got)) {
		want := v.Got[n].responses()
		all, rest := splitResponses(x.back[n], methods, !x.open[n])
		got := finalAnswers(all)
		methods = methods[min(len(got), len(methods)):]
		if !skip["response"] {
			if len(got) < len(all) && !strings.Contains(strings.ToLower(v.request()), "expect:") {
				t.Errorf("an interim answer nobody has asked for: %q", x.back[n])
			}
			if hasContinue(v.Got[n]) != (len(got) < len(all)) && !skip["continue"] {
				t.Errorf("100 Continue = %t, want %t", len(got) < len(all), hasContinue(v.Got[n]))
			}
			if rest != "" {
				t.Errorf("bytes that are no answer: %q", rest)
			}
			if len(got) != len(want) {
				t.Errorf("%d answers, want %d: %q", len(got), len(want), x.back[n])
			}
			for i := range min(len(got), len(want)) {
				compareResponse(t, v, got[i], want[i], skip)
			}
		}
		if !skip["connection"] && openCounts(v, want) && x.open[n] != v.Got[n].Open {
			t.Errorf("open = %t after write %d, want %t", x.open[n], n+1, v.Got[n].Open)
		}
	}
}

// responses cuts the recorded bytes: into the recorded answers, or, where those are left out, into plain ones.
func (a recordedAnswer) responses() []recordedResponse {
	if a.Responses != nil {
		var list []recordedResponse
		for _, r := range a.Responses {
			if r.Status >= 200 || r.Unframed != nil {
				list = append(list, r)
			}
		}
		return list
	}
	var list []recordedResponse
	all, _ := splitResponses(a.Raw.text, nil, !a.Open)
	for _, r := range finalAnswers(all) {
		rr := recordedResponse{Status: r.status, Body: bytesValue(r.body)}
		for _, h := range r.header {
			rr.Headers = append(rr.Headers, recordedValue{kind: kindList, list: []recordedValue{bytesValue(h[0]), bytesValue(h[1])}})
		}
		list = append(list, rr)
	}
	return list
}

func hasContinue(a recordedAnswer) bool { return strings.HasPrefix(a.Raw.text, "HTTP/1.1 100") }

// openCounts says where the state of the connection is compared: in category keepalive, and after an error answer of the
// server itself, that is one with a status that no step of the handler gave.
func openCounts(v *vector, want []recordedResponse) bool {
	if v.Category == "keepalive" {
		return true
	}
	for _, r := range want {
		own := false
		for _, s := range v.allSteps() {
			own = own || s.Code.kind != kindAbsent && statusCode(s.Code) == r.Status
		}
		if r.Status >= 400 && !own {
			return true
		}
	}
	return false
}

func compareResponse(t *testing.T, v *vector, got wireAnswer, want recordedResponse, skip map[string]bool) {
	if got.status != want.Status {
		t.Errorf("status = %d, want %d", got.status, want.Status)
	}
	if v.Compare == "status" {
		return
	}
	if !got.complete {
		t.Errorf("the answer is not complete: %q%q", got.head, got.body)
	}
	if got.body != want.Body.text {
		t.Errorf("content = %q, want %q", got.body, want.Body.text)
	}
	wantHeader := map[string][]string{}
	for _, p := range (recordedValue{list: want.Headers}).pairs() {
		name := http.CanonicalHeaderKey(p[0].text)
		wantHeader[name] = append(wantHeader[name], p[1].text)
	}
	for _, name := range []string{"Date", "Server"} { // compared only when the handler set them
		if !handlerSets(v, name) {
			delete(wantHeader, name)
		}
	}
	cookies := wantHeader["Set-Cookie"]
	delete(wantHeader, "Set-Cookie")
	for name, values := range wantHeader {
		if skip["header."+name] {
			continue
		}
		for i := range values {
			values[i] = strings.Trim(values[i], " \t")
		}
		if g := got.values(name); !reflect.DeepEqual(g, values) {
			t.Errorf("header %s = %q, want %q", name, g, values)
		}
	}
	if len(wantHeader["Content-Type"]) == 0 && len(got.values("Content-Type")) > 0 {
		t.Errorf("header Content-Type = %q, want none", got.values("Content-Type"))
	}
	if !skip["header.Set-Cookie"] {
		compareSetCookie(t, v, got.values("Set-Cookie"), cookies)
	}
}

// handlerSets reports whether a step of v gives the header name.
func handlerSets(v *vector, name string) bool {
	for _, s := range v.allSteps() {
		for _, f := range s.Headers.fields() {
			if strings.EqualFold(f[0].text, name) {
				return true
			}
		}
	}
	return false
}

// compareSetCookie compares byte for byte. Of a signed cookie that holds JSON only the decoded value counts: blanks, the order
// of keys and escapes are free, so the signature is checked and not compared.
func compareSetCookie(t *testing.T, v *vector, got, want []string) {
	if len(got) != len(want) {
		t.Errorf("Set-Cookie = %q, want %q", got, want)
		return
	}
	for n := range want {
		if v.Compare != "value" || got[n] == want[n] {
			if got[n] != want[n] {
				t.Errorf("Set-Cookie = %q, want %q", got[n], want[n])
			}
			continue
		}
		g, gotOK := parseSigned(v, got[n])
		w, wantOK := parseSigned(v, want[n])
		if !gotOK || !wantOK || g.name != w.name || g.attributes != w.attributes || g.expires != w.expires || g.time != w.time ||
			!strings.HasPrefix(g.payload, "j") || !strings.HasPrefix(w.payload, "j") || !sameJSON(g.payload[1:], w.payload[1:]) {
			t.Errorf("Set-Cookie = %q, want the value of %q", got[n], want[n])
		}
	}
}

// signedCookie is a signed cookie of Pants 1.0, its signature checked.
type signedCookie struct {
	name, payload, expires, time, attributes string
}

// parseSigned takes a Set-Cookie line apart. An own decoder: the package's must not judge itself.
func parseSigned(v *vector, line string) (c signedCookie, ok bool) {
	name, rest, _ := strings.Cut(line, "=")
	text := rest
	if strings.HasPrefix(rest, `"`) {
		end := 1
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return c, false
		}
		text, rest = unquoteCookie(rest[1:end]), rest[end+1:]
	} else {
		text, rest, _ = strings.Cut(rest, "; ")
	}
	c.name, c.attributes = name, strings.TrimPrefix(rest, "; ")
	parts := strings.Split(text, "|")
	if len(parts) < 4 || v.Server.CookieSecret == nil {
		return c, false
	}
	last := len(parts) - 3
	c.payload, c.expires, c.time = strings.Join(parts[:last], "|"), parts[last], parts[last+1]
	mac := hmac.New(sha1.New, []byte(v.Server.CookieSecret.text))
	mac.Write([]byte(c.expires + c.time + base64.StdEncoding.EncodeToString([]byte(c.payload))))
	return c, hex.EncodeToString(mac.Sum(nil)) == parts[last+2]
}

// unquoteCookie undoes the quoting of Python's SimpleCookie: \ooo is a byte, \x is x.
func unquoteCookie(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if i+3 < len(s) {
				if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
					b.WriteByte(byte(n))
					i += 3
					continue
				}
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// compareWanted checks what a correct implementation gives in place of a defect.
func compareWanted(t *testing.T, v *vector, x *vectorExchange) {
	w := v.Want
	all, rest := x.responses()
	if len(all) == 0 || rest != "" {
		t.Errorf("answers = %q, want whole ones", x.raw())
		return
	}
	first := all[0]
	if w.Status != 0 && first.status != w.Status {
		t.Errorf("status = %d, want %d", first.status, w.Status)
	}
	if w.ContentRange != "" && first.get("Content-Range") != w.ContentRange {
		t.Errorf("Content-Range = %q, want %q", first.get("Content-Range"), w.ContentRange)
	}
	if w.Body != nil && first.body != w.Body.text {
		t.Errorf("content = %q, want %q", first.body, w.Body.text)
	}
	if w.SetCookie != nil {
		if want := (recordedValue{kind: kindList, list: *w.SetCookie}).lines(); strings.Join(first.values("Set-Cookie"), "\n") != strings.Join(want, "\n") {
			t.Errorf("Set-Cookie = %q, want %q", first.values("Set-Cookie"), want)
		}
	}
	if w.Post == nil && w.Files == nil && w.Results == nil {
		return
	}
	if len(x.calls) == 0 {
		t.Errorf("the handler did not run: %q", x.raw())
		return
	}
	if w.Post != nil {
		equalMaps(t, "post", x.calls[0].post, valueMap(*w.Post, nil))
	}
	if w.Files != nil {
		equalMaps(t, "files", x.calls[0].files, fileMap(*w.Files))
	}
	if w.Results != nil {
		compareResults(t, x.calls[0].results, *w.Results)
	}
}
