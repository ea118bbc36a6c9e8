package main

import "testing"

func TestForm(t *testing.T) {
	b := newBrowser(t, start(t))
	for _, test := range []struct {
		name, method, target string
		fields               []string
		want                 []string
	}{
		{"POST", "POST", "/form?from=the+address", []string{"name", "Ada", "likes", "engines", "likes", "numbers"},
			[]string{"a POST", "<dt>from</dt><dd>the address</dd>", "<dt>name</dt><dd>Ada</dd>", "<dt>likes</dt><dd>engines</dd><dd>numbers</dd>", "!nothing"}},
		{"GET", "GET", "/form?name=Ada&likes=poems", nil, []string{"a GET", "<dt>name</dt><dd>Ada</dd>", "<dt>likes</dt><dd>poems</dd>", ">nothing<"}},
		{"markup is text", "POST", "/form?%3Ci%3E=%22", []string{"name", "<script>alert(1)</script>"},
			[]string{"<dt>&lt;i&gt;</dt><dd>&#34;</dd>", "<dd>&lt;script&gt;alert(1)&lt;/script&gt;</dd>", "!<script"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var page string
			if test.method == "GET" {
				_, page = b.ask("GET", test.target, "", 200)
			} else {
				page = b.submit(test.target, test.fields...)
			}
			wants(t, result(t, page, "form"), test.want...)
		})
	}
}
