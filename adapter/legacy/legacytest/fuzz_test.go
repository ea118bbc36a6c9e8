package legacytest_test

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

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/adapter/legacy/legacytest"
)

// What is recorded of a handler and replayed against the same handler has no difference. The requests are written by hand: what
// net/http lets through is more than its client sends.
func FuzzReplay(f *testing.F) {
	f.Add("GET", "/", "", "", "", 200, "text/html", "a=b; Path=/", "/x", []byte("<p>hello</p>\n"), uint8(0))
	f.Add("POST", "/a?b=%2F", "application/json", `{"token":"x"}`, "sid=1", 201, "application/json", "sid=x; Max-Age=5", "", []byte(`{"a":[1.0,{"token":"x"}]}`), uint8(1))
	f.Add("PUT", "/\xff", "text/plain", "a\r\n", "", 404, "", "", "?token=a&b", []byte("\x89PNG"), uint8(2))
	f.Add("HEAD", "//x", "", "", `a="b;c"`, 304, "text/plain", "a", " http://example.org ", []byte("x"), uint8(3))
	f.Add("DELETE", "*", "application/x-www-form-urlencoded", "pin=1&x=%zz", "", 204, "text/event-stream", "", "a,b", []byte("data: {\"token\":1}\n\n"), uint8(4))
	f.Add("OPTIONS", "http://u:p@h/x?password=1", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n1\r\n--b--\r\n", "", 500, "a/b", "=", "\t", []byte(strings.Repeat("long", 40)), uint8(5))
	f.Fuzz(func(t *testing.T, method, target, contentType, body, cookie string, status int, answerType, setCookie, location string, answer []byte, how uint8) {
		if status < 200 || status > 599 {
			return // net/http refuses, or the answer goes on
		}
		for _, value := range []string{answerType, setCookie, location} {
			for i := range len(value) {
				if c := value[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
					return // no client reads a header with them
				}
			}
		}
		if strings.Contains(method+target+contentType+cookie, "\n") {
			return // that would be another request
		}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			if how&1 != 0 {
				w.Header().Set("Content-Type", answerType)
			}
			w.Header()["Set-Cookie"] = []string{setCookie}
			w.Header()["Location"] = []string{location}
			w.Header().Set("Vary", fmt.Sprint(len(r.Header)+len(r.URL.Path) > 0, r.TLS != nil, len(got) > 0))
			w.WriteHeader(status)
			if how&2 != 0 {
				_ = http.NewResponseController(w).Flush()
			}
			half := len(answer) / 2
			_, _ = w.Write(answer[:half])
			if how&4 != 0 {
				_ = http.NewResponseController(w).Flush()
			}
			_, _ = w.Write(answer[half:])
		})
		dir := t.TempDir()
		rec, err := legacy.NewRecorder(legacy.RecordConfig{Dir: dir, MaxBody: 100})
		if err != nil {
			t.Fatal(err)
		}
		ts := httptest.NewServer(rec.Wrap(h))
		answered := exchange(t, ts.Listener.Addr().String(), fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: %s\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n%s",
			method, target, contentType, cookie, len(body), body), method)
		ts.Close()
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
		recordings, err := legacy.ReadRecordings(dir)
		if err != nil {
			if !answered || strings.Contains(err.Error(), "no recordings") {
				return // net/http has answered by itself
			}
			t.Fatal(err)
		}
		if recordings[0].Request.Body.Omitted != "" {
			return // it is not replayed, TestReplaySaysWhatItLeavesOut
		}
		if got := replay(dir, h, legacytest.Options{}); len(got.failed) > 0 {
			t.Errorf("replayed %s %q: %q", method, target, got.failed)
		}
	})
}

// exchange sends raw and reads the answer.
func exchange(t *testing.T, address, raw, method string) (answered bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, raw)
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("no answer to %q", raw)
	}
	if err != nil {
		return false
	}
	if _, err = io.Copy(io.Discard, res.Body); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("no end of the answer to %q", raw)
	}
	return err == nil
}

// Comparing is right about itself: every answer is equal to its own recording, and when a byte of a text or of a value is another
// one, that is found.
func FuzzCompare(f *testing.F) {
	f.Add("text/plain", []byte("hello\n"), 3)
	f.Add("application/json", []byte(`{"a":[1,2.5e3,"x",null,true]}`), 6)
	f.Add("image/png", []byte("\x89PNG\x00"), 4)
	f.Fuzz(func(t *testing.T, contentType string, body []byte, at int) {
		r := recorded(200, string(body), "Content-Type", contentType)
		if found := legacytest.Compare(r, answer(200, string(body), "Content-Type", contentType), legacytest.Options{}); len(found) > 0 {
			t.Errorf("%q differs from itself: %q", body, differences(found))
		}
		if len(body) == 0 || bytes.Contains(body, []byte("MASKED-")) {
			return
		}
		other := bytes.Clone(body)
		other[((at%len(body))+len(body))%len(body)] ^= 1
		found := legacytest.Compare(r, answer(200, string(other), "Content-Type", contentType), legacytest.Options{})
		isJSON := strings.Contains(contentType, "json") || bytes.ContainsAny(body, "{[")
		if len(found) == 0 && !isJSON { // in JSON that may be a blank, a digit that does not count
			t.Errorf("%q is no different from %q", other, body)
		}
	})
}
