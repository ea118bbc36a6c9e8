package main

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

func TestChi(t *testing.T) {
	server, err := pants.New(pants.Config{CookieSecrets: [][]byte{bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := router(server)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(routes)
	defer ts.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}

	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("document", "notes.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, "hello")
	w.Close()

	tests := []struct {
		name, method, path, contentType, body, forwarded string
		status                                           int
		want                                             string
	}{
		{"page", "GET", "/", "", "", "", 200, "<h1>Pants handlers on chi</h1>"},
		{"route parameter", "GET", "/users/ada%20lovelace", "", "", "", 200, "user ada lovelace\n"},
		{"first visit", "GET", "/visits", "", "", "", 200, "visit 1\n"},
		{"second visit", "GET", "/visits", "", "", "", 200, "visit 2\n"},
		{"finished later", "GET", "/later", "", "", "", 200, "finished after the handler returned\n"},
		{"plain handler", "GET", "/plain", "", "", "", 200, "net/http, for somebody whom no proxy named\n"},
		{"behind the proxy", "GET", "/plain", "", "", "203.0.113.9", 200, "net/http, for 203.0.113.9\n"},
		{"forged entry", "GET", "/plain", "", "", "6.6.6.6, 203.0.113.9", 200, "net/http, for 203.0.113.9\n"},
		{"upload", "POST", "/upload", w.FormDataContentType(), form.String(), "", 200, "notes.txt, application/octet-stream, 5 bytes"},
		{"no upload", "POST", "/upload", "", "", "", 400, "no file\n"},
		{"not found", "GET", "/nowhere?x=1", "", "", "", 404, "nothing at /nowhere\n"},
		{"wrong method", "DELETE", "/upload", "", "", "", 405, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequest(test.method, ts.URL+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.contentType != "" {
				req.Header.Set("Content-Type", test.contentType)
			}
			if test.forwarded != "" {
				req.Header.Set("X-Forwarded-For", test.forwarded)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			content, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != test.status || !strings.Contains(string(content), test.want) {
				t.Errorf("got %d %q, %v; want %d with %q", res.StatusCode, content, err, test.status, test.want)
			}
		})
	}
}
