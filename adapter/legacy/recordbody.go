package legacy

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"mime"
	"strings"
	"sync"
	"unicode/utf8"
)

// capture keeps the beginning of a body, and its sum when it gets too long.
type capture struct {
	limit  int64
	kept   []byte
	length int64
	sum    hash.Hash // over all of it once it is longer than limit; nil again over maxSummed
}

// maxSummed ends the summing up of streams that do not end.
const maxSummed = 64 << 20

func (c *capture) add(p []byte) {
	fits := max(0, min(int64(len(p)), c.limit-c.length))
	c.kept = append(c.kept, p[:fits]...)
	if c.length += int64(len(p)); c.length <= c.limit {
		return
	}
	p = p[fits:]
	switch {
	case c.length > maxSummed:
		c.sum = nil
	case c.sum == nil:
		c.sum = sha256.New()
		c.sum.Write(c.kept)
	}
	if c.sum != nil {
		c.sum.Write(p)
	}
}

// body is what was captured, not masked yet.
func (c *capture) body() RecordedBody {
	if c.length <= c.limit {
		return RecordedBody{Content: c.kept}
	}
	b := RecordedBody{Content: c.kept, Omitted: fmt.Sprintf("longer than %d bytes", c.limit), Length: c.length}
	if c.sum != nil {
		b.SHA256 = hex.EncodeToString(c.sum.Sum(nil))
	}
	return b
}

// requestBody is the body that next reads. It reads only when it is read from: a client that expects 100 Continue is told so when
// next wants the body, not before.
type requestBody struct {
	io.ReadCloser

	mu   sync.Mutex
	got  capture
	eof  bool
	over bool // ServeHTTP has returned
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.got.add(p[:n])
		b.eof = b.eof || err == io.EOF
	}
	return n, err
}

// end is the body as it was read until now. length is what Content-Length said, or -1.
func (b *requestBody) end(length int64) (_ RecordedBody, eof bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	body := b.got.body()
	if !b.eof && b.got.length != length {
		body = RecordedBody{Omitted: "not read to its end", Length: b.got.length}
	}
	return body, b.eof
}

// body masks a body, or leaves it out where that cannot be done.
func (k *masking) body(b RecordedBody, contentType, coding string) RecordedBody {
	if b.Omitted != "" {
		if coding != "" || k.isSearched(contentType, b.Content) {
			b.SHA256 = "" // of a text that is known but for a short secret, it tells the secret to whoever tries
		}
		b.Content = nil
		return b
	}
	if len(b.Content) == 0 {
		return RecordedBody{}
	}
	length := int64(len(b.Content))
	omit := func(why string) RecordedBody { return RecordedBody{Omitted: why, Length: length} }
	switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
	case "", "identity":
		coding = ""
	case "gzip", "x-gzip":
		coding = "gzip"
		content, err := gunzip(b.Content, k.maxBody)
		if err != nil {
			return omit(err.Error())
		}
		b.Content = content
	default:
		return omit(fmt.Sprintf("Content-Encoding %q cannot be looked into", coding))
	}
	content, why := k.content("body", contentType, b.Content)
	if why != "" {
		return omit(why)
	}
	return RecordedBody{Content: content, Coding: coding}
}

func gunzip(b []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("not the gzip that it claims to be: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("not the gzip that it claims to be: %w", err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("longer than %d bytes when unpacked", limit)
	}
	return content, nil
}

// media is the media type in lower case, and the boundary.
func media(contentType string) (media, boundary string) {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";")
	}
	return strings.ToLower(strings.TrimSpace(media)), parameters["boundary"]
}

const (
	typeForm      = "application/x-www-form-urlencoded"
	typeMultipart = "multipart/form-data"
)

// inLines are types with one JSON value, or one line of text, in a line.
var inLines = map[string]bool{
	"application/x-ndjson": true, "application/ndjson": true, "application/jsonl": true, "application/json-seq": true,
	"text/event-stream": true,
}

// isSearched tells bodies that are not kept as they came, but with the secrets in them masked.
func (k *masking) isSearched(contentType string, b []byte) bool {
	m, _ := media(contentType)
	return looksLikeJSON(b) || m == typeForm || strings.HasPrefix(m, "multipart/") || strings.HasSuffix(m, "json") || inLines[m] ||
		k.side == "request" && (isText(m) || bytes.IndexByte(b, 0) < 0)
}

// isText tells media types of texts, XML among them.
func isText(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "xml")
}

// content masks a body or a part of one. If it claims to be what it is not, nobody knows where in it the secrets are: why it is
// not to be kept is the second result.
func (k *masking) content(place, contentType string, b []byte) (masked []byte, why string) {
	m, boundary := media(contentType)
	var err error
	switch {
	case isJSON(b), strings.HasSuffix(m, "json") && !inLines[m] && json.Valid(b):
		if place == "body" {
			place = "json"
		}
		return k.json(place, b, 1), ""
	case inLines[m]:
		return k.lines(place, b), ""
	case strings.HasSuffix(m, "json"):
		if len(bytes.TrimSpace(b)) == 0 {
			return b, ""
		}
		return nil, "not the JSON that it claims to be"
	case m == typeForm:
		masked, err = k.form(b)
	case m == typeMultipart:
		masked, err = k.multipart(boundary, b)
	case strings.HasPrefix(m, "multipart/") && k.side == "request":
		return nil, "multipart of a kind that cannot be looked into"
	case k.side == "request" && isText(m) && bytes.IndexByte(b, 0) >= 0:
		return nil, "a text in two-byte characters, which cannot be looked into"
	case !utf8.Valid(b) && bytes.IndexByte(b, 0) >= 0:
		return b, "" // no text, not in Latin-1 either
	default:
		if masked = []byte(k.links(place, string(b))); k.side == "request" && k.assigns(string(masked)) {
			return nil, "a text with secrets in it whose end nobody knows"
		}
	}
	if err != nil {
		return nil, "not the form that it claims to be: " + err.Error()
	}
	return masked, ""
}

// lines masks JSON that stands in lines of its own.
func (k *masking) lines(place string, b []byte) []byte {
	list := strings.SplitAfter(string(b), "\n")
	for i, line := range list {
		content := strings.TrimRight(line, "\r\n")
		end := line[len(content):]
		lead := ""
		if rest, ok := strings.CutPrefix(content, "data:"); ok {
			lead, content = content[:len(content)-len(rest)], rest
		}
		masked := k.value(place, content, 1)
		if masked == content && k.assigns(content) {
			masked = k.mask(place, content)
		}
		list[i] = lead + masked + end
	}
	return []byte(strings.Join(list, ""))
}
