package sendfile_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-pants/kit/sendfile"
)

// want of a table: the spans of an answer, whole (200) or none (416).
type spans = [][2]int64

var (
	whole spans = nil
	none        = spans{}
)

func many(n int, f func(i int) string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = f(i)
	}
	return "bytes=" + strings.Join(list, ",")
}

var rangeTests = []struct {
	title, value string
	size         int64
	want         spans
}{
	{"first byte", "bytes=0-0", 26, spans{{0, 1}}},
	{"some bytes", "bytes=5-9", 26, spans{{5, 5}}},
	{"all of it is still a part", "bytes=0-", 26, spans{{0, 26}}},
	{"all, with the last position", "bytes=0-25", 26, spans{{0, 26}}},
	{"end beyond the end", "bytes=20-99", 26, spans{{20, 6}}},
	{"last byte", "bytes=25-", 26, spans{{25, 1}}},
	{"suffix", "bytes=-5", 26, spans{{21, 5}}},
	{"suffix longer than the file", "bytes=-29", 26, spans{{0, 26}}},
	{"leading zeros", "bytes=05-09", 26, spans{{5, 5}}},
	{"unit in capitals", "Bytes=1-2", 26, spans{{1, 2}}},
	{"blanks around commas", "bytes= 1-2 ,\t4-5 ", 26, spans{{1, 2}, {4, 2}}},
	{"empty elements", "bytes=,1-2,,", 26, spans{{1, 2}}},

	{"start at the end", "bytes=26-", 26, none},
	{"start beyond the end", "bytes=99-100", 26, none},
	{"empty suffix", "bytes=-0", 26, none},
	{"several, all beyond", "bytes=26-,99-,-0", 26, none},
	{"start too large for any file", "bytes=99999999999999999999-", 26, none},
	{"suffix too large for any file", "bytes=-99999999999999999999", 26, spans{{0, 26}}},
	{"end too large for any file", "bytes=3-99999999999999999999", 26, spans{{3, 23}}},
	{"largest int64", "bytes=9223372036854775807-9223372036854775807", 26, none},
	{"one more than the largest int64", "bytes=1-9223372036854775808", 26, spans{{1, 25}}},

	{"one of two is left", "bytes=0-,30-", 26, spans{{0, 26}}},
	{"two", "bytes=0-1,5-8", 26, spans{{0, 2}, {5, 4}}},
	{"order of the request", "bytes=-5,0-4", 26, spans{{21, 5}, {0, 5}}},
	{"two that overlap", "bytes=5-9,7-12", 26, spans{{5, 5}, {7, 6}}},
	{"three that overlap", "bytes=5-9,7-12,8-13", 26, whole},
	{"two the same, together the file", "bytes=0-12,0-12", 26, spans{{0, 13}, {0, 13}}},
	{"more than the file", "bytes=0-,0-0", 26, whole},
	{"the file several times", "bytes=0-,0-,0-", 26, whole},
	{"fifty", many(50, func(i int) string { return fmt.Sprint(2*i, "-", 2*i) }), 1000, slices.Collect(func(yield func([2]int64) bool) {
		for i := range int64(50) {
			if !yield([2]int64{2 * i, 1}) {
				return
			}
		}
	})},
	{"fifty-one", many(51, func(i int) string { return fmt.Sprint(2*i, "-", 2*i) }), 1000, whole},
	{"a thousand (CVE-2011-3192)", many(1000, func(i int) string { return fmt.Sprint("0-", i) }), 10000, whole},
	{"a thousand empty elements", "bytes=" + strings.Repeat(",", 1000) + "0-0", 26, whole},

	{"other unit", "items=0-5", 26, whole},
	{"no unit", "0-5", 26, whole},
	{"colon", "bytes:0-5", 26, whole},
	{"blank behind the unit", "bytes =0-5", 26, whole},
	{"nothing", "", 26, whole},
	{"no ranges", "bytes=", 26, whole},
	{"empty elements only", "bytes=,", 26, whole},
	{"no dash", "bytes=5", 26, whole},
	{"dash only", "bytes=-", 26, whole},
	{"end before start", "bytes=9-5", 26, whole},
	{"end before start, of two", "bytes=0-1,9-5", 26, whole},
	{"two dashes", "bytes=5--", 26, whole},
	{"negative suffix", "bytes=--5", 26, whole},
	{"three numbers", "bytes=1-2-3", 26, whole},
	{"letter", "bytes=1-a", 26, whole},
	{"plus sign", "bytes=+1-2", 26, whole},
	{"plus sign in suffix", "bytes=-+2", 26, whole},
	{"hexadecimal", "bytes=0x5-9", 26, whole},
	{"underscore", "bytes=1_0-20", 26, whole},
	{"blanks inside", "bytes=0 - 5", 26, whole},
	{"other digits", "bytes=\u0665-", 26, whole},
	{"parameter", "bytes=5-6;x", 26, whole},
	{"full stop", "bytes=1.0-2", 26, whole},
}

func TestRanges(t *testing.T) {
	for _, tt := range rangeTests {
		t.Run(tt.title, func(t *testing.T) { checkRange(t, tt.value, tt.size, tt.want) })
	}
}

func checkRange(t *testing.T, value string, size int64, want spans) {
	t.Helper()
	got, ok := sendfile.Ranges(value, size)
	if ok != (want != nil) || !slices.Equal(got, want) {
		t.Errorf("Ranges(%.60q, %d) = %v, %v, want %v", value, size, got, ok, want)
	}
}

// What net/http (Go 1.26) is tested with: the inputs of its range tests and its
// answers. Where ours is another one, it says why.
func TestRangesOfNetHTTP(t *testing.T) {
	tests := []struct {
		value string
		size  int64
		want  spans
		why   string
	}{
		{"", 0, whole, ""},
		{"", 1000, whole, ""},
		{"foo", 0, whole, ""},
		{"foo", 1000, whole, ""},
		{"bytes=", 0, whole, ""},
		{"bytes=1-", 0, none, "an empty file is sent whole all the same: TestRangeAndConditions"},
		{"bytes=7", 10, whole, ""},
		{"bytes= 7 ", 10, whole, ""},
		{"bytes=5-4", 10, whole, ""},
		{"bytes=0-2,5-4", 10, whole, ""},
		{"bytes=2-5,4-3", 10, whole, ""},
		{"bytes=--5,4--3", 10, whole, ""},
		{"bytes=A-", 10, whole, ""},
		{"bytes=A- ", 10, whole, ""},
		{"bytes=A-Z", 10, whole, ""},
		{"bytes= -Z", 10, whole, ""},
		{"bytes=5-Z", 10, whole, ""},
		{"bytes=Ran-dom, garbage", 10, whole, ""},
		{"bytes=0x01-0x02", 10, whole, ""},
		{"bytes=         ", 10, whole, ""},
		{"bytes= , , ,   ", 10, whole, ""},
		{"bytes=0-9", 10, spans{{0, 10}}, ""},
		{"bytes=0-", 10, spans{{0, 10}}, ""},
		{"bytes=5-", 10, spans{{5, 5}}, ""},
		{"bytes=0-20", 10, spans{{0, 10}}, ""},
		{"bytes=15-,0-5", 10, spans{{0, 6}}, ""},
		{"bytes=1-2,5-", 10, spans{{1, 2}, {5, 5}}, ""},
		{"bytes=-2 , 7-", 11, spans{{9, 2}, {7, 4}}, ""},
		{"bytes=0-0 ,2-2, 7-", 11, spans{{0, 1}, {2, 1}, {7, 4}}, ""},
		{"bytes=-5", 10, spans{{5, 5}}, ""},
		{"bytes=-15", 10, spans{{0, 10}}, ""},
		{"bytes=0-499", 10000, spans{{0, 500}}, ""},
		{"bytes=500-999", 10000, spans{{500, 500}}, ""},
		{"bytes=-500", 10000, spans{{9500, 500}}, ""},
		{"bytes=9500-", 10000, spans{{9500, 500}}, ""},
		{"bytes=0-0,-1", 10000, spans{{0, 1}, {9999, 1}}, ""},
		{"bytes=500-600,601-999", 10000, spans{{500, 101}, {601, 399}}, ""},
		{"bytes=500-700,601-999", 10000, spans{{500, 201}, {601, 399}}, ""},

		{"bytes=0-4", 11, spans{{0, 5}}, ""},
		{"bytes=2-", 11, spans{{2, 9}}, ""},
		{"bytes=-5", 11, spans{{6, 5}}, ""},
		{"bytes=3-7", 11, spans{{3, 5}}, ""},
		{"bytes=0-0,-2", 11, spans{{0, 1}, {9, 2}}, ""},
		{"bytes=0-1,5-8", 11, spans{{0, 2}, {5, 4}}, ""},
		{"bytes=0-1,5-", 11, spans{{0, 2}, {5, 6}}, ""},
		{"bytes=5-1000", 11, spans{{5, 6}}, ""},
		{"bytes=0-,1-,2-,3-,4-", 11, whole, ""},
		{"bytes=0-9", 11, spans{{0, 10}}, ""},
		{"bytes=0-10", 11, spans{{0, 11}}, ""},
		{"bytes=0-11", 11, spans{{0, 11}}, ""},
		{"bytes=10-11", 11, spans{{10, 1}}, ""},
		{"bytes=10-", 11, spans{{10, 1}}, ""},
		{"bytes=11-", 11, none, ""},
		{"bytes=11-12", 11, none, ""},
		{"bytes=12-12", 11, none, ""},
		{"bytes=11-100", 11, none, ""},
		{"bytes=12-100", 11, none, ""},
		{"bytes=100-", 11, none, ""},
		{"bytes=100-1000", 11, none, ""},
		{"bytes=--2", 11, whole, ""},
		{"bytes=--6", 11, whole, ""},

		{"bytes=   1 -2   ,  4- 5, 7 - 8 , ,,", 11, whole, "net/http reads blanks within a range; the grammar has none"},
		{"bytes=-0", 10, none, "net/http answers bytes 10-9/10 (golang/go#81262)"},
		{"Bytes=1-2", 10, spans{{1, 2}}, "net/http answers 416 (golang/go#81378)"},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			checkRange(t, tt.value, tt.size, tt.want)
			if tt.why != "" {
				t.Log(tt.why)
			}
		})
	}
}

// What a client gets for each of the ranges.
func TestSendRanges(t *testing.T) {
	content := strings.Repeat(alphabet, 500)
	s := newSender(t, sendfile.Config{ETag: fixedTag, Root: newRoot(t, map[string]string{"26": content[:26], "1000": content[:1000], "10000": content[:10000]})})
	for _, tt := range rangeTests {
		t.Run(tt.title, func(t *testing.T) {
			name := strconv.FormatInt(tt.size, 10)
			o := &sendfile.Options{Filename: "x", Header: http.Header{"Cache-Control": {"max-age=9"}, "Expires": {"never"}, "Content-Type": {"text/x"}}}
			res, body, err := send(t, s, newRequest("GET", "Range", tt.value), name, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := res.Header.Get("Content-Length"); got != strconv.Itoa(len(body)) {
				t.Errorf("Content-Length = %s, body has %d", got, len(body))
			}
			if res.StatusCode != 416 && (res.Header.Get("Etag") != `"tag"` || res.Header.Get("Cache-Control") != "max-age=9" || res.Header.Get("Content-Disposition") == "" || res.Header.Get("Accept-Ranges") != "bytes") {
				t.Errorf("header = %v", res.Header)
			}
			switch {
			case tt.want == nil:
				if res.StatusCode != 200 || body != content[:tt.size] || res.Header["Content-Range"] != nil {
					t.Errorf("answer = %d with %d bytes, %v", res.StatusCode, len(body), res.Header)
				}
			case len(tt.want) == 0:
				checkUnsatisfiable(t, res, body, "bytes */"+name)
			case len(tt.want) == 1:
				checkPart(t, res.Header.Get("Content-Range"), body, tt.want[0], content[:tt.size])
				if res.StatusCode != 206 || res.Header.Get("Content-Type") != "text/x" {
					t.Errorf("answer = %d, %v", res.StatusCode, res.Header)
				}
			default:
				checkMultipart(t, res, body, tt.want, content[:tt.size])
			}
		})
	}
}

func checkUnsatisfiable(t *testing.T, res *http.Response, body, contentRange string) {
	t.Helper()
	if res.StatusCode != 416 || body != "416 Requested Range Not Satisfiable" {
		t.Errorf("answer = %d %q", res.StatusCode, body)
	}
	want := http.Header{
		"Content-Range": {contentRange}, "Content-Type": {"text/plain"}, "Content-Length": {"35"},
		"X-Content-Type-Options": {"nosniff"},
	}
	if fmt.Sprint(res.Header) != fmt.Sprint(want) {
		t.Errorf("header = %v, want %v", res.Header, want)
	}
}

func checkPart(t *testing.T, contentRange, body string, sp [2]int64, content string) {
	t.Helper()
	if want := fmt.Sprintf("bytes %d-%d/%d", sp[0], sp[0]+sp[1]-1, len(content)); contentRange != want {
		t.Errorf("Content-Range = %q, want %q", contentRange, want)
	}
	if want := content[sp[0] : sp[0]+sp[1]]; body != want {
		t.Errorf("body = %q, want %q", body, want)
	}
}

func TestRangeAndConditions(t *testing.T) {
	s := newSender(t, sendfile.Config{ETag: fixedTag, Root: newRoot(t, map[string]string{"a": alphabet, "empty": ""})})
	tests := []struct {
		title, name string
		fields      []string
		status      int
	}{
		{"no If-Range", "a", []string{"Range", "bytes=5-"}, 206},
		{"If-Range with the tag", "a", []string{"Range", "bytes=5-", "If-Range", `"tag"`}, 206},
		{"If-Range with another tag", "a", []string{"Range", "bytes=5-", "If-Range", `"other"`}, 200},
		{"If-Range with the tag, weak", "a", []string{"Range", "bytes=5-", "If-Range", `W/"tag"`}, 200},
		{"If-Range with the tag unquoted", "a", []string{"Range", "bytes=5-", "If-Range", `tag`}, 200},
		{"If-Range with two tags", "a", []string{"Range", "bytes=5-", "If-Range", `"tag", "b"`}, 200},
		{"If-Range with an asterisk", "a", []string{"Range", "bytes=5-", "If-Range", "*"}, 200},
		{"If-Range empty", "a", []string{"Range", "bytes=5-", "If-Range", ""}, 200},
		{"If-Range with the date", "a", []string{"Range", "bytes=5-", "If-Range", changedText}, 206},
		{"If-Range with the date as RFC 850 has it", "a", []string{"Range", "bytes=5-", "If-Range", "Friday, 17-Jan-14 23:06:40 GMT"}, 206},
		{"If-Range with the date of asctime", "a", []string{"Range", "bytes=5-", "If-Range", "Fri Jan 17 23:06:40 2014"}, 206},
		{"If-Range with an earlier date", "a", []string{"Range", "bytes=5-", "If-Range", "Fri, 17 Jan 2014 23:06:39 GMT"}, 200},
		{"If-Range with a later date", "a", []string{"Range", "bytes=5-", "If-Range", "Fri, 17 Jan 2014 23:06:41 GMT"}, 200},
		{"If-Range twice", "a", []string{"Range", "bytes=5-", "If-Range", `"tag"`, "If-Range", `"tag"`}, 200},
		{"If-Range without Range", "a", []string{"If-Range", `"other"`}, 200},
		{"Range twice", "a", []string{"Range", "bytes=5-", "Range", "bytes=6-"}, 200},
		{"If-Range fails, range unsatisfiable", "a", []string{"Range", "bytes=99-", "If-Range", `"other"`}, 200},
		{"not modified comes first", "a", []string{"Range", "bytes=5-", "If-Modified-Since", changedText}, 304},
		{"not modified comes before 416", "a", []string{"Range", "bytes=99-", "If-None-Match", `"tag"`}, 304},
		{"failed comes first", "a", []string{"Range", "bytes=5-", "If-Match", `"other"`}, 412},
		{"If-Match holds", "a", []string{"Range", "bytes=5-", "If-Match", `"tag"`}, 206},
		{"empty file", "empty", []string{"Range", "bytes=0-"}, 200},
		{"suffix of an empty file", "empty", []string{"Range", "bytes=-5"}, 200},
		{"empty suffix of an empty file", "empty", []string{"Range", "bytes=-0"}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.title, func(t *testing.T) {
			res, body, err := send(t, s, newRequest("GET", tt.fields...), tt.name, nil)
			if res.StatusCode != tt.status || err != nil {
				t.Errorf("Send = %d, %v, want %d", res.StatusCode, err, tt.status)
			}
			if tt.status == 206 && body != alphabet[5:] || tt.status == 200 && tt.name == "a" && body != alphabet {
				t.Errorf("body = %q", body)
			}
		})
	}
}

// A handler that says "none" is not overruled by a client.
func TestAcceptRangesNone(t *testing.T) {
	s := newSender(t, sendfile.Config{Root: newRoot(t, map[string]string{"a": alphabet})})
	o := &sendfile.Options{Header: http.Header{"accept-ranges": {"none"}}}
	res, body, _ := send(t, s, newRequest("GET", "Range", "bytes=5-"), "a", o)
	if res.StatusCode != 200 || body != alphabet || res.Header.Get("Accept-Ranges") != "none" {
		t.Errorf("answer = %d %q %v", res.StatusCode, body, res.Header)
	}
}
