package sendfile

import (
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// byteranges is the body of a multipart/byteranges answer (RFC 9110 section
// 14.6). Its length is known beforehand and its parts are copied one by one
// from the file itself: net/http's pipe for the same would lose sendfile(2).
type byteranges struct {
	boundary string
	heads    []string // what stands before each part
	tail     string
	length   int64
}

func newByteranges(spans []span, size int64, contentType string) *byteranges {
	// 130 random bits: nobody who wrote the file could know them.
	b := &byteranges{boundary: rand.Text(), heads: make([]string, len(spans))}
	delimiter := "--" + b.boundary
	for i, sp := range spans {
		head := delimiter + "\r\n"
		if i > 0 {
			head = "\r\n" + head
		}
		if contentType != "" {
			head += "Content-Type: " + contentType + "\r\n"
		}
		head += "Content-Range: " + sp.contentRange(size) + "\r\n\r\n"
		b.heads[i] = head
		b.length += int64(len(head)) + sp.length
	}
	b.tail = "\r\n" + delimiter + "--\r\n"
	b.length += int64(len(b.tail))
	return b
}

func (b *byteranges) contentType() string {
	return "multipart/byteranges; boundary=" + b.boundary
}

func (b *byteranges) write(w http.ResponseWriter, f *os.File, spans []span) error {
	for i, sp := range spans {
		if _, err := io.WriteString(w, b.heads[i]); err != nil {
			return err
		}
		if err := copySpan(w, f, sp, false); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.tail)
	return err
}

func (sp span) contentRange(size int64) string {
	b := make([]byte, 0, 64)
	b = append(b, "bytes "...)
	b = strconv.AppendInt(b, sp.start, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, sp.start+sp.length-1, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, size, 10)
	return string(b)
}

// smallSpan is the most that is copied through memory. sendfile(2) would need
// the head flushed before it, so that a small file, or a small part between its
// boundaries, costs a system call and a packet more.
const smallSpan = 8 << 10

var smallBuffers = sync.Pool{New: func() any { return new([smallSpan]byte) }}

// copySpan gives w an io.LimitedReader over the file itself, the one form that
// net/http and package net turn into sendfile(2). A fresh file, just opened,
// needs no seeking to its beginning.
func copySpan(w io.Writer, f *os.File, sp span, fresh bool) error {
	if sp.length <= smallSpan {
		buf := smallBuffers.Get().(*[smallSpan]byte)
		defer smallBuffers.Put(buf)
		// What a shrunken file still has is sent: the client asked for it.
		n, err := f.ReadAt(buf[:sp.length], sp.start)
		if _, werr := w.Write(buf[:n]); werr != nil {
			return werr
		}
		return cutShort(err)
	}
	if sp.start != 0 || !fresh {
		if _, err := f.Seek(sp.start, io.SeekStart); err != nil {
			return err
		}
	}
	_, err := io.CopyN(w, f, sp.length)
	return cutShort(err)
}

// cutShort names the end of a file that has shrunk meanwhile.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
