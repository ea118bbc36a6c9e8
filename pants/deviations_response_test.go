package pants_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func checkServerError(t *testing.T, v *vector, x *vectorExchange) {
	checkStatus(http.StatusInternalServerError)(t, v, x)
}

func checkHead(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x) // content would not be a whole answer
	recorded := v.Got[0].responses()
	if len(recorded) == 0 {
		t.Fatal("no recorded answer")
	}
	for _, p := range (recordedValue{list: recorded[0].Headers}).pairs() {
		if strings.EqualFold(p[0].text, "Content-Length") && r.get("Content-Length") != p[1].text {
			t.Errorf("Content-Length = %q, want %s", r.get("Content-Length"), p[1].text)
		}
	}
	if _, rest, _ := strings.Cut(x.back[0], "\r\n\r\n"); rest != "" {
		t.Errorf("content = %q, want none", rest)
	}
}

func checkBodyless(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if _, rest, _ := strings.Cut(x.back[0], "\r\n\r\n"); rest != "" && r.framing != "chunked" || r.body != "" {
		t.Errorf("content = %q, want none", rest)
	}
	if length := r.get("Content-Length"); r.status == 204 && length != "" || r.status == 205 && length != "" && length != "0" {
		t.Errorf("Content-Length = %q for %d", length, r.status)
	}
	if want := v.Got[0].responses()[0].Status; r.status != want {
		t.Errorf("status = %d, want %d", r.status, want)
	}
}

// checkInjection looks for what the handler wanted to smuggle in at the start of a line, or as an attribute.
func checkInjection(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	var texts []string
	for _, s := range v.allSteps() {
		for _, a := range append((recordedValue{list: s.Attrs}).pairs(), s.Headers.fields()...) {
			texts = append(texts, a[0].text, a[1].text)
			if bare := a[1].text; s.Op == "set_cookie" && strings.Contains(bare, ";") && strings.Contains(r.head, bare) {
				t.Errorf("%q went out as it is", bare)
			}
		}
		texts = append(texts, s.ContentType.text, s.Filename.text, s.Path.text, s.Name.text)
	}
	for _, text := range texts {
		lines := strings.FieldsFunc(text, func(c rune) bool { return c == '\r' || c == '\n' })
		for _, line := range lines[min(1, len(lines)):] {
			if strings.Contains(r.head, "\n"+line) || strings.Contains(r.head, "\r"+line) {
				t.Errorf("%q stands at the start of a line", line)
			}
		}
	}
	if strings.Count(r.head, "\r") != strings.Count(r.head, "\r\n") || strings.Count(r.head, "\n") != strings.Count(r.head, "\r\n") {
		t.Errorf("a bare CR or LF in %q", r.head)
	}
}

func checkUnicode(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if r.status != http.StatusOK && !v.has("argument") {
		t.Errorf("status = %d, want 200", r.status)
	}
	isASCII := func(s string) bool { return strings.IndexFunc(s, func(c rune) bool { return c > 126 }) < 0 }
	sent := r.head + r.body
	for _, text := range []string{sent, unquoteCookie(sent)} {
		if u, err := url.PathUnescape(strings.ReplaceAll(text, "\r\n", " ")); err == nil {
			sent += u
		}
		sent += text
	}
	for _, s := range v.allSteps() {
		texts := []recordedValue{s.Content, s.Data, s.Value, s.Path}
		for _, f := range s.Headers.fields() {
			texts = append(texts, f[1])
		}
		for _, text := range texts {
			if text.kind == kindText && !isASCII(text.text) && r.status == http.StatusOK && !strings.Contains(sent, text.text) {
				t.Errorf("%q is not in the answer", text.text)
			}
		}
	}
}

func checkHeaderLists(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	found := 0
	for _, s := range v.allSteps() {
		for _, f := range s.Headers.fields() {
			if f[1].kind != kindList && f[1].kind != kindTuple {
				continue
			}
			found++
			got := r.values(f[0].text)
			for _, want := range f[1].lines() {
				if !slices.Contains(got, want) {
					t.Errorf("%s = %q, want a line %q", f[0].text, got, want)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no list in this vector")
	}
}

func checkFraming(t *testing.T, v *vector, x *vectorExchange) {
	wholeAnswer(t, x)
	all, _ := x.responses()
	if len(all) != len(x.back) || len(x.calls) != len(all) {
		t.Errorf("%d answers and %d calls for %d requests", len(all), len(x.calls), len(x.back))
	}
	for _, r := range all {
		if r.framing == "close" && x.isOpen() || !r.complete {
			t.Errorf("an answer without an end: %q", r.head)
		}
	}
}

func checkCloses(t *testing.T, v *vector, x *vectorExchange) {
	if r := wholeAnswer(t, x); r.status != http.StatusOK || x.isOpen() {
		t.Errorf("status, open = %d, %t, want 200, false", r.status, x.isOpen())
	}
}

func checkImpliedStatus(t *testing.T, v *vector, x *vectorExchange) {
	want := ""
	for _, s := range v.allSteps() {
		want += s.Data.text
	}
	if r := wholeAnswer(t, x); r.status != http.StatusOK || r.body != want {
		t.Errorf("status, content = %d, %q, want 200, %q", r.status, r.body, want)
	}
}

func checkOneAnswer(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if all, _ := x.responses(); len(all) != 1 || strings.Count(x.raw(), "HTTP/1.") != 1 {
		t.Errorf("%d answers in %q, want one", len(all), x.raw())
	}
	if r.status < 200 {
		t.Errorf("status = %d", r.status)
	}
}

func checkLength(t *testing.T, v *vector, x *vectorExchange) {
	all, rest := x.responses()
	if len(all) == 0 && rest == "" && !x.isOpen() { // aborted before anything went out
		return
	}
	if len(all) != 1 || rest != "" {
		t.Fatalf("answers = %q, want one", x.raw())
	}
	r := all[0]
	if r.status == http.StatusInternalServerError { // found before anything went out
		return
	}
	if length, err := strconv.Atoi(r.get("Content-Length")); err == nil && (len(r.body) > length || len(r.body) < length && x.isOpen()) {
		t.Errorf("%d bytes of %d, open = %t", len(r.body), length, x.isOpen())
	} else if err != nil && !r.complete {
		t.Errorf("an answer without an end: %q", x.raw())
	}
}

func checkPipeline(t *testing.T, v *vector, x *vectorExchange) {
	wholeAnswer(t, x)
	var want []string
	for n := range x.calls {
		for _, s := range v.steps(n) {
			for _, late := range append([]recordedStep{s}, s.Steps...) {
				if late.Op == "send_response" {
					want = append(want, late.Content.text)
				}
			}
		}
	}
	all, _ := x.responses()
	var got []string
	for _, r := range all {
		got = append(got, r.body)
	}
	if len(got) < 2 || !slices.Equal(got, want) {
		t.Errorf("answers = %q, want %q", got, want)
	}
}

func checkNoStrayLine(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	for _, name := range []string{"Content-Type", "Content-Length", "Date"} {
		if strings.Contains(r.body, name+":") {
			t.Errorf("a header line in the content %q", r.body)
		}
	}
	if r.framing == "close" {
		t.Errorf("the head has ended too early: %q", x.raw())
	}
	if v.Want != nil {
		compareWanted(t, v, x)
	}
}

func checkFlags(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	lines := strings.ToLower(strings.Join(r.values("Set-Cookie"), "\n"))
	if lines == "" {
		t.Errorf("no cookie in %q", r.head)
	}
	for _, s := range v.allSteps() {
		for _, a := range (recordedValue{list: s.Attrs}).pairs() {
			if a[1].kind == kindBool && !a[1].bool && strings.Contains(lines, "; "+strings.ToLower(a[0].text)) {
				t.Errorf("Set-Cookie = %q, want it without %s", lines, a[0].text)
			}
		}
	}
}

func checkSignedOut(t *testing.T, v *vector, x *vectorExchange) {
	lines := wholeAnswer(t, x).values("Set-Cookie")
	if len(lines) == 0 {
		t.Fatalf("no cookie in %q", x.raw())
	}
	for _, line := range lines {
		c, ok := parseSigned(v, line)
		seconds, err := strconv.Atoi(c.expires)
		if !ok || err != nil {
			t.Errorf("%q cannot be read back", line)
			continue
		}
		want := "expires=" + clockTime(v.Clock).Truncate(time.Second).Add(time.Duration(seconds)*time.Second).UTC().Format(http.TimeFormat)
		if !strings.Contains(line, want) {
			t.Errorf("Set-Cookie = %q, want it with %s", line, want)
		}
	}
}
