package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"github.com/go-pants/kit/pants"
)

// upload is an ordinary handler that asks for the body itself, to word the
// 413 on this page. Otherwise the kit answers what is too large.
func (t *tour) upload(_ http.ResponseWriter, hr *http.Request) {
	r := pants.FromContext(hr.Context())
	err := r.ParseBody()
	if err != nil {
		t.refuseUpload(r, err)
		return
	}
	view := &uploadView{OnDisk: onDisk(r)}
	for _, file := range r.Files()["document"] {
		view.add(file.Filename, file.ContentType, file.Size, hash(file))
	}
	t.show(r, http.StatusOK, page{Upload: view})
}

func (t *tour) refuseUpload(r *pants.Request, err error) {
	status, view := http.StatusBadRequest, &uploadView{Error: err.Error()}
	if errors.Is(err, pants.ErrTooLarge) {
		status = http.StatusRequestEntityTooLarge
		view = &uploadView{TooLarge: r.HTTP.ContentLength}
	}
	t.show(r, status, page{Upload: view})
}

// hash reads the file as a stream, whether it is in memory or on disk.
func hash(file *pants.File) string {
	content, err := file.Open()
	if err != nil {
		return err.Error()
	}
	defer content.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(sum.Sum(nil))
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

func (v *uploadView) add(name, contentType string, size int64, sha256 string) {
	if name != "" { // a browser sends a file without a name when none is chosen
		v.Files = append(v.Files, uploaded{name, contentType, size, sha256})
	}
}

type uploaded struct {
	Name, Type string
	Size       int64
	SHA256     string
}
