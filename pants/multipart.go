package pants

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
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
// finds them. Files are sections of the body, nothing of them is copied. Parts without a name, or that are no form-data, are
// left out.
func parseMultipart(body *spool, boundary string, l Limits, memoryLimit int64) (form, error) {
	f := form{post: url.Values{}, files: map[string][]*File{}}
	s := newPartScanner(body, boundary)
	files := 0
	fields := int64(0)
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
		start, end, err := s.content()
		if err != nil {
			return form{}, err
		}
		size := end - start
		disposition := header.Get("Content-Disposition")
		kind, params := parseParams(disposition)
		name, named := partParam(disposition, params, "name")
		if kind != "form-data" || !named {
			continue
		}
		filename, isFile := partFilename(disposition, params)
		if !isFile {
			if size > int64(l.FieldSize) {
				return form{}, fmt.Errorf("field %q is longer than %d bytes", name, l.FieldSize)
			}
			if fields += size; fields > memoryLimit && fields-memoryLimit > maxFields {
				return form{}, &refusal{http.StatusRequestEntityTooLarge, fmt.Errorf("%w: more than %d bytes of fields", ErrTooLarge, memoryLimit+maxFields)}
			}
			content, err := body.bytes(start, size)
			if err != nil {
				return form{}, &refusal{http.StatusInternalServerError, err}
			}
			f.post[name] = append(f.post[name], string(content))
			continue
		}
		if files++; files > l.Files {
			return form{}, fmt.Errorf("more than %d files", l.Files)
		}
		file := &File{Filename: filename, ContentType: header.Get("Content-Type"), Size: size, Header: header, spool: body, offset: start}
		if file.ContentType == "" {
			file.ContentType = "application/unknown" // as Pants
		}
		f.files[name] = append(f.files[name], file)
	}
}

// partParam is a parameter of a part's Content-Disposition, which p holds, in any of its forms: extended (RFC 8187), which wins,
// plain, or in pieces (RFC 2231 section 3), which hardly anybody sends.
func partParam(disposition string, p params, name string) (value string, ok bool) {
	if extended, found := p.lookup(name + "*"); found {
		if value, ok = decodeExtended(extended); ok {
			return value, true
		}
	}
	if value, ok = p.lookup(name); ok {
		return value, true
	}
	if !p.anyForm(name) {
		return "", false
	}
	_, decoded, _ := mime.ParseMediaType(disposition)
	value, ok = decoded[name]
	return value, ok
}

// partFilename is the file name that a part was sent with, reduced to its base (RFC 7578 section 4.2: the directory part must
// not be used). A filename parameter of any form makes a part a file, also an empty one: that is how browsers send "no file
// chosen".
func partFilename(disposition string, p params) (name string, ok bool) {
	if !p.anyForm("filename") {
		return "", false
	}
	name, _ = partParam(disposition, p, "filename")
	return baseName(name), true
}

// baseName cuts directories of both families, and takes out what is no text: control characters, and those that turn the reading
// direction, so that a name looks like another one.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\\`)+1:]
	clean := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		c, size := utf8.DecodeRuneInString(name[i:])
		broken := c == utf8.RuneError && size == 1 // another charset: kept as it is
		if broken || !unicode.IsControl(c) && !unicode.Is(unicode.Bidi_Control, c) && c != '\u2028' && c != '\u2029' {
			clean = append(clean, name[i:i+size]...)
		}
		i += size
	}
	if name = string(clean); name == "." || name == ".." {
		return ""
	}
	return name
}
