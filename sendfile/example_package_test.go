package sendfile_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/go-pants/kit/sendfile"
)

// Public files for everybody, and one that only who is logged in may have.
func Example() {
	root, err := os.MkdirTemp("", "files") // "/srv/files"
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	for _, name := range []string{"terms.txt", "invoice-7.txt"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("this is "+name), 0o644); err != nil {
			log.Fatal(err)
		}
	}

	files, err := sendfile.New(sendfile.Config{Root: root}) // behind nginx also: Proxy: sendfile.Nginx, Prefix: "/protected/"
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /terms", func(w http.ResponseWriter, r *http.Request) {
		if err := files.Send(w, r, "terms.txt", nil); err != nil {
			log.Print(err) // the client has its answer already
		}
	})
	mux.HandleFunc("GET /invoices/{number}", func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		err := files.Send(w, r, "invoice-"+r.PathValue("number")+".txt", &sendfile.Options{Filename: "invoice.txt"})
		if err != nil {
			log.Print(err)
		}
	})

	for _, path := range []string{"/terms", "/invoices/7"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Print(w.Code, " ", w.Body, "\n")
	}
	// Output:
	// 200 this is terms.txt
	// 401 who are you?
}
