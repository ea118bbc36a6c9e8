package machines_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// bucket is an object storage: another machine, which both others can reach.
type bucket struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string][]byte
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	// Storages want to know the size before they take an object, and a client's library says it as the Content-Length.
	if err != nil || r.Method != http.MethodPut || r.ContentLength != int64(len(content)) {
		b.t.Errorf("%s %s: %d bytes of %d, %v", r.Method, r.URL, len(content), r.ContentLength, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.objects[r.URL.Path]; there {
		b.t.Errorf("%s comes twice", r.URL)
	}
	b.objects[r.URL.Path] = content
}

// put is what a library does.
func put(ctx context.Context, url string, content io.Reader, size int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, content)
	if err != nil {
		return err
	}
	req.ContentLength = size
	if size == 0 {
		req.Body = http.NoBody
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the storage says %s", res.Status)
	}
	return nil
}

// An upload through nginx to whichever machine goes on to the storage, byte by byte: from memory and from the temporary file, and
// several in one form. Either machine then knows nothing of it, and either can be asked for it.
func TestUploadHandedOn(t *testing.T) {
	b := &bucket{t: t, objects: map[string][]byte{}}
	storage := httptest.NewServer(b)
	t.Cleanup(storage.Close)
	var addresses []string
	for _, name := range []string{"one", "two"} {
		server, err := pants.New(pants.Config{MaxRequest: 20 << 20})
		if err != nil {
			t.Fatal(err)
		}
		ts := httptest.NewServer(server.Handler(func(r *pants.Request) {
			var keys []string
			for _, file := range r.Files()["photo"] {
				content, err := file.Open()
				if err != nil {
					t.Error(err)
					continue
				}
				key := "/" + rand.Text()
				if err := put(r.Context(), storage.URL+key, content, file.Size); err != nil {
					t.Error(err)
				}
				if err := content.Close(); err != nil {
					t.Error(err)
				}
				keys = append(keys, key)
			}
			_ = r.SendResponse(name + " " + strings.Join(keys, " "))
		}))
		t.Cleanup(ts.Close)
		addresses = append(addresses, ts.Listener.Addr().String())
	}
	base := nginx(t, "", addresses...)
	served := map[string]bool{}
	for _, sizes := range [][]int{{0}, {1}, {100_000}, {1 << 20}, {5<<20 + 1}, {70_000, 0, 3 << 20, 5}, {10, 10}} {
		var contents [][]byte
		var form bytes.Buffer
		m := multipart.NewWriter(&form)
		for _, size := range sizes {
			content := make([]byte, size)
			_, _ = rand.Read(content)
			contents = append(contents, content)
			part, err := m.CreateFormFile("photo", "../../etc/passwd")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(content)
		}
		m.Close()
		res, err := http.Post(base+"/upload", m.FormDataContentType(), bytes.NewReader(form.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		words := strings.Fields(string(answer))
		if err != nil || res.StatusCode != 200 || len(words) != 1+len(sizes) {
			t.Fatalf("%v: %d %q, %v", sizes, res.StatusCode, answer, err)
		}
		served[words[0]] = true
		for i, key := range words[1:] {
			b.mu.Lock()
			if got := b.objects[key]; !bytes.Equal(got, contents[i]) {
				t.Errorf("%d of %v: %d bytes with sum %x, want %d with %x", i, sizes, len(got), sha256.Sum256(got), len(contents[i]), sha256.Sum256(contents[i]))
			}
			b.mu.Unlock()
		}
	}
	if len(served) != 2 {
		t.Errorf("only %v served: nothing is shown", served)
	}
}

// Files are on nginx's disk alone: the machines have an empty folder. They say which file, and nginx sends it.
func TestDownloadOffloaded(t *testing.T) {
	files, empty := proxy.Folder(t), proxy.Folder(t)
	content := make([]byte, 3<<20)
	_, _ = rand.Read(content)
	proxy.File(t, files, "holiday photo.jpg", string(content))
	proxy.File(t, filepath.Dir(files), filepath.Base(files)+".secret", "secret")
	t.Cleanup(func() { _ = os.Remove(files + ".secret") })
	// The lines are for the folder as nginx has it, the Sender of a machine for its own.
	there, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: files, Prefix: "/protected/"})
	if err != nil {
		t.Fatal(err)
	}
	snippet, err := there.Snippet("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	location, _, found := strings.Cut(snippet, "location / {")
	if !found {
		t.Fatalf("the snippet has another form:\n%s", snippet)
	}
	var addresses []string
	for range 2 {
		s, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: empty, Prefix: "/protected/"})
		if err != nil {
			t.Fatal(err)
		}
		var server pants.Server
		ts := httptest.NewServer(server.Handler(func(r *pants.Request) {
			value, ok, err := s.Value(r.Get().Get("name"))
			if err != nil || !ok {
				_ = r.SendResponse("no such file", pants.Code(http.StatusNotFound))
				return
			}
			_ = r.SendHeaders(http.Header{"X-Accel-Redirect": {value}})
			_ = r.Finish()
		}))
		t.Cleanup(ts.Close)
		addresses = append(addresses, ts.Listener.Addr().String())
	}
	base := nginx(t, location, addresses...)
	for _, test := range []struct {
		query  string
		status int
		want   []byte
	}{
		{"?name=holiday+photo.jpg", 200, content},
		{"?name=holiday+photo.jpg", 200, content},
		{"?name=holiday%20photo.jpg", 200, content},
		{"?name=none.jpg", 404, nil},
		{"?name=../" + filepath.Base(files) + ".secret", 404, nil},
		{"?name=/etc/passwd", 404, nil},
		{"?name=", 404, nil},
	} {
		res, err := http.Get(base + "/download" + test.query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != test.status || test.want != nil && !bytes.Equal(got, test.want) {
			t.Errorf("%s: %d with %d bytes, %v; want %d with %d", test.query, res.StatusCode, len(got), err, test.status, len(test.want))
		}
		if where := res.Header.Get("X-Accel-Redirect"); where != "" {
			t.Errorf("%s: the client sees where the file is: %s", test.query, where)
		}
	}
	if res, err := http.Get(base + "/protected/holiday%20photo.jpg"); err != nil || res.StatusCode != 404 {
		t.Errorf("the internal location answers: %v, %v", res, err)
	}
}
