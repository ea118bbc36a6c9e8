package pants_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// raw sends bytes over a connection of its own and returns the first answer with its content, and whether the server closed
// the connection after it.
func raw(t *testing.T, address, request string) (res *http.Response, content string, closed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	res, err = http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	if !res.Close {
		return res, string(b), false
	}
	_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	_, err = in.ReadByte()
	return res, string(b), errors.Is(err, io.EOF)
}

// What the kit answers by itself, before the handler.
func TestRefusedBodies(t *testing.T) {
	s := newServer(t, pants.Config{MaxRequest: 10, Limits: pants.Limits{Params: 3, Cookies: 2, Parts: 2, Files: 1, FieldSize: 4, PartHeader: 60}})
	called := make(chan string, 1)
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		called <- r.Method()
		_ = r.SendResponse("ok")
	}))
	defer ts.Close()
	big := newServer(t, pants.Config{Limits: pants.Limits{Params: 3, Cookies: 2, Parts: 2, Files: 1, FieldSize: 4, PartHeader: 60}})
	roomy := httptest.NewServer(big.Handler(func(r *pants.Request) {
		called <- r.Method()
		_ = r.SendResponse("ok")
	}))
	defer roomy.Close()

	field := "Content-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
	form := func(parts ...string) string {
		body := "--b\r\n" + strings.Join(parts, "--b\r\n") + "--b--\r\n"
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	urlencoded := func(body string) string {
		return fmt.Sprintf("PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	tests := []struct {
		name, address, request string
		status                 int
	}{
		{"at the limit", "tight", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789", 200},
		{"over the limit", "tight", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890", 413},
		{"over the limit, none of it sent", "tight", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413},
		{"over the limit, asked first", "tight", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", 413},
		{"far over the limit", "tight", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413},
		{"GET over the limit", "tight", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890", 413},
		{"chunked at the limit", "tight", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", 200},
		{"chunked over the limit", "tight", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", 413},
		{"malformed chunk", "tight", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		{"three parameters", "roomy", "GET /?a=1&b=2&c=3 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		{"four parameters", "roomy", "GET /?a=1&b=2&c=3&d=4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"empty ones do not count", "roomy", "GET /?a=&b=&c=&d=&e&&&& HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		{"two cookies", "roomy", "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\n\r\n", 200},
		{"three cookies", "roomy", "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\nCookie: c=3\r\n\r\n", 400},
		{"one cookie with signs", "roomy", "GET / HTTP/1.1\r\nHost: a\r\nCookie: a======1\r\n\r\n", 200},
		{"form with three fields", "roomy", urlencoded("a=1&b=2&c=3"), 200},
		{"form with four fields", "roomy", urlencoded("a=1&b=2&c=3&d=4"), 400},
		{"form with semicolons", "roomy", urlencoded("a=1;b=2;c=3;d=4"), 200},
		{"two parts", "roomy", form(fmt.Sprintf(field, "a", "", "1234"), fmt.Sprintf(field, "b", "", "")), 200},
		{"three parts", "roomy", form(fmt.Sprintf(field, "a", "", "1"), fmt.Sprintf(field, "a", "", "2"), fmt.Sprintf(field, "a", "", "3")), 400},
		{"field too long", "roomy", form(fmt.Sprintf(field, "a", "", "12345")), 400},
		{"file longer than a field", "roomy", form(fmt.Sprintf(field, "a", `; filename="x"`, "12345")), 200},
		{"two files", "roomy", form(fmt.Sprintf(field, "a", `; filename="x"`, "1"), fmt.Sprintf(field, "a", `; filename="y"`, "2")), 400},
		{"part header too long", "roomy", form("X: " + strings.Repeat("x", 60) + "\r\n" + fmt.Sprintf(field, "a", "", "1")), 400},
		{"part without a closing boundary", "roomy", strings.Replace(form(fmt.Sprintf(field, "a", "", "1")), "--b--", "--bbb", 1), 400},
		{"line without a colon in a part", "roomy", form("nonsense\r\n" + fmt.Sprintf(field, "a", "", "1")), 400},
		{"no boundary parameter", "roomy", strings.Replace(form(fmt.Sprintf(field, "a", "", "1")), "; boundary=b", "", 1), 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address := ts.Listener.Addr().String()
			if test.address == "roomy" {
				address = roomy.Listener.Addr().String()
			}
			res, content, closed := raw(t, address, test.request)
			if res.StatusCode != test.status {
				t.Fatalf("status %d %q, want %d", res.StatusCode, content, test.status)
			}
			handled := false
			select {
			case <-called:
				handled = true
			default:
			}
			if handled != (test.status == 200) {
				t.Errorf("handler ran: %v", handled)
			}
			if test.status != 200 && (!res.Close || !closed) {
				t.Errorf("refused with Connection: close %v, closed %v", res.Close, closed)
			}
			if test.status != 200 && content != fmt.Sprintf("%d %s", test.status, http.StatusText(test.status)) {
				t.Errorf("content %q tells too much or too little", content)
			}
		})
	}
}

// A body that stops coming is 408; the deadline does not outlive the body.
func TestStalledBody(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetBodyIdle(t, 100*time.Millisecond)
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) {
		r.Go(func() {
			select {
			case <-r.Context().Done():
				t.Error("the read deadline of the body ended the request")
			case <-time.After(300 * time.Millisecond):
			}
			_ = r.SendResponse(string(r.Body()))
		})
	}))
	defer ts.Close()
	address := ts.Listener.Addr().String()
	if res, _, closed := raw(t, address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"); res.StatusCode != 408 || !closed {
		t.Errorf("stalled body: %d, closed %v", res.StatusCode, closed)
	}
	if res, content, _ := raw(t, address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"); res.StatusCode != 200 || content != "abc" {
		t.Errorf("whole body: %d %q", res.StatusCode, content)
	}
}

// Body, BodyReader and r.HTTP.Body have the same bytes, in any order and again.
func TestBodyAgain(t *testing.T) {
	s := newServer(t, pants.Config{})
	want := strings.Repeat("0123456789", 50_000)
	check := func(t *testing.T, r *pants.Request, hr *http.Request) {
		t.Helper()
		for range 2 {
			if got := string(r.Body()); got != want {
				t.Errorf("Body: %d bytes, want %d", len(got), len(want))
			}
			got, err := io.ReadAll(r.BodyReader())
			if err != nil || string(got) != want {
				t.Errorf("BodyReader: %d bytes, %v", len(got), err)
			}
			got, err = io.ReadAll(hr.Body)
			if err != nil || string(got) != want {
				t.Errorf("HTTP.Body: %d bytes, %v", len(got), err)
			}
			if err := hr.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	handler := s.Handler(func(r *pants.Request) {
		check(t, r, r.HTTP)
		_ = r.SendResponse("ok")
	})
	wrap := s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		hr = hr.WithContext(hr.Context()) // as a middleware would
		check(t, pants.FromContext(hr.Context()), hr)
	}))
	for name, h := range map[string]http.Handler{"Handler": handler, "Wrap": wrap} {
		for _, length := range []int64{int64(len(want)), -1} {
			hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(want))
			hr.ContentLength = length
			w := httptest.NewRecorder()
			h.ServeHTTP(w, hr)
			if w.Code != 200 {
				t.Errorf("%s, length %d: status %d", name, length, w.Code)
			}
		}
	}
}

// Under Wrap the body is read when it is asked for, and ParseBody says what is wrong with it, the same each time.
func TestParseBody(t *testing.T) {
	s := newServer(t, pants.Config{MaxRequest: 5, Limits: pants.Limits{Params: 2}})
	tests := []struct {
		name, method, target, contentType, body string
		before                                  func(*http.Request)
		tooLarge, fails                         bool
	}{
		{name: "fine", method: "POST", target: "/", body: "12345"},
		{name: "none", method: "GET", target: "/"},
		{name: "too large", method: "POST", target: "/", body: "123456", tooLarge: true, fails: true},
		{name: "too many parameters", method: "GET", target: "/?a=1&b=2&c=3", fails: true},
		{name: "malformed", method: "POST", target: "/", contentType: "multipart/form-data; boundary=x", body: "--x\r\n", fails: true},
		{name: "read by somebody before", method: "POST", target: "/", body: "12345", fails: true, before: func(hr *http.Request) {
			_, _ = io.ReadFull(hr.Body, make([]byte, 2))
		}},
	}
	for _, test := range tests {
		hr := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
		if test.contentType != "" {
			hr.Header.Set("Content-Type", test.contentType)
		}
		s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
			if test.before != nil {
				test.before(hr)
			}
			r := pants.FromContext(hr.Context())
			first, second := r.ParseBody(), r.ParseBody()
			if (first != nil) != test.fails || errors.Is(first, pants.ErrTooLarge) != test.tooLarge || !errors.Is(second, first) {
				t.Errorf("%s: %v, then %v", test.name, first, second)
			}
			if test.fails && (len(r.Post()) != 0 || len(r.Files()) != 0 || r.Body() != nil) {
				t.Errorf("%s: a body that failed is half there", test.name)
			}
			if !test.fails && string(r.Body()) != test.body {
				t.Errorf("%s: body %q", test.name, r.Body())
			}
		})).ServeHTTP(httptest.NewRecorder(), hr)
	}
	// Nobody asks, nothing is read.
	hr := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(failing{}))
	s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(httptest.NewRecorder(), hr)
}

// failing is a body that must not be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { panic("the body was read") }

func TestFiles(t *testing.T) {
	s := newServer(t, pants.Config{})
	body := strings.Join([]string{
		"--b", `Content-Disposition: form-data; name="f"; filename="C:\dir\a.txt"`, "Content-Type: text/x", "", "one",
		"--b", `Content-Disposition: form-data; name="f"; filename="../../b.txt"`, "", "two",
		"--b", `Content-Disposition: form-data; name="f"; filename=""`, "", "",
		"--b", `content-disposition: FORM-DATA; NAME=g; FILENAME*=UTF-8''%e2%82%ac%2fx.txt`, "", "three",
		"--b", `Content-Disposition: form-data; name="v"`, "", "value", "--b--", "",
	}, "\r\n")
	hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	hr.Header.Set("Content-Type", `Multipart/Form-Data; Boundary="b"`)
	path := t.TempDir() + "/saved"
	s.Handler(func(r *pants.Request) {
		defer func() { _ = r.Finish() }()
		f := r.Files()["f"]
		if len(f) != 3 || len(r.Files()["g"]) != 1 || r.Post().Get("v") != "value" {
			t.Errorf("files %v, post %v", r.Files(), r.Post())
			return
		}
		for i, want := range []struct{ name, contentType, content string }{
			{"a.txt", "text/x", "one"}, {"b.txt", "application/unknown", "two"}, {"", "application/unknown", ""}, {"x.txt", "application/unknown", "three"},
		} {
			file := append(append([]*pants.File{}, f...), r.Files()["g"]...)[i]
			content, err := file.Body()
			if err != nil || file.Filename != want.name || file.ContentType != want.contentType || string(content) != want.content || file.Size != int64(len(want.content)) {
				t.Errorf("file %d: %+v with %q, %v; want %+v", i, file, content, err, want)
			}
		}
		in, err := f[1].Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Seek(1, io.SeekStart); err != nil {
			t.Error(err)
		}
		rest, err := io.ReadAll(in)
		if err != nil || string(rest) != "wo" || in.Close() != nil {
			t.Errorf("Open: %q, %v", rest, err)
		}
		if at, ok := in.(io.ReaderAt); !ok {
			t.Error("Open gives no io.ReaderAt")
		} else if b := make([]byte, 1); func() error { _, err := at.ReadAt(b, 2); return err }() != nil || !bytes.Equal(b, []byte("o")) {
			t.Errorf("ReadAt: %q", b)
		}
		if err := f[1].SaveTo(path); err != nil {
			t.Error(err)
		}
		if err := f[0].SaveTo(path); err == nil {
			t.Error("SaveTo has overwritten a file")
		}
	}).ServeHTTP(httptest.NewRecorder(), hr)
}

// net/http removes the temporary files of a form only from the request it made; ours is a copy.
func TestFormsOfNetHTTPLeaveNoFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s := newServer(t, pants.Config{})
	body := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n" + strings.Repeat("x", 1<<20) + "\r\n--b--\r\n"
	parse := http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		if err := hr.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%d temporary files while the handler runs: this test shows nothing", len(left))
		}
	})
	for name, h := range map[string]http.Handler{
		"Wrap":    s.Wrap(parse),
		"Serve":   s.Handler(func(r *pants.Request) { r.Serve(parse) }),
		"Handler": s.Handler(func(r *pants.Request) { parse(r.Writer, r.HTTP); _ = r.Finish() }),
	} {
		hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		hr.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		h.ServeHTTP(httptest.NewRecorder(), hr)
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: %d temporary files left", name, len(left))
		}
	}
}

// A body that comes a byte at a time never stalls, and would take days.
func TestSlowBody(t *testing.T) {
	s := newServer(t, pants.Config{})
	pants.SetBodyIdle(t, 200*time.Millisecond)
	ts := httptest.NewServer(s.Handler(func(r *pants.Request) { _ = r.SendResponse(string(r.Body())) }))
	defer ts.Close()
	tests := []struct {
		name   string
		step   string
		every  time.Duration
		status int
	}{
		{"50 bytes a second", "x", 20 * time.Millisecond, 408},
		{"500 bytes a second", strings.Repeat("x", 10), 20 * time.Millisecond, 200},
	}
	for _, test := range tests {
		conn, err := net.Dial("tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		const steps = 40
		go func() {
			_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", steps*len(test.step))
			for range steps {
				time.Sleep(test.every)
				if _, err := io.WriteString(conn, test.step); err != nil {
					return
				}
			}
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if res.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.name, res.StatusCode, test.status)
		}
		conn.Close()
	}
}
