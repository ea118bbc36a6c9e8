package sendfile_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-pants/kit/sendfile"
)

// exampleRoot stands for a directory like /srv/files.
func exampleRoot() string {
	root, err := os.MkdirTemp("", "sendfile")
	if err != nil {
		log.Fatal(err)
	}
	for name, content := range map[string]string{"report.txt": "all is well\n", "100%.txt": "done\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	return root
}

func ExampleSender_Send() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		log.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The answer is complete in any case; the error is for the log.
		err := files.Send(w, r, "report.txt", &sendfile.Options{
			Filename: "Bericht März.txt",
			Header:   http.Header{"Cache-Control": {"private, max-age=60"}},
		})
		if err != nil {
			log.Print(err)
		}
	})

	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/report", nil)
	r.Header.Set("Range", "bytes=0-2")
	handler.ServeHTTP(rec, r)
	fmt.Println(rec.Code, rec.Header().Get("Content-Range"), rec.Body)
	fmt.Println(rec.Header().Get("Content-Disposition"))
	// Output:
	// 206 bytes 0-2/12 all
	// attachment; filename="Bericht M_rz.txt"; filename*=UTF-8''Bericht%20M%C3%A4rz.txt
}

func ExampleSender_Files() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{Root: root})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static", files.Files()))

	for _, path := range []string{"/static/report.txt", "/static/", "/static/%2e%2e/secret"} {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, rec.Code)
	}
	// Output:
	// /static/report.txt 200
	// /static/ 404
	// /static/%2e%2e/secret 404
}

// Behind nginx with
//
//	location /protected/ { internal; alias /srv/files/; }
func ExampleSender_Send_nginx() {
	root := exampleRoot() // /srv/files
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{
		Proxy:  sendfile.Nginx,
		Root:   root,
		Prefix: "/protected/",
		ETag:   sendfile.NginxETag, // what nginx sends itself
	})
	if err != nil {
		log.Fatal(err)
	}

	rec := httptest.NewRecorder()
	if err := files.Send(rec, httptest.NewRequest("GET", "/", nil), "100%.txt", nil); err != nil {
		log.Print(err)
	}
	fmt.Println(rec.Code, rec.Body.Len(), rec.Header().Get("X-Accel-Redirect"))
	// Output: 200 0 /protected/100%25.txt
}

func ExampleSender_Value() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	for _, proxy := range []sendfile.Proxy{sendfile.Nginx, sendfile.Apache, sendfile.Lighttpd, sendfile.Generic} {
		files, err := sendfile.New(sendfile.Config{Proxy: proxy, Root: root, Prefix: "/files"})
		if err != nil {
			log.Fatal(err)
		}
		value, ok, err := files.Value("100%.txt")
		fmt.Printf("%q %v %v\n", value, ok, err)
	}
	// Output:
	// "/files/100%25.txt" true <nil>
	// "/files/100%.txt" true <nil>
	// "/files/100%25.txt" true <nil>
	// "" false <nil>
}

// A wrapper that only embeds the ResponseWriter hides its ReadFrom: every byte
// then goes through this process instead of straight from the page cache to the
// socket. A wrapper needs
//
//	func (w *logged) ReadFrom(src io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, src) }
func ExampleSender_Send_incorrect() {
	type logged struct {
		http.ResponseWriter // and no ReadFrom
	}
	files, err := sendfile.New(sendfile.Config{})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/download", func(w http.ResponseWriter, r *http.Request) {
		// Also wrong: a name from the request together with AllowOutside,
		// and an error that is not looked at.
		_ = files.Send(logged{w}, r, r.FormValue("file"), nil)
	})
}

// In front of an app that names files in X-Sendfile, as Rails, Rack, Symfony and
// Pants do.
func ExampleSender_Intercept() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{
		Root: root,
		Map:  map[string]string{"/protected/": "."}, // for X-Accel-Redirect
	})
	if err != nil {
		log.Fatal(err)
	}
	// With an app in another process, app is an httputil.ReverseProxy whose
	// Transport has DisableCompression set.
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret" {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		w.Header().Set("X-Accel-Redirect", "/protected"+r.URL.Path)
	})

	front := files.Intercept(app)
	for _, path := range []string{"/report.txt", "/missing", "/secret"} {
		rec := httptest.NewRecorder()
		front.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		fmt.Println(rec.Code, strings.TrimSpace(rec.Body.String()))
	}
	// Output:
	// 200 all is well
	// 404 404 Not Found
	// 403 who are you?
}

func ExampleConfig_precompressed() {
	root := exampleRoot()
	defer os.RemoveAll(root)
	if err := os.WriteFile(filepath.Join(root, "report.txt.gz"), []byte("(gzipped)"), 0o644); err != nil {
		log.Fatal(err)
	}

	files, err := sendfile.New(sendfile.Config{Root: root, Precompressed: []string{"br", "gzip"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, accept := range []string{"gzip", "gzip;q=0"} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/report.txt", nil)
		r.Header.Set("Accept-Encoding", accept)
		files.Files().ServeHTTP(rec, r)
		fmt.Printf("%q %q %q\n", rec.Body, rec.Header().Get("Content-Encoding"), rec.Header().Get("Vary"))
	}
	// Output:
	// "(gzipped)" "gzip" "Accept-Encoding"
	// "all is well\n" "" "Accept-Encoding"
}

func ExampleSender_Snippet() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Lighttpd, Root: root})
	if err != nil {
		log.Fatal(err)
	}
	text, err := files.Snippet("127.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(text, root, "/srv/files"))
	// Output:
	// # lighttpd; server.modules has to contain "mod_proxy".
	// # Without x-sendfile-docroot the app could name any file of the machine.
	// proxy.server = ( "" => ((
	//     "host" => "127.0.0.1", "port" => 8080,
	//     "x-sendfile" => "enable",
	//     "x-sendfile-docroot" => ( "/srv/files/" )
	// )) )
}

// A check at start, or in a deployment: it finds the proxy that swallows the
// header in silence.
func ExampleSender_SelfTest() {
	files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: "/srv/files", Prefix: "/protected/"})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/files/", http.StripPrefix("/files", files.Files()))
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil)) }()

	// The address is that of the proxy, not our own.
	if err := files.SelfTest(context.Background(), "https://www.example.org/files/"); err != nil {
		log.Print(err)
	}
}

func ExampleContentType() {
	for _, name := range []string{"page.HTML", "backup.tar.gz", ".profile", "upload"} {
		fmt.Println(sendfile.ContentType(name))
	}
	// Output:
	// text/html; charset=utf-8
	// application/gzip
	// application/octet-stream
	// application/octet-stream
}

// An app that is reached through nginx and, for its health checks, directly.
func ExampleConfig_offload() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{
		Proxy: sendfile.Nginx, Root: root, Prefix: "/protected/",
		Offload: func(r *http.Request) bool { return strings.HasPrefix(r.RemoteAddr, "127.0.0.1:") },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, peer := range []string{"127.0.0.1:40000", "192.0.2.7:40000"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		if err := files.Send(w, r, "report.txt", nil); err != nil {
			log.Print(err)
		}
		fmt.Printf("%s: %q %q\n", peer, w.Header().Get("X-Accel-Redirect"), w.Body)
	}
	// Output:
	// 127.0.0.1:40000: "/protected/report.txt" ""
	// 192.0.2.7:40000: "" "all is well\n"
}
