// Package legacytest plays what a legacy.Recorder recorded against the handler that is to replace the old app, and tells how the
// answers differ.
//
//	func TestContract(t *testing.T) {
//		legacytest.Replay(t, "testdata/contract", newRouter(), legacytest.Options{})
//	}
//
// Recordings are made by [legacy.Record] in front of the old app. Their secrets are placeholders: where the new handler needs a
// cookie that is genuine, Options.Unmask makes one. The requests are sent to h as they were, POST and DELETE too: let it have a
// database of its own.
package legacytest

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

// Options say what is replayed and what of the answers has to be equal. The zero Options compare everything that can be.
type Options struct {
	// Only chooses the recordings to replay: those of the routes that have been ported. nil means all.
	Only func(*legacy.Recording) bool

	// Unmask supplies what a placeholder of a request stands for, such as a cookie signed with the test's key. place is where it
	// stands, as in Recording.Masked: "request cookie sid". Where it returns "", and without it, the placeholder itself is sent.
	Unmask func(place, placeholder string) string

	// Headers are the names of those to compare; nil means DefaultHeaders.
	Headers []string

	// IgnoreJSON are JSON pointers (RFC 6901) to what differs each time: "/time", and with "*" for any one step "/items/*/id". Whether
	// it is there at all is compared nevertheless.
	IgnoreJSON []string

	// IgnoreText is what differs each time in texts, in strings of JSON and in headers. All that matches is taken out before comparing.
	IgnoreText []*regexp.Regexp

	// Normalize is given both bodies that are text and no JSON before they are compared; nil leaves them as they are.
	Normalize func(contentType, body string) string
}

// maxShown is how many differences of a recording are reported.
const maxShown = 20

// Replay sends each request recorded in dir to h, in the order of recording, and reports on t how the answers differ from those
// recorded. Each recording is a subtest by the name of its file, where t has subtests.
//
// h runs behind a real server, so that the raw target, the framing of bodies, guessed Content-Types, trailers and upgrades are
// what they are in production. It sees the recorded Host, RemoteAddr and scheme (by Request.TLS). HTTP/2 is replayed as HTTP/1.1.
//
// A recording whose request has a body that was not stored is skipped. It is an error if that leaves nothing to replay, if there
// are no recordings in dir, or if a file there is none.
func Replay(t testing.TB, dir string, h http.Handler, o Options) {
	t.Helper()
	recordings, err := legacy.ReadRecordings(dir)
	if err != nil {
		t.Fatal(err)
	}
	replayed := 0
	for _, r := range recordings {
		if o.Only != nil && !o.Only(r) {
			continue
		}
		run := func(t testing.TB) {
			t.Helper()
			replay(t, r, h, o)
		}
		skip := testing.TB.Skip
		tt, subtests := t.(*testing.T)
		if !subtests {
			skip = testing.TB.Log
		}
		if why := r.Request.Body.Omitted; why != "" {
			run = func(t testing.TB) { skip(t, r.Name+": the request's body was not stored: "+why) }
		} else {
			replayed++
		}
		if subtests {
			tt.Run(r.Name, func(t *testing.T) { run(t) })
		} else {
			run(t)
		}
	}
	if replayed == 0 {
		t.Fatalf("none of the %d recordings in %s was replayed", len(recordings), dir)
	}
}

func replay(t testing.TB, r *legacy.Recording, h http.Handler, o Options) {
	t.Helper()
	what := r.Request.Method + " " + r.Request.Target
	response, err := send(r, h, o.Unmask)
	if err != nil {
		t.Errorf("%s: %s: %v", r.Name, what, err)
		return
	}
	if b := r.Response.Body; b.Omitted != "" && b.SHA256 == "" {
		t.Logf("%s: %s: the body is not compared, it was not stored: %s", r.Name, what, b.Omitted)
	}
	found := Compare(r, response, o)
	for _, d := range found[:min(len(found), maxShown)] {
		t.Errorf("%s: %s: %s", r.Name, what, d)
	}
	if len(found) > maxShown {
		t.Errorf("%s: %s: and %d differences more", r.Name, what, len(found)-maxShown)
	}
}
