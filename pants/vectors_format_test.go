package pants_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// The vectors are what the HTTP server of Pants 1.0.1 did on Python 2.7: raw request bytes, what the handler could see, and
// the raw answer. testdata/vectors/*.jsonl holds one object a line; this file knows their format, and TestVectors replays them.
// PANTS_VECTORS names another folder in the same format to replay instead.

// vector is one recorded connection.
type vector struct {
	ID           string           `json:"id"`
	Category     string           `json:"category"`
	Title        string           `json:"title"`
	Note         string           `json:"note"`
	Send         []recordedValue  `json:"send"` // written one after the other, the next when the server has gone quiet
	Server       vectorOptions    `json:"server"`
	Clock        json.Number      `json:"clock"`
	Handler      []recordedStep   `json:"handler"`  // nil: send_response("ok"); empty: nothing at all
	Handlers     [][]recordedStep `json:"handlers"` // one list a request, the last one repeats
	Seen         []recordedCall   `json:"seen"`
	Got          []recordedAnswer `json:"got"`
	Errors       []string         `json:"errors"`
	ExpectDiffer string           `json:"expect_differ"` // a defect of Pants: why
	Bugs         []string         `json:"bugs"`          // the codes of the defects
	DifferIn     []string         `json:"differ_in"`     // what a correct implementation may do in another way
	Either       bool             `json:"either"`
	Want         *wantedInstead   `json:"want"`
	Compare      string           `json:"compare"`
	NetHTTP      vectorsNetHTTP   `json:"nethttp"`

	base string // the folder of the fixtures
}

// vectorOptions are the options of the recorded server.
type vectorOptions struct {
	MaxRequest     int64          `json:"max_request"`
	KeepAlive      *bool          `json:"keep_alive"`
	CookieSecret   *recordedValue `json:"cookie_secret"`
	XHeaders       bool           `json:"xheaders"`
	Sendfile       recordedValue  `json:"sendfile"` // false, true or a header name
	SendfilePrefix string         `json:"sendfile_prefix"`
	FileRoot       string         `json:"file_root"`
	Cwd            string         `json:"cwd"`  // below the fixtures; default root
	Peer           *string        `json:"peer"` // default 127.0.0.1; empty: a UNIX socket
	TLS            bool           `json:"tls"`
	TZ             string         `json:"tz"` // Go formats in UTC whatever it is
}

// vectorsNetHTTP is what plain net/http makes of the same bytes.
type vectorsNetHTTP struct {
	Requests int      `json:"requests"` // that reach a plain handler
	Status   int      `json:"status"`   // of its own answer
	Differs  []string `json:"differs"`
}

// recordedCall is what the handler could see in one call. A map, because most fields may be a text, a number or {"error": class}.
type recordedCall map[string]recordedValue

// recordedAnswer is what came back for one element of send.
type recordedAnswer struct {
	Raw       recordedValue      `json:"raw"`
	Open      bool               `json:"open"`
	Responses []recordedResponse `json:"responses"`
}

type recordedResponse struct {
	Protocol string          `json:"protocol"`
	Status   int             `json:"status"`
	Reason   recordedValue   `json:"reason"`
	Headers  []recordedValue `json:"headers"` // [name, value]
	Body     recordedValue   `json:"body"`
	Unframed *recordedValue  `json:"unframed"`
}

// wantedInstead is what a correct implementation gives in place of a defect.
type wantedInstead struct {
	Status       int              `json:"status"`
	ContentRange string           `json:"content_range"`
	Body         *recordedValue   `json:"body"`
	SetCookie    *[]recordedValue `json:"set_cookie"`
	Post         *recordedValue   `json:"post"`
	Files        *recordedValue   `json:"files"`
	Results      *recordedValue   `json:"results"`
}

// A valueKind says which Python type was recorded.
type valueKind int

const (
	kindAbsent valueKind = iota
	kindNull
	kindBool
	kindNumber // text holds the literal
	kindBytes  // a byte string
	kindText   // a text string
	kindList
	kindTuple
	kindObject
	kindJSON  // raw JSON
	kindError // a Python exception, by its class
)

// recordedValue is any recorded value: bytes as a string or {"b64"}, typed values ({"str"}, {"text"}, {"json"}, ...), lists, numbers.
type recordedValue struct {
	kind   valueKind
	text   string
	bool   bool
	list   []recordedValue
	object map[string]recordedValue
}

func bytesValue(s string) recordedValue { return recordedValue{kind: kindBytes, text: s} }

// UnmarshalJSON is also called for null, so that null and absent stay apart.
func (v *recordedValue) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case string(data) == "null":
		*v = recordedValue{kind: kindNull}
	case string(data) == "true" || string(data) == "false":
		*v = recordedValue{kind: kindBool, bool: data[0] == 't', text: string(data)}
	case data[0] == '"':
		v.kind = kindBytes
		return json.Unmarshal(data, &v.text)
	case data[0] == '[':
		v.kind = kindList
		return json.Unmarshal(data, &v.list)
	case data[0] == '{':
		return v.unmarshalObject(data)
	default:
		*v = recordedValue{kind: kindNumber, text: string(data)}
	}
	return nil
}

func (v *recordedValue) unmarshalObject(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	if _, ok := fields["rep"]; ok && len(fields) == 2 {
		var long struct {
			Rep recordedValue `json:"rep"`
			N   int           `json:"n"`
		}
		if err := json.Unmarshal(data, &long); err != nil {
			return err
		}
		*v = bytesValue(strings.Repeat(long.Rep.text, long.N))
		return nil
	}
	if len(fields) == 1 {
		for tag, raw := range fields {
			switch tag {
			case "b64":
				var s string
				if err := json.Unmarshal(raw, &s); err != nil {
					return err
				}
				b, err := base64.StdEncoding.DecodeString(s)
				*v = bytesValue(string(b))
				return err
			case "str":
				return json.Unmarshal(raw, v)
			case "text", "int", "error":
				kinds := map[string]valueKind{"text": kindText, "int": kindNumber, "error": kindError}
				v.kind = kinds[tag]
				return json.Unmarshal(raw, &v.text)
			case "json":
				*v = recordedValue{kind: kindJSON, text: string(raw)}
				return nil
			case "list", "tuple":
				v.kind = kindList
				if tag == "tuple" {
					v.kind = kindTuple
				}
				return json.Unmarshal(raw, &v.list)
			}
		}
	}
	v.kind = kindObject
	return json.Unmarshal(data, &v.object)
}

// lines gives the value of a header, cookie or form field as its texts: one, or one for each element of a list.
func (v recordedValue) lines() []string {
	if v.kind != kindList && v.kind != kindTuple {
		return []string{v.text}
	}
	texts := make([]string, 0, len(v.list))
	for _, e := range v.list {
		texts = append(texts, e.text)
	}
	return texts
}

// pairs gives the [name, value] elements of a map.
func (v recordedValue) pairs() [][2]recordedValue {
	var all [][2]recordedValue
	for _, e := range v.list {
		if len(e.list) == 2 {
			all = append(all, [2]recordedValue{e.list[0], e.list[1]})
		}
	}
	return all
}

// has reports whether the defect code stands in v.Bugs.
func (v *vector) has(code string) bool {
	for _, b := range v.Bugs {
		if b == code {
			return true
		}
	}
	return false
}

// steps are those of the n-th call of the handler.
func (v *vector) steps(n int) []recordedStep {
	if len(v.Handlers) > 0 {
		return v.Handlers[min(n, len(v.Handlers)-1)]
	}
	if v.Handler == nil {
		return []recordedStep{{Op: "send_response", Content: bytesValue("ok")}}
	}
	return v.Handler
}

// sendFile is the first send_file of the n-th call.
func (v *vector) sendFile(n int) (s recordedStep, ok bool) {
	for _, s := range v.steps(n) {
		if s.Op == "send_file" {
			return s, true
		}
	}
	return recordedStep{}, false
}

// root is where relative paths start: file_root, itself relative to the working directory, as os.path.abspath has it.
func (v *vector) root() string {
	if filepath.IsAbs(v.Server.FileRoot) {
		return filepath.Clean(v.Server.FileRoot)
	}
	cwd := v.Server.Cwd
	if cwd == "" {
		cwd = "root"
	}
	return filepath.Join(v.base, filepath.FromSlash(cwd), filepath.FromSlash(v.Server.FileRoot))
}

// allSteps are those of all calls, deferred ones included.
func (v *vector) allSteps() []recordedStep {
	var all []recordedStep
	var add func(list []recordedStep)
	add = func(list []recordedStep) {
		for _, s := range list {
			all = append(all, s)
			add(s.Steps)
		}
	}
	add(v.steps(0))
	for n := 1; n < len(v.Handlers); n++ {
		add(v.steps(n))
	}
	return all
}

// request is all that the client wrote.
func (v *vector) request() string {
	var b strings.Builder
	for _, chunk := range v.Send {
		b.WriteString(chunk.text)
	}
	return b.String()
}

// vectorsFolder is where the vectors are, and whether they are our own recorded set.
func vectorsFolder() (folder string, own bool) {
	if other := os.Getenv("PANTS_VECTORS"); other != "" {
		return other, false
	}
	return filepath.Join("testdata", "vectors"), true
}

// readVectors reads all vectors of a folder, ${BASE} replaced by base. The error tells of all lines that cannot be read; the
// others are returned beside it.
func readVectors(folder, base string) ([]*vector, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no *.jsonl in %s", folder)
	}
	sort.Strings(names)
	quoted, err := json.Marshal(base)
	if err != nil {
		return nil, err
	}
	var all []*vector
	var errs []error
	known := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text = bytes.ReplaceAll(text, []byte("${BASE}"), quoted[1:len(quoted)-1])
		for n, line := range bytes.Split(text, []byte("\n")) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			v, err := parseVector(line)
			if err == nil && known[v.ID] {
				err = errors.New("the id is not unique")
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %w", filepath.Base(name), n+1, err))
				continue
			}
			known[v.ID], v.base = true, base
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		errs = append(errs, fmt.Errorf("no vectors in %s", folder))
	}
	return all, errors.Join(errs...)
}

// parseVector reads one line. A field or an operation that this file does not know is an error, not something to skip.
func parseVector(line []byte) (*vector, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	v := new(vector)
	if err := d.Decode(v); err != nil {
		return nil, err
	}
	if v.ID == "" || v.Category == "" || len(v.Send) == 0 {
		return nil, errors.New("no vector: id, category or send is missing")
	}
	for _, s := range v.allSteps() {
		if !knownOps[s.Op] {
			return nil, fmt.Errorf("%s: unknown operation %q", v.ID, s.Op)
		}
	}
	return v, nil
}
