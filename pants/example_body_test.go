package pants_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-pants/kit/pants"
)

// uploadType and uploadBody are the header and the body that a browser sends for a form with one file.
const (
	uploadType = "multipart/form-data; boundary=b"
	uploadBody = "--b\r\nContent-Disposition: form-data; name=\"document\"; filename=\"notes.txt\"\r\n" +
		"Content-Type: text/plain\r\n\r\nhello\r\n--b--\r\n"
)

// JSON is in the body, whole and within MaxRequest.
func ExampleRequest_Body() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		var order struct{ Item, Count int }
		if err := json.Unmarshal(r.Body(), &order); err != nil {
			r.SendResponse("no JSON", pants.Code(400))
			return
		}
		r.SendResponse(fmt.Sprint(order.Count, " of item ", order.Item))
	})
	show(h, "POST", "/order", `{"item": 7, "count": 2}`, "Content-Type", "application/json")
	show(h, "POST", "/order", `item=7`)
	// Output:
	// 200 text/plain 2 of item 7
	// 400 text/plain no JSON
}

// A body that may be large is read piece by piece, as often as needed.
func ExampleRequest_BodyReader() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		n, err := io.Copy(io.Discard, r.BodyReader())
		r.SendResponse(fmt.Sprint(n, " bytes, ", err))
	})
	show(h, "PUT", "/", "0123456789")
	// Output: 200 text/plain 10 bytes, <nil>
}

func ExampleRequest_Post() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		name := strings.TrimSpace(r.Post().Get("name"))
		if name == "" {
			r.SendResponse("what is your name?", pants.Code(422))
			return
		}
		r.SendResponse("Hello, " + name)
	})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	show(h, "POST", "/", "name=Ada+Lovelace", form...)
	show(h, "POST", "/?name=Ada", "name=", form...) // the query is Get's
	// Output:
	// 200 text/plain Hello, Ada Lovelace
	// 422 text/plain what is your name?
}

func ExampleRequest_Files() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		for _, f := range r.Files()["document"] {
			fmt.Fprintf(r, "%s, %s, %d bytes\n", f.Filename, f.ContentType, f.Size)
		}
		r.Finish()
	})
	show(h, "POST", "/", uploadBody, "Content-Type", uploadType)
	// Output: 200  notes.txt, text/plain, 5 bytes
}

// A small file is had whole.
func ExampleFile_Body() {
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		files := r.Files()["document"]
		if len(files) == 0 || files[0].Size > 64<<10 {
			r.SendResponse("one file of at most 64 KiB, please", pants.Code(400))
			return
		}
		content, err := files[0].Body()
		if err != nil {
			r.SendResponse("cannot be read", pants.Code(500))
			return
		}
		r.SendResponse(strings.ToUpper(string(content)))
	})
	show(h, "POST", "/", uploadBody, "Content-Type", uploadType)
	show(h, "POST", "/", "")
	// Output:
	// 200 text/plain HELLO
	// 400 text/plain one file of at most 64 KiB, please
}

// An upload goes on to object storage without a copy in memory. The type that the client claims is not asked.
func ExampleFile_Open() {
	put := func(key, contentType string, body io.ReadSeeker) error { // stands for the storage's client
		n, err := io.Copy(io.Discard, body)
		fmt.Println("stored", key, contentType, n)
		return err
	}
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		for _, upload := range r.Files()["document"] {
			f, err := upload.Open()
			if err != nil {
				r.SendResponse("cannot be read", pants.Code(500))
				return
			}
			defer f.Close()
			head := make([]byte, 512) // as much as DetectContentType looks at
			n, _ := io.ReadFull(f, head)
			if _, err = f.Seek(0, io.SeekStart); err == nil {
				err = put("documents/7", http.DetectContentType(head[:n]), f)
			}
			if err != nil {
				r.SendResponse("not stored", pants.Code(502))
				return
			}
		}
		r.SendResponse("thank you")
	})
	show(h, "POST", "/", uploadBody, "Content-Type", uploadType)
	// Output:
	// stored documents/7 text/plain; charset=utf-8 5
	// 200 text/plain thank you
}

// The name on disk is the app's own choice; what is there is never overwritten.
func ExampleFile_SaveTo() {
	dir, err := os.MkdirTemp("", "uploads")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		for _, f := range r.Files()["document"] {
			switch err := f.SaveTo(filepath.Join(dir, "document-7")); {
			case errors.Is(err, os.ErrExist):
				r.SendResponse("document 7 is there already", pants.Code(409))
				return
			case err != nil:
				r.SendResponse("not saved", pants.Code(500))
				return
			}
		}
		r.SendResponse("saved")
	})
	show(h, "POST", "/", uploadBody, "Content-Type", uploadType)
	show(h, "POST", "/", uploadBody, "Content-Type", uploadType)
	// Output:
	// 200 text/plain saved
	// 409 text/plain document 7 is there already
}

// Under Wrap nothing is read, and nothing answered, before the handler says so.
func ExampleRequest_ParseBody() {
	server, err := pants.New(pants.Config{MaxRequest: 16})
	if err != nil {
		panic(err)
	}
	h := server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := pants.FromContext(hr.Context())
		switch err := r.ParseBody(); {
		case errors.Is(err, pants.ErrTooLarge):
			http.Error(w, "at most 16 bytes", http.StatusRequestEntityTooLarge)
		case err != nil:
			http.Error(w, "bad form", http.StatusBadRequest)
		default:
			fmt.Fprint(w, "you say ", r.Post().Get("say"))
		}
	}))
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	show(h, "POST", "/", "say=hello", form...)
	show(h, "POST", "/", "say=a+few+words+too+many", form...)
	// Output:
	// 200  you say hello
	// 413 text/plain; charset=utf-8 at most 16 bytes
}

// A gateway passes bodies on and does not care what is in them: a form with a thousand and one fields passes too.
func ExampleServer_RawHandler() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		n, _ := io.Copy(io.Discard, hr.Body)
		fmt.Fprint(w, n, " bytes, Content-Length ", hr.ContentLength)
	}))
	defer backend.Close()

	var server pants.Server
	gateway := server.RawHandler(func(r *pants.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method(), backend.URL+r.URL(), r.BodyReader())
		if err != nil {
			r.SendResponse("bad request", pants.Code(400))
			return
		}
		out.ContentLength = r.HTTP.ContentLength // known, also of what came in chunks
		res, err := http.DefaultClient.Do(out)
		if err != nil {
			r.SendResponse("no answer from the backend", pants.Code(502))
			return
		}
		defer res.Body.Close()
		r.SendStatus(res.StatusCode)
		io.Copy(r, res.Body)
		r.Finish()
	})
	show(gateway, "PUT", "/store", "0123456789")
	// Output: 200  10 bytes, Content-Length 10
}
