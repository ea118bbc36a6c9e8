package pants

import (
	"io"
	"net/textproto"
	"os"
	"sync"
)

// File is a file from a multipart/form-data body: a section of the body, in memory or in its temporary file.
type File struct {
	// Filename is what the client called it, without directories and control characters. Never open a path made of it.
	Filename string

	// ContentType is the media type that the client claims, unchecked; "application/unknown" if it did not say.
	ContentType string

	Size   int64                // in bytes
	Header textproto.MIMEHeader // of the part

	spool  *spool
	offset int64
}

// Open reads the file. The reader is also an io.ReaderAt. What is in a temporary file can be opened until the response is over
// and the functions of Request.Go have returned; a reader that was opened in time stays good until it is closed.
func (f *File) Open() (io.ReadSeekCloser, error) {
	if f.spool.file != nil && !f.spool.hold() {
		return nil, errReleased
	}
	return &openFile{sectionReader: f.spool.reader(f.offset, f.Size), spool: f.spool}, nil
}

type openFile struct {
	sectionReader
	spool *spool
	once  sync.Once
}

func (f *openFile) Close() error {
	f.once.Do(func() {
		if f.spool.file != nil {
			f.spool.release()
		}
	})
	return nil
}

// Body is the content of the file; a copy in memory if it is in a temporary file. What is in memory must not be changed. The error
// tells that the temporary file cannot be read, or is gone as for Open.
func (f *File) Body() ([]byte, error) { return f.spool.bytes(f.offset, f.Size) }

// SaveTo writes the file to path, which must not exist yet (os.ErrExist): an upload never overwrites. The mode is 0640, less the
// umask. What was written is removed when it cannot be written whole. Choose the path yourself, and not by Filename.
func (f *File) SaveTo(path string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, in)
	if err == nil && n != f.Size {
		err = io.ErrUnexpectedEOF
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}
