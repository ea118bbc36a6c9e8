package pants_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// Bodies made to be slow to read: the time must grow with the length and no faster, in memory and on disk. Compare the MB/s of the
// three sizes.
func BenchmarkHostileMultipart(b *testing.B) {
	const field = "Content-Disposition: form-data; name=a\r\n\r\n"
	repeat := func(text string, size int) string { return strings.Repeat(text, size/len(text)) }
	bodies := map[string]func(size int) string{
		"tiny parts":              func(size int) string { return repeat("--b\r\n"+field+"\r\n", size) + "--b--" },
		"boundary but for a byte": func(size int) string { return "--b\r\n" + field + repeat("\r\n--bx", size) + "\r\n--b--" },
		"half a boundary":         func(size int) string { return "--b\r\n" + field + repeat("\r\n--", size) + "\r\n--b--" },
		"line breaks":             func(size int) string { return "--b\r\n" + field + repeat("\r\n", size) + "\r\n--b--" },
		"one long preamble line":  func(size int) string { return repeat("-", size) + "\r\n--b\r\n" + field + "\r\n--b--" },
		"short preamble lines":    func(size int) string { return repeat("--\n", size) + "--b\n" + field + "\n--b--" },
		"quotes in a header": func(size int) string {
			return "--b\r\nContent-Disposition: form-data; name=a" + repeat(`;a="\"`, size) + "\r\n\r\n\r\n--b--"
		},
		"folded header": func(size int) string { return "--b\r\nA: b\r\n" + repeat(" c\r\n", size) + "\r\n\r\n--b--" },
	}
	limits := pants.Limits{Parts: -1, Files: -1, FieldSize: -1, PartHeader: -1}
	for name, body := range bodies {
		for _, inFile := range []bool{false, true} {
			for _, size := range []int{256 << 10, 512 << 10, 1 << 20} {
				data := []byte(body(size))
				b.Run(fmt.Sprintf("%s/file=%v/%dKiB", name, inFile, size>>10), func(b *testing.B) {
					b.SetBytes(int64(len(data)))
					b.ReportAllocs()
					for b.Loop() {
						_, _, _ = pants.ParseForm(data, "b", limits, inFile)
					}
				})
			}
		}
	}
}

// The same 8 MiB file through ours and through mime/multipart.
func BenchmarkMultipartFile(b *testing.B) {
	var buffer bytes.Buffer
	w := multipart.NewWriter(&buffer)
	part, err := w.CreateFormFile("f", "x")
	if err != nil {
		b.Fatal(err)
	}
	_, _ = part.Write(bytes.Repeat([]byte("0123456789abcde\n"), 8<<20/16))
	w.Close()
	b.Run("kit", func(b *testing.B) {
		b.SetBytes(int64(buffer.Len()))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := pants.ParseForm(buffer.Bytes(), w.Boundary(), pants.Limits{}, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("mime/multipart", func(b *testing.B) {
		b.SetBytes(int64(buffer.Len()))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := multipart.NewReader(bytes.NewReader(buffer.Bytes()), w.Boundary()).ReadForm(64 << 20); err != nil {
				b.Fatal(err)
			}
		}
	})
}
