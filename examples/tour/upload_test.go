package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
)

// multipartForm is the body of an upload: name and content of each file, in turn.
func multipartForm(t *testing.T, files ...string) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="document"; filename="%s"`, files[i])}, "Content-Type": {"image/gif"},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, files[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

func TestUpload(t *testing.T) {
	b := newBrowser(t, start(t))
	small, large := "GIF89a\r\n\x00\xff", strings.Repeat("0123456789", 200_000)
	sum := func(content string) string { return fmt.Sprintf("<code>%x</code>", sha256.Sum256([]byte(content))) }
	for _, test := range []struct {
		name    string
		files   []string
		chunked bool
		status  int
		want    []string
	}{
		{"small", []string{"dot.gif", small}, false, 200, []string{"<dd>dot.gif</dd>", "<dd>image/gif</dd>", "<dd>10 bytes</dd>", sum(small), "<strong>in memory</strong>"}},
		{"large", []string{"large.gif", large}, false, 200, []string{"<dd>2,000,000 bytes</dd>", sum(large), "<strong>on disk</strong>"}},
		{"two, chunked", []string{"a", small, "b", large}, true, 200, []string{"<dd>a</dd>", "<dd>b</dd>", sum(small), sum(large), "on disk"}},
		{"name with folders and markup", []string{"../../<b>.gif", small}, false, 200, []string{"<dd>&lt;b&gt;.gif</dd>", "!.."}},
		{"none chosen", []string{"", ""}, false, 200, []string{"No file was chosen.", "!in memory"}},
		{"too large", []string{"a", strings.Repeat("x", maxRequest)}, false, 413, []string{"413 Content Too Large", "The request had 4,194,", "the limit is 4,194,304 bytes"}},
		{"too large, chunked", []string{"a", strings.Repeat("x", maxRequest)}, true, 413, []string{"413 Content Too Large", "!The request had"}},
		// Much more than sockets buffer: the answer arrives although the app has read none of it.
		{"far too large", []string{"a", strings.Repeat("x", 30<<20)}, false, 413, []string{"The request had 31,457,"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			contentType, body := multipartForm(t, test.files...)
			req, err := http.NewRequest("POST", b.base+"/upload", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			sent := &counted{Reader: bytes.NewReader(body)}
			req.Body, req.GetBody = io.NopCloser(sent), nil
			if test.chunked {
				req.ContentLength = -1
			}
			req.Header.Set("Content-Type", contentType)
			res, err := b.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			page, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != test.status {
				t.Fatalf("%s, %v; want %d", res.Status, err, test.status)
			}
			if sent.n != int64(len(body)) {
				t.Errorf("answered when %d of %d bytes were sent: browsers want to send all", sent.n, len(body))
			}
			wants(t, result(t, string(page), "upload"), test.want...)
		})
	}
	_, page := b.ask("POST", "/upload", "--x\r\nnothing", 400, "Content-Type", "multipart/form-data; boundary=x")
	wants(t, result(t, page, "upload"), `class="error"`)
}

type counted struct {
	*bytes.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// WriteTo would go round Read.
func (c *counted) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{c})
}
