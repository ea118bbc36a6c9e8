package pants

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// SendStatus marks the status code of the response; it is sent with the headers. Codes below 200 and above 999 are refused:
// a final status is needed, and 101 comes about by taking the connection over.
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
	w.status = code
	return nil
}

func checkStatus(code int) error {
	if code < 200 || code > 999 {
		return fmt.Errorf("pants: invalid status code %d", code)
	}
	return nil
}

// beforeHead reports why headers cannot be changed any more. mu is held.
func (w *response) beforeHead() error {
	switch {
	case w.over():
		return w.closedError()
	case w.state == headSent:
		return ErrHeadersSent
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
// CookiesOut. A Content-Type that nobody gave is not made up. A name that is no token, or a value with a line break or NUL,
// is an error and nothing of h is taken.
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
	if err := checkHeader(h); err != nil {
		return w.refuse(err)
	}
	own := w.pending()
	for name, values := range h {
		own[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if o.keepOpen {
		if o.noCookies {
			return nil
		}
		return r.addCookies(own, nil)
	}
	w.withheld = o.noCookies
	return w.commitAsGiven()
}

// pending is where headers wait for the commit.
func (w *response) pending() http.Header {
	if w.plain {
		return w.w.Header()
	}
	return w.ownHeader()
}

// commitAsGiven is commit without net/http guessing a Content-Type.
func (w *response) commitAsGiven() error {
	h := w.own
	if h == nil {
		h = w.w.Header()
	}
	if _, given := h["Content-Type"]; !given {
		h["Content-Type"] = nil
	}
	return w.commit()
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
	if err := r.addCookies(w.pending(), names); err != nil {
		return w.refuse(err)
	}
	return nil
}

// Send writes data to the client, after the headers if they are not sent yet.
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
	_, err := io.WriteString(w.w, data)
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
	return w.w.Write(p)
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
	code        int
	contentType string
}

// Code is the status code of a SendResponse; without it, 200 or what SendStatus marked.
func Code(code int) ResponseOption { return ResponseOption{code: code} }

// ContentType is the Content-Type of a SendResponse, sent exactly as given; without it, text/plain.
func ContentType(contentType string) ResponseOption { return ResponseOption{contentType: contentType} }

// SendResponse sends a whole response, with Content-Type and Content-Length, and finishes it. The content is left out for HEAD
// and for the statuses 204, 205 and 304, which have none.
func (r *Request) SendResponse(content string, options ...ResponseOption) error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beforeHead(); err != nil {
		return err
	}
	status, contentType := w.status, "text/plain"
	if status == 0 {
		status = http.StatusOK
	}
	for _, option := range options {
		if option.contentType != "" {
			contentType = option.contentType
		} else {
			status = option.code
		}
	}
	if err := checkStatus(status); err != nil {
		return w.refuse(err)
	}
	if breaksLine(contentType) {
		return w.refuse(fmt.Errorf("pants: invalid value of header Content-Type: %q", contentType))
	}
	h := w.own
	if h == nil {
		h = w.w.Header()
	}
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
	w.status = status
	if err := w.commit(); err != nil {
		return err
	}
	var err error
	if content != "" && r.in.Method != http.MethodHead {
		_, err = io.WriteString(w.w, content)
	}
	return errors.Join(err, w.complete())
}

// setContent sets Content-Type and Content-Length without an allocation for either slice.
func (w *response) setContent(h http.Header, contentType string, length int) {
	w.headerValues = [2]string{contentType, strconv.Itoa(length)}
	h["Content-Type"] = w.headerValues[0:1:1]
	h["Content-Length"] = w.headerValues[1:2:2]
}

// Finish ends the response: what is buffered is sent, and a response that nothing was sent of becomes an empty one with the
// status marked, or 200. It ends waiting for a handler that has returned; a second Finish is ErrFinished.
func (r *Request) Finish() error {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over() {
		return w.closedError()
	}
	if w.state == open {
		h := w.own
		if h == nil {
			h = w.w.Header()
		}
		if h["Content-Length"] == nil && h["Transfer-Encoding"] == nil && r.in.Method != http.MethodHead &&
			w.status != http.StatusNoContent && w.status != http.StatusNotModified {
			h["Content-Length"] = []string{"0"}
		}
		if err := w.commitAsGiven(); err != nil {
			return err
		}
	}
	return w.complete()
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
	if w.over() || w.state == open && (w.refused != nil || w.commit() != nil) {
		return
	}
	w.publishTrailers()
	w.finish() // net/http flushes when the Pants handler returns, and knows the length of what is short
}

// complete finishes a response that was sent. While the handler runs, its client should not have to wait for its return.
func (w *response) complete() error {
	err := w.publishTrailers()
	if !w.returned {
		if flushErr := w.flush(); flushErr != nil && !errors.Is(flushErr, http.ErrNotSupported) {
			err = errors.Join(err, flushErr)
		}
	}
	w.finish()
	return err
}

// publishTrailers gives the writer below the headers that were set after the head was sent, if they are trailers.
func (w *response) publishTrailers() error {
	if w.own == nil || !hasTrailers(w.own) {
		return nil
	}
	if err := checkHeader(w.own); err != nil {
		return err
	}
	w.publish(w.own)
	return nil
}

func hasTrailers(h http.Header) bool {
	if _, declared := h["Trailer"]; declared {
		return true
	}
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}
