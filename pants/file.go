package pants

import (
	"bytes"
	"io"
	"net/textproto"
	"os"
)

// File is a file from a multipart/form-data body.
type File struct {
	// Filename is what the client called it, without directories and control characters. Never open a path made of it.
	Filename string

	// ContentType is what the client called it; "application/unknown" if it did not say.
	ContentType string

	Size   int64                // in bytes
	Header textproto.MIMEHeader // of the part

	data []byte
}

// Open reads the file. The reader is also an io.ReaderAt.
func (f *File) Open() (io.ReadSeekCloser, error) {
	return openFile{bytes.NewReader(f.data)}, nil
}

type openFile struct{ *bytes.Reader }

func (openFile) Close() error { return nil }

// Body is the content of the file.
func (f *File) Body() ([]byte, error) { return f.data, nil }

// SaveTo writes the file to path, which must not exist yet: an upload never overwrites. The mode is 0640. What was written is
// removed when it cannot be written whole.
func (f *File) SaveTo(path string) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = out.Write(f.data)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}
