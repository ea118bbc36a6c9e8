package pants

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/go-pants/kit/sendfile"
)

// fileLifetime is how long a client may keep a file of SendFile, unless the caller says otherwise: 7 days, as in Pants.
const fileLifetime = 7 * 24 * time.Hour

// newSender is a sendfile.Sender with Pants' rules: absolute paths may lead anywhere (the developer wrote them), a generic
// proxy gets the name relative to the root, types have no charset, and the ETag is Pants' where that is unambiguous.
func newSender(c sendfile.Config) (*sendfile.Sender, error) {
	c.AllowOutside = true
	c.StripRoot = c.StripRoot || c.Proxy == sendfile.Generic || c.Proxy == sendfile.Direct
	c.StrictRanges = true
	if c.ETag == nil {
		c.ETag = fileETag
	}
	if c.ContentType == nil {
		c.ContentType = fileType
	}
	return sendfile.New(c)
}

// fileETag is "<size>-<modification time>" in hex, the time in seconds as in Pants, or in nanoseconds where the file system
// knows a fraction: two versions of one second must not share a tag. Without a date there is none, as in package sendfile.
func fileETag(info fs.FileInfo) string {
	t := info.ModTime()
	if t.Unix() <= 0 {
		return ""
	}
	if t.Nanosecond() == 0 {
		return fmt.Sprintf(`"%x-%x"`, info.Size(), t.Unix())
	}
	return fmt.Sprintf(`"%x-%x"`, info.Size(), t.UnixNano())
}

func fileType(name string) string {
	contentType, _, _ := strings.Cut(sendfile.ContentType(name), ";")
	return contentType
}

// SendFile sends a file, or has the proxy in front send it (Config.Sendfile), and finishes the response. A relative path
// starts at the configured Root, else at the working directory, and cannot leave it; an absolute one is sent wherever it
// leads, so never make one of what a client said.
//
// Conditional requests and ranges are answered, HEAD sends no content. Unless o.Header, or a header that is pending, says
// otherwise a client may keep the file for 7 days. Pants' arguments are fields of o: filename is Filename, guess_mime=False is
// NoGuess, headers is Header.
// A file that is missing, no file, or not readable is answered with 404 or 403 and reported by the error (fs.ErrNotExist,
// fs.ErrPermission, sendfile.ErrNotRegular, sendfile.ErrOutsideRoot). A file decides its status itself: after SendStatus with
// another than 200 it is refused.
func (r *Request) SendFile(path string, o *sendfile.Options) error {
	var options sendfile.Options
	if o != nil {
		options = *o
	}
	options.Header = withoutLength(canonical(options.Header))
	w, err := r.fileWriter(options.Header)
	if err != nil {
		return err
	}
	r.addCaching(options.Header, w.header)
	err = r.server.sender.Send(w, r.in, path, &options)
	if w.err != nil {
		return w.err
	}
	if finishErr := r.finish(false); finishErr != nil && !errors.Is(finishErr, ErrFinished) {
		err = errors.Join(err, finishErr)
	}
	return err
}

// fileWriter is what a sendfile.Sender writes to: its headers are its own until it has decided on all of them, so that an
// answer of another goroutine, a time-out perhaps, can come in between but not mix with them.
type fileWriter struct {
	*response
	header http.Header
	err    error // why the head was not sent
}

// fileWriter is for a response whose head is not sent yet. h is what the caller wants to send.
func (r *Request) fileWriter(h http.Header) (*fileWriter, error) {
	w := &r.res
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.beforeHead(); err != nil {
		return nil, err
	}
	if err := checkHeader(h); err != nil {
		return nil, w.refuse(err)
	}
	if w.status != 0 && w.status != http.StatusOK {
		return nil, w.refuse(fmt.Errorf("pants: SendFile after SendStatus(%d): a file decides its status itself", w.status))
	}
	if w.own != nil {
		return &fileWriter{response: w, header: w.own.Clone()}, nil
	}
	return &fileWriter{response: w, header: w.inherit()}, nil
}

// withoutLength is h without what a file knows better: Pants ignored it.
func withoutLength(h http.Header) http.Header {
	delete(h, "Content-Length")
	delete(h, "Transfer-Encoding")
	return h
}

func (f *fileWriter) Header() http.Header { return f.header }

func (f *fileWriter) WriteHeader(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err = f.beforeHead(); f.err != nil {
		return
	}
	old, oldStatus := f.own, f.status
	f.own, f.status = f.header, int32(status)
	if f.err = f.commit(); f.err != nil {
		f.own, f.status = old, oldStatus
	}
}

func (f *fileWriter) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.response.Write(p)
}

func (f *fileWriter) WriteString(s string) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.response.WriteString(s)
}

func (f *fileWriter) ReadFrom(src io.Reader) (int64, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.response.ReadFrom(src)
}

// addCaching adds Pants' caching headers to h where neither it nor what is pending says anything of them. A date that was given
// stands alone: max-age would win over it (RFC 9111 section 5.3).
func (r *Request) addCaching(h, pending http.Header) {
	said := func(name string) (values []string, given bool) {
		if values, given = h[name]; !given {
			values, given = pending[name]
		}
		return values, given
	}
	expires, given := said("Expires")
	if _, control := said("Cache-Control"); control || len(expires) > 0 {
		return
	}
	h["Cache-Control"] = []string{"max-age=604800"}
	if !given {
		h["Expires"] = []string{r.server.now().Add(fileLifetime).UTC().Format(http.TimeFormat)}
	}
}
