package legacy_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/adapter/legacy"
)

// An event gets to the client while the handler still runs; of the stream that the client leaves, the head is recorded.
func TestRecordEventStream(t *testing.T) {
	seen := make(chan struct{})
	list := recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: one\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		select {
		case <-seen:
		case <-time.After(10 * time.Second):
			t.Error("the client has not seen the first event")
		}
		<-r.Context().Done()
	}, func(url string) {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(res.Body).ReadString('\n')
		if err != nil || line != "data: one\n" {
			t.Errorf("read %q, %v", line, err)
		}
		close(seen)
		res.Body.Close()
	})
	if len(list) != 1 {
		t.Fatalf("%d recordings, want the head of the stream", len(list))
	}
	a := list[0].Response
	if !a.Cut || a.Status != 200 || a.Header.Get("Content-Type") != "text/event-stream" || a.Body.Content != nil {
		t.Errorf("response %+v", a)
	}
}

// A stream without end is no reason to keep all of it.
func TestRecordLongStream(t *testing.T) {
	const chunks = 200
	chunk := strings.Repeat("x", 64<<10)
	var before, after runtime.MemStats
	list := recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range chunks {
			_, _ = io.WriteString(w, chunk)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
	}, func(url string) {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
	})
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes over %d", grown, chunks*len(chunk))
	}
	b := list[0].Response.Body
	if b.Length != chunks*64<<10 || b.SHA256 == "" || b.Content != nil {
		t.Errorf("body %+v", b)
	}
}

// readFromWriter notes what reaches the writer of the server.
type readFromWriter struct {
	http.ResponseWriter
	from []string
}

func (w *readFromWriter) ReadFrom(src io.Reader) (int64, error) {
	w.from = append(w.from, fmt.Sprintf("%T", src))
	if l, ok := src.(*io.LimitedReader); ok {
		w.from[len(w.from)-1] += fmt.Sprintf(" of %T", l.R)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, src)
}

// A file gets to the writer below as a file, so that the kernel may send it, and is recorded nevertheless.
func TestRecordReadFrom(t *testing.T) {
	content := strings.Repeat("0123456789", 100)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		title   string
		maxBody int64
		send    func(w io.Writer, f *os.File) (int64, error)
		want    string
		from    string
	}{
		{"part of it", 0, func(w io.Writer, f *os.File) (int64, error) {
			if _, err := f.Seek(10, io.SeekStart); err != nil {
				return 0, err
			}
			return io.CopyN(w, f, 25)
		}, content[10:35], "*io.LimitedReader of *os.File"},
		{"all of it", 0, func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, f) }, content, "os.fileWithoutWriteTo"},
		{"over the limit", 100, func(w io.Writer, f *os.File) (int64, error) { return io.CopyN(w, f, 1000) }, content, "*io.LimitedReader of *os.File"},
		{"a reader that is no file", 0, func(w io.Writer, f *os.File) (int64, error) {
			return io.Copy(w, struct{ io.Reader }{f})
		}, content, ""},
		{"less than asked for", 0, func(w io.Writer, f *os.File) (int64, error) {
			n, err := io.CopyN(w, f, 5000)
			if err == io.EOF {
				err = nil
			}
			return n, err
		}, content, "*io.LimitedReader of *os.File"},
	} {
		t.Run(test.title, func(t *testing.T) {
			file, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			rec, dir := newRecorder(t, legacy.RecordConfig{MaxBody: test.maxBody})
			below := &readFromWriter{ResponseWriter: httptest.NewRecorder()}
			rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n, err := test.send(w, file); err != nil || n != int64(len(test.want)) {
					t.Errorf("sent %d, %v", n, err)
				}
			})).ServeHTTP(below, httptest.NewRequest("GET", "/", nil))
			if got := strings.Join(below.from, ", "); got != test.from {
				t.Errorf("the writer below reads from %q, want %q", got, test.from)
			}
			if got := below.ResponseWriter.(*httptest.ResponseRecorder).Body.String(); got != test.want {
				t.Errorf("sent %q, want %q", got, test.want)
			}
			sum := sha256.Sum256([]byte(test.want))
			body := stored(t, rec, dir)[0].Response.Body
			if test.maxBody == 0 && string(body.Content) != test.want {
				t.Errorf("recorded %q, want %q", body.Content, test.want)
			}
			if test.maxBody > 0 && (body.Length != int64(len(test.want)) || body.SHA256 != hex.EncodeToString(sum[:])) {
				t.Errorf("recorded %+v, want the sum of %q", body, test.want)
			}
		})
	}
}

// echo switches protocols, with the head written to what writer says, and sends back what it gets.
func echo(t *testing.T, writer func(net.Conn, *bufio.ReadWriter) io.Writer) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		head := writer(conn, rw)
		for _, part := range []string{"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n", "Upgrade: echo\r\nX-Token: abc\r\n\r", "\n"} {
			_, _ = io.WriteString(head, part)
		}
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw)
	}
}

// An upgrade works as without a Recorder, whoever writes the head of the answer, and the head is what is recorded.
func TestRecordUpgrade(t *testing.T) {
	toConn := func(conn net.Conn, _ *bufio.ReadWriter) io.Writer { return conn }
	toBuffer := func(_ net.Conn, rw *bufio.ReadWriter) io.Writer { return rw }
	app := httptest.NewServer(echo(t, toBuffer))
	defer app.Close()
	target, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	for title, h := range map[string]http.Handler{
		"httputil.ReverseProxy": httputil.NewSingleHostReverseProxy(target),
		"by hand":               echo(t, toConn),
		"by hand, buffered":     echo(t, toBuffer),
		"another writer between": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			echo(t, toConn)(struct {
				http.ResponseWriter
				http.Hijacker
			}{httptest.NewRecorder(), w.(http.Hijacker)}, r)
		}),
	} {
		t.Run(title, func(t *testing.T) {
			list := recordServed(t, legacy.RecordConfig{}, h.ServeHTTP, func(url string) {
				conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
				in := bufio.NewReader(conn)
				res, err := http.ReadResponse(in, nil)
				if err != nil || res.StatusCode != 101 {
					t.Fatalf("upgrade: %v, %v", res, err)
				}
				for _, word := range []string{"hello", "again"} {
					_, _ = io.WriteString(conn, word)
					got := make([]byte, len(word))
					if _, err := io.ReadFull(in, got); err != nil || string(got) != word {
						t.Errorf("echo %q, %v, want %q", got, err, word)
					}
				}
			})
			if len(list) != 1 {
				t.Fatalf("%d recordings, want the upgrade", len(list))
			}
			a := list[0].Response
			if a.Status != 101 || a.Header.Get("Upgrade") != "echo" || !strings.HasPrefix(a.Header.Get("X-Token"), "MASKED-") ||
				a.Body.Content != nil || a.Body.Omitted != "" {
				t.Errorf("response %+v", a)
			}
		})
	}
}

// readFromConn notes that the kernel would copy.
type readFromConn struct {
	net.Conn
	from int64
}

func (c *readFromConn) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(struct{ io.Writer }{c.Conn}, src)
	c.from += n
	return n, err
}

func (c *readFromConn) CloseWrite() error { return io.ErrNoProgress }

type hijackable struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// A hijacked connection can what it could: copy by the kernel, once the head is out, be closed half, and be unwrapped.
func TestRecordHijackedConn(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	rec, _ := newRecorder(t, legacy.RecordConfig{})
	for _, below := range []net.Conn{&readFromConn{Conn: server}, server} {
		rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if n, err := io.Copy(conn, struct{ io.Reader }{strings.NewReader("HTTP/1.1 101 x\r\n\r\n")}); n != 18 || err != nil {
					t.Errorf("copied %d, %v", n, err)
				}
			}
			if raw := conn.(interface{ NetConn() net.Conn }).NetConn(); raw != below {
				t.Errorf("NetConn = %v, want the one below", raw)
			}
			half, ok := conn.(interface{ CloseWrite() error })
			if r, is := below.(*readFromConn); ok != is {
				t.Errorf("CloseWrite: %v, want %v", ok, is)
			} else if is && (r.from != 18 || half.CloseWrite() != io.ErrNoProgress) {
				t.Errorf("%d bytes by ReadFrom, want what came behind the head", r.from)
			}
		})).ServeHTTP(hijackable{httptest.NewRecorder(), below}, httptest.NewRequest("GET", "/", nil))
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
}

// After Hijack the writer is nobody's.
func TestRecordAfterHijack(t *testing.T) {
	recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Before", "1")
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if w.Header().Get("X-Before") != "1" {
			t.Error("the headers are gone")
		}
		w.WriteHeader(500)
		if _, err := io.WriteString(w, "x"); err != http.ErrHijacked {
			t.Errorf("Write = %v, want ErrHijacked", err)
		}
		if _, _, err := w.(http.Hijacker).Hijack(); err != http.ErrHijacked {
			t.Errorf("second Hijack = %v, want ErrHijacked", err)
		}
	}, func(url string) {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			t.Error("an answer on a hijacked connection")
		}
	})
}

// A write after ServeHTTP returned would land in another client's answer.
func TestRecordLateCalls(t *testing.T) {
	var kept []http.ResponseWriter
	list := recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, r *http.Request) {
		for _, old := range kept {
			old.Header().Set("X-Late", "1")
			old.WriteHeader(299)
			_, writeErr := io.WriteString(old, "late")
			_, bytesErr := old.Write([]byte("late"))
			_, copyErr := io.Copy(old, strings.NewReader("late"))
			_, _, hijackErr := old.(http.Hijacker).Hijack()
			control := http.NewResponseController(old)
			old.(http.Flusher).Flush()
			below := old.(interface{ Unwrap() http.ResponseWriter }).Unwrap()
			below.Header().Set("X-Late", "1")
			below.WriteHeader(299)
			_, belowErr := io.WriteString(below, "late")
			for name, err := range map[string]error{
				"WriteString": writeErr, "Write": bytesErr, "copy": copyErr, "Hijack": hijackErr, "Flush": control.Flush(),
				"deadline": control.SetWriteDeadline(time.Now()), "read deadline": control.SetReadDeadline(time.Now()),
				"full duplex": control.EnableFullDuplex(), "Unwrap": belowErr,
			} {
				if err == nil || err.Error() != "legacy: the response is finished" {
					t.Errorf("late %s = %v", name, err)
				}
			}
		}
		kept = append(kept, w)
		_, _ = io.WriteString(w, "answer "+r.URL.Path)
	}, func(url string) {
		for i := range 5 {
			path := fmt.Sprintf("/%d", i)
			if got := fetchText(t, url+path); got != "answer "+path {
				t.Errorf("answer %q, want that to %s", got, path)
			}
		}
	})
	for _, r := range list {
		if want := "answer " + r.Request.Target; string(r.Response.Body.Content) != want || r.Response.Header.Get("X-Late") != "" {
			t.Errorf("recorded %+v, want %q", r.Response, want)
		}
	}
}

// A goroutine that outlives its handler and writes without pause meets a closed gate, never the connection.
func TestRecordLateWrites(t *testing.T) {
	var writers sync.WaitGroup
	stop := make(chan struct{})
	recordServed(t, legacy.RecordConfig{PerShape: 100}, func(w http.ResponseWriter, r *http.Request) {
		started := make(chan struct{})
		writers.Add(1)
		go func() {
			defer writers.Done()
			for n := 0; ; n++ {
				_, err := io.WriteString(w, ".")
				if n == 0 {
					close(started)
				}
				if errors.Is(err, http.ErrContentLength) || err != nil {
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		<-started
	}, func(url string) {
		for range 50 {
			if got := fetchText(t, url); strings.Trim(got, ".") != "" {
				t.Errorf("answer %.40q", got)
			}
		}
	})
	close(stop)
	writers.Wait()
}

// Whoever waits in a write is freed by a deadline that somebody else sets.
func TestRecordDeadline(t *testing.T) {
	recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, _ *http.Request) {
		stuck := make(chan error, 1)
		go func() {
			chunk := strings.Repeat("x", 1<<20)
			for {
				if _, err := io.WriteString(w, chunk); err != nil {
					stuck <- err
					return
				}
			}
		}()
		time.Sleep(100 * time.Millisecond)
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now()); err != nil {
			t.Error(err)
		}
		select {
		case err := <-stuck:
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write = %v, want the deadline", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the write is still stuck")
		}
	}, func(url string) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		time.Sleep(500 * time.Millisecond) // and does not read
	})
}

// A client that waits for 100 Continue gets it when next reads, and if next does not, the answer instead.
func TestRecordExpectContinue(t *testing.T) {
	list := recordServed(t, legacy.RecordConfig{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/read" {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		w.WriteHeader(http.StatusAccepted)
	}, func(url string) {
		for path, want := range map[string]string{"/read": "HTTP/1.1 100 Continue\r\n", "/refuse": "HTTP/1.1 202 Accepted\r\n"} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "PUT "+path+" HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\nContent-Type: image/png\r\n\r\n")
			in := bufio.NewReader(conn)
			if line, err := in.ReadString('\n'); err != nil || line != want {
				t.Errorf("%s is answered with %q, %v, want %q", path, line, err, want)
			}
			_, _ = io.WriteString(conn, "body")
			_, _ = io.ReadAll(io.LimitReader(in, 20))
		}
	})
	if len(list) != 2 {
		t.Fatalf("%d recordings, want 2", len(list))
	}
	for _, r := range list {
		content, omitted := "body", ""
		if r.Request.Target == "/refuse" {
			content, omitted = "", "not read to its end"
		}
		if string(r.Request.Body.Content) != content || r.Request.Body.Omitted != omitted {
			t.Errorf("%s: body %+v", r.Request.Target, r.Request.Body)
		}
	}
}

// Trailers both ways, announced and not, on HTTP/1.1 and HTTP/2.
func TestRecordTrailers(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		rec, dir := newRecorder(t, legacy.RecordConfig{})
		ts := httptest.NewUnstartedServer(rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum, X-Unused")
			w.Header().Set(http.TrailerPrefix+"X-Token", "abc")
			_, _ = io.Copy(w, r.Body)
			w.Header().Set("X-Sum", r.Trailer.Get("X-Sent"))
		})))
		ts.EnableHTTP2 = http2
		ts.StartTLS()
		req, err := http.NewRequest("POST", ts.URL, io.MultiReader(strings.NewReader("\xffbody")))
		if err != nil {
			t.Fatal(err)
		}
		req.Trailer = http.Header{"X-Sent": {"17"}, "X-Api-Key": {"k"}}
		res, err := ts.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.Trailer.Get("X-Sum") != "17" || res.Trailer.Get("X-Token") != "abc" {
			t.Errorf("the client got trailers %v", res.Trailer)
		}
		ts.Close()
		r := stored(t, rec, dir)[0]
		if q := r.Request; q.Scheme != "https" || q.Trailer.Get("X-Sent") != "17" || !strings.HasPrefix(q.Trailer.Get("X-Api-Key"), "MASKED-") {
			t.Errorf("request %+v", q)
		}
		a := r.Response.Trailer
		if len(a) != 2 || a.Get("X-Sum") != "17" || !strings.HasPrefix(a.Get("X-Token"), "MASKED-") || len(r.Response.Header["Trailer:x-Token"]) > 0 {
			t.Errorf("trailers %v, headers %v", a, r.Response.Header)
		}
		if got, want := r.Request.Protocol, res.Proto; got != want {
			t.Errorf("protocol %s, want %s", got, want)
		}
	}
}

// What is not recorded any more is not wrapped either.
func TestNotRecorded(t *testing.T) {
	rec, _ := newRecorder(t, legacy.RecordConfig{PerShape: 1})
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("x"))
	touched := 0
	h := rec.Wrap(http.HandlerFunc(func(gotW http.ResponseWriter, gotR *http.Request) {
		if gotW != http.ResponseWriter(w) || gotR != r {
			touched++
		}
	}))
	h.ServeHTTP(w, r)
	h.ServeHTTP(w, r)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	h.ServeHTTP(w, r)
	if touched != 1 {
		t.Errorf("%d of 3 requests went to next changed, want the recorded one", touched)
	}
}

// The request that next is given is a copy, and the form that next parses is removed with the original.
func TestRecordRequestIsNotChanged(t *testing.T) {
	rec, _ := newRecorder(t, legacy.RecordConfig{})
	r := httptest.NewRequest("POST", "/", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	body := r.Body
	rec.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if r.Body != body {
		t.Error("the body of the original is another one")
	}
	if r.MultipartForm == nil {
		t.Error("net/http is not told of the parsed form")
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
}
