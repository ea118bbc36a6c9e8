package pants_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// The shapes that multipart bodies come in, in memory and on disk. A part is name=content, a file name:filename=content.
func TestMultipart(t *testing.T) {
	part := func(disposition, content string) string {
		return "--b\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	a := part("form-data; name=a", "one")
	inner := "--c\r\nContent-Disposition: file; filename=x\r\n\r\ninner\r\n--c--\r\n"
	none := pants.Limits{}
	tests := []struct {
		name, body, boundary string
		limits               pants.Limits
		want                 []string
		err                  string // part of it; "" for none
	}{
		{"one field", a + "--b--\r\n", "b", none, []string{"a=one"}, ""},
		{"no line break at the end", a + "--b--", "b", none, []string{"a=one"}, ""},
		{"blanks after the boundaries", strings.ReplaceAll(a, "--b", "--b \t") + "--b-- \r\n", "b", none, []string{"a=one"}, ""},
		{"preamble", "hello\r\n\r\nmore: x\r\n" + a + "--b--\r\n", "b", none, []string{"a=one"}, ""},
		{"epilogue", a + "--b--\r\nbye\r\n" + a, "b", none, []string{"a=one"}, ""},
		{"bare line feeds", strings.ReplaceAll(a+"--b--\r\n", "\r", ""), "b", none, []string{"a=one"}, ""},
		{"no final boundary", a, "b", none, nil, "closing boundary"},
		{"cut in the content", a[:len(a)-3], "b", none, nil, "closing boundary"},
		{"cut in the final boundary", a + "--b-", "b", none, nil, "closing boundary"},
		{"no boundary at all", "nothing", "b", none, nil, "no boundary"},
		{"other boundary", a + "--b--\r\n", "c", none, nil, "no boundary"},
		{"boundary in the middle of a line", part("form-data; name=a", "x--b\r\ny --b--") + "--b--\r\n", "b", none, []string{"a=x--b\r\ny --b--"}, ""},
		{"longer boundary inside", part("form-data; name=a", "x\r\n--bb\r\n--b-\r\n--bcd") + "--b--\r\n", "b", none, []string{"a=x\r\n--bb\r\n--b-\r\n--bcd"}, ""},
		{"word after a boundary", part("form-data; name=a", "x\r\n--b y") + "--b--\r\n", "b", none, nil, "malformed boundary"},
		{"text like a boundary", part("form-data; name=a", "x\r\n--bb\r\n--bcd--") + "--b--\r\n", "b", none, []string{"a=x\r\n--bb\r\n--bcd--"}, ""},
		{"empty content", part("form-data; name=a", "") + "--b--\r\n", "b", none, []string{"a="}, ""},
		{"empty without a line break", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--\r\n", "b", none, []string{"a="}, ""},
		{"no parts", "--b--\r\n", "b", none, nil, ""},
		{"duplicate names", a + part("form-data; name=a", "two") + part("form-data; name=a; filename=f", "three") + part("form-data; name=a", "four") + "--b--\r\n", "b", none,
			[]string{"a=one", "a=two", "a=four", "a:f=three"}, ""},
		{"nested", "--b\r\nContent-Disposition: form-data; name=n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + inner + "\r\n--b--\r\n", "b", none,
			[]string{"n=" + inner}, ""},
		{"extended file name", part(`form-data; name=a; filename="fallback"; filename*=UTF-8''%e2%82%ac.txt`, "x") + "--b--\r\n", "b", none, []string{"a:€.txt=x"}, ""},
		// urllib3 before 1.25 sent names beyond ASCII like this.
		{"extended field name", part("form-data; name*=utf-8''%E2%82%AC", "x") + part(`form-data; name*=UTF-8''f%C3%A9; filename="x"`, "y") + "--b--\r\n", "b", none, []string{"€=x", "fé:x=y"}, ""},
		{"extended field name beside a plain one", part("form-data; name=e; name*=UTF-8''%C3%A9", "x") + "--b--\r\n", "b", none, []string{"é=x"}, ""},
		{"extended field name that is none", part("form-data; name*=%C3; name=e", "x") + part("form-data; name*=%C3", "y") + "--b--\r\n", "b", none, []string{"e=x"}, ""},
		{"field name in pieces", part(`form-data; name*0="a "; name*1=b`, "x") + "--b--\r\n", "b", none, []string{"a b=x"}, ""},
		{"not form-data, or without a name", part("attachment; name=a", "x") + part("form-data", "y") + "--b\r\n\r\nz\r\n" + a + "--b--\r\n", "b", none, []string{"a=one"}, ""},
		{"empty name", part(`form-data; name=""`, "x") + "--b--\r\n", "b", none, []string{"=x"}, ""},
		{"folded header", "--b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--b--\r\n", "b", none, []string{"a=x"}, ""},
		{"header without a colon", "--b\r\nnonsense\r\n\r\nx\r\n--b--\r\n", "b", none, nil, "malformed part header"},
		{"blank before the colon", "--b\r\nContent-Disposition : form-data; name=z\r\n\r\nx\r\n" + a + "--b--\r\n", "b", none, []string{"a=one"}, ""},
		{"folded line first", "--b\r\n folded\r\n\r\nx\r\n--b--\r\n", "b", none, nil, "malformed part header"},
		{"NUL in a header", "--b\r\nA: \x00\r\n\r\nx\r\n--b--\r\n", "b", none, nil, "malformed part header"},
		{"10 000 parts", strings.Repeat(a, 10_000) + "--b--\r\n", "b", none, nil, "more than 1000 parts"},
		{"10 000 parts that are allowed", strings.Repeat(a, 10_000) + "--b--\r\n", "b", pants.Limits{Parts: -1}, slices.Repeat([]string{"a=one"}, 10_000), ""},
		{"10 MiB of headers", "--b\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 10<<10) + "\r\n\r\n--b--\r\n", "b", none, nil, "part header longer than 10240"},
		{"10 MiB header in one line", "--b\r\nX: " + strings.Repeat("x", 10<<20) + "\r\n\r\n\r\n--b--\r\n", "b", none, nil, "part header longer than 10240"},
		{"10 MiB preamble in one line", strings.Repeat("-", 10<<20) + "\r\n" + a + "--b--\r\n", "b", none, []string{"a=one"}, ""},
		{"boundary of 70 characters", strings.ReplaceAll(a+"--b--\r\n", "--b", "--"+strings.Repeat("z", 70)), strings.Repeat("z", 70), none, []string{"a=one"}, ""},
		{"boundary of dashes", "------\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--------\r\n", "----", none, []string{"a=x"}, ""},
	}
	for _, test := range tests {
		for _, inFile := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, on disk %v", test.name, inFile), func(t *testing.T) {
				post, files, err := pants.ParseForm([]byte(test.body), test.boundary, test.limits, inFile)
				if test.err != "" {
					if err == nil || !strings.Contains(err.Error(), test.err) {
						t.Fatalf("err = %v, want one with %q", err, test.err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for name, values := range post {
					for _, value := range values {
						got = append(got, name+"="+value)
					}
				}
				for name, list := range files {
					for _, file := range list {
						content, err := file.Body()
						if err != nil {
							t.Error(err)
						}
						got = append(got, name+":"+file.Filename+"="+string(content))
					}
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("got %.200q, want %.200q", got, test.want)
				}
			})
		}
	}
}
