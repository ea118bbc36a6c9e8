package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-pants/kit/examples/e2e/app"
)

// Request is a request to the app, and what its answer has to be.
type Request struct {
	Method, Target string
	ContentType    string
	Range          string
	Body           []byte
	Deferrable     bool                       // 503 with Retry-After is an answer too
	Check          func(*http.Response) error // reads the content
}

// wire is the request as HTTP/1.1.
func (r *Request) wire(last bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: app\r\n", r.Method, r.Target)
	if last {
		b.WriteString("Connection: close\r\n")
	}
	if r.ContentType != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", r.ContentType)
	}
	if r.Range != "" {
		fmt.Fprintf(&b, "Range: %s\r\n", r.Range)
	}
	if r.Body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	b.WriteString("\r\n")
	b.Write(r.Body)
	return b.Bytes()
}

// HTTP is the request for an http.Client.
func (r *Request) HTTP(ctx context.Context, base string) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	hr, err := http.NewRequestWithContext(ctx, r.Method, base+r.Target, body)
	if err != nil {
		return nil, err
	}
	if r.ContentType != "" {
		hr.Header.Set("Content-Type", r.ContentType)
	}
	if r.Range != "" {
		hr.Header.Set("Range", r.Range)
	}
	return hr, nil
}

// Kind makes a request with an id.
type Kind func(id string) *Request

// Kinds are what the app is asked for, by name.
var Kinds = map[string]Kind{
	"short":    Short,
	"deferred": Deferred,
	"download": Download,
	"events":   Events,
	"echo":     Echo,
	"form":     Form,
	"file":     File,
	"range":    Range,
}

// Short is answered at once.
func Short(id string) *Request {
	return &Request{Method: http.MethodGet, Target: "/short?id=" + id, Check: exactly("short " + id)}
}

// Deferred is answered up to 20 ms after its handler returned.
func Deferred(id string) *Request {
	return &Request{
		Method: http.MethodGet, Target: fmt.Sprintf("/deferred?id=%s&after=%d", id, rand.IntN(20)), Deferrable: true,
		Check: exactly("deferred " + id),
	}
}

// Download is up to 256 KiB that come over some time.
func Download(id string) *Request {
	size := 1 + rand.IntN(256<<10)
	return &Request{
		Method: http.MethodGet, Target: fmt.Sprintf("/download?id=%s&size=%d", id, size), Deferrable: true,
		Check: func(res *http.Response) error { return compare(res, 200, app.Text(id, size)) },
	}
}

// Events is a stream of half a second, which the server may end with a goodbye.
func Events(id string) *Request {
	const n = 50
	return &Request{
		Method: http.MethodGet, Target: fmt.Sprintf("/events?id=%s&n=%d", id, n), Deferrable: true,
		Check: func(res *http.Response) error {
			content, err := io.ReadAll(res.Body)
			if err != nil {
				return err
			}
			got, goodbye := strings.CutSuffix(string(content), app.Goodbye)
			for i := range n {
				if got == "" && goodbye {
					break
				}
				var ok bool
				if got, ok = strings.CutPrefix(got, app.Event(id, i)); !ok {
					return fmt.Errorf("event %d is missing before %.60q", i, got)
				}
			}
			if got != "" || res.StatusCode != 200 {
				return fmt.Errorf("%s, and %.60q after the last event", res.Status, got)
			}
			return nil
		},
	}
}

// Echo sends up to 8 KiB there and back.
func Echo(id string) *Request {
	body := app.Text(id, 1+rand.IntN(8<<10))
	return &Request{
		Method: http.MethodPost, Target: "/echo?id=" + id, ContentType: "application/octet-stream", Body: body,
		Check: func(res *http.Response) error { return compare(res, 200, body) },
	}
}

// Form has three fields.
func Form(id string) *Request {
	text := fmt.Sprintf("ä+&=%d", rand.IntN(1000))
	return &Request{
		Method: http.MethodPost, Target: "/form?id=" + id, ContentType: "application/x-www-form-urlencoded",
		Body:  []byte(url.Values{"text": {text}, "a": {"1"}, "b": {"2"}}.Encode()),
		Check: exactly(fmt.Sprintf("%s %q 3", id, text)),
	}
}

// File is the whole file.
func File(id string) *Request {
	return &Request{
		Method: http.MethodGet, Target: "/file?id=" + id,
		Check: func(res *http.Response) error { return compare(res, 200, file) },
	}
}

// Range is a piece of the file.
func Range(id string) *Request {
	from := rand.IntN(len(file))
	to := from + rand.IntN(min(len(file)-from, 128<<10))
	return &Request{
		Method: http.MethodGet, Target: "/file?id=" + id, Range: fmt.Sprintf("bytes=%d-%d", from, to),
		Check: func(res *http.Response) error { return compare(res, http.StatusPartialContent, file[from:to+1]) },
	}
}

var file = app.Text(app.FileID, app.FileSize)

// Upload is a form with a file of that many bytes.
func Upload(id string, size int) *Request {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	text := fmt.Sprint(rand.IntN(1000))
	content := app.Text(id, size)
	_ = w.WriteField("text", text) // a bytes.Buffer has no errors
	part, _ := w.CreateFormFile("file", "text.txt")
	_, _ = part.Write(content)
	_ = w.Close()
	return &Request{
		Method: http.MethodPost, Target: "/upload?id=" + id, ContentType: w.FormDataContentType(), Body: b.Bytes(),
		Check: exactly(fmt.Sprintf("%s %s %d %x", id, text, size, sha256.Sum256(content))),
	}
}

func exactly(content string) func(*http.Response) error {
	return func(res *http.Response) error { return compare(res, 200, []byte(content)) }
}

// compare reads a response that has to be want.
func compare(res *http.Response, status int, want []byte) error {
	buffer := make([]byte, 32<<10)
	rest := want
	for {
		n, err := res.Body.Read(buffer)
		if !bytes.HasPrefix(rest, buffer[:n]) {
			return fmt.Errorf("%s with other content at byte %d: %.60q", res.Status, len(want)-len(rest), buffer[:n])
		}
		rest = rest[n:]
		switch {
		case err == io.EOF && len(rest) > 0:
			return fmt.Errorf("%s, %d bytes of %d", res.Status, len(want)-len(rest), len(want))
		case err == io.EOF && res.StatusCode != status:
			return fmt.Errorf("%s, want %d", res.Status, status)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
