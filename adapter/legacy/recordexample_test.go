package legacy_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/go-pants/kit/adapter/legacy"
)

// A Recorder in front of the old app. Here a handler stands for the proxy to it.
func ExampleRecorder() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := legacy.Record(dir)
	if err != nil {
		log.Fatal(err)
	}
	proxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "9f86d081884c7d65", Path: "/", HttpOnly: true})
		http.Redirect(w, r, "/home", http.StatusSeeOther)
	})
	front := http.NewServeMux()
	front.Handle("/", recorder.Wrap(proxy)) // on chi: router.NotFound(recorder.Wrap(proxy).ServeHTTP)

	front.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login?token=abc", nil))
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}

	recordings, err := legacy.ReadRecordings(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recordings {
		target, _, _ := strings.Cut(r.Request.Target, "MASKED-")
		fmt.Println(r.Request.Method, target, r.Response.Status, r.Response.Header.Get("Location"))
		for _, c := range r.Response.Cookies {
			fmt.Println(c.Name, strings.HasPrefix(c.Value, "MASKED-"), c.Attributes)
		}
	}
	// Output:
	// POST /login?token= 303 /home
	// sid true [Path=/ HttpOnly]
}

// Edit takes out what only the app's people know to be personal.
func ExampleRecordConfig() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := legacy.NewRecorder(legacy.RecordConfig{
		Dir:     dir,
		Secrets: []string{"iban"},
		Keep:    []string{"lang"},
		Edit: func(r *legacy.Recording) bool {
			r.Response.Body.Content = []byte(strings.ReplaceAll(string(r.Response.Body.Content), "Ada Lovelace", "a customer"))
			return !strings.HasPrefix(r.Request.Target, "/health")
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	proxy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Hello, Ada Lovelace") })
	for _, target := range []string{"/health", "/hello?lang=en"} {
		recorder.Wrap(proxy).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, target, nil))
	}
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}
	recordings, err := legacy.ReadRecordings(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recordings {
		fmt.Printf("%s: %s", r.Request.Target, r.Response.Body.Content)
	}
	// Output: /hello?lang=en: Hello, a customer
}
