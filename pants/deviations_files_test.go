package pants_test

import (
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// checkNotFound also allows 403, for what is there and no file, and an error for a path that is none.
func checkNotFound(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	codes := []int{http.StatusNotFound}
	for _, s := range v.allSteps() {
		if s.Op == "send_file" && s.Path.text == "" {
			codes = append(codes, http.StatusForbidden)
		}
		if strings.Contains(s.Path.text, "\x00") {
			codes = append(codes, http.StatusInternalServerError)
		}
		if _, info := v.target(0); info != nil { // it is there, and cannot be opened
			codes = append(codes, http.StatusForbidden)
		}
	}
	if !slices.Contains(codes, r.status) {
		t.Errorf("status = %d, want one of %v", r.status, codes)
	}
	for _, name := range []string{"ETag", "Last-Modified", "Cache-Control", "Expires", "Content-Disposition"} {
		if r.get(name) != "" {
			t.Errorf("%s = %q on an error", name, r.get(name))
		}
	}
}

func checkEscape(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if r.status != http.StatusForbidden && r.status != http.StatusNotFound {
		t.Errorf("status = %d, want 403 or 404", r.status)
	}
	for _, name := range []string{"outside/secret.txt", "root-sibling/near.txt"} {
		content, err := os.ReadFile(filepath.Join(v.base, name))
		if err == nil && strings.Contains(x.raw(), string(content)) {
			t.Errorf("the content of %s went out", name)
		}
	}
	if strings.Contains(r.head, "..") || strings.Contains(r.head, v.base) {
		t.Errorf("a path went out: %q", r.head)
	}
}

// sentFile is the file of the n-th request on the disk.
func sentFile(v *vector, n int) (content string, modified time.Time, ok bool) {
	name, info := v.target(n)
	if info == nil || !info.Mode().IsRegular() {
		return "", time.Time{}, false
	}
	text, err := os.ReadFile(name)
	return string(text), info.ModTime(), err == nil
}

func checkUTC(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	_, modified, ok := sentFile(v, 0)
	if !ok {
		t.Fatal("no file in this vector")
	}
	want := modified.UTC().Truncate(time.Second)
	if got := r.get("Last-Modified"); got != want.Format(http.TimeFormat) {
		t.Errorf("Last-Modified = %q, want %q", got, want.Format(http.TimeFormat))
	}
	if since, err := http.ParseTime(strings.Join(sentHeaders(v.request())["if-modified-since"], "")); err == nil {
		if status := map[bool]int{true: 200, false: 304}[want.After(since)]; r.status != status {
			t.Errorf("status = %d, want %d", r.status, status)
		}
	}
}

func checkDisposition(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if s, ok := v.sendFile(0); ok {
		text := r.get("Content-Disposition")
		want := s.Filename.text[strings.LastIndexAny(s.Filename.text, `/\`)+1:]
		want = strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f {
				return -1
			}
			return c
		}, want)
		_, params, err := mime.ParseMediaType(text)
		if err != nil || params["filename"] != want && utf8.ValidString(want) {
			t.Errorf("Content-Disposition = %q (%v), want the name %q", text, err, want)
		}
		if strings.IndexFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
			t.Errorf("Content-Disposition = %q, want plain ASCII", text)
		}
	}
}

// checkFileHeaders is for all answers of a connection: each header once, those of the handler as given, those of the file right.
func checkFileHeaders(t *testing.T, v *vector, x *vectorExchange) {
	wholeAnswer(t, x)
	all, _ := x.responses()
	if len(all) != len(x.calls) {
		t.Fatalf("%d answers to %d requests", len(all), len(x.calls))
	}
	for n, r := range all {
		if x.calls[n].edited {
			t.Error("the headers given to SendFile were changed")
		}
		content, modified, ok := sentFile(v, n)
		if !ok {
			continue
		}
		s, _ := v.sendFile(n)
		given := s.Headers.header()
		for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control", "Expires", "Accept-Ranges"} {
			got := r.values(name)
			if len(got) > 1 {
				t.Errorf("%s = %q, want one", name, got)
			}
			for own, values := range given {
				if strings.EqualFold(own, name) && name != "Content-Length" && !slices.Equal(got, values) {
					t.Errorf("%s = %q, want %q", name, got, values)
				}
			}
		}
		if !offloadsFiles(v) && r.status == http.StatusOK {
			if x.methods[n] != http.MethodHead && r.body != content || r.get("Content-Length") != strconv.Itoa(len(content)) {
				t.Errorf("content = %q of %s, want %q", r.body, r.get("Content-Length"), content)
			}
			own := false
			for name := range given {
				own = own || strings.EqualFold(name, "ETag")
			}
			if want := `"` + strconv.FormatInt(int64(len(content)), 16) + "-"; !own && !strings.HasPrefix(r.get("ETag"), want) {
				t.Errorf("ETag = %q, want that of a file of %d bytes, modified %v", r.get("ETag"), len(content), modified)
			}
		}
		typed := false
		for name := range given {
			typed = typed || strings.EqualFold(name, "Content-Type")
		}
		if strings.HasSuffix(s.Path.text, ".html") && !typed && !strings.HasPrefix(r.get("Content-Type"), "text/html") {
			t.Errorf("Content-Type = %q, want text/html", r.get("Content-Type"))
		}
	}
}

// checkRange allows these statuses, and checks that what was sent is what its Content-Range says.
func checkRange(codes ...int) func(t *testing.T, v *vector, x *vectorExchange) {
	return func(t *testing.T, v *vector, x *vectorExchange) {
		checkStatus(codes...)(t, v, x)
		rangeOfFile(t, v, x)
	}
}

// checkSuffix: only a suffix of no bytes is not satisfiable, and a method that has no ranges sends the whole file.
func checkSuffix(t *testing.T, v *vector, x *vectorExchange) {
	checkRange(200, 206, 416)(t, v, x)
	m := regexp.MustCompile(`^(?i:bytes)=-(\d+)$`).FindStringSubmatch(strings.Join(sentHeaders(v.request())["range"], ","))
	content, _, _ := sentFile(v, 0)
	if status := wholeAnswer(t, x).status; m != nil && content != "" {
		if nothing := strings.Trim(m[1], "0") == ""; nothing && status == http.StatusPartialContent || !nothing && status == http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("status = %d for the last %s bytes", status, m[1])
		}
	}
}

// rangeOfFile compares content with the file: all of it, the part that Content-Range names, or each of several parts.
func rangeOfFile(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	content, _, ok := sentFile(v, 0)
	if !ok {
		t.Fatal("no file in this vector")
	}
	head := len(x.methods) > 0 && x.methods[0] == http.MethodHead
	part := func(contentRange, body string) {
		m := regexp.MustCompile(`^bytes (\d+)-(\d+)/(\d+)$`).FindStringSubmatch(contentRange)
		if m == nil {
			t.Errorf("Content-Range = %q", contentRange)
			return
		}
		from, _ := strconv.Atoi(m[1])
		to, _ := strconv.Atoi(m[2])
		size, _ := strconv.Atoi(m[3])
		if size != len(content) || from > to || to >= size {
			t.Errorf("Content-Range = %q of a file of %d bytes", contentRange, len(content))
		} else if want := content[from : to+1]; body != want && !(head && body == "") {
			t.Errorf("content = %q, want %q", body, want)
		}
	}
	switch r.status {
	case http.StatusOK:
		if r.body != content && !(head && r.body == "") {
			t.Errorf("content = %q, want %q", r.body, content)
		}
	case http.StatusPartialContent:
		if kind, params, err := mime.ParseMediaType(r.get("Content-Type")); err == nil && kind == "multipart/byteranges" {
			for _, p := range strings.Split("\r\n"+r.body, "\r\n--"+params["boundary"]) {
				if lines, body, ok := strings.Cut(p, "\r\n\r\n"); ok {
					part(strings.Join(sentHeaders("\r\n" + strings.TrimPrefix(lines, "\r\n"))["content-range"], ","), body)
				}
			}
			return
		}
		part(r.get("Content-Range"), r.body)
	case http.StatusRequestedRangeNotSatisfiable:
		if got := r.get("Content-Range"); got != "" && got != "bytes */"+strconv.Itoa(len(content)) {
			t.Errorf("Content-Range = %q", got)
		}
		if len(content) > 0 && strings.Contains(r.body, content) {
			t.Errorf("416 with the file: %q", r.body)
		}
	}
}

// offloadHeader is the name of the header that asks the proxy to send a file.
func offloadHeader(v *vector) string {
	if v.Server.Sendfile.kind == kindBytes && v.Server.Sendfile.text != "" {
		return v.Server.Sendfile.text
	}
	return "X-Sendfile"
}

func checkOutside(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	if got := r.values(offloadHeader(v)); len(got) > 0 {
		t.Errorf("%s = %q, want none", offloadHeader(v), got)
	}
	if strings.Contains(r.head, v.base) {
		t.Errorf("a path of this machine went out: %q", r.head)
	}
	if content, _, ok := sentFile(v, 0); r.status < 400 && (!ok || r.body != content) {
		t.Errorf("status %d with %q, want the file or an error", r.status, r.body)
	}
}

func checkDots(t *testing.T, v *vector, x *vectorExchange) {
	r := wholeAnswer(t, x)
	name, info := v.target(0)
	if info == nil || !info.Mode().IsRegular() {
		checkStatus(http.StatusForbidden, http.StatusNotFound)(t, v, x)
		return
	}
	want := path.Join("/", strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(v.Server.FileRoot)))
	got := r.get(offloadHeader(v))
	if r.status != http.StatusOK || !strings.HasSuffix("/"+got, want) || strings.Contains(got, v.base) {
		t.Errorf("status, %s = %d, %q, want 200 and a path that ends in %q", offloadHeader(v), r.status, got, want)
	}
	if v.Server.SendfilePrefix != "" && !strings.HasPrefix(got, v.Server.SendfilePrefix) {
		t.Errorf("%s = %q, want the prefix %q", offloadHeader(v), got, v.Server.SendfilePrefix)
	}
}
