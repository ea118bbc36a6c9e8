package legacy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

// mark stands at both ends of every secret, so that a beginning or an end that is left is found. No escaping changes it, and it is
// short enough for secrets that are not looked for a second time.
const mark = "zQ7x"

// No secret gets into a file, wherever it stood, whatever stands around it.
func FuzzRecordNoSecret(f *testing.F) {
	for kind := range 8 {
		f.Add(kind, "secret", "noise", "a=b")
		f.Add(kind, "a;b=c&d", "x?y=1&", "%zz")
		f.Add(kind, "\"\\u0000\\\"", "\"}],{[", "--b\r\n\r\n")
		f.Add(kind, "%2", "\xff\x00", "{\"a\":")
	}
	names := []string{"password", "X-Api-Key", "user[pin]", "csrf_token", "newPassword", "otp"}
	f.Fuzz(func(t *testing.T, kind int, inner, noise, raw string) {
		if strings.Contains(noise, "zQ") || strings.Contains(raw, "zQ") || strings.Contains(inner, "zQ") || kind < 0 {
			return // a secret that the client calls by its own name, or that is not where the test thinks
		}
		secret := mark + inner + mark
		line := strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f {
				return '_'
			}
			return c
		}, secret) // in a header there are no others
		name := names[kind%len(names)]
		quoted := func(s string) string {
			b, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		bodies := []struct{ contentType, body string }{
			{"application/x-www-form-urlencoded", url.QueryEscape(noise) + "=1&" + url.QueryEscape(name) + "=" + url.QueryEscape(secret)},
			{"application/x-www-form-urlencoded", raw + "&" + name + "=" + url.QueryEscape(secret) + "&" + raw},
			{"application/json", `{` + quoted(noise) + `:[` + quoted(raw) + `,{` + quoted(name) + `:[` + quoted(secret) + `]}]}`},
			{"application/json", raw + `{"token":` + quoted(secret) + `}` + raw},
			{"text/plain", ` [{"name":"token","value":` + quoted(secret) + `},` + quoted(noise) + `]`},
			{"multipart/form-data; boundary=b", raw + "\r\n--b\r\nContent-Disposition: form-data; name=" + quoted(name) + "\r\n\r\n" + strings.ReplaceAll(secret, "--b", "") + "\r\n--b--\r\n" + raw},
			{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n{\"token\":" + quoted(secret) + "}\r\n--b\r\n" + raw + "\r\n--b--"},
			{"application/x-ndjson", quoted(noise) + "\n{\"token\":" + quoted(secret) + "}\n" + quoted(raw)},
		}
		b := bodies[kind%len(bodies)]
		r := httptest.NewRequest("POST", "/", strings.NewReader(b.body))
		r.RequestURI = "/" + url.PathEscape(noise) + "?" + url.QueryEscape(raw) + "=" + url.QueryEscape(noise) + "&" +
			url.QueryEscape(name) + "=" + url.QueryEscape(secret) + "&next=" + url.QueryEscape("/x?"+name+"="+url.QueryEscape(secret))
		r.Header.Set("Content-Type", b.contentType)
		r.Header.Set("Authorization", "Bearer "+line)
		r.Header.Set("Proxy-Authorization", line)
		r.Header.Set("Cookie", `a=1; sid="`+line+`"; b=`+url.QueryEscape(secret))
		r.Header.Set("X-Api-Key", line)
		r.Header.Set("Referer", "https://u:"+url.QueryEscape(secret)+"@host/?"+url.QueryEscape(noise)+"=1&token="+url.QueryEscape(secret))
		rec, dir := newRecorder(t, legacy.RecordConfig{})
		w := httptest.NewRecorder()
		rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil || string(got) != b.body {
				t.Errorf("next read %q, %v, want %q", got, err, b.body)
			}
			w.Header().Set("Content-Type", b.contentType)
			w.Header().Add("Set-Cookie", "sid="+line)
			w.Header().Set("X-Auth-Token", line)
			w.Header().Set("Location", "/?a="+url.QueryEscape(raw)+"#access_token="+url.QueryEscape(secret))
			_, _ = w.Write(got)
		})).ServeHTTP(w, r)
		if w.Body.String() != b.body {
			t.Errorf("the client got %q, want %q", w.Body, b.body)
		}
		list := stored(t, rec, dir)
		if len(list) != 1 {
			t.Fatalf("%d recordings", len(list))
		}
		got := list[0] // read from the file, which has nothing else
		for _, text := range []string{got.Name, string(got.Request.Body.Content), string(got.Response.Body.Content), fmt.Sprint(got)} {
			if i := strings.Index(text, mark); i >= 0 {
				t.Fatalf("%s: a secret is stored: %q", b.contentType, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	})
}

// Whatever the bodies are, traffic is as without a Recorder, what is stored can be read, and JSON stays the JSON it was but for
// what is masked.
func FuzzRecordBodies(f *testing.F) {
	for _, seed := range []struct{ contentType, coding, body string }{
		{"", "", ""}, {"text/plain", "", "a\nb"}, {"application/json", "", `{"a":[1,2.50,"x",{"token":"y"}],"b":null}`},
		{"application/json", "", "[[[[[[[[[[]]]]]]]]]]"}, {"application/x-www-form-urlencoded", "", "a=b;c&token=d"},
		{"multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--"},
		{"text/event-stream", "", "data: {}\n\n"}, {"image/png", "", "\x89PNG"}, {"text/html", "gzip", "\x1f\x8b"}, {"a/b;c", "br", "x"},
	} {
		f.Add(seed.contentType, seed.coding, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, contentType, coding string, body []byte) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Header["Content-Type"], r.Header["Content-Encoding"] = []string{contentType}, []string{coding}
		rec, dir := newRecorder(t, legacy.RecordConfig{MaxBody: 1000})
		w := httptest.NewRecorder()
		rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"], w.Header()["Content-Encoding"] = []string{contentType}, []string{coding}
			_, _ = io.Copy(w, r.Body)
		})).ServeHTTP(w, r)
		if !bytes.Equal(w.Body.Bytes(), body) {
			t.Fatalf("the client got %q", w.Body)
		}
		list := stored(t, rec, dir)
		if len(list) != 1 {
			t.Fatalf("%d recordings", len(list))
		}
		for side, b := range map[string]legacy.RecordedBody{"request": list[0].Request.Body, "response": list[0].Response.Body} {
			if b.Omitted != "" && (b.Content != nil || b.Length != int64(len(body))) || b.Omitted == "" && (b.SHA256 != "" || b.Length != 0) {
				t.Errorf("%s: %+v", side, b)
			}
			if b.Omitted == "" && b.Coding == "" && len(body) > 0 && json.Valid(body) {
				if !json.Valid(b.Content) {
					t.Errorf("%s: JSON %q is no more: %q", side, body, b.Content)
				}
				if len(list[0].Masked) == 0 && !bytes.Equal(b.Content, body) {
					t.Errorf("%s: %q has become %q, and nothing is masked", side, body, b.Content)
				}
			}
		}
	})
}
