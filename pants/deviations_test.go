package pants_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deviation is one defect of Pants 1.0.1, by the code that the vectors give it, and what this package does instead.
type deviation struct {
	code   string
	reason string
	check  func(t *testing.T, v *vector, x *vectorExchange) // of every vector that has the code, and of own
	own    func(base string) []*vector                      // requests that no recorded vector makes
}

// TestDeviationsFromPants is the list of what differs from Pants 1.0.1 and why, one subtest each: defects that are not copied
// (deviationsFixed), and places where Pants or a better rule are both fine (deviationsTolerated).
func TestDeviationsFromPants(t *testing.T) {
	folder, own := vectorsFolder()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	base := writeFixtures(t, folder)
	vectors, err := readVectors(folder, base)
	if err != nil {
		t.Error(err)
	}
	t.Chdir(filepath.Join(base, "root"))

	unknown := map[string]bool{}
	byCode := map[string][]*vector{}
	for _, v := range vectors {
		for _, code := range v.Bugs {
			unknown[code] = true
			byCode[code] = append(byCode[code], v)
		}
	}
	for _, d := range append(append([]deviation(nil), deviationsFixed...), deviationsTolerated...) {
		delete(unknown, d.code)
		t.Run(d.code, func(t *testing.T) {
			list := byCode[d.code]
			if d.own != nil {
				list = append(list[:len(list):len(list)], d.own(base)...)
			}
			if len(list) == 0 && own {
				t.Error("nothing is checked")
			}
			for _, v := range list {
				v.base = base
				t.Run(v.ID, func(t *testing.T) { testDeviation(t, d, v) })
			}
		})
	}
	for code := range unknown {
		t.Errorf("no row for the code %q", code)
	}
}

func testDeviation(t *testing.T, d deviation, v *vector) {
	x := replay(t, v, replayOptions{all: true})
	switch {
	case x.newErr != nil:
		t.Errorf("New: %v", x.newErr)
	case v.NetHTTP.Requests == 0 && v.NetHTTP.Status != 0:
		compareRefused(t, v, x) // net/http has the fix
	default:
		d.check(t, v, x)
	}
	if t.Failed() {
		t.Logf("%s: %s\nsent %q\ngot  %q", d.code, d.reason, v.request(), x.raw())
		for _, c := range x.calls {
			if c.err != nil {
				t.Logf("the handler failed: %v", c.err)
			}
		}
	}
}

// madeVector is a vector by hand: the bytes to send and the steps of the handler, none for send_response("ok").
func madeVector(id, request string, steps ...recordedStep) *vector {
	v := &vector{ID: id, Category: "own", Send: []recordedValue{bytesValue(request)}, NetHTTP: vectorsNetHTTP{Requests: 1}}
	if len(steps) > 0 {
		v.Handler = steps
	}
	return v
}

// getRequest is a request with these header lines.
func getRequest(target string, lines ...string) string {
	head := append([]string{"GET " + target + " HTTP/1.1", "Host: app.example"}, lines...)
	return strings.Join(head, "\r\n") + "\r\n\r\n"
}

// postRequest is a request with content.
func postRequest(contentType, content string) string {
	return "POST /form HTTP/1.1\r\nHost: app.example\r\nContent-Type: " + contentType + "\r\nContent-Length: " +
		strconv.Itoa(len(content)) + "\r\n\r\n" + content
}

// wholeAnswer returns the answer to a single request, after a look at its form.
func wholeAnswer(t *testing.T, x *vectorExchange) wireAnswer {
	t.Helper()
	all, rest := x.responses()
	if len(all) == 0 || rest != "" {
		t.Fatalf("answers = %q, want whole ones", x.raw())
	}
	if last := all[len(all)-1]; !last.complete {
		t.Errorf("the answer is not complete: %q%q", last.head, last.body)
	}
	return all[0]
}

// firstCall returns the first call of the handler.
func firstCall(t *testing.T, x *vectorExchange) *handlerCall {
	t.Helper()
	if len(x.calls) == 0 {
		t.Fatalf("the handler did not run: %q", x.raw())
	}
	return x.calls[0]
}

func checkStatus(codes ...int) func(t *testing.T, v *vector, x *vectorExchange) {
	return func(t *testing.T, v *vector, x *vectorExchange) {
		if r := wholeAnswer(t, x); !slices.Contains(codes, r.status) {
			t.Errorf("status = %d, want one of %v", r.status, codes)
		}
		if v.Want != nil {
			compareWanted(t, v, x)
		}
	}
}
