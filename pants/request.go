package pants

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-pants/kit/xheaders"
)

// Request is one HTTP request and the means to answer it, as Pants' HTTPRequest was. Its accessors compute on first use, may
// be called from any goroutine, and stay valid after the response is finished; only a body that went to disk is gone then (see
// BodyReader). What they return must not be changed, except CookiesOut.
type Request struct {
	// HTTP is the request as net/http has it.
	HTTP *http.Request

	// Writer is the response as net/http has it. Writing to it and calling Send* may be mixed. When the response is finished
	// its writes fail with ErrFinished.
	Writer http.ResponseWriter

	server *Server
	in     *http.Request // as received: HTTP may be a copy
	res    response
	body   *body
	clock  atomic.Int64 // when the request came, in nanoseconds of the process; see stopClock

	mu     sync.Mutex // guards the fields below
	found  *findings
	out    Cookies     // see CookiesOut
	hasOut atomic.Bool // out is there
}

// findings are what accessors compute on first use. Many handlers ask for none of it.
type findings struct {
	known     known
	client    *xheaders.Info
	query     url.Values
	queryErr  error
	cookies   Cookies
	cookieErr error
	headers   http.Header
	conn      Connection
}

// known says which of the findings are there.
type known uint8

const (
	knownQuery known = 1 << iota
	knownCookies
)

// lazy returns the findings. r.mu is held.
func (r *Request) lazy() *findings {
	if r.found == nil {
		r.found = &findings{conn: Connection{req: r}}
	}
	return r.found
}

// requestWithBody is one allocation for both: most requests have no body.
type requestWithBody struct {
	Request
	content body
}

func newRequest(s *Server, w http.ResponseWriter, hr *http.Request, raw bool) *Request {
	var r *Request
	switch {
	case hr.Body != nil && hr.Body != http.NoBody:
		both := new(requestWithBody)
		r = &both.Request
		r.body = &both.content
		r.body.req, r.body.raw = r, raw
	case raw:
		r = &Request{body: noRawBody}
	default:
		r = &Request{body: noBody}
	}
	r.HTTP, r.in, r.server = hr, hr, s
	r.clock.Store(sinceStart())
	r.Writer = &r.res
	r.res.w = w
	r.res.req = r
	return r
}

// FromContext returns the Request that Server.Wrap put into the context of a net/http request, or that a Pants handler passed
// on with Request.Context or Request.Serve. It is nil if there is none. r.HTTP has the context as it was received.
func FromContext(ctx context.Context) *Request {
	r, _ := ctx.Value(contextKey{}).(*Request)
	return r
}

// Context is done when the client is gone, or has closed its side of the connection, and when ServeHTTP has returned.
// FromContext(r.Context()) is r.
func (r *Request) Context() context.Context { return (*requestContext)(r) }

// Time is how long ago the request was received, or how long it took until it was finished.
func (r *Request) Time() time.Duration {
	at := r.clock.Load()
	if at < 0 {
		return time.Duration(-at)
	}
	return time.Duration(sinceStart() - at)
}

// stopClock puts the time that the request took in place of the time when it came, as a negative number.
func (r *Request) stopClock() { r.clock.Store(min(-1, r.clock.Load()-sinceStart())) }

type contextKey struct{}

// requestContext is a Request seen as a context, so that carrying it costs no allocation.
type requestContext Request

func (c *requestContext) Deadline() (time.Time, bool) { return c.in.Context().Deadline() }
func (c *requestContext) Done() <-chan struct{}       { return c.in.Context().Done() }
func (c *requestContext) Err() error                  { return c.in.Context().Err() }

func (c *requestContext) Value(key any) any {
	if key == (contextKey{}) {
		return (*Request)(c)
	}
	return c.in.Context().Value(key)
}

// processStart is where times of the monotonic clock alone are counted from: reading the other clock too takes twice the time.
var processStart = time.Now()

// sinceStart is that time in nanoseconds.
func sinceStart() int64 { return int64(time.Since(processStart)) }

// hasCookies tells whether CookiesOut has any.
func (r *Request) hasCookies() bool {
	if !r.hasOut.Load() {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.out) > 0
}
