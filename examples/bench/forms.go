package main

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-pants/kit/pants"
	"github.com/labstack/echo/v5"
)

// What is kept in memory by everybody, in bytes: net/http's own default, which gin and echo use.
const formMemory = 32 << 20

// formJob is a request with a form, and what a handler answers that has read it: the sum of the lengths of all fields, and of
// the files with their first and last byte.
type formJob struct {
	name        string
	contentType string
	body        []byte
	fields      []string
	file        string
	want        string
}

func (j formJob) request() *http.Request { return post("/", j.contentType, j.body) }

func urlencodedJob(name string, fields, length int) formJob {
	j := formJob{name: name, contentType: "application/x-www-form-urlencoded", want: fmt.Sprint(fields * length)}
	values := url.Values{}
	for i := range fields {
		field := fmt.Sprint("field", i)
		j.fields = append(j.fields, field)
		values.Set(field, strings.Repeat("v ", length/2))
	}
	j.body = []byte(values.Encode())
	return j
}

func fileJob(name string, size int) formJob {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	must(w.WriteField("title", "a file"))
	part, err := w.CreateFormFile("file", "data.bin")
	must(err)
	_, err = part.Write(bytes.Repeat([]byte("0123456789abcd\r\n"), size/16))
	must(err)
	must(w.Close())
	return formJob{
		name: name, contentType: w.FormDataContentType(), body: b.Bytes(), fields: []string{"title"}, file: "file",
		want: fmt.Sprintf("6 %d %q", size, "0\n"),
	}
}

// sum is the answer to a job, made of what a framework gives for its fields and its file.
func (j formJob) sum(field func(string) string, open func(string) (multipart.File, int64, error)) string {
	n := 0
	for _, name := range j.fields {
		n += len(field(name))
	}
	if j.file == "" {
		return fmt.Sprint(n)
	}
	f, size, err := open(j.file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	ends := make([]byte, 2)
	if _, err := f.ReadAt(ends[:1], 0); err != nil {
		return err.Error()
	}
	if _, err := f.ReadAt(ends[1:], size-1); err != nil && err != io.EOF {
		return err.Error()
	}
	return fmt.Sprintf("%d %d %q", n, size, ends)
}

const (
	netForm = "net/http FormValue, FormFile"
	kitForm = "kit Post, Files"
)

// formReaders return a handler that does the job and sends its answer.
var formReaders = []struct {
	who     string
	handler func(j formJob) http.Handler
}{
	{netForm, func(j formJob) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			writeText(w, j.sum(hr.FormValue, func(name string) (multipart.File, int64, error) {
				f, header, err := hr.FormFile(name)
				if err != nil {
					return nil, 0, err
				}
				return f, header.Size, nil
			}))
			if hr.MultipartForm != nil {
				_ = hr.MultipartForm.RemoveAll() // as its server does
			}
		})
	}},
	{ginPeer, func(j formJob) http.Handler {
		return onGin("/", func(c *gin.Context) {
			c.String(http.StatusOK, j.sum(c.PostForm, func(name string) (multipart.File, int64, error) {
				header, err := c.FormFile(name)
				if err != nil {
					return nil, 0, err
				}
				f, err := header.Open()
				return f, header.Size, err
			}))
		})
	}},
	{echoPeer, func(j formJob) http.Handler {
		return onEcho("/", func(c *echo.Context) error {
			return c.String(http.StatusOK, j.sum(c.FormValue, func(name string) (multipart.File, int64, error) {
				header, err := c.FormFile(name)
				if err != nil {
					return nil, 0, err
				}
				f, err := header.Open()
				return f, header.Size, err
			}))
		})
	}},
	{kitForm, func(j formJob) http.Handler { return readByKit(j, formMemory) }},
}

func readByKit(j formJob, memory int64) http.Handler {
	server, err := pants.New(pants.Config{MaxRequest: -1, MemoryLimit: memory})
	must(err)
	return server.Handler(func(r *pants.Request) {
		_ = r.SendResponse(j.sum(r.Post().Get, func(name string) (multipart.File, int64, error) {
			file := r.Files()[name][0]
			f, err := file.Open()
			if err != nil {
				return nil, 0, err
			}
			return f.(multipart.File), file.Size, nil
		}))
	})
}

// formsRows is the reading of forms: fields, and files that fit into memory.
func formsRows() (all []row) {
	for _, j := range []formJob{
		urlencodedJob("1 KiB form of 10 fields", 10, 96),
		urlencodedJob("64 KiB form of 100 fields", 100, 640),
		fileJob("64 KiB file", 64<<10),
		fileJob("8 MiB file", 8<<20),
	} {
		var peers []peer
		for _, reader := range formReaders {
			peers = append(peers, peer{who: reader.who, handler: reader.handler(j)})
		}
		// The promise: faster than everybody. Binding, which fills a struct, is no peer of that.
		peers[len(peers)-1].times = []limit{{to: netForm, most: 1}, {to: ginPeer, most: 1}, {to: echoPeer, most: 1}}
		if len(j.fields) == 10 {
			peers = append(peers, bound(onGin("/", bindGin), onEcho("/", bindEcho))...)
		}
		all = append(all, j.row(peers))
	}
	return all
}

func (j formJob) row(peers []peer) row {
	return ask(j.name, "200 text/plain\n"+j.want, j.request(), j.body, nil, peers)
}
