package legacytest_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
	"github.com/go-pants/kit/adapter/legacy/legacytest"
)

// printing is a testing.TB that prints, as there is no *testing.T in an example.
type printing struct{ testing.TB }

func (printing) Helper() {}
func (printing) Errorf(format string, args ...any) {
	_, message, _ := strings.Cut(fmt.Sprintf(format, args...), ".json: ") // the name of the file has the time in it
	fmt.Println(message)
}

// In a test of your own it is
//
//	func TestContract(t *testing.T) {
//		legacytest.Replay(t, "testdata/contract", newRouter(), legacytest.Options{...})
//	}
func ExampleReplay() {
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	// What the old app answered was recorded some day.
	recorder, err := legacy.Record(dir)
	if err != nil {
		log.Fatal(err)
	}
	old := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id": 7, "name": "Ada", "now": "12:01", "user": "`+user(r)+`"}`)
	})
	request := httptest.NewRequest(http.MethodGet, "/users/7", nil)
	request.AddCookie(&http.Cookie{Name: "sid", Value: "ada"})
	recorder.Wrap(old).ServeHTTP(httptest.NewRecorder(), request)
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}

	// This is to replace it. The order of its keys and the time are no matter, the id is.
	ported := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"name":"Ada","id":"7","user":"`+user(r)+`","now":"09:30"}`)
	})
	legacytest.Replay(printing{}, dir, ported, legacytest.Options{
		Only:       func(r *legacy.Recording) bool { return strings.HasPrefix(r.Request.Target, "/users/") },
		IgnoreText: []*regexp.Regexp{regexp.MustCompile(`\d\d:\d\d`)},
		Unmask: func(place, _ string) string {
			if place == "request cookie sid" {
				return "ada" // a cookie signed with the test's key
			}
			return ""
		},
	})
	// Output: GET /users/7: body /id = "7", want 7
}

// user is who is logged in.
func user(r *http.Request) string {
	cookie, err := r.Cookie("sid")
	if err != nil || cookie.Value != "ada" {
		return "nobody"
	}
	return "Ada"
}

// Compare is what Replay does with each answer.
func ExampleCompare() {
	recorded := &legacy.Recording{Response: legacy.RecordedResponse{
		Status:  http.StatusFound,
		Header:  http.Header{"Location": {"/home"}},
		Cookies: []legacy.RecordedCookie{legacy.ParseSetCookie("sid=; Path=/; Max-Age=0")},
	}}
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "sid", Path: "/app", MaxAge: -1})
	w.Header().Set("Location", "/home")
	w.WriteHeader(http.StatusSeeOther)
	for _, d := range legacytest.Compare(recorded, w.Result(), legacytest.Options{}) {
		fmt.Println(d)
	}
	// Output:
	// status = 303, want 302
	// cookie sid Path = "/app", want "/"
}

// One header more than the usual ones.
func ExampleDefaultHeaders() {
	recorded := &legacy.Recording{Response: legacy.RecordedResponse{Status: 200, Header: http.Header{"X-Request-Cost": {"7"}}}}
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Cost", "9")
	w.WriteHeader(200)
	o := legacytest.Options{Headers: append(legacytest.DefaultHeaders(), "X-Request-Cost")}
	fmt.Println(legacytest.Compare(recorded, w.Result(), o))
	// Output: [header X-Request-Cost = "9", want "7"]
}

func ExampleDifference_String() {
	d := legacytest.Difference{Where: "body /user/name", Got: `"ada"`, Want: `"Ada"`}
	fmt.Println(d)
	// Output: body /user/name = "ada", want "Ada"
}
