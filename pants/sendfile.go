package pants

import (
	"errors"
	"fmt"
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
// knows a fraction: two versions of one second must not share a tag.
func fileETag(info fs.FileInfo) string {
	t := info.ModTime()
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
// Conditional requests and ranges are answered, HEAD sends no content. Unless o.Header says otherwise a client may keep the
// file for 7 days. Pants' arguments are fields of o: filename is Filename, guess_mime=False is NoGuess, headers is Header.
// A file that is missing, no file, or not readable is answered with 404 or 403 and reported by the error.
func (r *Request) SendFile(path string, o *sendfile.Options) error {
	w := &r.res
	w.mu.Lock()
	err := w.beforeHead()
	status := w.status
	w.mu.Unlock()
	if err != nil {
		return err
	}
	var options sendfile.Options
	if o != nil {
		options = *o
	}
	if err := checkHeader(options.Header); err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.refuse(err)
	}
	if status != 0 && status != http.StatusOK {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.refuse(fmt.Errorf("pants: SendFile after SendStatus(%d): a file decides its status itself", status))
	}
	options.Header = r.fileHeader(options.Header)
	err = r.server.sender.Send(r.Writer, r.in, path, &options)
	w.mu.Lock()
	refused := w.refused
	w.mu.Unlock()
	if refused != nil {
		return refused
	}
	if finishErr := r.Finish(); finishErr != nil && !errors.Is(finishErr, ErrFinished) {
		err = errors.Join(err, finishErr)
	}
	return err
}

// fileHeader is h with Pants' caching headers where h says nothing of them.
func (r *Request) fileHeader(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		name = http.CanonicalHeaderKey(name)
		out[name] = append(out[name], values...)
	}
	_, caching := out["Cache-Control"]
	if !caching {
		out["Cache-Control"] = []string{"max-age=604800"}
	}
	if _, expires := out["Expires"]; !expires && !caching {
		out["Expires"] = []string{r.server.now().Add(fileLifetime).UTC().Format(http.TimeFormat)}
	}
	return out
}
