package legacy

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"path/filepath"
	"time"
)

// RecordConfig is what a Recorder may be told. Only Dir is needed.
type RecordConfig struct {
	// Dir is where the recordings go, one JSON file (mode 0600) per request and answer. It is made (mode 0700) if it is missing.
	// What is in it counts for the limits below, and nothing in it is ever replaced.
	Dir string

	// MaxBody is the longest body in bytes that is kept, of a request as of an answer. Of a longer one the length is kept, and its
	// SHA-256 if no secrets are expected in it: a form, JSON and a request in plain text have none. 0 means 64 KiB.
	MaxBody int64

	// PerShape is how many recordings are made of requests that look alike: with the same method, and the same path but for numbers
	// and ids. 0 means 10.
	PerShape int

	// MaxFiles and MaxBytes are how many recordings, and how many bytes, there may be in Dir. At either limit recording ends, with
	// one line in the log. 0 means 1000 recordings and 64 MiB.
	MaxFiles int
	MaxBytes int64

	// Secrets are names of headers, parameters and fields that are masked besides those known, in any case: "iban".
	Secrets []string

	// Keep are names that are not masked though they look like secrets, in any case; of cookies too: "lang".
	Keep []string

	// Edit sees each recording before it is stored, masked already, and may change it: names and mail addresses are known to you only.
	// A recording for which it reports false is not stored. It is called by several goroutines at once.
	Edit func(*Recording) bool

	// Log receives the one line that says why recording has ended; nil means slog.Default().
	Log *slog.Logger
}

const (
	defaultMaxBody  = 64 << 10
	defaultPerShape = 10
	defaultMaxFiles = 1000
	defaultMaxBytes = 64 << 20
)

// Recorder stores what passes through it: a request, and the answer of the handler behind it. Package legacytest plays the
// recordings of the app that was there before against the handler that is to replace it.
//
//	recorder, err := legacy.Record("testdata/contract")
//	...
//	router.NotFound(recorder.Wrap(proxy).ServeHTTP)
//
// Secrets are replaced by placeholders: the values of Authorization and Proxy-Authorization, of all cookies, and of headers,
// parameters and fields whose names speak of passwords, tokens, keys or sessions, in queries, urlencoded and multipart forms, JSON at
// any depth, and URLs within texts. A secret of 16 bytes and more is replaced wherever else it stands in that request and
// answer, too. Public addresses of clients become others. A body that cannot be read as what it claims to be is left out, and so are a
// text or XML in a request that speak of a password, and what is compressed otherwise than with gzip.
//
// Not known as secrets are parameters and fields that are keys of no known kind ("key", "sortKey"), those in paths, in HTML, in XML and
// scripts of answers, in uploaded files that are no text, and everything personal. Read the recordings before you commit them, and
// see RecordConfig.Edit.
//
// A Recorder never stands in the way: answers go through as they are written, flushed and sent by the kernel as before; what a
// request adds is a copy of up to MaxBody bytes each way. Files are written after the answer, by goroutines of their own, at most 100
// at a time. When that fails, as on a full disk, recording ends with one line in the log. Answers that are not complete are not
// recorded, but for event streams, whose end is always that the client leaves: of those, and of connections that change to another
// protocol, there is the head. 1xx answers are not recorded.
type Recorder struct {
	store  store
	masker masker
	edit   func(*Recording) bool
}

// Record returns a Recorder with the defaults of RecordConfig.
func Record(dir string) (*Recorder, error) { return NewRecorder(RecordConfig{Dir: dir}) }

// NewRecorder returns a Recorder with the RecordConfig c. The error, if any, joins every mistake in c; a directory that cannot be
// written is one.
func NewRecorder(c RecordConfig) (*Recorder, error) {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("legacy: recording needs a directory"))
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{{"MaxBody", c.MaxBody}, {"PerShape", int64(c.PerShape)}, {"MaxFiles", int64(c.MaxFiles)}, {"MaxBytes", c.MaxBytes}} {
		if limit.value < 0 {
			errs = append(errs, fmt.Errorf("legacy: negative %s %d", limit.name, limit.value))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(c.Dir) // or it moves with the working directory
	if err != nil {
		return nil, fmt.Errorf("legacy: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // since Go 1.24 it does not fail
	r := &Recorder{
		store: store{
			dir: dir, perShape: orDefault(c.PerShape, defaultPerShape), maxFiles: orDefault(c.MaxFiles, defaultMaxFiles),
			maxBytes: orDefault(c.MaxBytes, defaultMaxBytes), log: c.Log,
		},
		masker: masker{key: key, names: newSecretNames(c.Secrets, c.Keep), maxBody: orDefault(c.MaxBody, defaultMaxBody)},
		edit:   c.Edit,
	}
	if r.store.log == nil {
		r.store.log = slog.Default()
	}
	if err := r.store.open(); err != nil {
		return nil, fmt.Errorf("legacy: recording: %w", err)
	}
	return r, nil
}

func orDefault[T int | int64](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}

// Close ends recording and waits for the files that are being written; handlers go on. Shut the server down first, or its last
// answers are missing. The error is what ended recording before, if something went wrong.
func (rec *Recorder) Close() error {
	if err := rec.store.close(); err != nil {
		return fmt.Errorf("legacy: recording: %w", err)
	}
	return nil
}

// Wrap records what passes through to next. Requests that are not recorded any more are handed on as they came.
func (rec *Recorder) Wrap(next http.Handler) http.Handler {
	if next == nil {
		panic("legacy: Recorder.Wrap called with a nil http.Handler")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec.store.stopped.Load() {
			next.ServeHTTP(w, r)
			return
		}
		target := r.RequestURI
		if target == "" { // made by a program
			target = r.URL.RequestURI()
		}
		mark := shapeMark(shape(r.Method, target))
		if !rec.store.reserve(mark) {
			next.ServeHTTP(w, r)
			return
		}
		rec.serve(w, r, next, target, mark)
	})
}

func (rec *Recorder) serve(w http.ResponseWriter, r *http.Request, next http.Handler, target, mark string) {
	recording := &Recording{
		Time: time.Now().UTC(),
		Request: RecordedRequest{
			Method: r.Method, Target: target, Protocol: r.Proto, Scheme: "http", Host: r.Host, RemoteAddr: r.RemoteAddr,
			Header: r.Header.Clone(), Chunked: r.ContentLength < 0,
		},
	}
	if r.TLS != nil {
		recording.Request.Scheme = "https"
	}
	inner := r.WithContext(r.Context())
	var body *requestBody
	if r.Body != nil && r.Body != http.NoBody {
		body = &requestBody{ReadCloser: r.Body, got: capture{limit: rec.masker.maxBody}}
		inner.Body = body
	}
	answer := &recordWriter{w: w, head: r.Method == http.MethodHead, got: capture{limit: rec.masker.maxBody}}
	returned := false
	defer func() { // also when next panics, which goes on: http.ErrAbortHandler is for net/http
		if r.MultipartForm == nil {
			r.MultipartForm = inner.MultipartForm // net/http removes the files of the request that it knows
		}
		response, complete := answer.end()
		recording.Duration = time.Since(recording.Time)
		if body != nil {
			var eof bool
			if recording.Request.Body, eof = body.end(r.ContentLength); eof {
				recording.Request.Trailer = maps.Clone(r.Trailer)
			}
		}
		recording.Response = response
		if !complete || !returned || response.Status != http.StatusSwitchingProtocols && r.Context().Err() != nil {
			if !isEventStream(response) {
				rec.store.release(mark)
				return
			}
			recording.Response.Cut, recording.Response.Body = true, RecordedBody{}
		}
		rec.store.start(mark, func() bool { return rec.keep(recording, mark) })
	}()
	next.ServeHTTP(answer, inner)
	returned = true
}

func isEventStream(a RecordedResponse) bool {
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return a.Status == http.StatusOK && media == "text/event-stream"
}

// keep masks a recording and stores it.
func (rec *Recorder) keep(r *Recording, mark string) (stored bool) {
	defer func() {
		// A mistake in Edit, or here, is no reason for the whole server to end.
		if p := recover(); p != nil {
			rec.store.fail(fmt.Errorf("panic: %v", p))
			stored = false
		}
	}()
	rec.masker.maskRecording(r)
	if rec.edit != nil && !rec.edit(r) {
		return false
	}
	compact, err := r.MarshalJSON()
	var data bytes.Buffer
	if err == nil {
		err = json.Indent(&data, compact, "", "  ")
	}
	if err != nil {
		rec.store.fail(err)
		return false
	}
	data.WriteByte('\n')
	return rec.store.put(r.Time, r.Request.Method, r.Request.Target, mark, data.Bytes())
}
