package pants

import (
	"bytes"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"strings"
)

// form is what a multipart/form-data body holds.
type form struct {
	post  url.Values
	files map[string][]*File
}

var (
	errUnclosed  = errors.New("the closing boundary is missing")
	errCut       = errors.New("the end inside of a part's header")
	errBoundary  = errors.New("malformed boundary line")
	errNoColon   = errors.New("malformed part header")
	errPartStart = errors.New("no boundary found")
)

// parseMultipart reads a multipart/form-data body (RFC 7578, RFC 2046 section 5.1). Boundaries are found where mime/multipart
// finds them; parts are sections of data, nothing is copied. Parts without a name, or that are no form-data, are left out.
func parseMultipart(data []byte, boundary string, l Limits) (form, error) {
	f := form{post: url.Values{}, files: map[string][]*File{}}
	s := newPartScanner(data, boundary)
	files := 0
	for n := 1; ; n++ {
		more, err := s.next()
		if err != nil {
			return form{}, err
		}
		if !more {
			return f, nil
		}
		if n > l.Parts {
			return form{}, fmt.Errorf("more than %d parts", l.Parts)
		}
		header, err := s.header(l.PartHeader)
		if err != nil {
			return form{}, err
		}
		content, err := s.content()
		if err != nil {
			return form{}, err
		}
		disposition, params := parseParams(header.Get("Content-Disposition"))
		name, named := params.lookup("name")
		if disposition != "form-data" || !named {
			continue
		}
		filename, isFile := partFilename(params)
		if !isFile {
			if len(content) > l.FieldSize {
				return form{}, fmt.Errorf("field %q is longer than %d bytes", name, l.FieldSize)
			}
			f.post[name] = append(f.post[name], string(content))
			continue
		}
		if files++; files > l.Files {
			return form{}, fmt.Errorf("more than %d files", l.Files)
		}
		file := &File{Filename: filename, ContentType: header.Get("Content-Type"), Size: int64(len(content)), Header: header, data: content}
		if file.ContentType == "" {
			file.ContentType = "application/unknown" // as Pants
		}
		f.files[name] = append(f.files[name], file)
	}
}

// partFilename is the file name that a part was sent with, reduced to its base (RFC 7578 section 4.2: the directory part must
// not be used). A filename parameter makes a part a file, also an empty one: that is how browsers send "no file chosen".
func partFilename(p params) (name string, ok bool) {
	if extended, found := p.lookup("filename*"); found {
		if name, ok = decodeExtended(extended); ok {
			return baseName(name), true
		}
	}
	name, ok = p.lookup("filename")
	if _, found := p.lookup("filename*"); found {
		ok = true
	}
	return baseName(name), ok
}

// baseName cuts directories of both families and control characters; what is left is a name that can be shown, or "".
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	clean := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= 0x20 && c != 0x7f {
			clean = append(clean, c)
		}
	}
	if name = string(clean); name == "." || name == ".." {
		return ""
	}
	return name
}

// partScanner finds the parts of a multipart body. It must find what mime/multipart.Reader finds; a fuzz test compares them.
type partScanner struct {
	rest      []byte // what is not read yet
	delimiter []byte // nl + "--" + boundary
	nl        []byte // CRLF, or LF when the first boundary line ends in it
	dashed    []byte // "--" + boundary
	started   bool
}

func newPartScanner(data []byte, boundary string) *partScanner {
	delimiter := []byte("\r\n--" + boundary)
	return &partScanner{rest: data, delimiter: delimiter, nl: delimiter[:2], dashed: delimiter[2:]}
}

// next moves to the headers of the next part; false after the closing boundary. Before the first part it skips the preamble.
func (s *partScanner) next() (bool, error) {
	blank := false // the line break that belongs to the boundary was read
	for {
		line, found := s.line()
		if !found {
			if s.isClosing(line) {
				return false, nil
			}
			if !s.started {
				return false, errPartStart
			}
			return false, errUnclosed
		}
		switch {
		case s.isDelimiter(line):
			s.started = true
			return true, nil
		case s.isClosing(line):
			s.rest = nil // the epilogue is nobody's
			return false, nil
		case s.started && !blank && bytes.Equal(line, s.nl):
			blank = true
		case s.started:
			return false, errBoundary
		}
	}
}

// line cuts the next line off, with its LF; found is false for a last one without.
func (s *partScanner) line() (line []byte, found bool) {
	end := bytes.IndexByte(s.rest, '\n')
	if end < 0 {
		line, s.rest = s.rest, nil
		return line, false
	}
	line, s.rest = s.rest[:end+1], s.rest[end+1:]
	return line, true
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

// header reads the headers of a part and the empty line after them.
func (s *partScanner) header(limit int) (textproto.MIMEHeader, error) {
	header := textproto.MIMEHeader{}
	var last string
	for size := 0; ; {
		line, found := s.line()
		if !found {
			return nil, errCut
		}
		if size += len(line); size > limit {
			return nil, fmt.Errorf("part header longer than %d bytes", limit)
		}
		line = bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'})
		if len(line) == 0 {
			return header, nil
		}
		if line[0] == ' ' || line[0] == '\t' { // obsolete line folding
			if last == "" {
				return nil, errNoColon
			}
			values := header[last]
			values[len(values)-1] += " " + trimBlanks(string(line))
			continue
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || !isToken(name) || strings.ContainsAny(value, "\x00\r") {
			return nil, errNoColon
		}
		last = textproto.CanonicalMIMEHeaderKey(name)
		header[last] = append(header[last], trimBlanks(value))
	}
}

// content cuts the content of a part off and leaves its boundary for next.
func (s *partScanner) content() ([]byte, error) {
	// A part may be empty without a line break of its own.
	if bytes.HasPrefix(s.rest, s.dashed) && s.endsBoundary(len(s.dashed)) {
		return s.rest[:0:0], nil
	}
	for from := 0; ; {
		i := bytes.Index(s.rest[from:], s.delimiter)
		if i < 0 {
			return nil, errUnclosed
		}
		end := from + i
		if s.endsBoundary(end + len(s.delimiter)) {
			content := s.rest[:end:end]
			s.rest = s.rest[end:]
			return content, nil
		}
		from = end + len(s.nl)
	}
}

// endsBoundary tells whether the boundary that ends before rest[i] is one, and not the beginning of a longer word.
func (s *partScanner) endsBoundary(i int) bool {
	if i == len(s.rest) {
		return true
	}
	switch s.rest[i] {
	case ' ', '\t', '\r', '\n':
		return true
	case '-':
		return i+1 == len(s.rest) || s.rest[i+1] == '-'
	}
	return false
}
