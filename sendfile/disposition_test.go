package sendfile_test

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-pants/kit/sendfile"
)

func TestDisposition(t *testing.T) {
	tests := []struct{ title, name, want string }{
		{"plain", "name.txt", `attachment; filename="name.txt"`},
		{"blank", "down load.txt", `attachment; filename="down load.txt"`},
		{"semicolon", "a;b.txt", `attachment; filename="a;b.txt"`},
		{"directory", "a/b.txt", `attachment; filename="b.txt"`},
		{"directory of Windows", `C:\a\b.txt`, `attachment; filename="b.txt"`},
		{"both", `..\../b.txt`, `attachment; filename="b.txt"`},
		{"nothing but a directory", "a/", `attachment`},
		{"nothing but controls", "\r\n", `attachment`},
		{"quote", `a"b.txt`, `attachment; filename="a_b.txt"; filename*=UTF-8''a%22b.txt`},
		{"percent sign", `100%41.txt`, `attachment; filename="100_41.txt"; filename*=UTF-8''100%2541.txt`},
		{"not ASCII", "résumé.txt", `attachment; filename="r_sum_.txt"; filename*=UTF-8''r%C3%A9sum%C3%A9.txt`},
		{"not ASCII, with a blank and a plus", "é +.txt", `attachment; filename="_ +.txt"; filename*=UTF-8''%C3%A9%20+.txt`},
		{"beyond the first plane", "😀", `attachment; filename="_"; filename*=UTF-8''%F0%9F%98%80`},
		{"marks that are no attr-char", "é'()*,/x", `attachment; filename="x"`},
		{"the same", "é'()*,", `attachment; filename="_'()*,"; filename*=UTF-8''%C3%A9%27%28%29%2A%2C`},
		{"line feed", "a\r\nX-Evil: 1", `attachment; filename="aX-Evil: 1"`},
		{"controls", "a\x00\x1b\x7f\u0085b", `attachment; filename="ab"`},
		{"invalid UTF-8", "a\xffb\xc3", `attachment; filename="a_b_"; filename*=UTF-8''a_b_`},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			if got := sendfile.Disposition(tt.name, false); got != tt.want {
				t.Errorf("Disposition(%q) = %s, want %s", tt.name, got, tt.want)
			}
			want := "inline" + strings.TrimPrefix(tt.want, "attachment")
			if got := sendfile.Disposition(tt.name, true); got != want {
				t.Errorf("inline: Disposition(%q) = %s, want %s", tt.name, got, want)
			}
		})
	}
}

func TestSendDisposition(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"page.html": "x"})})
	tests := []struct {
		title string
		o     sendfile.Options
		want  string
	}{
		{"none", sendfile.Options{}, ""},
		{"inline, but no name", sendfile.Options{Inline: true}, ""},
		{"attachment", sendfile.Options{Filename: "x.txt"}, `attachment; filename="x.txt"`},
		{"inline", sendfile.Options{Filename: "x.txt", Inline: true}, `inline; filename="x.txt"`},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			res, _, _ := send(t, s, newRequest("GET"), "page.html", &tt.o)
			if got := res.Header.Get("Content-Disposition"); got != tt.want {
				t.Errorf("Content-Disposition = %s, want %s", got, tt.want)
			}
			// The type is that of the file, not of the download.
			if got := res.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("Content-Type = %s", got)
			}
		})
	}
}

// Whatever the name, the field is one field with one file name in it.
func FuzzDisposition(f *testing.F) {
	for _, name := range []string{"a.txt", "a/b", `a"b`, "é\xff", "a\r\nb", "%41", `\`, "\u202egpj.exe", "'", ";filename=x"} {
		f.Add(name, false)
	}
	f.Fuzz(func(t *testing.T, name string, inline bool) {
		v := sendfile.Disposition(name, inline)
		for i := range len(v) {
			if v[i] < 0x20 || v[i] > 0x7e {
				t.Fatalf("byte %#x in %q", v[i], v)
			}
		}
		kind, params, err := mime.ParseMediaType(v)
		if err != nil || kind != "attachment" && kind != "inline" || len(params) > 1 {
			t.Fatalf("%s: %q, %v, %v", v, kind, params, err)
		}
		got := params["filename"]
		if strings.ContainsAny(got, "/\\\r\n\x00") {
			t.Errorf("%s names %q", v, got)
		}
		// What is valid and has neither directory nor controls comes back as it was.
		harmless := utf8.ValidString(name) && !strings.ContainsAny(name, `/\`) && strings.IndexFunc(name, func(r rune) bool {
			return r < 0x20 || 0x7f <= r && r < 0xa0
		}) < 0
		if harmless && got != name {
			t.Errorf("%s names %q, want %q", v, got, name)
		}
	})
}
