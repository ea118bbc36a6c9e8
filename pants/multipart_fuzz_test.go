package pants_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
)

// part is a part of a multipart body as somebody saw it.
type part struct{ name, content string }

// anyName is for a name in extended form: mime/multipart takes bytes that are no UTF-8, the kit also reads ISO-8859-1.
const anyName = "\x00any"

var extendedName = regexp.MustCompile(`(?i)(^|[; \t])name\*`)

// stdlibParts are the parts that mime/multipart finds.
func stdlibParts(data []byte, boundary string) (parts []part, err error) {
	reader := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		p, err := reader.NextRawPart()
		if err == io.EOF { // a wrapped one means that the body was cut
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		switch name := p.FormName(); {
		case name == "":
		case extendedName.MatchString(p.Header.Get("Content-Disposition")):
			parts = append(parts, part{anyName, string(content)})
		default:
			parts = append(parts, part{name, string(content)})
		}
	}
}

// The boundaries are found where mime/multipart finds them: whatever both accept holds the same parts with the same names and
// bytes. Where one refuses, so does the other, but for the header of a part, about which the kit is more lenient.
func FuzzMultipart(f *testing.F) {
	field := "Content-Disposition: form-data; name=\"a\"\r\n\r\n"
	for _, body := range []string{
		"--b\r\n" + field + "one\r\n--b--\r\n",
		"--b\r\n" + field + "one\r\n--b\r\n" + strings.Replace(field, `"a"`, `"f"; filename="x.txt"`, 1) + "two\r\n--b--",
		"preamble\r\n\r\nmore\r\n--b\r\n" + field + "one\r\n--b--\r\nepilogue\r\n--b\r\n",
		"--b \t\r\n" + field + "one\r\n--b \r\n" + field + "\r\n--b-- \r\n",
		"--b\n" + strings.ReplaceAll(field, "\r", "") + "one\n--b--\n",
		"--b\r\n" + field + "x--b\r\n--bc\r\n--b-x\r\n-\r\n--b--\r\n",
		"--b\r\n" + field + "--b\r\n" + field + "--b--\r\n",
		"--b\r\n" + field + "unclosed",
		"--b\r\n" + field + "unclosed\r\n--b",
		"--b\r\n" + field + "unclosed\r\n--b-",
		"--b--\r\n",
		"--b\r\nno colon\r\n\r\nx\r\n--b--\r\n",
		"--b\r\nA: b\r\n c\r\n" + field + "x\r\n--b--\r\n",
		"--b\r\n\r\nno headers\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"a\\\"b\"; filename*=UTF-8''%e2%82%ac\r\n\r\nx\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name*=UTF-8''%e2%82%ac\r\n\r\nx\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=a; name*=ISO-8859-1''%e9\r\n\r\nx\r\n--b--\r\n",
	} {
		f.Add([]byte(body), "b")
	}
	f.Add([]byte("----\r\n"+field+"x\r\n------\r\n"), "--")
	f.Fuzz(func(t *testing.T, data []byte, boundary string) {
		if boundary == "" || len(boundary) > 70 || strings.ContainsAny(boundary, "\r\n \t") {
			return
		}
		want, wantErr := stdlibParts(data, boundary)
		limits := pants.Limits{Parts: -1, Files: -1, FieldSize: -1, PartHeader: -1}
		post, files, err := pants.ParseForm(data, boundary, limits, len(data)%2 == 1)
		// mime/multipart takes a body that is cut inside of a part's header for one that ends there. What follows a real end
		// changes nothing.
		if _, cut := stdlibParts(append(bytes.Clone(data), "\r\n\r\nx"...), boundary); wantErr != nil || cut != nil {
			return // a stricter header parser may have refused, too
		}
		if err != nil {
			t.Fatalf("refused: %v; mime/multipart finds %q", err, want)
		}
		var got []part
		counts := map[string]int{}
		for name, values := range post {
			counts[name] += len(values)
			for _, value := range values {
				got = append(got, part{name, value})
			}
		}
		for name, list := range files {
			counts[name] += len(list)
			for _, file := range list {
				content, err := file.Body()
				if err != nil || int64(len(content)) != file.Size {
					t.Fatalf("file %q: %d bytes, Size %d, %v", name, len(content), file.Size, err)
				}
				if strings.ContainsAny(file.Filename, "/\\\r\n\x00") {
					t.Fatalf("file name %q", file.Filename)
				}
				got = append(got, part{name, string(content)})
			}
		}
		// The order among names is lost in a map, and ours has what theirs leaves out for a header it cannot read.
		for _, p := range want {
			found := false
			for i := range got {
				if got[i] == p || p.name == anyName && got[i].content == p.content {
					got = append(got[:i], got[i+1:]...)
					found = true
					break
				}
			}
			if !found {
				t.Fatalf("part %q is missing in %v; mime/multipart finds %q", p, got, want)
			}
		}
	})
}
