package pants_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math"
	"net/http"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// recordedStep is one thing that the recorded handler did.
type recordedStep struct {
	Op            string           `json:"op"`
	Name          recordedValue    `json:"name"`
	Value         recordedValue    `json:"value"`
	Attrs         []recordedValue  `json:"attrs"` // [name, value]
	Content       recordedValue    `json:"content"`
	Code          recordedValue    `json:"code"`
	ContentType   recordedValue    `json:"content_type"`
	Headers       recordedHeader   `json:"headers"`
	HeadersShared string           `json:"headers_shared"` // the same dictionary object each time
	EndHeaders    *bool            `json:"end_headers"`
	Cookies       *bool            `json:"cookies"`
	Data          recordedValue    `json:"data"`
	Keys          *[]recordedValue `json:"keys"`
	Expires       recordedValue    `json:"expires"`
	Path          recordedValue    `json:"path"`
	Filename      recordedValue    `json:"filename"`
	GuessMime     *bool            `json:"guess_mime"`
	Seconds       float64          `json:"seconds"`
	Steps         []recordedStep   `json:"steps"`
}

var knownOps = map[string]bool{
	"send_response": true, "send_status": true, "send_headers": true, "send": true, "finish": true, "set_cookie": true,
	"touch_cookies_out": true, "delete_cookie_out": true, "send_cookies": true, "set_secure_cookie": true,
	"get_secure_cookie": true, "send_file": true, "raise": true, "defer": true,
}

// recordedHeader is the headers argument: a dictionary, or a list of pairs.
type recordedHeader struct {
	Dict  *[]recordedValue `json:"dict"`
	Pairs *[]recordedValue `json:"pairs"`
}

func (h recordedHeader) fields() [][2]recordedValue {
	for _, list := range []*[]recordedValue{h.Dict, h.Pairs} {
		if list != nil {
			return recordedValue{list: *list}.pairs()
		}
	}
	return nil
}

// header is the argument in Go. The names stay as the handler spelled them: finding those that are equal is the work of the
// package. Only when one name comes in two spellings the map could not keep their order, so they are joined here.
func (h recordedHeader) header() http.Header {
	var header http.Header
	if h.Dict != nil || h.Pairs != nil {
		header = http.Header{}
	}
	spelling := map[string]string{}
	for _, f := range h.fields() {
		name, lower := f[0].text, strings.ToLower(f[0].text)
		if first, ok := spelling[lower]; ok {
			name = first
		}
		spelling[lower] = name
		header[name] = append(header[name], f[1].lines()...)
	}
	return header
}

// handlerCall is what the handler saw in one call, and how its steps went.
type handlerCall struct {
	fields  map[string]string // method, url, path, query, fragment, protocol, host, hostname, remote_ip, scheme, full_url, body
	secure  bool
	headers map[string][]string // by lower-case name
	get     map[string][]string
	post    map[string][]string
	files   map[string][]seenFile
	cookies map[string]string
	results []readCookie
	err     error // of the first step that failed
	edited  bool  // send_file has changed the headers given to it
}

type seenFile struct{ filename, contentType, body string }

type readCookie struct {
	name string
	recordedValue
}

// vectorExchange is one replayed vector.
type vectorExchange struct {
	newErr  error // pants.New refused the configuration
	err     error // the server hung
	calls   []*handlerCall
	methods []string // of the requests that reached the server's handler
	back    []string // what came back for each element of send
	open    []bool   // whether the connection was open after it
}

// raw is all that came back.
func (x *vectorExchange) raw() string { return strings.Join(x.back, "") }

// responses are the final answers, and what was no answer.
func (x *vectorExchange) responses() (all []wireAnswer, rest string) {
	all, rest = splitResponses(x.raw(), x.methods, !x.isOpen())
	return finalAnswers(all), rest
}

// isOpen says whether the connection was open at the end.
func (x *vectorExchange) isOpen() bool { return len(x.open) > 0 && x.open[len(x.open)-1] }

type replayOptions struct {
	all    bool                // send everything, also where Pants had closed the connection
	config func(*pants.Config) // edits the configuration
}

var errRaised = errors.New("raised on purpose")

// replay sends the bytes of v over a real connection to a real server with the options and the handler of v.
func replay(t *testing.T, v *vector, o replayOptions) *vectorExchange {
	t.Helper()
	if v.Server.Cwd != "" {
		t.Chdir(filepath.Join(v.base, filepath.FromSlash(v.Server.Cwd)))
	}
	config := vectorConfig(v)
	if o.config != nil {
		o.config(&config)
	}
	x := new(vectorExchange)
	server, err := pants.New(config)
	if err != nil {
		x.newErr = err
		return x
	}
	now := clockTime(v.Clock)
	pants.SetClock(server, func() time.Time { return now })

	peer := "127.0.0.1"
	if v.Server.Peer != nil {
		peer = *v.Server.Peer
	}
	w, err := newWire(peer)
	if err != nil {
		t.Fatal(err)
	}
	p := &recordedHandler{v: v, x: x, w: w, now: now, shared: map[string]http.Header{}}
	handler := server.Handler(p.handle)
	hs := server.HTTPServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.change(func() { w.running++; w.requests++; x.methods = append(x.methods, r.Method) })
		defer w.change(func() { w.running-- })
		if v.Server.TLS {
			r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
		}
		handler.ServeHTTP(rw, r)
	}))
	hs.ErrorLog = log.New(io.Discard, "", 0)
	w.watch(hs)
	go hs.Serve(w)
	defer hs.Close()
	if err := w.dial(); err != nil {
		t.Fatal(err)
	}
	for n, chunk := range v.Send {
		if n >= len(v.Got) && !o.all && len(v.Got) > 0 {
			break
		}
		enough := func(back string) bool {
			if n >= len(v.Got) || o.all && n == len(v.Send)-1 {
				return strings.Contains(back, "\r\n\r\n")
			}
			all, _ := splitResponses(back, nil, false)
			interim := len(all) - len(finalAnswers(all))
			return len(finalAnswers(all)) >= len(v.Got[n].responses()) && (interim > 0 || !hasContinue(v.Got[n]))
		}
		back, open, err := w.send(chunk.text, enough, 3*time.Second)
		x.back, x.open = append(x.back, back), append(x.open, open)
		if err != nil {
			x.err = err
		}
		if err != nil || !open {
			break
		}
	}
	if v.NetHTTP.Requests == 0 && v.NetHTTP.Status != 0 && x.raw() == "" { // recorded with the end of input behind the request
		x.back[len(x.back)-1] = w.endInput(3 * time.Second)
	}
	if err := w.finish(); err != nil {
		x.err = errors.Join(x.err, err)
	}
	if x.err != nil {
		t.Errorf("%s: %v", v.ID, x.err)
	}
	return x
}

// vectorConfig is the configuration of the recorded server.
func vectorConfig(v *vector) pants.Config {
	c := pants.Config{
		MaxRequest:        v.Server.MaxRequest,
		DisableKeepAlives: v.Server.KeepAlive != nil && !*v.Server.KeepAlive,
		XHeaders:          xheaders.Config{DangerouslyTrustAll: v.Server.XHeaders},
		LegacySemicolons:  true, // Python 2.7's parse_qsl
		FinishTimeout:     15 * time.Second,
		Log:               slog.New(slog.DiscardHandler),
	}
	if v.has("no-finish") {
		c.FinishTimeout = 300 * time.Millisecond
	}
	if v.Server.CookieSecret != nil && v.Server.CookieSecret.text != "" { // an empty one is none here, see empty-secret
		c.LegacyCookies = pants.LegacyCookies{Secret: []byte(v.Server.CookieSecret.text), Write: true}
	}
	switch v.Server.Sendfile.kind {
	case kindBool:
		if v.Server.Sendfile.bool {
			c.Sendfile.Proxy = sendfile.Generic
		}
	case kindBytes:
		if v.Server.Sendfile.text != "" {
			c.Sendfile.Proxy, c.Sendfile.Header = sendfile.Generic, v.Server.Sendfile.text
		}
	}
	if c.Sendfile.Proxy == sendfile.Generic { // without X-Sendfile Pants has no use for the prefix
		c.Sendfile.Prefix = v.Server.SendfilePrefix
	}
	if v.Server.FileRoot != "" {
		c.Sendfile.Root = v.root()
	}
	return c
}

// recordedHandler is the recorded handler.
type recordedHandler struct {
	v   *vector
	x   *vectorExchange
	w   *vectorWire
	now time.Time

	mu     sync.Mutex
	shared map[string]http.Header
}

func (p *recordedHandler) handle(r *pants.Request) {
	c := seeRequest(r)
	var n int
	p.w.change(func() { n = len(p.x.calls); p.x.calls = append(p.x.calls, c); p.w.handlers++; p.w.calls++ })
	defer p.w.change(func() { p.w.handlers-- })
	p.play(r, c, p.v.steps(n))
}

// play does the steps. A step that fails ends the handler as an exception did in Python.
func (p *recordedHandler) play(r *pants.Request, c *handlerCall, steps []recordedStep) {
	for _, s := range steps {
		if s.Op == "raise" {
			panic(errRaised)
		}
		if s.Op == "defer" {
			p.w.change(func() { p.w.handlers++ })
			r.Go(func() {
				defer p.w.change(func() { p.w.handlers-- })
				time.Sleep(time.Duration(s.Seconds * float64(time.Second)))
				p.play(r, c, s.Steps)
			})
			continue
		}
		if err := p.do(r, c, s); err != nil {
			err = fmt.Errorf("%s: %w", s.Op, err)
			p.w.change(func() { c.err = err })
			panic(err)
		}
	}
}

func (p *recordedHandler) do(r *pants.Request, c *handlerCall, s recordedStep) error {
	switch s.Op {
	case "send_response":
		var o []pants.ResponseOption
		if s.Code.kind != kindAbsent {
			o = append(o, pants.Code(statusCode(s.Code)))
		}
		if s.ContentType.kind != kindAbsent {
			o = append(o, pants.ContentType(s.ContentType.text))
		}
		return r.SendResponse(contentText(s.Content), o...)
	case "send_status":
		if s.Code.kind == kindAbsent {
			return r.SendStatus(http.StatusOK)
		}
		return r.SendStatus(statusCode(s.Code))
	case "send_headers":
		var o []pants.HeadersOption
		if s.EndHeaders != nil {
			o = append(o, pants.EndHeaders(*s.EndHeaders))
		}
		if s.Cookies != nil {
			o = append(o, pants.WithCookies(*s.Cookies))
		}
		return r.SendHeaders(s.Headers.header(), o...)
	case "send":
		return r.Send(contentText(s.Data))
	case "finish":
		return r.Finish()
	case "set_cookie":
		return setAttributes(r.CookiesOut().Set(s.Name.text, contentText(s.Value)), s.Attrs, p.now)
	case "touch_cookies_out":
		r.CookiesOut()
	case "delete_cookie_out":
		delete(r.CookiesOut(), s.Name.text)
	case "send_cookies":
		return p.sendCookies(r, s)
	case "set_secure_cookie":
		return p.setSecureCookie(r, s)
	case "get_secure_cookie":
		c.results = append(c.results, readCookie{s.Name.text, p.secureCookie(r, s.Name.text, len(c.results))})
	case "send_file":
		return p.sendFile(r, c, s)
	default:
		return errors.New("unknown operation")
	}
	return nil
}

// sendCookies sends all cookies without keys, and none with an empty list of them.
func (p *recordedHandler) sendCookies(r *pants.Request, s recordedStep) error {
	var err error
	switch {
	case s.Keys == nil:
		err = r.SendCookies()
	case len(*s.Keys) > 0:
		err = r.SendCookies(recordedValue{kind: kindList, list: *s.Keys}.lines()...)
	}
	if err == nil && s.EndHeaders != nil && *s.EndHeaders {
		err = r.SendHeaders(nil, pants.WithCookies(false))
	}
	return err
}

// setSecureCookie gives the lifetime with the call, and the attributes to the cookie that it put into CookiesOut.
func (p *recordedHandler) setSecureCookie(r *pants.Request, s recordedStep) error {
	c := &http.Cookie{Name: s.Name.text}
	if s.Expires.kind == kindNumber {
		seconds, err := strconv.ParseFloat(s.Expires.text, 64)
		if err != nil {
			return err
		}
		c.MaxAge = int(seconds) // whole seconds only: http.Cookie has no others
		if c.MaxAge == 0 {
			c.Expires = p.now // MaxAge 0 would be the default
		}
	}
	v, err := goValue(s.Value)
	if err != nil {
		return err
	}
	if err := r.SetSecureCookie(c, v); err != nil {
		return err
	}
	return setAttributes(r.CookiesOut()[c.Name], s.Attrs, p.now)
}

// secureCookie reads a signed cookie as the type that Pants returned. None must be none as whatever type it is read.
func (p *recordedHandler) secureCookie(r *pants.Request, name string, n int) recordedValue {
	none := true
	recorded := kindNull
	for _, s := range p.v.Seen {
		if list := s["results"].pairs(); n < len(list) && list[n][0].text == name {
			recorded = list[n][1].kind
			none = recorded == kindNull || recorded == kindError
			break
		}
	}
	if none || recorded == kindBytes {
		var b []byte
		if r.SecureCookie(name, &b) == nil {
			return bytesValue(string(b))
		}
	}
	if none || recorded == kindText {
		var text string
		if r.SecureCookie(name, &text) == nil {
			return recordedValue{kind: kindText, text: text}
		}
	}
	if none || recorded != kindBytes && recorded != kindText {
		var any any
		if r.SecureCookie(name, &any) == nil && any != nil {
			text, err := json.Marshal(any)
			if err == nil {
				return recordedValue{kind: kindJSON, text: string(text)}
			}
		}
	}
	return recordedValue{kind: kindNull}
}

func (p *recordedHandler) sendFile(r *pants.Request, c *handlerCall, s recordedStep) error {
	o := &sendfile.Options{Filename: s.Filename.text, NoGuess: s.GuessMime != nil && !*s.GuessMime, Header: s.Headers.header()}
	if s.HeadersShared != "" {
		p.mu.Lock()
		if p.shared[s.HeadersShared] == nil {
			p.shared[s.HeadersShared] = o.Header
		}
		o.Header = p.shared[s.HeadersShared]
		p.mu.Unlock()
	}
	before := o.Header.Clone()
	err := r.SendFile(s.Path.text, o)
	c.edited = c.edited || !reflect.DeepEqual(before, o.Header)
	return err
}

// setAttributes sets the attributes of a cookie by their Python names.
func setAttributes(c *http.Cookie, attrs []recordedValue, now time.Time) error {
	for _, a := range (recordedValue{list: attrs}).pairs() {
		text := a[1].text
		number, err := strconv.Atoi(text)
		numeric := err == nil && a[1].kind == kindNumber
		on := a[1].kind != kindNull && text != "" && text != "false" && !(numeric && number == 0) // as Python sees truth
		switch strings.ToLower(a[0].text) {
		case "path":
			c.Path = text
		case "domain":
			c.Domain = text
		case "expires":
			if numeric {
				c.Expires = time.Unix(now.Unix()+int64(number), 0).UTC()
			} else {
				c.RawExpires = text
			}
		case "max-age":
			switch {
			case text == "": // left out
			case err != nil:
				return fmt.Errorf("max-age is no number: %q", text)
			case number <= 0:
				c.MaxAge = -1 // net/http's way to say Max-Age=0
			default:
				c.MaxAge = number
			}
		case "secure":
			c.Secure = on
		case "httponly":
			c.HttpOnly = on
		case "samesite":
			modes := map[string]http.SameSite{"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode}
			if c.SameSite = modes[strings.ToLower(text)]; c.SameSite == 0 && text != "" {
				return fmt.Errorf("unknown SameSite mode %q", text)
			}
		case "comment", "version":
			if text != "" {
				name := strings.ToUpper(a[0].text[:1]) + strings.ToLower(a[0].text[1:])
				c.Unparsed = append(c.Unparsed, name+"="+text)
			}
		default:
			return fmt.Errorf("unknown cookie attribute %q", a[0].text)
		}
	}
	return nil
}

// statusCode is a status as a number. A text that is none has no form in Go; 0 is refused in its place.
func statusCode(v recordedValue) int {
	text, _, _ := strings.Cut(v.text, " ")
	code, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return code
}

// contentText is content as a Go string: bytes and text as they are, numbers in decimal, anything else as JSON.
func contentText(v recordedValue) string {
	switch v.kind {
	case kindBytes, kindText, kindNumber, kindBool, kindJSON:
		return v.text
	case kindNull, kindAbsent:
		return "null"
	}
	list := make([]string, 0, len(v.list))
	for _, e := range v.list {
		list = append(list, strconv.Quote(e.text))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// goValue is a value for SetSecureCookie: a byte string is []byte, a text is a string, lists and objects are JSON.
func goValue(v recordedValue) (any, error) {
	switch v.kind {
	case kindBytes:
		return []byte(v.text), nil
	case kindText:
		return v.text, nil
	case kindBool:
		return v.bool, nil
	case kindNumber:
		f, err := strconv.ParseFloat(v.text, 64)
		if err == nil && f == math.Trunc(f) && !strings.ContainsAny(v.text, ".eE") {
			return int(f), nil
		}
		return f, err
	case kindJSON:
		var any any
		err := json.Unmarshal([]byte(v.text), &any)
		return any, err
	case kindList, kindTuple:
		list := make([]any, 0, len(v.list))
		for _, e := range v.list {
			g, err := goValue(e)
			if err != nil {
				return nil, err
			}
			if b, ok := g.([]byte); ok {
				g = string(b) // Python's json writes byte strings as text
			}
			list = append(list, g)
		}
		return list, nil
	case kindNull, kindAbsent:
		return nil, nil
	}
	return nil, errors.New("no form in Go")
}

// seeRequest reads all that a handler can see.
func seeRequest(r *pants.Request) *handlerCall {
	c := &handlerCall{
		fields: map[string]string{
			"method": r.Method(), "url": r.URL(), "path": r.Path(), "query": r.Query(), "fragment": r.Fragment(),
			"protocol": r.Protocol(), "host": r.Host(), "hostname": r.Hostname(), "remote_ip": r.RemoteIP(),
			"scheme": r.Scheme(), "full_url": r.FullURL(), "body": string(r.Body()),
		},
		secure:  r.IsSecure(),
		headers: map[string][]string{},
		get:     map[string][]string{},
		post:    map[string][]string{},
		files:   map[string][]seenFile{},
		cookies: map[string]string{},
	}
	for name, values := range r.Headers() {
		lower := strings.ToLower(name)
		c.headers[lower] = append(c.headers[lower], values...)
	}
	for name, values := range r.Get() {
		c.get[name] = values
	}
	for name, values := range r.Post() {
		c.post[name] = values
	}
	for name, files := range r.Files() {
		for _, f := range files {
			body, err := f.Body()
			if err != nil {
				body = []byte("cannot be read: " + err.Error())
			}
			c.files[name] = append(c.files[name], seenFile{f.Filename, f.ContentType, string(body)})
		}
	}
	for name, cookie := range r.Cookies() {
		c.cookies[name] = cookie.Value
	}
	return c
}
