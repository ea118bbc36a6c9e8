package sendfile_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/go-pants/kit/sendfile"
)

// tcp stands for net/http's own writer, whose ReadFrom has the kernel copy a file to the connection.
type tcp struct{ *httptest.ResponseRecorder }

func (w tcp) ReadFrom(src io.Reader) (int64, error) {
	fmt.Println("the kernel copies")
	return io.Copy(w.ResponseRecorder, src)
}

// logged is a writer of a middleware; embedding shows what http.ResponseWriter has, and hides ReadFrom.
type logged struct{ http.ResponseWriter }

// passing is the same, done right.
type passing struct{ logged }

func (w passing) ReadFrom(src io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, src) }

// A writer around w that only embeds it hides its ReadFrom: each byte then goes through this process instead of straight from the
// page cache to the socket. The wrapper needs
//
//	func (w passing) ReadFrom(src io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, src) }
func ExampleSender_Send_incorrect() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	if err := os.WriteFile(filepath.Join(root, "film"), make([]byte, 1<<20), 0o644); err != nil {
		log.Fatal(err)
	}
	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	fmt.Println("wrong:", files.Send(logged{tcp{httptest.NewRecorder()}}, r, "film", nil))
	fmt.Println("right:", files.Send(passing{logged{tcp{httptest.NewRecorder()}}}, r, "film", nil))
	// Output:
	// wrong: <nil>
	// the kernel copies
	// right: <nil>
}

// A path that is made of the client's text leaves the folder, and with AllowOutside nothing stops it. Send takes the text as it is:
// a relative name never leaves Root.
func ExampleSender_Send_joined_incorrect() {
	dir := exampleRoot() // report.txt is outside of the public folder
	defer os.RemoveAll(dir)
	public := filepath.Join(dir, "public")
	if err := os.Mkdir(public, 0o755); err != nil {
		log.Fatal(err)
	}
	files, err := sendfile.New(sendfile.Config{Root: public, AllowOutside: true})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/?file=../report.txt", nil)

	wrong := httptest.NewRecorder()
	files.Send(wrong, r, filepath.Join(public, r.FormValue("file")), nil)
	right := httptest.NewRecorder()
	files.Send(right, r, r.FormValue("file"), nil)
	fmt.Println(wrong.Code, right.Code)
	// Output: 200 404
}

// Without the proxy in front nobody acts on the header: the file does not come, and the client reads where it is. Bind the app to
// an address that only the proxy reaches, or tell by Config.Offload which requests came through it.
func ExampleConfig_incorrect() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: root, Prefix: "/protected/"})
	if err != nil {
		log.Fatal(err)
	}
	direct := httptest.NewServer(files.Files())
	defer direct.Close()
	res, err := http.Get(direct.URL + "/report.txt")
	if err != nil {
		log.Fatal(err)
	}
	content, _ := io.ReadAll(res.Body)
	fmt.Printf("%d %q %s\n", res.StatusCode, content, res.Header.Get("X-Accel-Redirect"))
	// Output: 200 "" /protected/report.txt
}
