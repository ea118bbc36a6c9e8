package pants

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
)

const (
	// scanWindow is how much of a body in a temporary file is looked at at once.
	scanWindow = 64 << 10

	// maxLine is how long a boundary line, with the blanks it may have at its end, can be. A longer line is none.
	maxLine = 64 << 10
)

// partScanner finds the parts of a multipart body. It must find what mime/multipart.Reader finds; a fuzz test compares them.
// It looks at the body through a window: all of it when the body is in memory.
type partScanner struct {
	body   *spool
	window []byte // of the body; what is not read yet begins at pos
	pos    int
	base   int64 // where the window begins
	end    bool  // the window reaches the end of the body
	err    error // of reading the body

	delimiter []byte // nl + "--" + boundary
	nl        []byte // CRLF, or LF when the first boundary line ends in it
	dashed    []byte // "--" + boundary
	started   bool
}

func newPartScanner(body *spool, boundary string) *partScanner {
	delimiter := []byte("\r\n--" + boundary)
	s := &partScanner{body: body, delimiter: delimiter, nl: delimiter[:2], dashed: delimiter[2:]}
	if body.file == nil {
		s.window, s.end = body.mem, true
	}
	return s
}

// fill moves the window on, keeping what is not read yet; false at the end of the body.
func (s *partScanner) fill() bool {
	if s.end {
		return false
	}
	s.base += int64(s.pos)
	kept := s.window[s.pos:]
	size := len(kept) + scanWindow
	if cap(s.window) >= size {
		s.window = append(s.window[:0], kept...)
	} else {
		s.window = append(make([]byte, 0, size+size/2), kept...)
	}
	s.pos = 0
	n, err := s.body.ReadAt(s.window[len(kept):size], s.base+int64(len(kept)))
	s.window = s.window[:len(kept)+n]
	s.end = err != nil || n == 0
	if err != nil && err != io.EOF {
		s.err = &refusal{http.StatusInternalServerError, fmt.Errorf("pants: reading a body back: %w", err)}
	}
	return n > 0
}

// rest is what of the window is not read yet, at least n bytes of it unless the body ends before.
func (s *partScanner) rest(n int) []byte {
	for len(s.window)-s.pos < n && s.fill() {
	}
	return s.window[s.pos:]
}

// next moves to the headers of the next part; false after the closing boundary. Before the first part it skips the preamble.
func (s *partScanner) next() (bool, error) {
	blank := false // the line break that belongs to the boundary was read
	for {
		line, found := s.line(maxLine)
		switch {
		case s.err != nil:
			return false, s.err
		case line == nil:
			if s.started {
				return false, errBoundary
			}
			s.skipLine()
		case !found && s.isClosing(line):
			return false, nil
		case !found && s.started:
			return false, errUnclosed
		case !found:
			return false, errPartStart
		case s.isDelimiter(line):
			s.started = true
			return true, nil
		case s.isClosing(line):
			return false, nil // the epilogue is nobody's
		case s.started && !blank && bytes.Equal(line, s.nl):
			blank = true
		case s.started:
			return false, errBoundary
		}
	}
}

// line reads the next line, with its LF; found is false for a last one without. A line of more than limit bytes is nil, and not
// read.
func (s *partScanner) line(limit int) (line []byte, found bool) {
	for from := 0; ; {
		rest := s.window[s.pos:]
		if i := bytes.IndexByte(rest[from:], '\n'); i >= 0 {
			if from+i+1 > limit {
				return nil, true
			}
			s.pos += from + i + 1
			return rest[:from+i+1], true
		}
		if len(rest) > limit {
			return nil, true
		}
		if from = len(rest); !s.fill() {
			rest = s.window[s.pos:]
			s.pos = len(s.window)
			return rest, false
		}
	}
}

// skipLine reads up to the next LF, wherever it is.
func (s *partScanner) skipLine() {
	for {
		rest := s.window[s.pos:]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			s.pos += i + 1
			return
		}
		s.pos = len(s.window)
		if !s.fill() {
			return
		}
	}
}

// isDelimiter tells a line that begins a part. RFC 2046 section 5.1.1 allows blanks after the boundary. When the very first
// boundary line ends in a bare LF, lines of the whole body do.
func (s *partScanner) isDelimiter(line []byte) bool {
	if !bytes.HasPrefix(line, s.dashed) {
		return false
	}
	rest := bytes.TrimLeft(line[len(s.dashed):], " \t")
	if !s.started && len(rest) == 1 && rest[0] == '\n' && len(s.nl) == 2 {
		s.nl, s.delimiter = s.nl[1:], s.delimiter[1:]
	}
	return bytes.Equal(rest, s.nl)
}

func (s *partScanner) isClosing(line []byte) bool {
	if !bytes.HasPrefix(line, s.dashed) || !bytes.HasPrefix(line[len(s.dashed):], []byte("--")) {
		return false
	}
	rest := bytes.TrimLeft(line[len(s.dashed)+2:], " \t")
	return len(rest) == 0 || bytes.Equal(rest, s.nl)
}

// header reads the headers of a part and the empty line after them, at most limit bytes.
func (s *partScanner) header(limit int) (textproto.MIMEHeader, error) {
	header := textproto.MIMEHeader{}
	var name string
	var value []byte // of name, with the lines folded into it so far
	for left := limit; ; {
		line, found := s.line(left)
		switch {
		case s.err != nil:
			return nil, s.err
		case line == nil && found:
			return nil, fmt.Errorf("part header longer than %d bytes", limit)
		case !found:
			return nil, errCut
		}
		left -= len(line)
		line = bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'})
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') { // obsolete line folding
			if name == "" {
				return nil, errNoColon
			}
			value = append(append(value, ' '), bytes.Trim(line, " \t")...)
			continue
		}
		if name != "" {
			if bytes.ContainsAny(value, "\x00\r") {
				return nil, errNoColon
			}
			header[name] = append(header[name], string(value))
		}
		if len(line) == 0 {
			return header, nil
		}
		before, after, ok := bytes.Cut(line, []byte{':'})
		// Like net/textproto, a name with blanks is taken for another header: it is neither an error nor the one it looks like.
		if !ok || len(before) == 0 || !isToken(strings.ReplaceAll("x"+string(before), " ", "")) {
			return nil, errNoColon
		}
		name = textproto.CanonicalMIMEHeaderKey(string(before))
		value = append(value[:0], bytes.Trim(after, " \t")...)
	}
}

// content moves behind the content of a part, leaving its boundary for next, and returns where in the body it stands.
func (s *partScanner) content() (start, end int64, err error) {
	start = s.base + int64(s.pos)
	// A part may be empty without a line break of its own.
	if rest := s.rest(len(s.dashed) + 2); bytes.HasPrefix(rest, s.dashed) && endsBoundary(rest[len(s.dashed):]) {
		return start, start, s.err
	}
	for {
		// With the two bytes that decide whether a boundary ends where it seems to.
		rest := s.rest(len(s.delimiter) + 2)
		if s.err != nil {
			return 0, 0, s.err
		}
		i := bytes.Index(rest, s.delimiter)
		switch {
		case i < 0 && s.end:
			return 0, 0, errUnclosed
		case i < 0:
			s.pos += max(0, len(rest)-len(s.delimiter)+1) // the beginning of one may be at the window's end
			s.fill()
		case !s.end && len(rest) < i+len(s.delimiter)+2:
			s.pos += i
			s.fill()
		case endsBoundary(rest[i+len(s.delimiter):]):
			s.pos += i
			return start, s.base + int64(s.pos), nil
		default:
			s.pos += i + len(s.nl)
		}
	}
}

// endsBoundary tells whether a boundary that stands before rest is one, and not the beginning of a longer word.
func endsBoundary(rest []byte) bool {
	if len(rest) == 0 {
		return true
	}
	switch rest[0] {
	case ' ', '\t', '\r', '\n':
		return true
	case '-':
		return len(rest) == 1 || rest[1] == '-'
	}
	return false
}
