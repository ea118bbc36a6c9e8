package pants

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// Server turns Pants handlers into net/http handlers, and can serve them. One Server may have any number of handlers and
// routers; it Listens once. The zero Server is that of the zero Config.
type Server struct {
	config   Config
	resolver *xheaders.Resolver
	sender   *sendfile.Sender

	once        sync.Once
	maxRequest  int64
	memoryLimit int64
	limits      Limits
	timeout     time.Duration
	signers     []*signer
	writeIdle   time.Duration    // the constant; only tests change it
	clock       func() time.Time // nil: time.Now; only tests set it

	cookieCounters cookieCounters
	late           lateFlush

	warned   sync.Map // names of cookies that were too long once
	warnings atomic.Int64

	draining    chan struct{} // closed when the server is told to stop
	drain       sync.Once
	connections atomic.Int64 // that net/http looks after
	fresh       sync.Map     // those of them without a request yet, and since when
	freshCount  atomic.Int64 // how many of those, so that no later request has to look
	hijacked    hijacked

	certificate atomic.Pointer[certificate] // of StartSSL
	order       sync.Mutex
	listened    bool // guarded by order
}

// prepare computes once what requests need of the Config.
func (s *Server) prepare() {
	s.once.Do(func() {
		s.maxRequest = s.config.MaxRequest
		if s.maxRequest == 0 {
			s.maxRequest = defaultMaxRequest
		}
		switch s.memoryLimit = s.config.MemoryLimit; {
		case s.memoryLimit == 0:
			s.memoryLimit = defaultMemoryLimit
		case s.memoryLimit < 0:
			s.memoryLimit = 0
		}
		s.timeout = s.config.FinishTimeout
		if s.timeout == 0 {
			s.timeout = defaultFinishTimeout
		}
		s.writeIdle = writeIdle
		s.limits = s.config.Limits.withDefaults()
		s.signers = newSigners(s.config.CookieSecrets)
		if s.sender == nil {
			// The zero sendfile.Config has no mistake to report.
			s.sender, _ = newSender(sendfile.Config{})
		}
		s.draining = make(chan struct{})
	})
}

// Handler makes a net/http handler of a Pants handler; mount it on any router. The request's body was read when h runs: what
// is too long, malformed or stalled (60 s without a byte, or less than 100 bytes a second after that time) is answered with 413, 400 or
// 408 and never reaches h.
//
// When the last call of h to send something was refused, and h has returned with no function of Request.Go running, the answer is a
// 500 at once.
//
// ServeHTTP returns when the response is finished, the client is gone, Config.FinishTimeout has passed since h returned, or
// the server is draining. An unfinished response then becomes 504 or 503, or an aborted connection if part of it was sent;
// never a 200 that nobody wrote. A panic of h becomes a 500, or an aborted connection likewise. What h started is not stopped by
// any of this: see Request.Context. Handler panics if h is nil, as Wrap and RawHandler do.
func (s *Server) Handler(h HandlerFunc) http.Handler {
	if h == nil {
		panic("pants: Handler called with a nil HandlerFunc")
	}
	s.prepare()
	return &handler{server: s, serve: h}
}

// Wrap gives ordinary net/http handlers the Request: FromContext works inside next, everything else is as in net/http. The
// body is read only when Post, Files, Body or ParseBody ask for it, panics pass through, and the response ends when next
// returns.
func (s *Server) Wrap(next http.Handler) http.Handler {
	if next == nil {
		panic("pants: Wrap called with a nil http.Handler")
	}
	s.prepare()
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := newRequest(s, w, hr, false)
		r.res.plain = true
		r.HTTP = hr.WithContext(r.Context())
		returns := false
		defer r.over(&returns)
		defer r.readRest()
		defer r.res.end() // also when next panics: the gate closes, whatever happens
		if !r.body.empty {
			r.HTTP.Body, r.body.copied = r.body, r.HTTP
			defer r.lingerUnread()
		}
		next.ServeHTTP(r.Writer, r.HTTP)
		r.res.returnPlain()
		r.res.dropIfAborted()
		returns = true
	})
}

// removeForm removes the temporary files of a form that a handler had net/http parse. net/http does that only for the request
// it made itself, not for a copy with another context.
func removeForm(hr *http.Request) {
	if hr.MultipartForm != nil {
		_ = hr.MultipartForm.RemoveAll()
	}
}

// lingerUnread bounds how long net/http waits for a body that the handler did not read.
func (r *Request) lingerUnread() {
	if !r.body.isUnread() {
		return
	}
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hijacked {
		w.linger()
	}
}

func (s *Server) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

func (s *Server) log() *slog.Logger {
	if s.config.Log != nil {
		return s.config.Log
	}
	return slog.Default()
}
