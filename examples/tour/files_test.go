package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reportText is the file as it should arrive.
func reportText(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := writeReport(dir); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, report))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestFiles: who sends a file makes no difference to who gets it, but for the way that its bytes took.
func TestFiles(t *testing.T) {
	b := newBrowser(t, start(t))
	whole := reportText(t)
	tag, _ := b.ask("HEAD", "/files/direct/"+report, "", 200)
	etag := tag.Header.Get("Etag")
	for _, test := range []struct {
		name, method string
		header       []string
		status       int
		content      string
		contentRange string
	}{
		{"whole", "GET", nil, 200, whole, ""},
		{"HEAD", "HEAD", nil, 200, "", ""},
		{"range", "GET", []string{"Range", "bytes=1000000-1999999"}, 206, whole[1_000_000:2_000_000], fmt.Sprintf("bytes 1000000-1999999/%d", len(whole))},
		{"suffix", "GET", []string{"Range", "bytes=-9"}, 206, whole[len(whole)-9:], fmt.Sprintf("bytes %d-%d/%d", len(whole)-9, len(whole)-1, len(whole))},
		{"behind the end", "GET", []string{"Range", "bytes=99999999-"}, 416, "", fmt.Sprintf("bytes */%d", len(whole))},
		{"not changed", "GET", []string{"If-None-Match", etag}, 304, "", ""},
		{"changed", "GET", []string{"If-None-Match", `"other"`}, 200, whole, ""},
		{"changed since the first part", "GET", []string{"Range", "bytes=0-9", "If-Range", `"other"`}, 200, whole, ""},
		{"headers meant for the app only", "GET", []string{"X-Accel-Mapping", "/=/evil/", "X-Sendfile-Type", "X-Sendfile"}, 200, whole, ""},
	} {
		for _, how := range []string{"direct", "offloaded"} {
			t.Run(test.name+", "+how, func(t *testing.T) {
				id := test.name + how
				res, content := b.ask(test.method, "/files/"+how+"/"+report, "", test.status, append(test.header, meterHeader, id)...)
				if content != test.content && test.status != 416 {
					t.Errorf("%d bytes, want %d; or others", len(content), len(test.content))
				}
				if got := res.Header.Get("Content-Range"); got != test.contentRange {
					t.Errorf("Content-Range = %q, want %q", got, test.contentRange)
				}
				if test.status < 400 && res.Header.Get("Etag") != etag {
					t.Errorf("ETag = %q, want %q", res.Header.Get("Etag"), etag)
				}
				for name := range res.Header {
					if strings.HasPrefix(name, "X-Accel") || strings.HasPrefix(name, "X-Sendfile") {
						t.Errorf("%s reached the client", name)
					}
				}
				if test.method == "GET" {
					checkSent(t, b, id, how, int64(len(test.content)))
				}
			})
		}
	}
}

// checkSent holds the embedded front's measurement against the content's length.
func checkSent(t *testing.T, b *browser, id, how string, size int64) {
	t.Helper()
	_, text := b.ask("GET", meterPath+"?of="+strings.ReplaceAll(id, " ", "+"), "", 200)
	var sent bytesSent
	if err := json.Unmarshal([]byte(text), &sent); err != nil {
		t.Fatal(err)
	}
	const headers, sniffed = 2000, 512
	big := size > 10_000 // the others go out with the headers
	switch {
	case how == "offloaded" && (sent.FromApp > headers || big && sent.Kernel < size-sniffed || sent.Copied > headers+10_000):
		t.Errorf("%+v for %d bytes that the front sends", sent, size)
	case how == "direct" && (sent.Kernel != 0 || sent.FromApp < size || sent.Copied < size || sent.FromApp > size+headers):
		t.Errorf("%+v for %d bytes that the app sends", sent, size)
	}
}

func TestNoSuchFile(t *testing.T) {
	b := newBrowser(t, start(t))
	for _, target := range []string{
		"/files/offloaded/nothing.txt", "/files/direct/nothing.txt", "/files/elsewhere/" + report, "/files/offloaded/",
		"/files/offloaded/..%2fapp.sock", "/files/direct/..%2fapp.sock", "/files/offloaded/%2fetc%2fpasswd",
		protected + report, // of the inside only
		meterPath + "?of=nothing",
	} {
		t.Run(target, func(t *testing.T) {
			b.t = t
			b.ask("GET", target, "", http.StatusNotFound)
		})
	}
}

func TestCompare(t *testing.T) {
	b := newBrowser(t, start(t))
	size := inBytes(int64(len(reportText(t))))
	for _, test := range []struct {
		ask  string
		want []string
	}{
		{"whole", []string{"<td>200 OK</td><td>200 OK</td>", "<td>" + size + "</td><td>" + size + "</td>", "The same bytes", "<td>bytes</td><td>bytes</td>", "ETag"}},
		{"range", []string{"<td>206 Partial Content</td><td>206 Partial Content</td>", "<td>1,000,000 bytes</td><td>1,000,000 bytes</td>", "bytes=1000000-1999999", "The same bytes"}},
		{"again", []string{"<td>304 Not Modified</td><td>304 Not Modified</td>", "<td>0 bytes</td><td>0 bytes</td>", "If-None-Match: &#34;", "you have it already"}},
		{"nonsense", []string{"<td>200 OK</td><td>200 OK</td>"}},
	} {
		t.Run(test.ask, func(t *testing.T) {
			_, page := b.ask("GET", "/files/compare?ask="+test.ask, "", 200)
			said := result(t, page, "files")
			wants(t, said, append(test.want, "!X-Accel", "!differ", "sent to you by the kernel, sendfile(2)")...)
		})
	}
	_, page := b.ask("GET", "/", "", 200)
	wants(t, page, "<code>X-Accel-Redirect: /protected/report.txt</code>")
}

func TestInBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1000: "1,000 bytes", 1234567: "1,234,567 bytes"} {
		if got := inBytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// TestMeterForgets: whoever asks often with that header gets no memory for it.
func TestMeterForgets(t *testing.T) {
	var m meter
	for i := range 10 * remembered {
		m.add(fmt.Sprint(i), bytesSent{Kernel: int64(i)})
	}
	if _, last := m.seen[fmt.Sprint(10*remembered-1)]; len(m.seen) != remembered || len(m.order) != remembered || !last {
		t.Errorf("%d measurements, last there: %v", len(m.seen), last)
	}
}
