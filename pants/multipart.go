package pants

import (
	"errors"
	"fmt"
	"net/http"
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
		disposition, params := parseParams(header.Get("Content-Disposition"))
		name, named := params.lookup("name")
		if disposition != "form-data" || !named {
			continue
		}
		filename, isFile := partFilename(params)
		if !isFile {
			if size > int64(l.FieldSize) {
				return form{}, fmt.Errorf("field %q is longer than %d bytes", name, l.FieldSize)
			}
			if fields += size; fields > memoryLimit && fields-memoryLimit > maxFields {
				return form{}, fmt.Errorf("more than %d bytes of fields", memoryLimit+maxFields)
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
