package pants_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// notes are what a handler of ordinaryHandlers got back from its calls.
type notes struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notes) add(values ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, _ = fmt.Fprintln(&n.text, values...)
}

func (n *notes) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.text.Reset()
	return n.text.String()
}

// ordinaryHandlers are net/http handlers as anybody writes them. files have as many bytes as their names say.
func ordinaryHandlers(t *testing.T, n *notes) map[string]http.HandlerFunc {
	dir := t.TempDir()
	open := func(size int) *os.File {
		name := filepath.Join(dir, fmt.Sprint(size, ".txt"))
		if _, err := os.Stat(name); err != nil {
			if err := os.WriteFile(name, bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size], 0o600); err != nil {
				t.Error(err)
			}
		}
		file, err := os.Open(name)
		if err != nil {
			t.Error(err)
		}
		return file
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "X-End")
		_, _ = io.WriteString(w, "back")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, "end")
		w.Header().Set("X-End", "yes")
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	header := func(name, value string, status int, content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(name, value)
			if status != 0 {
				w.WriteHeader(status)
			}
			n.add(io.WriteString(w, content))
		}
	}
	handlers := map[string]http.HandlerFunc{
		"nothing":           func(http.ResponseWriter, *http.Request) {},
		"a few bytes":       func(w http.ResponseWriter, _ *http.Request) { n.add(io.WriteString(w, "hello")) },
		"markup":            func(w http.ResponseWriter, _ *http.Request) { n.add(io.WriteString(w, "<html><body>")) },
		"300 KB":            func(w http.ResponseWriter, _ *http.Request) { n.add(w.Write(bytes.Repeat([]byte("x"), 300_000))) },
		"300 KB, string":    func(w http.ResponseWriter, _ *http.Request) { n.add(io.WriteString(w, strings.Repeat("x", 300_000))) },
		"a length":          header("Content-Length", "5", 0, "hello"),
		"too much":          header("Content-Length", "5", 0, "hello world"),
		"too little":        header("Content-Length", "50", 0, "hello"),
		"a length of words": header("Content-Length", "five", 0, "hello"),
		"204 with content":  header("X-A", "b", http.StatusNoContent, "hello"),
		"304 with content":  header("Etag", `"a"`, http.StatusNotModified, "hello"),
		"close":             header("Connection", "close", 0, "hello"),
		"keep-alive":        header("Connection", "keep-alive", 0, "hello"),
		"identity":          header("Transfer-Encoding", "identity", 0, "hello"),
		"426":               header("Connection", "Upgrade", http.StatusUpgradeRequired, "hello"),
		"not found":         http.NotFound,
		"redirect":          http.RedirectHandler("/a", http.StatusFound).ServeHTTP,
		"two statuses": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			w.WriteHeader(202)
		},
		"an impossible status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(99) },
		"hints": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a>")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			_, _ = io.WriteString(w, "hello")
		},
		"flush first": func(w http.ResponseWriter, _ *http.Request) {
			n.add(http.NewResponseController(w).Flush())
			_, _ = io.WriteString(w, "hello")
		},
		"flush between": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "b")
		},
		"trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-A")
			_, _ = io.WriteString(w, "a")
			w.Header().Set("X-A", "announced")
			w.Header().Set(http.TrailerPrefix+"X-B", "not announced")
		},
		"no date, no type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
			_, _ = io.WriteString(w, "hello")
		},
		"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"abort in the middle": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"panic": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a"); panic("on purpose") },
		"Goexit": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
			runtime.Goexit()
		},
		"taken over": func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				n.add(err)
				return
			}
			defer conn.Close()
			line, err := rw.ReadString('\n')
			n.add(line, err)
			_, _ = rw.WriteString("raw")
			_ = rw.Flush()
			_, err = w.Write([]byte("late"))
			n.add(err)
		},
		"upgraded": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "echo")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				n.add(err)
				return
			}
			_, _ = io.WriteString(conn, "raw")
			conn.Close()
		},
		"TimeoutHandler": http.TimeoutHandler(header("X-A", "b", 0, "hello"), time.Minute, "late").ServeHTTP,
		"TimeoutHandler, late": http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
			<-hr.Context().Done()
		}), 10*time.Millisecond, "late").ServeHTTP,
		"ReverseProxy": httputil.NewSingleHostReverseProxy(target).ServeHTTP,
		"ServeContent": func(w http.ResponseWriter, hr *http.Request) {
			http.ServeContent(w, hr, "a.txt", time.Unix(1400000000, 0), strings.NewReader(strings.Repeat("x", 10_000)))
		},
		"ServeContent, a file": func(w http.ResponseWriter, hr *http.Request) {
			file := open(300_000)
			defer file.Close()
			http.ServeContent(w, hr, "a.txt", time.Unix(1400000000, 0), file)
		},
		"the body": func(w http.ResponseWriter, hr *http.Request) {
			content, err := io.ReadAll(hr.Body)
			n.add(string(content), err)
			_, _ = io.WriteString(w, "hello")
		},
		"half of the body": func(w http.ResponseWriter, hr *http.Request) {
			n.add(io.ReadFull(hr.Body, make([]byte, 2)))
			_, _ = io.WriteString(w, "hello")
		},
		"the body, late": func(w http.ResponseWriter, hr *http.Request) {
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
			content, err := io.ReadAll(hr.Body)
			n.add(len(content), err)
		},
		"the body, full duplex": func(w http.ResponseWriter, hr *http.Request) {
			n.add(http.NewResponseController(w).EnableFullDuplex())
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
			content, err := io.ReadAll(hr.Body)
			n.add(string(content), err)
		},
		"the body, closed": func(w http.ResponseWriter, hr *http.Request) {
			n.add(hr.Body.Close())
			_, _ = io.WriteString(w, "hello")
		},
		"a deadline for reading": func(w http.ResponseWriter, hr *http.Request) {
			n.add(http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute)))
			content, err := io.ReadAll(hr.Body)
			n.add(string(content), err)
		},
	}
	const chunk = 128 << 10
	for _, size := range []int{0, 1, 511, 512, 513, 2049, chunk - 1, chunk, chunk + 1, 3*chunk + 512} {
		file := func(name string, source func(*os.File) io.Reader) {
			handlers[fmt.Sprint(name, " of ", size)] = func(w http.ResponseWriter, _ *http.Request) {
				f := open(size)
				defer f.Close()
				src := source(f)
				copied, err := io.Copy(w, src)
				at, _ := f.Seek(0, io.SeekCurrent)
				left := int64(-1)
				if limited, ok := src.(*io.LimitedReader); ok {
					left = limited.N
				}
				n.add(copied, err, at, left)
			}
		}
		file("a file", func(f *os.File) io.Reader { return f })
		file("a file from its middle", func(f *os.File) io.Reader { _, _ = f.Seek(int64(size/2), io.SeekStart); return f })
		file("a part of a file", func(f *os.File) io.Reader { return io.LimitReader(f, int64(size/3)) })
		file("more than a file", func(f *os.File) io.Reader { return io.LimitReader(f, int64(size)+777) })
		if size < 512 || size > 2048 { // in between net/http does not buffer what comes by ReadFrom, and HTTPServer does
			file("a section", func(f *os.File) io.Reader { return io.NewSectionReader(f, 0, int64(size)) })
			file("files in a row", func(f *os.File) io.Reader { return io.MultiReader(f) })
		}
		handlers[fmt.Sprint("a file after a length, of ", size)] = func(w http.ResponseWriter, _ *http.Request) {
			f := open(size)
			defer f.Close()
			w.Header().Set("Content-Length", fmt.Sprint(size+3))
			_, _ = io.WriteString(w, "abc")
			n.add(w.(io.ReaderFrom).ReadFrom(f))
		}
		handlers[fmt.Sprint("204 and a file of ", size)] = func(w http.ResponseWriter, _ *http.Request) {
			f := open(size)
			defer f.Close()
			w.WriteHeader(http.StatusNoContent)
			n.add(io.Copy(w, f))
		}
		handlers[fmt.Sprint("a pipe of ", size)] = func(w http.ResponseWriter, _ *http.Request) {
			r, pipe, err := os.Pipe()
			if err != nil {
				n.add(err)
				return
			}
			go func() { _, _ = io.Copy(pipe, io.LimitReader(zeros{}, int64(size))); pipe.Close() }()
			w.Header().Set("Content-Length", fmt.Sprint(size))
			n.add(io.Copy(w, r))
			r.Close()
		}
	}
	return handlers
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// An HTTPServer answers as an http.Server does: statuses, headers, contents, what the handler's calls return, and whether the
// connection is kept. Left out are Date, and the way in which the length is told.
func TestHTTPServerChangesNothing(t *testing.T) {
	requests := []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=5-9\r\n\r\n",
		"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n0123456789",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
	}
	var n notes
	handlers := ordinaryHandlers(t, &n)
	server := newServer(t, pants.Config{})
	ask := func(srv *http.Server, request string) string {
		const probe = "GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv.ErrorLog = log.New(io.Discard, "", 0)
		go func() { _ = srv.Serve(l) }()
		defer srv.Close()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, request+probe)
		var back bytes.Buffer
		fate := ended(readUntil(conn, &back, func() bool { return false }))
		return picture(back.String(), request) + fate + "\n" + strings.ReplaceAll(n.take(), l.Addr().String(), "server")
	}
	for name, h := range handlers {
		outer := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			if hr.URL.Path == "/probe" {
				_, _ = io.WriteString(w, "probe")
				return
			}
			h(w, hr)
		})
		for _, request := range requests {
			want := ask(&http.Server{Handler: outer}, request)
			if got := ask(server.HTTPServer(outer), request); got != want {
				t.Errorf("%s, %q:\nHTTPServer  %.900q\nhttp.Server %.900q", name, request, got, want)
			}
		}
	}
}

// picture is what was answered, without what may differ.
func picture(raw, request string) string {
	var methods []string
	if strings.HasPrefix(request, "HEAD ") {
		methods = []string{"HEAD"}
	}
	all, rest := splitResponses(raw, methods, true)
	var b strings.Builder
	for _, answer := range all {
		var lines []string
		for _, line := range answer.header {
			if line[0] == "Date" {
				line[1] = ""
			}
			if line[0] != "Content-Length" && line[0] != "Transfer-Encoding" {
				lines = append(lines, line[0]+": "+line[1])
			}
		}
		sort.Strings(lines)
		_, _ = fmt.Fprintf(&b, "%d %v %q %q\n", answer.status, answer.complete, lines, answer.body)
	}
	return b.String() + dateLine.ReplaceAllString(rest, "Date: ")
}

// dateLine is a Date in what splitResponses leaves as it came: the answer after one with trailers.
var dateLine = regexp.MustCompile(`Date: [^\r\n]+`)
