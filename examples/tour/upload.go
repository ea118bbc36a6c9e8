package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-pants/kit/pants"
)

// upload is an ordinary handler that asks for the body itself, to word the 413 on this page. Before a handler of Server.Handler the
// kit reads the body, and answers what is too large by itself.
func (t *tour) upload(_ http.ResponseWriter, hr *http.Request) {
	r := pants.FromContext(hr.Context())
	if err := r.ParseBody(); errors.Is(err, pants.ErrTooLarge) {
		t.show(r, http.StatusRequestEntityTooLarge, page{Upload: &uploadView{TooLarge: hr.ContentLength}})
		return
	} else if err != nil {
		t.show(r, http.StatusBadRequest, page{Upload: &uploadView{Error: err.Error()}})
		return
	}
	view := &uploadView{OnDisk: onDisk(r)}
	for _, file := range r.Files()["document"] {
		if file.Filename == "" {
			continue // nothing was chosen
		}
		sum, err := hash(file)
		if err != nil {
			t.fail(r, err)
			return
		}
		view.Files = append(view.Files, uploaded{file.Filename, file.ContentType, file.Size, sum})
	}
	if len(view.Files) == 0 {
		view.Error = "No file was chosen."
	}
	t.show(r, http.StatusOK, page{Upload: view})
}

// hash reads the file as a stream, wherever it is.
func hash(file *pants.File) (string, error) {
	content, err := file.Open()
	if err != nil {
		return "", err
	}
	defer content.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// memoryLimit is the default of pants.Config.MemoryLimit: a longer body is in a temporary file without a name.
const memoryLimit = 1 << 20

func onDisk(r *pants.Request) bool {
	size, _ := r.BodyReader().Seek(0, io.SeekEnd)
	return size > memoryLimit
}

type uploadView struct {
	Files    []uploaded
	OnDisk   bool
	TooLarge int64 // the length of a body that was refused; -1 if it did not say
	Error    string
}

type uploaded struct {
	Name, Type string
	Size       int64
	SHA256     string
}
