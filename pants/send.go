package pants

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// SendStatus marks the status code of the response; it is sent with the headers, and the last one counts. Codes below 200 and above
// 999 are refused: a final status is needed, and 101 comes about by taking the connection over. The error is ErrHeadersSent or
// ErrFinished when it is too late.
func (r *Request) SendStatus(code int) error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beforeHead(); err != nil {
		return err
	}
	if err := checkStatus(code); err != nil {
		return err
	}
	w.status = int32(code)
	w.accept()
	return nil
}

func checkStatus(code int) error {
	if code < 200 || code > 999 {
		return fmt.Errorf("pants: invalid status code %d", code)
	}
	return nil
}

// HeadersOption is an argument of SendHeaders.
type HeadersOption struct{ keepOpen, noCookies bool }

// EndHeaders(false) leaves the headers open: they are merged, and sent with the first byte of content or by the next
// SendHeaders.
func EndHeaders(end bool) HeadersOption { return HeadersOption{keepOpen: !end} }

// WithCookies(false) leaves CookiesOut out.
func WithCookies(with bool) HeadersOption { return HeadersOption{noCookies: !with} }

// SendHeaders merges h into the response's headers, each name in place of what was there, and sends them with the status and
// CookiesOut. Set-Cookie lines are added to those that are there. A Content-Type that nobody gave is not made up. A name that is
// no token, or a value with a line break or NUL, is an error (CWE-113: the rest of the line would be a header, or a response, of the
// client's); with any error nothing of h is taken. The error is ErrHeadersSent or ErrFinished when it is too late.
func (r *Request) SendHeaders(h http.Header, options ...HeadersOption) error {
	var o HeadersOption
	for _, option := range options {
		o.keepOpen = o.keepOpen || option.keepOpen
		o.noCookies = o.noCookies || option.noCookies
	}
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beforeHead(); err != nil {
		return err
	}
	given := canonical(h)
	if err := checkHeader(given); err != nil {
		return w.refuse(err)
	}
	pending := w.pending()
	replaced := merge(pending, given)
	if o.keepOpen {
		w.accept()
		if o.noCookies {
			return nil
		}
		if err := r.addCookies(pending, nil, false); err != nil {
			takeBack(pending, given, replaced)
			return w.refuse(err)
		}
		return nil
	}
	w.withheld = o.noCookies
	err := w.commitAsGiven()
	if err != nil {
		takeBack(pending, given, replaced)
	}
	return err
}

// merge puts given into pending, and returns what it has replaced there.
func merge(pending, given http.Header) (replaced http.Header) {
	for name, values := range given {
		if old, there := pending[name]; there {
			if replaced == nil {
				replaced = http.Header{}
			}
			replaced[name] = old
		}
		if name == "Set-Cookie" {
			values = append(slices.Clip(pending[name]), values...)
		}
		pending[name] = values
	}
	return replaced
}

// takeBack undoes merge.
func takeBack(pending, given, replaced http.Header) {
	for name := range given {
		delete(pending, name)
	}
	maps.Copy(pending, replaced)
}

// commitAsGiven is commit without net/http guessing a Content-Type.
func (w *response) commitAsGiven() error {
	h := w.head()
	if _, given := h["Content-Type"]; given {
		return w.commit()
	}
	h["Content-Type"] = nil
	err := w.commit()
	if err != nil {
		delete(h, "Content-Type")
	}
	return err
}

// SendCookies puts cookies of CookiesOut into the headers now, those named or, without a name, all. Each cookie is sent once, so
// they are left out later. Like all headers they are on their way with the first byte or SendHeaders; Pants'
// end_headers=True is SendHeaders(nil, WithCookies(false)) after it.
func (r *Request) SendCookies(names ...string) error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beforeHead(); err != nil {
		return err
	}
	if err := r.addCookies(w.pending(), names, false); err != nil {
		return w.refuse(err)
	}
	w.accept()
	return nil
}

// Send writes data to the client, after the headers if they are not sent yet. It does not finish the response. The error is
// ErrFinished after the end, else that of the connection; a client that is gone shows at a later Send, as data is buffered.
func (r *Request) Send(data string) error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beginAsGiven(); err != nil {
		return err
	}
	if data == "" {
		return nil
	}
	_, err := w.count(io.WriteString(w.w, data))
	return err
}

// Write is Send for bytes; it makes the Request an io.Writer.
func (r *Request) Write(p []byte) (int, error) {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beginAsGiven(); err != nil {
		return 0, err
	}
	return w.count(w.w.Write(p))
}

func (w *response) beginAsGiven() error {
	if w.over() {
		return w.closedError()
	}
	if w.state == open {
		return w.commitAsGiven()
	}
	return nil
}

// ResponseOption is an argument of SendResponse.
type ResponseOption struct {
	hasCode     bool
	code        int
	contentType string
}

// Code is the status code of a SendResponse; without it, 200 or what SendStatus marked.
func Code(code int) ResponseOption { return ResponseOption{hasCode: true, code: code} }

// ContentType is the Content-Type of a SendResponse, sent exactly as given; without it, text/plain as in Pants, which says no charset:
// give "text/plain; charset=utf-8" for more than ASCII. An empty one sends none.
func ContentType(contentType string) ResponseOption { return ResponseOption{contentType: contentType} }

// SendResponse sends a whole response, with Content-Type and Content-Length, and finishes it. The content is left out for HEAD
// and for the statuses 204, 205 and 304, which have none. With an error of what was given nothing is sent, and nothing of it
// stays. The client has it when the handler returns, or within some 5 ms if it goes on; Finish after a Send has it sent at once.
// The error is ErrFinished for a second one, ErrHeadersSent after a Send.
func (r *Request) SendResponse(content string, options ...ResponseOption) error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beforeHead(); err != nil {
		return err
	}
	status, contentType := int(w.status), "text/plain"
	if status <= 0 {
		status = http.StatusOK
	}
	for _, option := range options {
		if option.hasCode {
			status = option.code
		} else {
			contentType = option.contentType
		}
	}
	if err := checkStatus(status); err != nil {
		return w.refuse(err)
	}
	if breaksLine(contentType) {
		return w.refuse(fmt.Errorf("pants: invalid value of header Content-Type: %q", contentType))
	}
	h := w.head()
	oldStatus, oldType, oldLength := w.status, h["Content-Type"], h["Content-Length"]
	switch status {
	case http.StatusNoContent, http.StatusNotModified:
		delete(h, "Content-Length")
		h["Content-Type"] = nil
		content = ""
	case http.StatusResetContent:
		w.setContent(h, contentType, 0)
		content = ""
	default:
		w.setContent(h, contentType, len(content))
	}
	w.status = int32(status)
	if err := w.commit(); err != nil {
		w.status = oldStatus
		restore(h, "Content-Type", oldType)
		restore(h, "Content-Length", oldLength)
		return err
	}
	var err error
	if content != "" && r.in.Method != http.MethodHead {
		_, err = io.WriteString(w.w, content)
	}
	return errors.Join(err, w.complete(false))
}

func restore(h http.Header, name string, values []string) {
	if values == nil {
		delete(h, name)
		return
	}
	h[name] = values
}

// setContent sets Content-Type and Content-Length without an allocation for either slice.
func (w *response) setContent(h http.Header, contentType string, length int) {
	w.headerValues = [2]string{contentType, strconv.Itoa(length)}
	h["Content-Type"] = w.headerValues[0:1:1]
	if contentType == "" {
		h["Content-Type"] = nil
	}
	h["Content-Length"] = w.headerValues[1:2:2]
}

// Finish ends the response: what is buffered is sent at once, and a response that nothing was sent of becomes an empty one with the
// status marked, or 200. It ends waiting for a handler that has returned; a second Finish is ErrFinished.
func (r *Request) Finish() error { return r.finish(true) }

func (r *Request) finish(flush bool) error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over() {
		return w.closedError()
	}
	if w.state == open {
		h := w.head()
		empty := h["Content-Length"] == nil && h["Transfer-Encoding"] == nil && h["Trailer"] == nil && r.in.Method != http.MethodHead &&
			w.status != http.StatusNoContent && w.status != http.StatusNotModified
		if empty {
			h["Content-Length"] = []string{"0"}
		}
		if err := w.commitAsGiven(); err != nil {
			if empty {
				delete(h, "Content-Length")
			}
			return err
		}
	}
	return w.complete(flush)
}

// Serve answers the request with a net/http handler and finishes it when h returns, as net/http does: a handler that wrote
// nothing has answered 200. FromContext works inside h.
func (r *Request) Serve(h http.Handler) {
	hr := r.HTTP.WithContext(r.Context())
	defer removeForm(hr)
	h.ServeHTTP(r.Writer, hr)
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over() || w.state == open && (w.refused() != nil || w.commit() != nil) {
		return
	}
	defer w.finish() // net/http flushes when the Pants handler returns, and knows the length of what is short
	w.publishTrailersOrLog()
}

// complete finishes a response that was sent. While the handler runs, its client should not have to wait for its return: it is
// flushed now, or a little later.
func (w *response) complete(flush bool) error {
	defer w.finish()
	err := w.publishTrailers()
	flush = flush || w.req.body.isUnread() // a flush reads some of that, and must not do so beside the handler
	if !w.life.has(returned) && (flush || !w.req.server.late.take(w)) {
		err = errors.Join(err, ignoreUnsupported(w.flush()))
	}
	return err
}
