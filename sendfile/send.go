package sendfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Options are what one call of [Sender.Send] may want different.
type Options struct {
	// Filename makes the answer a download with this name. "" is none.
	Filename string

	// Inline says inline instead of attachment: show it, and call it Filename
	// when it is saved.
	Inline bool

	// NoGuess sends application/octet-stream instead of asking
	// Config.ContentType.
	NoGuess bool

	// Header holds further header fields. They win over those made here, in
	// any case of the name, and several values are several lines; a name with
	// no values suppresses the field. Set-Cookie and Vary add to what is in
	// w.Header() already. Content-Length, Content-Range,
	// Transfer-Encoding and the header that names files to the proxy are not
	// taken from it. An ETag or Last-Modified in it is what conditions are
	// compared with. Error answers have none of it. X-Accel-Limit-Rate is one for
	// nginx alone.
	Header http.Header
}

// Send answers r with the file name: with its content, a part of it, 304, 412,
// 416, or an error answer (403, 404, 503, 500), and in each case completely. o
// may be nil.
//
// The error is for the log. It wraps what is wrong with the file
// (fs.ErrNotExist, fs.ErrPermission, ErrNotRegular, ErrOutsideRoot) or tells
// that the body could not be written to its end; then nothing more can be
// written to w. It is nil for 304, 412 and 416.
//
// Fields already in w.Header() are respected like those of Options.Header,
// which come first. w.Header() is not called again once the body begins.
//
// # Decisions
//
// A malformed Range is ignored (RFC 9110 section 14.2) unless
// [Config.StrictRanges] says otherwise. One with more than 50 ranges, with three
// that overlap, or for more bytes than the file has always is. Range counts for
// GET only, so HEAD tells the length of the whole file.
//
// On methods other than GET and HEAD only If-None-Match counts, and a match is a
// 412: the handler has acted by then, and for the other conditions it is too
// late.
//
// A file last changed at the epoch or in the future has no Last-Modified, the
// former no ETag: such a date says nothing.
//
// # What net/http does differently
//
// Compared with [http.ServeFile]: an ETag is sent; the type is never guessed
// from the content; "/index.html" is no redirect and a directory no listing;
// an unknown range unit or a malformed Range is ignored instead of answered
// with 416; HEAD never gets a partial answer; several ranges keep sendfile(2).
func (s *Sender) Send(w http.ResponseWriter, r *http.Request, name string, o *Options) error {
	return s.send(w, r, name, o, s.conf.AllowOutside)
}

func (s *Sender) send(w http.ResponseWriter, r *http.Request, name string, o *Options, allowOutside bool) error {
	if o == nil {
		o = new(Options)
	}
	h, err := s.newHeaders(w.Header(), o.Header)
	if err != nil {
		return s.refuse(w, r, err)
	}
	p, err := s.locate(name, allowOutside)
	if err != nil {
		return s.refuse(w, r, err)
	}
	f, info, err := s.open(name, p)
	if err != nil {
		return s.refuse(w, r, err)
	}
	defer func() { f.Close() }()

	a := answer{w: w, r: r, headers: h, varies: len(s.codings) > 0}
	if _, chosen := a.value("Content-Encoding"); a.varies && !chosen {
		if coded, codedInfo, c := s.sibling(r, name, p, info); coded != nil {
			f.Close()
			f, info, a.coding = coded, codedInfo, c.name
		}
	}
	a.size = info.Size()
	if err := s.describe(&a, p, info, o); err != nil {
		return s.refuse(w, r, err)
	}
	// A proxy would drop the encoding and deliver the coded bytes as they are.
	if s.header != "" && !a.has("Content-Encoding") && (s.conf.Offload == nil || s.conf.Offload(r)) {
		value, ok := s.value(p)
		s.probe.Load().seen(p.rel, value, ok)
		if ok {
			a.offload(s.header, value, s.preset.ranges)
			return nil
		}
	}
	if err := a.direct(s, f); err != nil {
		return &cutError{name, err}
	}
	return nil
}

// answer is the answer to one request about a file that is there.
type answer struct {
	headers
	w http.ResponseWriter
	r *http.Request

	size        int64
	contentType string
	etag        string
	modified    time.Time // whole seconds; zero if not known
	lastMod     string    // modified as it is sent
	disposition string
	coding      string // of a sibling; "" is the file itself
	varies      bool   // with Accept-Encoding
}

// describe works out what there is to say about the file, the caller's words
// first.
func (s *Sender) describe(a *answer, p place, info fs.FileInfo, o *Options) error {
	var chosen bool
	if a.contentType, chosen = a.value("Content-Type"); !chosen {
		a.contentType = s.typeOf(p, o)
	}
	if a.etag, chosen = a.value("Etag"); !chosen {
		if s.conf.ETag != nil {
			a.etag = s.conf.ETag(info)
		} else {
			a.etag = sizeTimeETag(info)
		}
	}
	if a.coding != "" {
		a.etag = codedTag(a.etag, a.coding)
	}
	if a.lastMod, chosen = a.value("Last-Modified"); chosen {
		a.modified, _ = parseDate(a.lastMod)
	} else if a.modified = lastModified(info.ModTime(), time.Now()); !a.modified.IsZero() {
		a.lastMod = a.modified.Format(http.TimeFormat)
	}
	if o.Filename != "" {
		a.disposition = disposition(o.Filename, o.Inline)
	}
	for _, v := range [...]string{a.contentType, a.etag} {
		if !validValue(v) {
			return fmt.Errorf("sendfile: invalid header value %q", v)
		}
	}
	return nil
}

// typeOf guesses by the name of the file, not by that of the download.
func (s *Sender) typeOf(p place, o *Options) string {
	guess := s.conf.ContentType
	switch {
	case o.NoGuess:
		return octetStream
	case guess == nil:
		guess = ContentType
	}
	name := p.rel
	if p.outside {
		name = p.abs
	}
	if t := guess(name); t != "" {
		return t
	}
	return octetStream
}

// fillAll writes the headers that a 200, 206, 304 and an offloaded answer share.
func (a *answer) fillAll(offload string) {
	if a.disposition != "" {
		if _, chosen := a.own["Content-Disposition"]; !chosen {
			a.set("Content-Disposition", a.disposition)
		}
	}
	a.apply(offload)
	if a.coding != "" {
		a.set("Content-Encoding", a.coding)
		delete(a.out, "Etag") // that of the file
	}
	if a.varies {
		a.vary()
	}
	a.fill("Content-Type", a.contentType)
	a.fill("Etag", a.etag)
	a.fill("Last-Modified", a.lastMod)
	a.fill("X-Content-Type-Options", "nosniff")
}

// direct sends the file from here.
func (a *answer) direct(s *Sender, f *os.File) error {
	switch precondition(a.r, a.etag, a.modified) {
	case http.StatusNotModified:
		// Everything else stays: a 304 may update what a cache has stored.
		a.fillAll(s.header)
		a.fill("Accept-Ranges", "bytes")
		delete(a.out, "Content-Type")
		delete(a.out, "Content-Encoding")
		a.w.WriteHeader(http.StatusNotModified)
		return nil
	case http.StatusPreconditionFailed:
		a.strip(s)
		a.set("Content-Length", "0")
		a.w.WriteHeader(http.StatusPreconditionFailed)
		return nil
	}

	spans, partial := a.ranges(s.conf.StrictRanges)
	switch {
	case partial && len(spans) == 0:
		a.strip(s)
		a.set("Content-Range", "bytes */"+strconv.FormatInt(a.size, 10))
		return writeText(a.w, a.r, http.StatusRequestedRangeNotSatisfiable, "416 Requested Range Not Satisfiable")
	case partial && len(spans) > 1:
		a.fillAll(s.header)
		a.fill("Accept-Ranges", "bytes")
		b := newByteranges(spans, a.size, a.contentType)
		a.set("Content-Type", b.contentType())
		a.set("Content-Length", strconv.FormatInt(b.length, 10))
		a.w.WriteHeader(http.StatusPartialContent)
		return b.write(a.w, f, spans)
	}

	sp, status := span{0, a.size}, http.StatusOK
	a.fillAll(s.header)
	a.fill("Accept-Ranges", "bytes")
	if partial {
		sp, status = spans[0], http.StatusPartialContent
		a.set("Content-Range", sp.contentRange(a.size))
	}
	a.set("Content-Length", strconv.FormatInt(sp.length, 10))
	a.w.WriteHeader(status)
	if a.r.Method == http.MethodHead || sp.length == 0 {
		return nil
	}
	return copySpan(a.w, f, sp, true)
}

func (a *answer) strip(s *Sender) {
	s.strip(a.out)
	if a.varies {
		a.vary()
	}
}

// ranges decides which parts to send. partial is false for the whole file.
// Range is defined for GET only (RFC 9110 section 14.2).
// strict makes a malformed field one that cannot be satisfied.
func (a *answer) ranges(strict bool) (spans []span, partial bool) {
	lines := a.r.Header["Range"]
	if len(lines) != 1 || a.size == 0 || a.r.Method != http.MethodGet && a.r.Method != "" {
		return nil, false
	}
	if v, _ := a.value("Accept-Ranges"); strings.EqualFold(v, "none") {
		return nil, false // the caller has said so
	}
	if !rangeApplies(a.r, a.etag, a.modified) {
		return nil, false
	}
	if strict && malformedRange(lines[0]) {
		return nil, true
	}
	return parseRange(lines[0], a.size)
}

// cutError is a body that was not written to its end.
type cutError struct {
	name  string
	cause error
}

func (e *cutError) Error() string { return fmt.Sprintf("sendfile: sending %q: %v", e.name, e.cause) }

func (e *cutError) Unwrap() error { return e.cause }

// refuse answers instead of the file and hands err on. The client reads none of
// err: it may hold a path.
func (s *Sender) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	status := http.StatusInternalServerError
	var fe *fileError
	if errors.As(err, &fe) {
		status = fe.status
	}
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	if status == http.StatusForbidden {
		text = "You do not have permission to access that file." // as Pants puts it
	}
	s.strip(w.Header())
	if werr := writeText(w, r, status, text); werr != nil {
		return errors.Join(err, werr)
	}
	return err
}

func writeText(w http.ResponseWriter, r *http.Request, status int, text string) error {
	h := w.Header()
	h["Content-Type"] = []string{"text/plain"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := io.WriteString(w, text)
	return err
}
