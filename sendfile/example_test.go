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
	"time"

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

// One Sender for the whole program; everything wrong with its Config is found here.
func ExampleNew() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	_, err := sendfile.New(sendfile.Config{Root: root})
	fmt.Println(err)
	_, err = sendfile.New(sendfile.Config{Root: root, Proxy: sendfile.Nginx, Precompressed: []string{"lzma"}})
	fmt.Println(err)
	// Output:
	// <nil>
	// sendfile: Nginx needs a Prefix, the path of its internal location
	// sendfile: Precompressed works with Direct only, not with Nginx
	// sendfile: unknown Precompressed "lzma"; there are "br", "zstd" and "gzip"
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

// A check at start, or in a deployment: it finds the proxy that swallows the header in silence, and says what is likely missing.
func ExampleSender_SelfTest() {
	root := exampleRoot()
	defer os.RemoveAll(root)

	files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: root, Prefix: "/protected/"})
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := sendfile.New(sendfile.Config{Root: root, Map: map[string]string{"/protected/": "."}})
	if err != nil {
		log.Fatal(err)
	}
	app := http.StripPrefix("/files", files.Files())
	good := httptest.NewServer(proxy.Intercept(app)) // stands for nginx
	defer good.Close()
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.Intercept(app).ServeHTTP(httptest.NewRecorder(), r) // answers with nothing
	}))
	defer bad.Close()

	// The address is that of the proxy, not our own: https://www.example.org/files/
	fmt.Println(files.SelfTest(context.Background(), good.URL+"/files/"))
	err = files.SelfTest(context.Background(), bad.URL+"/files/")
	_, reason, _ := strings.Cut(err.Error(), "answers ")
	fmt.Println(reason)
	// Output:
	// <nil>
	// 200 without content: the proxy took X-Accel-Redirect away and sent nothing. Likely "proxy_ignore_headers X-Accel-Redirect" is set
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

// With nginx in front of some of the instances and the app in front of others, a file keeps its tag.
func ExampleNginxETag() {
	root := exampleRoot()
	defer os.RemoveAll(root)
	day := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(root, "report.txt"), day, day); err != nil {
		log.Fatal(err)
	}

	files, err := sendfile.New(sendfile.Config{Root: root, ETag: sendfile.NginxETag})
	if err != nil {
		log.Fatal(err)
	}
	rec := httptest.NewRecorder()
	files.Files().ServeHTTP(rec, httptest.NewRequest("GET", "/report.txt", nil))
	fmt.Println(rec.Header().Get("ETag"))
	// Output: "65e071c0-c"
}
