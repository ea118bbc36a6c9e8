package legacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// recordingVersion is the format of the files. Another one is refused, not guessed at.
const recordingVersion = 1

// Recording is one request and the answer to it, as a file of a Recorder holds them. It is JSON for people to read, to edit and
// to commit; in it a text that is not UTF-8 is written as {"b64": "..."}.
type Recording struct {
	Name     string // of the file that it was read from
	Time     time.Time
	Duration time.Duration

	// Masked are the placeholders in this recording and the secrets they stand for: "request cookie sid", "response json /token".
	// Equal secrets have equal placeholders in all recordings of one Recorder. They are "MASKED-" and 16 hexadecimal digits, of a
	// number in JSON "MASKED-NUMBER-" and 16 digits, in quotes.
	Masked map[string][]string

	Request  RecordedRequest
	Response RecordedResponse
}

// RecordedRequest is the request as it came in.
type RecordedRequest struct {
	Method     string
	Target     string // as on the request line, undecoded
	Protocol   string // "HTTP/1.1"
	Scheme     string // "https" when the connection itself had TLS
	Host       string
	RemoteAddr string
	Header     http.Header
	Body       RecordedBody
	Chunked    bool // the length was not told beforehand
	Trailer    http.Header
}

// RecordedResponse is the answer as the client got it.
type RecordedResponse struct {
	Status  int
	Header  http.Header // without Set-Cookie, and without what net/http adds itself, but for the Content-Type it guesses
	Cookies []RecordedCookie
	Body    RecordedBody
	Trailer http.Header
	Cut     bool // an event stream that somebody broke off; there is no body
}

// RecordedCookie is a Set-Cookie line. In what a Recorder stores Value is a placeholder, or "".
type RecordedCookie struct {
	Name, Value string
	Attributes  []string // "Path=/", "HttpOnly", as they came
}

// RecordedBody is a body, or what is known of one that is not kept.
type RecordedBody struct {
	Content []byte
	Coding  string // "gzip": on the wire Content is compressed
	Omitted string // why Content is not kept; "": it is
	Length  int64  // of what is omitted, as far as it was seen
	SHA256  string // of what is omitted for its length, in hex; see RecordConfig.MaxBody
}

// ParseSetCookie splits a Set-Cookie line, as Python and browsers do: no value is refused.
func ParseSetCookie(line string) RecordedCookie {
	pair, rest, more := strings.Cut(line, ";")
	name, value, _ := strings.Cut(pair, "=")
	c := RecordedCookie{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
	for more {
		var attribute string
		attribute, rest, more = strings.Cut(rest, ";")
		if attribute = strings.TrimSpace(attribute); attribute != "" {
			c.Attributes = append(c.Attributes, attribute)
		}
	}
	return c
}

// ReadRecordings reads the recordings of a directory, in the order in which they were made. Other files than *.json are left
// alone. A directory without any is an error, and so is a file that is no recording of a version known here.
func ReadRecordings(dir string) ([]*Recording, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("legacy: %w", err)
	}
	var list []*Recording
	var errs []error
	for _, entry := range entries {
		if !isRecording(entry.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		r := new(Recording)
		if err == nil {
			err = json.Unmarshal(data, r)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("legacy: recording %q: %w", entry.Name(), err))
			continue
		}
		r.Name = entry.Name()
		list = append(list, r)
	}
	if len(list) == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("legacy: no recordings in %q", dir))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return list, nil
}

func isRecording(name string) bool {
	return strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".")
}

// The types below are the files' format.

type recordingJSON struct {
	Version  int                 `json:"version"`
	Time     time.Time           `json:"time"`
	Duration string              `json:"duration"`
	Masked   map[string][]string `json:"masked"`
	Request  requestJSON         `json:"request"`
	Response responseJSON        `json:"response"`
}

type requestJSON struct {
	Method     text     `json:"method"`
	Target     text     `json:"target"`
	Protocol   text     `json:"protocol"`
	Scheme     text     `json:"scheme"`
	Host       text     `json:"host"`
	RemoteAddr text     `json:"remote_addr"`
	Header     fields   `json:"header"`
	Chunked    bool     `json:"chunked,omitempty"`
	Body       bodyJSON `json:"body,omitzero"`
	Trailer    fields   `json:"trailer,omitempty"`
}

type responseJSON struct {
	Status  int          `json:"status"`
	Header  fields       `json:"header"`
	Cookies []cookieJSON `json:"cookies,omitempty"`
	Body    bodyJSON     `json:"body,omitzero"`
	Cut     bool         `json:"cut,omitempty"`
	Trailer fields       `json:"trailer,omitempty"`
}

type cookieJSON struct {
	Name       text   `json:"name"`
	Value      text   `json:"value"`
	Attributes []text `json:"attributes,omitempty"`
}

type bodyJSON struct {
	Text    lines  `json:"text,omitempty"`
	B64     []byte `json:"b64,omitempty"`
	Coding  string `json:"coding,omitempty"`
	Length  int64  `json:"length,omitempty"`
	Omitted string `json:"omitted,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
}

// MarshalJSON writes the format of the files. Markup stays readable in what it returns; json.Marshal escapes it again.
func (r *Recording) MarshalJSON() ([]byte, error) {
	masked := r.Masked
	if masked == nil {
		masked = map[string][]string{} // says that masking took place
	}
	q, a := &r.Request, &r.Response
	out := recordingJSON{
		Version: recordingVersion, Time: r.Time, Duration: r.Duration.String(), Masked: masked,
		Request: requestJSON{
			Method: text(q.Method), Target: text(q.Target), Protocol: text(q.Protocol), Scheme: text(q.Scheme), Host: text(q.Host),
			RemoteAddr: text(q.RemoteAddr), Header: newFields(q.Header), Chunked: q.Chunked, Body: newBodyJSON(q.Body),
			Trailer: newFields(q.Trailer),
		},
		Response: responseJSON{
			Status: a.Status, Header: newFields(a.Header), Body: newBodyJSON(a.Body), Cut: a.Cut, Trailer: newFields(a.Trailer),
		},
	}
	for _, c := range a.Cookies {
		cookie := cookieJSON{Name: text(c.Name), Value: text(c.Value)}
		for _, attribute := range c.Attributes {
			cookie.Attributes = append(cookie.Attributes, text(attribute))
		}
		out.Response.Cookies = append(out.Response.Cookies, cookie)
	}
	return readable(out)
}

// UnmarshalJSON reads the format of the files. What it does not know is an error: a field that somebody misspelt would
// otherwise be a check that is not made.
func (r *Recording) UnmarshalJSON(data []byte) error {
	var version struct{ Version int }
	if err := json.Unmarshal(data, &version); err != nil {
		return err
	}
	if version.Version != recordingVersion {
		return fmt.Errorf("version %d, not %d", version.Version, recordingVersion)
	}
	var in recordingJSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return err
	}
	duration, err := time.ParseDuration(in.Duration)
	if err != nil {
		return err
	}
	if in.Request.Method == "" || in.Request.Target == "" || in.Response.Status < 100 || in.Response.Status > 999 {
		return fmt.Errorf("no request or no answer in it: method %q, target %q, status %d",
			in.Request.Method, in.Request.Target, in.Response.Status)
	}
	out := Recording{
		Name: r.Name, Time: in.Time, Duration: duration, Masked: in.Masked,
		Request: RecordedRequest{
			Method: string(in.Request.Method), Target: string(in.Request.Target), Protocol: string(in.Request.Protocol),
			Scheme: string(in.Request.Scheme), Host: string(in.Request.Host), RemoteAddr: string(in.Request.RemoteAddr),
			Chunked: in.Request.Chunked,
		},
		Response: RecordedResponse{Status: in.Response.Status, Cut: in.Response.Cut},
	}
	var errs [6]error
	out.Request.Header, errs[0] = in.Request.Header.header()
	out.Request.Trailer, errs[1] = in.Request.Trailer.header()
	out.Request.Body, errs[2] = in.Request.Body.body()
	out.Response.Header, errs[3] = in.Response.Header.header()
	out.Response.Trailer, errs[4] = in.Response.Trailer.header()
	out.Response.Body, errs[5] = in.Response.Body.body()
	for _, c := range in.Response.Cookies {
		cookie := RecordedCookie{Name: string(c.Name), Value: string(c.Value)}
		for _, attribute := range c.Attributes {
			cookie.Attributes = append(cookie.Attributes, string(attribute))
		}
		out.Response.Cookies = append(out.Response.Cookies, cookie)
	}
	*r = out
	return errors.Join(errs[:]...)
}

func newBodyJSON(b RecordedBody) bodyJSON {
	out := bodyJSON{Coding: b.Coding, Length: b.Length, Omitted: b.Omitted, SHA256: b.SHA256}
	if utf8.Valid(b.Content) {
		out.Text = lines(b.Content)
	} else {
		out.B64 = b.Content
	}
	return out
}

func (b bodyJSON) body() (RecordedBody, error) {
	out := RecordedBody{Content: b.B64, Coding: b.Coding, Length: b.Length, Omitted: b.Omitted, SHA256: b.SHA256}
	if b.Text != "" {
		out.Content = []byte(b.Text)
	}
	if b.Text != "" && len(b.B64) > 0 || b.Omitted != "" && len(out.Content) > 0 {
		return out, errors.New("two bodies in one")
	}
	return out, nil
}

// fields are header fields, one "Name: value" each, sorted by name.
type fields []text

func newFields(h http.Header) fields {
	out := fields{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			out = append(out, text(name+": "+value))
		}
	}
	return out
}

func (f fields) header() (http.Header, error) {
	h := make(http.Header, len(f))
	for _, line := range f {
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("header field %q has no name", string(line))
		}
		h.Add(name, strings.TrimPrefix(value, " "))
	}
	return h, nil
}

// text is a string of any bytes.
type text string

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return readable(string(t))
	}
	return readable(map[string][]byte{"b64": []byte(t)})
}

func (t *text) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		var coded struct {
			B64 []byte `json:"b64"`
		}
		err := json.Unmarshal(data, &coded)
		*t = text(coded.B64)
		return err
	}
	return json.Unmarshal(data, (*string)(t))
}

// lines is a UTF-8 text of several lines, a list of them in the file.
type lines string

func (l lines) MarshalJSON() ([]byte, error) {
	list := strings.SplitAfter(string(l), "\n")
	if list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	if len(list) < 2 {
		return readable(string(l))
	}
	return readable(list)
}

func (l *lines) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		var list []string
		err := json.Unmarshal(data, &list)
		*l = lines(strings.Join(list, ""))
		return err
	}
	return json.Unmarshal(data, (*string)(l))
}

// readable is json.Marshal that leaves <, > and & as they are.
func readable(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
