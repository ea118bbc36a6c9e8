package legacy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

var placeholders = regexp.MustCompile(`MASKED-(NUMBER-)?[0-9a-f]{16}`)

// stars is s with each placeholder as "***", those of numbers as "#".
func stars(s string) string {
	return placeholders.ReplaceAllStringFunc(s, func(p string) string {
		if strings.Contains(p, "NUMBER") {
			return "#"
		}
		return "***"
	})
}

func TestMaskTargets(t *testing.T) {
	for _, test := range []struct{ target, want string }{
		{"/", "/"},
		{"/a?", "/a?"},
		{"/a?x=1&y=2", "/a?x=1&y=2"},
		{"/a?password=x", "/a?password=***"},
		{"/a?x=1&token=a%2Bb&y=2", "/a?x=1&token=***&y=2"},
		{"/a?p%61ssword=x", "/a?p%61ssword=***"},
		{"/a?user[passwd]=x&user%5Bpin%5D=1", "/a?user[passwd]=***&user%5Bpin%5D=***"},
		{"/a?PassWord=x&newPwd=y&api-key=z&x_auth=w", "/a?PassWord=***&newPwd=***&api-key=***&x_auth=***"},
		{"/a?password=&token", "/a?password=&token"},
		{"/a?password=x&password=y", "/a?password=***&password=***"},
		{"/a?x=1;token=a;y=2&z=3", "/a?x=1;token=***&z=3"}, // y=2 may be the rest of the token
		{"/a?token=a;b", "/a?token=***"},                   // as here
		{"/a?token=%zz%", "/a?token=***"},                  // a bad escape
		{"/a?next=/x%3Ftoken%3Dabc%26y%3D2", "/a?next=%2Fx%3Ftoken%3D***%26y%3D2"},
		{"/a?next=http://u:pw@host/", "/a?next=http%3A%2F%2F***%40host%2F"},
		{`/a?q={"token":"x","n":1}`, "/a?q=%7B%22token%22%3A%22***%22%2C%22n%22%3A1%7D"},
		{`/a?q={"x":";","token":"x"}`, "/a?q=%7B%22x%22%3A%22%3B%22%2C%22token%22%3A%22***%22%7D"},
		{"/a?q=password:+x", "/a?q=***"},
		{"/a?q={password:x", "/a?q=***"},
		{"/a?author=x&shopping=y&design=z&passenger=w", "/a?author=x&shopping=y&design=z&passenger=w"},
		{"/a?iban=x&IBAN=y", "/a?iban=***&IBAN=***"},
		{"/a?csrf_note=x", "/a?csrf_note=x"},
		{"/a?subscription-key=x&signingKey=y&key=z&sortKey=w", "/a?subscription-key=***&signingKey=***&key=z&sortKey=w"},
		{"http://user:pw@host/a?token=x", "http://***@host/a?token=***"},
		{"/a#token=x", "/a#token=x"}, // in a request target that is a path
		{"/a?x=1#&token=x", "/a?x=1#&token=***"},
		{"*", "*"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = test.target
		got := record(t, legacy.RecordConfig{Secrets: []string{"Iban"}, Keep: []string{"CSRF_Note"}}, r, readBody)
		if masked := stars(got.Request.Target); masked != test.want {
			t.Errorf("%s is recorded as %s, want %s", test.target, masked, test.want)
		}
	}
}

func TestMaskHeaders(t *testing.T) {
	for _, test := range []struct{ name, value, request, response string }{
		{"Accept", "text/html", "text/html", "text/html"},
		{"Authorization", "Bearer abc", "Bearer ***", "Bearer ***"},
		{"Authorization", "basic dTpw", "basic ***", "basic ***"},
		{"Authorization", "abc", "***", "***"},
		{"Authorization", "abc def", "***", "***"}, // abc is no scheme
		{"Authorization", "", "", ""},
		{"Proxy-Authorization", "Digest username=\"u\", response=\"r\"", "Digest ***", "Digest ***"},
		{"Cookie", "a=1; b=2", "a=***; b=***", "a=***; b=***"},
		{"Cookie", "a=1;b=2;lang=de", "a=***;b=***;lang=de", "a=***;b=***;lang=de"},
		{"Cookie", `a="x; y"`, "a=***; ***", "a=***; ***"}, // Python lets ';' stand in quotes
		{"Cookie", "secret", "***", "***"},
		{"Cookie", "a=", "a=", "a="},
		{"Cookie", "a b=secret", "***", "***"},
		{"Cookie", `user="u{\"id\": 7}|2592000|1400000000|ec2c018f282df7be35311c5481e6e2f2cd5f654d"`, "user=***", "user=***"}, // of Pants
		{"X-Api-Key", "abc", "***", "***"},
		{"X-Apikey", "abc", "***", "***"},
		{"X-Csrftoken", "abc", "***", "***"},
		{"X-Auth", "abc", "***", "***"},
		{"X-Author", "abc", "abc", "abc"},
		{"X-Amz-Security-Token", "abc", "***", "***"},
		{"Ocp-Apim-Subscription-Key", "abc", "***", "***"},
		{"X-Functions-Key", "abc", "***", "***"},
		{"Fastly-Key", "abc", "***", "***"},
		{"Idempotency-Key", "abc", "abc", "abc"},
		{"Sec-Websocket-Key", "abc", "abc", "abc"},
		{"X-Lang", "abc", "abc", "abc"},
		{"X-Token-Type", "abc", "abc", "abc"}, // in Keep
		{"X-Iban", "abc", "***", "***"},       // in Secrets
		{"Referer", "https://host/x?token=a,b&y=2", "https://host/x?token=***&y=2", "https://host/x?token=***&y=2"},
		{"Referer", "https://u:p@host/x", "https://***@host/x", "https://***@host/x"},
		{"Location", "/x?a=1&access_token=abc", "/x?a=1&access_token=***", "/x?a=1&access_token=***"},
		{"Location", "/cb#access_token=abc&state=1", "/cb#access_token=***&state=1", "/cb#access_token=***&state=1"},
		{"Link", `</x?sig=a>; rel="next", </y?token=b>; rel="prev"`, `</x?sig=***>; rel="next", </y?token=***>; rel="prev"`, `</x?sig=***>; rel="next", </y?token=***>; rel="prev"`},
		{"X-Debug", `user=u, password="a b", n=1`, `user=u, password=***, n=1`, `user=u, password=***, n=1`},
		{"X-Debug", `{"token": "x", "n": 1}`, `{"token": "***", "n": 1}`, `{"token": "***", "n": 1}`},
		{"X-Debug", "password: x", "***", "password: x"}, // what a user says is masked sooner than what a page says
		{"X-Forwarded-For", "127.0.0.1, 10.1.2.3, fe80::1", "127.0.0.1, 10.1.2.3, fe80::1", "127.0.0.1, 10.1.2.3, fe80::1"},
		{"X-Forwarded-For", "unknown, _hidden", "unknown, _hidden", "unknown, _hidden"},
		{"Content-Disposition", `attachment; filename="token.txt"`, `attachment; filename="token.txt"`, `attachment; filename="token.txt"`},
		{"Cache-Control", "private, max-age=0", "private, max-age=0", "private, max-age=0"},
		{"X-Bytes", "a\xffb?token=\xfe", "a\xffb?token=***", "a\xffb?token=***"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header[test.name] = []string{"first", test.value}
		got := record(t, legacy.RecordConfig{Secrets: []string{"x-iban"}, Keep: []string{"X-Token-Type", "lang"}}, r, func(w http.ResponseWriter, r *http.Request) {
			if values := r.Header[test.name]; len(values) != 2 || values[1] != test.value {
				t.Errorf("next sees %s: %q", test.name, values)
			}
			w.Header()[test.name] = []string{"first", test.value}
		})
		for side, have := range map[string][2]string{
			"request":  {strings.Join(got.Request.Header[test.name][1:], "|"), test.request},
			"response": {strings.Join(got.Response.Header[test.name][1:], "|"), test.response},
		} {
			if stars(have[0]) != have[1] {
				t.Errorf("%s %s: %s is recorded as %s, want %s", side, test.name, test.value, stars(have[0]), have[1])
			}
		}
	}
}

// Addresses stay addresses, public ones others.
func TestMaskAddresses(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "8.8.8.8:1234"
	r.Header.Set("X-Forwarded-For", "8.8.8.8, 2606:4700::1111, 10.0.0.1, ::ffff:8.8.8.8")
	r.Header.Set("Forwarded", `for="[2606:4700::1111]:80";proto=https;host=example.org`)
	r.Header.Set("X-Real-Ip", "8.8.4.4")
	got := record(t, legacy.RecordConfig{}, r, readBody).Request
	v4, port, _ := strings.Cut(got.RemoteAddr, ":")
	list := strings.Split(got.Header.Get("X-Forwarded-For"), ", ")
	documentation := regexp.MustCompile(`^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$`)
	if !documentation.MatchString(v4) || port != "1234" {
		t.Errorf("RemoteAddr = %s", got.RemoteAddr)
	}
	if len(list) != 4 || list[0] != v4 || list[3] != v4 || list[2] != "10.0.0.1" || !strings.HasPrefix(list[1], "2001:db8:") {
		t.Errorf("X-Forwarded-For = %q, with %s for 8.8.8.8", list, v4)
	}
	if want := `for="[` + list[1] + `]:80";proto=https;host=example.org`; got.Header.Get("Forwarded") != want {
		t.Errorf("Forwarded = %s, want %s", got.Header.Get("Forwarded"), want)
	}
	if a := got.Header.Get("X-Real-Ip"); !documentation.MatchString(a) {
		t.Errorf("X-Real-Ip = %s", a)
	}
	for _, addr := range []string{"127.0.0.1:5", "[::1]:5", "192.168.1.1:5", "@", ""} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = addr
		if got := record(t, legacy.RecordConfig{}, r, readBody).Request.RemoteAddr; got != addr {
			t.Errorf("RemoteAddr %q is recorded as %q", addr, got)
		}
	}
}

func multipartForm(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("--b\r\n" + part + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

// nested is JSON in a string of JSON, n times.
func nested(n int, inner string) string {
	for range n {
		quoted, _ := json.Marshal(inner)
		inner = "[" + string(quoted) + "]"
	}
	return inner
}

func TestMaskBodies(t *testing.T) {
	const (
		form      = "application/x-www-form-urlencoded"
		multipart = "multipart/form-data; boundary=b"
		field     = "Content-Disposition: form-data; name="
	)
	for _, test := range []struct{ title, contentType, body, request, response string }{ // what begins with "!" is why it is left out
		{"form", form, "user=u&password=p%2B&x=1", "user=u&password=***&x=1", "user=u&password=***&x=1"},
		{"form with a parameter", form + "; charset=utf-8", "token=x\r\n", "token=***\r\n", "token=***\r\n"},
		{"form in other case", "Application/X-WWW-Form-Urlencoded", "token=x", "token=***", "token=***"},
		{"JSON in a form", form, "payload=%7B%22token%22%3A%22x%22%7D", "payload=%7B%22token%22%3A%22***%22%7D", "payload=%7B%22token%22%3A%22***%22%7D"},
		{"JSON called a form", form, `{"password":"x"}`, `{"password":"***"}`, `{"password":"***"}`},
		{"no form", form, "just text", "!not the form that it claims to be", "!not the form that it claims to be"},
		{"half JSON called a form", form, `{"password":"x`, "!not the form that it claims to be", "!not the form that it claims to be"},
		{"a bare secret called a form", form, "eyJhbGciOi", "!not the form that it claims to be", "!not the form that it claims to be"},
		{"binary called a form", form, "a=\x00", "!not the form that it claims to be", "!not the form that it claims to be"},

		{"JSON", "application/json", `{"a":1.50,"password":"x","b":[{"TOKEN":"y","c":null}],"e":"` + `\u00e9"}`,
			`{"a":1.50,"password":"***","b":[{"TOKEN":"***","c":null}],"e":"` + `\u00e9"}`, `{"a":1.50,"password":"***","b":[{"TOKEN":"***","c":null}],"e":"` + `\u00e9"}`},
		{"all below a secret field", "application/json", `{"auth":{"user":"u","n":[1,true,null,"x",""]},"x":1}`,
			`{"auth":{"user":"***","n":["#",true,null,"***",""]},"x":1}`, `{"auth":{"user":"***","n":["#",true,null,"***",""]},"x":1}`},
		{"a number", "application/json", `{"pin": -12.5e3 , "otp":0}`, `{"pin": "#" , "otp":"#"}`, `{"pin": "#" , "otp":"#"}`},
		{"an escaped name", "application/json", `{"pass\u0077ord":"x"}`, `{"pass\u0077ord":"***"}`, `{"pass\u0077ord":"***"}`},
		{"the same name twice", "application/json", `{"token":"x","token":"y"}`, `{"token":"***","token":"***"}`, `{"token":"***","token":"***"}`},
		{"name and value", "application/json", `[{"name":"password","value":"x"},{"value":"y","Key":"X-Token"},{"name":"age","value":"7"}]`,
			`[{"name":"password","value":"***"},{"value":"***","Key":"X-Token"},{"name":"age","value":"7"}]`,
			`[{"name":"password","value":"***"},{"value":"***","Key":"X-Token"},{"name":"age","value":"7"}]`},
		{"JSON in JSON", "application/json", `{"a":"{\"token\":\"x\"}"}`, `{"a":"{\"token\":\"***\"}"}`, `{"a":"{\"token\":\"***\"}"}`},
		{"JSON in JSON, deeper than anybody looks", "application/json", nested(6, `{"id":"x"}`), nested(4, "***"), nested(4, "***")},
		{"a URL in JSON", "application/json", `{"next":"/x?token=y&z=1"}`, `{"next":"/x?token=***&z=1"}`, `{"next":"/x?token=***&z=1"}`},
		{"GraphQL", "application/json", `{"query":"mutation { login(password: \"x\") }"}`, `{"query":"***"}`, `{"query":"***"}`}, // of the answer it is an echo
		{"kept", "application/json", `{"token_type":"bearer","token":"x"}`, `{"token_type":"bearer","token":"***"}`, `{"token_type":"bearer","token":"***"}`},
		{"blanks around", "application/json", " {} \n", " {} \n", " {} \n"},
		{"a word", "application/json", `"ok"`, `"ok"`, `"ok"`},
		{"true", "application/problem+json", `true`, `true`, `true`},
		{"JSON as text", "text/plain", `{"token":"x"}`, `{"token":"***"}`, `{"token":"***"}`},
		{"JSON without a type", "", `["a",{"token":"x"}]`, `["a",{"token":"***"}]`, `["a",{"token":"***"}]`},
		{"no JSON", "application/json", `{"token":"x"`, "!not the JSON that it claims to be", "!not the JSON that it claims to be"},
		{"NaN", "application/json", `{"token":NaN}`, "!not the JSON that it claims to be", "!not the JSON that it claims to be"},
		{"JSON by lines", "application/x-ndjson", "{\"token\":\"x\"}\n{\"a\":1}\n", "{\"token\":\"***\"}\n{\"a\":1}\n", "{\"token\":\"***\"}\n{\"a\":1}\n"},
		{"events", "text/event-stream", "event: a\ndata: {\"token\":\"x\"}\n\ndata: \"token\": 1\r\n", "event: a\ndata: {\"token\":\"***\"}\n\ndata:***\r\n", "event: a\ndata: {\"token\":\"***\"}\n\ndata:***\r\n"},

		{"multipart", multipart, multipartForm(field+"\"a\"\r\n\r\n1", field+"\"password\"\r\n\r\nx"),
			multipartForm(field+"\"a\"\r\n\r\n1", field+"\"password\"\r\n\r\n***"), multipartForm(field+"\"a\"\r\n\r\n1", field+"\"password\"\r\n\r\n***")},
		{"a file, JSON, a secret file", multipart,
			multipartForm(field+"\"f\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\xff\x00", field+"\"j\"\r\nContent-Type: application/json\r\n\r\n{\"token\":1}", field+"\"token\"; filename=\"t\"\r\n\r\n\xff"),
			multipartForm(field+"\"f\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\xff\x00", field+"\"j\"\r\nContent-Type: application/json\r\n\r\n{\"token\":\"#\"}", field+"\"token\"; filename=\"t\"\r\n\r\n***"),
			multipartForm(field+"\"f\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\xff\x00", field+"\"j\"\r\nContent-Type: application/json\r\n\r\n{\"token\":\"#\"}", field+"\"token\"; filename=\"t\"\r\n\r\n***")},
		{"a text file that speaks of a password", multipart, multipartForm(field + "\"f\"; filename=\".env\"\r\n\r\nPASSWORD=x"),
			multipartForm(field + "\"f\"; filename=\".env\"\r\n\r\n***"), multipartForm(field + "\"f\"; filename=\".env\"\r\n\r\nPASSWORD=x")},
		{"encoded once more", multipart, multipartForm("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nc2VjcmV0"),
			multipartForm("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n***"), multipartForm("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n***")},
		{"two names", multipart, multipartForm(field + "\"a\"; name=\"password\"\r\n\r\nx"), multipartForm(field + "\"a\"; name=\"password\"\r\n\r\n***"), multipartForm(field + "\"a\"; name=\"password\"\r\n\r\n***")},
		{"no name", multipart, multipartForm("X-Part: 1\r\n\r\nx"), multipartForm("X-Part: 1\r\n\r\n***"), multipartForm("X-Part: 1\r\n\r\n***")},
		{"a part's header", multipart, multipartForm(field + "\"a\"\r\nX-Token: t\r\n\r\n1"), multipartForm(field + "\"a\"\r\nX-Token: ***\r\n\r\n1"), multipartForm(field + "\"a\"\r\nX-Token: ***\r\n\r\n1")},
		{"around the parts", multipart, "password=x\r\n" + multipartForm(field+"\"a\"\r\n\r\n1") + "password=x", multipartForm(field + "\"a\"\r\n\r\n1"), multipartForm(field + "\"a\"\r\n\r\n1")},
		{"no end", multipart, "--b\r\n" + field + "\"a\"\r\n\r\n1", "!not the form that it claims to be", "!not the form that it claims to be"},
		{"no boundary", "multipart/form-data", multipartForm(field + "\"a\"\r\n\r\n1"), "!not the form that it claims to be", "!not the form that it claims to be"},
		{"two boundaries", multipart + "; boundary=c", multipartForm(field + "\"a\"\r\n\r\n1"), "!not the form that it claims to be", "!not the form that it claims to be"},
		{"other multipart", "multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b--", "!multipart of a kind that cannot be looked into", "--b\r\n\r\nx\r\n--b--"},

		{"text", "text/plain", "hello", "hello", "hello"},
		{"text that speaks of a password", "text/plain", "password=x", "!a text with secrets in it", "password=x"},
		{"a form without a type", "", "user=u&password=x", "user=u&password=***", "user=u&password=***"},
		{"XML", "text/xml", "<Login><Password>x</Password></Login>", "!a text with secrets in it", "<Login><Password>x</Password></Login>"},
		{"XML in Latin-1", "text/xml; charset=iso-8859-1", "<Login><Name>Ren\xe9</Name><Password>x</Password></Login>", "!a text with secrets in it", "<Login><Name>Ren\xe9</Name><Password>x</Password></Login>"},
		{"XML in UTF-16", "text/xml; charset=utf-16", "<\x00P\x00w\x00>\x00x\x00", "!a text in two-byte characters", "<\x00P\x00w\x00>\x00x\x00"},
		{"XML in UTF-16 with its mark", "application/soap+xml", "\xfe\xff\x00<\x00P\x00w\x00>\x00x", "!a text in two-byte characters", "\xfe\xff\x00<\x00P\x00w\x00>\x00x"},
		{"a text file in Latin-1", multipart, multipartForm(field + "\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\npassword: gr\xfcn"),
			multipartForm(field + "\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n***"), multipartForm(field + "\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\npassword: gr\xfcn")},
		{"prose", "text/plain", "I lost my password again", "I lost my password again", "I lost my password again"},
		{"HTML", "text/html", `<a href="/x?a=1&amp;token=y&amp;b=2">`, `<a href="/x?a=1&amp;token=***&amp;b=2">`, `<a href="/x?a=1&amp;token=***&amp;b=2">`},
		{"HTML in Latin-1", "text/html", "caf\xe9 <a href='/x?token=y'>", "caf\xe9 <a href='/x?token=***'>", "caf\xe9 <a href='/x?token=***'>"},
		{"binary", "image/png", "\xff\x00token=1", "\xff\x00token=1", "\xff\x00token=1"},
	} {
		t.Run(test.title, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
			r.Header["Content-Type"] = []string{test.contentType}
			got := record(t, legacy.RecordConfig{Keep: []string{"token_type"}}, r, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = []string{test.contentType}
				_, _ = io.Copy(w, r.Body)
			})
			for side, have := range map[string]struct {
				body legacy.RecordedBody
				want string
			}{"request": {got.Request.Body, test.request}, "response": {got.Response.Body, test.response}} {
				if why, omitted := strings.CutPrefix(have.want, "!"); omitted {
					if !strings.HasPrefix(have.body.Omitted, why) || have.body.Content != nil || have.body.SHA256 != "" || have.body.Length != int64(len(test.body)) {
						t.Errorf("%s: %+v, want it left out: %s", side, have.body, why)
					}
				} else if masked := stars(string(have.body.Content)); masked != have.want || have.body.Omitted != "" {
					t.Errorf("%s: %q %q, want %q", side, masked, have.body.Omitted, have.want)
				}
			}
		})
	}
}

func TestMaskSetCookie(t *testing.T) {
	got := record(t, legacy.RecordConfig{Keep: []string{"lang"}}, httptest.NewRequest("GET", "/", nil), func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range []string{
			"sid=abc; Path=/; HttpOnly", "lang=de;Max-Age=5", "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT", "bare", `q="a\073b"; secure`,
			`user=sbar|2592000|1400000000|ec2c018f282df7be35311c5481e6e2f2cd5f654d; httponly`,
		} {
			w.Header().Add("Set-Cookie", line)
		}
	})
	if len(got.Response.Header["Set-Cookie"]) > 0 {
		t.Error("Set-Cookie stands in the headers too")
	}
	var all []string
	for _, c := range got.Response.Cookies {
		all = append(all, stars(c.Name+"="+c.Value+" "+strings.Join(c.Attributes, ";")))
	}
	want := []string{"sid=*** Path=/;HttpOnly", "lang=de Max-Age=5", "gone= expires=Thu, 01 Jan 1970 00:00:00 GMT", "bare= ", "q=*** secure", "user=*** httponly"}
	if !slices.Equal(all, want) {
		t.Errorf("cookies %q, want %q", all, want)
	}
}

// A cookie is one however its header is spelt, and wherever it stands: net/http sends a name as it is in the map.
func TestMaskSetCookieElsewhere(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Set-Cookie", "a=in the request")
	got := record(t, legacy.RecordConfig{}, r, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["set-cookie"] = []string{"b=in small letters; Path=/"}
		w.Header().Set("Set-Cookie", "c=beside it")
		w.Header().Set("Trailer", "Set-Cookie")
		_, _ = io.WriteString(w, "x")
		w.Header().Set("Set-Cookie", "d=in a trailer")
	})
	if s := strings.Join(got.Request.Header["Set-Cookie"], "|"); stars(s) != "***" {
		t.Errorf("the request has %s", s)
	}
	if s := strings.Join(got.Response.Trailer["Set-Cookie"], "|"); stars(s) != "***" {
		t.Errorf("the trailer has %s", s)
	}
	if list := got.Response.Header["Set-Cookie"]; len(list) > 0 || len(got.Response.Cookies) != 2 {
		t.Errorf("header %q, cookies %v", list, got.Response.Cookies)
	}
	for _, c := range got.Response.Cookies {
		if stars(c.Value) != "***" {
			t.Errorf("cookie %s has %s", c.Name, c.Value)
		}
	}
}

// Equal secrets have equal placeholders, wherever they stand, so that a login can be followed; those of another recorder differ.
func TestMaskPlaceholders(t *testing.T) {
	ask := func(rec *legacy.Recorder, secret string) {
		r := httptest.NewRequest("POST", "/?token="+secret, strings.NewReader(`{"secret":"`+secret+`"}`))
		r.Header.Set("Cookie", "sid="+secret)
		rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Set-Cookie", "sid=\""+secret+"\"")
			w.Header().Set("X-Auth-Token", secret)
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	seen := map[string][]string{} // placeholders by secret
	for range 2 {
		rec, dir := newRecorder(t, legacy.RecordConfig{})
		ask(rec, "one")
		ask(rec, "one")
		ask(rec, "two")
		for i, r := range stored(t, rec, dir) {
			if len(r.Masked) != 1 {
				t.Fatalf("recording %d is masked with %v, want one placeholder", i, r.Masked)
			}
			for p, places := range r.Masked {
				slices.Sort(places)
				want := []string{"request cookie sid", "request json /secret", "request query token", "response cookie sid", "response header X-Auth-Token"}
				if !slices.Equal(places, want) {
					t.Errorf("places %q, want %q", places, want)
				}
				secret := []string{"one", "one", "two"}[i]
				seen[secret] = append(seen[secret], p)
			}
		}
	}
	one, two := seen["one"], seen["two"]
	if one[0] != one[1] || one[2] != one[3] || one[0] == one[2] || two[0] == two[1] || one[0] == two[0] {
		t.Errorf("placeholders %q", seen)
	}
}

// A long secret is masked wherever it stands; a short one is not, since what is masked on a known page would tell what it is.
func TestMaskEchoes(t *testing.T) {
	const long, short = `s<e"c&r+e t/0123456789`, "hunter2"
	r := httptest.NewRequest("GET", "/x/s%3Ce%22c%26r+e%20t/?password="+short, nil)
	r.Header.Set("Cookie", "sid="+long)
	r.Header.Set("X-Copy", "it is "+long+"!")
	got := record(t, legacy.RecordConfig{}, r, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Url", "/?s=s%3Ce%22c%26r%2Be+t%2F0123456789")
		_, _ = io.WriteString(w, short+" "+long+" s&lt;e&#34;c&amp;r+e t/0123456789 s<e\\\"c&r+e t/0123456789 s\\u003ce\\\"c\\u0026r+e t/0123456789")
	})
	for name, have := range map[string][2]string{
		"header":   {got.Request.Header.Get("X-Copy"), "it is ***!"},
		"URL":      {got.Response.Header.Get("X-Url"), "/?s=***"},
		"response": {string(got.Response.Body.Content), "hunter2 *** *** *** ***"},
	} {
		if stars(have[0]) != have[1] {
			t.Errorf("%s: %q, want %q", name, stars(have[0]), have[1])
		}
	}
}

// In JSON a placeholder is a string, also where a number is a secret's echo.
func TestMaskEchoesInJSON(t *testing.T) {
	for _, test := range []struct{ cookie, body, want string }{
		{"a=1234567890123456", `{"a":1234567890123456,"b":"1234567890123456","c":91234567890123456.5}`, `{"a":"#","b":"***","c":"#"}`},
		{"a=1", `{"a":1234567890123456,"cardnumber":1234567890123456}`, `{"a":"#","cardnumber":"#"}`},
		{"a=1234567890123456", `{"1234567890123456":{"x":12345678901234567}}`, `{"***":{"x":"#"}}`},
		{"a=0123456789abcdef", `{"0123456789abcdef":"x","a":["0123456789abcdef.",{"token":"y"}]}`, `{"***":"x","a":["***.",{"token":"***"}]}`},
		{`a=1234567890123","b":"`, `{"a":"1234567890123","b":"x"}`, `{"a":"1234567890123","b":"x"}`}, // that is no echo
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", test.cookie)
		got := record(t, legacy.RecordConfig{}, r, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, test.body) })
		body := got.Response.Body
		if stars(string(body.Content)) != test.want {
			t.Errorf("%s is recorded as %q %q, want %s", test.body, stars(string(body.Content)), body.Omitted, test.want)
		}
		for _, places := range got.Masked {
			if all := strings.Join(places, " "); strings.Contains(all, "1234567890123456") {
				t.Errorf("%s: a secret stands in the places %s", test.body, all)
			}
		}
		for _, p := range placeholders.FindAllString(string(body.Content), -1) {
			if len(got.Masked[p]) == 0 {
				t.Errorf("%s stands in %s, but not in Masked", p, body.Content)
			}
		}
	}
}
