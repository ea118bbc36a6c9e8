package pants_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// deviationsFixed are the defects of Pants that this package does not copy.
var deviationsFixed = []deviation{
	{"absolute-form", "host and path come from the target (RFC 9112 section 3.2.2), and FullURL is a URL", checkAbsoluteForm, nil},
	{"length-sign", "a length is digits; a sign is refused, because a proxy may read it in another way", checkRefused, func(string) []*vector {
		return []*vector{
			madeVector("plus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello"),
			madeVector("minus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello"),
		}
	}},
	{"chunked", "chunks are decoded and never read as the next request", checkChunked, nil},
	{"after-close", "nothing that follows a refused request reaches a handler", checkRefused, func(string) []*vector {
		return []*vector{madeVector("bad-then-good", "BAD\r\n\r\n"+getRequest("/1"))}
	}},
	{"header-int", "a header is text, also when it looks like a number", checkHeaderText, nil},
	{"header-type", "repeated or number-like headers reach the handler as the texts they are", checkHeaderType, nil},
	{"connection-list", "Connection is a list of tokens", checkConnectionList, nil},
	{"form-case", "media types ignore case", checkForm, func(string) []*vector {
		return []*vector{wantPost(madeVector("urlencoded", postRequest("Application/X-WWW-Form-Urlencoded", "a=1&b=2")), "a", "1", "b", "2")}
	}},
	{"mp-midline", "a delimiter stands at the start of a line", checkForm, nil},
	{"mp-crash", "a part that cannot be read is dropped or refused, and there is an answer", checkMultipartAnswered, nil},
	{"mp-semicolon", "a quoted string may hold a semicolon", checkForm, nil},
	{"mp-quote", `\" in a quoted string is a quote`, checkForm, nil},
	{"mp-path", "the folder in a file name is not handed over (RFC 7578 section 4.2)", checkBaseNames, func(string) []*vector {
		return []*vector{
			madeVector("unix", partRequest(`form-data; name="f"; filename="../../etc/passwd"`, "x")),
			madeVector("dots", partRequest(`form-data; name="f"; filename=".."`, "x")),
		}
	}},
	{"mp-extvalue", "a part with filename* alone is a file (RFC 5987)", checkExtendedName, func(string) []*vector {
		return []*vector{madeVector("utf-8", partRequest(`form-data; name="f"; filename*=UTF-8''n%C3%A4me.txt`, "x"))}
	}},
	{"mp-extname", "a field name may be extended too, as urllib3 before 1.25 sent one", checkForm, func(string) []*vector {
		return []*vector{wantPost(madeVector("utf-8", partRequest(`form-data; name*=utf-8''n%C3%A4me`, "x")), "näme", "x")}
	}},
	{"mp-case", "types and parameter names ignore case", checkForm, nil},
	{"mp-epilogue", "what follows the closing delimiter is ignored", checkForm, nil},
	{"mp-preamble", "what stands before the first delimiter is ignored", checkForm, nil},
	{"mp-unclosed", "a body that was cut off is refused, or at least no shortened part is handed over", checkWholeParts, func(string) []*vector {
		return []*vector{
			madeVector("no-close", postRequest(partsType, "--BB\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue one")),
			madeVector("half-close", postRequest(partsType, "--BB\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--BB\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\ntwo\r\n--B")),
		}
	}},
	{"mp-padding", "blanks may follow a boundary (RFC 2046 section 5.1.1)", checkForm, func(string) []*vector {
		return []*vector{wantPost(madeVector("blanks", postRequest(partsType,
			"--BB \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--BB  \r\nContent-Disposition: form-data; name=\"b\"\r\n\r\ntwo\r\n--BB-- \r\n")), "a", "one", "b", "two")}
	}},
	{"cookie-key", "a pair with an illegal name is skipped, the others are kept", checkCookies, func(string) []*vector {
		return []*vector{madeVector("in-the-middle", getRequest("/", "Cookie: a=1; b:c=2; d[e]=3; f=4"))}
	}},
	{"cookie-stop", "a pair that cannot be read is skipped, the later ones are found", checkCookies, func(string) []*vector {
		return []*vector{madeVector("stray", getRequest("/", "Cookie: a=1;; b=\xff; c=\"x; d=4; =5; e=6"))}
	}},
	{"cookie-reserved", "in a Cookie header every name is a cookie name", checkCookies, func(string) []*vector {
		return []*vector{madeVector("all", getRequest("/", "Cookie: a=1; Path=/x; domain=d; max-age=5; version=1; secure=2; httponly=3; b=2"))}
	}},
	{"x-unvalidated", "behind a trusted proxy only an address is an address, and only http and https are schemes; the mode that trusts everyone says so in its name", checkForwarded, nil},
	{"head-body", "HEAD is answered without content, its length included", checkHead, nil},
	{"bodyless", "204, 205 and 304 have no content, and 204 no length", checkBodyless, nil},
	{"informational", "1xx is no final answer", checkServerError, nil},
	{"bad-code", "a status has three digits", checkServerError, nil},
	{"injection", "CR and LF never split an answer, ; never adds a cookie attribute", checkInjection, func(string) []*vector {
		list := func(s ...string) *[]recordedValue {
			return &[]recordedValue{{kind: kindList, list: []recordedValue{bytesValue(s[0]), bytesValue(s[1])}}}
		}
		return []*vector{
			madeVector("value", getRequest("/"), recordedStep{Op: "send_headers", Headers: recordedHeader{Dict: list("X-A", "1\r\nX-Evil: 1")}}, recordedStep{Op: "finish"}),
			madeVector("bare-lf", getRequest("/"), recordedStep{Op: "send_headers", Headers: recordedHeader{Dict: list("X-A", "1\nX-Evil: 1")}}, recordedStep{Op: "finish"}),
			madeVector("attribute", getRequest("/"), recordedStep{Op: "set_cookie", Name: bytesValue("c"), Value: bytesValue("1"), Attrs: *list("path", "/; Domain=evil.example")},
				recordedStep{Op: "send_response", Content: bytesValue("ok")}),
		}
	}},
	{"unicode", "text is sent as UTF-8", checkUnicode, nil},
	{"header-value-list", "a list is several lines, wherever it stands", checkHeaderLists, func(string) []*vector {
		tuple := recordedValue{kind: kindTuple, list: []recordedValue{bytesValue("1"), bytesValue("2")}}
		return []*vector{
			madeVector("tuple", getRequest("/"), recordedStep{Op: "send_headers", Headers: recordedHeader{Dict: &[]recordedValue{{kind: kindList, list: []recordedValue{bytesValue("X-A"), tuple}}}}}, recordedStep{Op: "finish"}),
			madeVector("list-in-pairs", getRequest("/"), recordedStep{Op: "send_headers", Headers: recordedHeader{Pairs: &[]recordedValue{{kind: kindList, list: []recordedValue{bytesValue("X-A"), {kind: kindList, list: tuple.list}}}}}}, recordedStep{Op: "finish"}),
		}
	}},
	{"no-framing", "every answer has an end", checkFraming, nil},
	{"resp-close", "Connection: close in the answer closes the connection", checkCloses, func(string) []*vector {
		header := recordedHeader{Dict: &[]recordedValue{{kind: kindList, list: []recordedValue{bytesValue("Connection"), bytesValue("close")}}}}
		return []*vector{madeVector("close", getRequest("/"), recordedStep{Op: "send_headers", Headers: header}, recordedStep{Op: "send", Data: bytesValue("ok")}, recordedStep{Op: "finish"})}
	}},
	{"no-status", "without a status it is 200", checkImpliedStatus, nil},
	{"twice", "one request has one answer", checkOneAnswer, func(string) []*vector {
		answer := recordedStep{Op: "send_response", Content: bytesValue("one")}
		return []*vector{
			madeVector("answers", getRequest("/"), answer, recordedStep{Op: "send_response", Content: bytesValue("two")}),
			madeVector("finishes", getRequest("/"), answer, recordedStep{Op: "finish"}, recordedStep{Op: "finish"}),
		}
	}},
	{"bad-length", "never more than Content-Length says, and less ends the connection", checkLength, func(string) []*vector {
		length := recordedHeader{Dict: &[]recordedValue{{kind: kindList, list: []recordedValue{bytesValue("Content-Length"), bytesValue("3")}}}}
		return []*vector{madeVector("longer", getRequest("/"), recordedStep{Op: "send_headers", Headers: length}, recordedStep{Op: "send", Data: bytesValue("four")}, recordedStep{Op: "finish"})}
	}},
	{"timer-exception", "a panic in a timer is answered like any other", checkServerError, nil},
	{"pipeline", "answers go out in the order of the requests", checkPipeline, nil},
	{"empty-jar", "without cookies there is no line", checkNoStrayLine, nil},
	{"flag-false", "false switches an attribute off", checkFlags, nil},
	{"empty-name", "a cookie needs a name", func(t *testing.T, v *vector, x *vectorExchange) {
		for _, line := range wholeAnswer(t, x).values("Set-Cookie") {
			if strings.HasPrefix(line, "=") {
				t.Errorf("Set-Cookie = %q", line)
			}
		}
	}, nil},
	{"secure-float", "lifetimes are whole seconds, the same in the signature, the value and the date", checkSignedOut, nil},
	{"secure-int", "numbers of a signed cookie are canonical decimals", checkNoResults, nil},
	{"secure-resplit", "ten digits of time and a type letter leave one way to split the signed text", checkNoResults, nil},
	{"secure-decode", "a value that cannot be decoded is no value", checkNoResults, nil},
	{"missing-file", "no file: 404", checkNotFound, func(string) []*vector {
		return []*vector{madeVector("missing", getRequest("/"), recordedStep{Op: "send_file", Path: bytesValue("no such file")})}
	}},
	{"escape", "a relative path stays inside of the root", checkEscape, func(base string) []*vector {
		offload := madeVector("offload", getRequest("/"), recordedStep{Op: "send_file", Path: bytesValue("../outside/secret.txt")})
		offload.Server.FileRoot = filepath.Join(base, "root")
		offload.Server.Sendfile = recordedValue{kind: kindBool, bool: true}
		offload.Server.SendfilePrefix = "/p/"
		return []*vector{offload}
	}},
	{"local-time", "dates are UTC", checkUTC, nil},
	{"fraction", "modification times are compared in whole seconds", checkStatus(200, 206, 304), nil},
	{"disposition", "a download name is quoted, and what is not ASCII goes into filename*", checkDisposition, nil},
	{"file-header-case", "header names ignore case, so each is sent once", checkFileHeaders, nil},
	{"file-dict", "the headers given to SendFile are left alone", checkFileHeaders, nil},
	{"expires-alone", "who gives Expires has said how long: max-age would win over it (RFC 9111 section 5.3)", func(t *testing.T, v *vector, x *vectorExchange) {
		if r := wholeAnswer(t, x); r.get("Expires") != "0" || r.get("Cache-Control") != "" {
			t.Errorf("Expires, Cache-Control = %q, %q, want 0 alone", r.get("Expires"), r.get("Cache-Control"))
		}
	}, func(string) []*vector {
		header := recordedHeader{Dict: &[]recordedValue{{kind: kindList, list: []recordedValue{bytesValue("Expires"), bytesValue("0")}}}}
		return []*vector{madeVector("zero", getRequest("/"), recordedStep{Op: "send_file", Path: bytesValue("alpha.txt"), Headers: header})}
	}},
	{"range-check", "a plain range is answered with the range", checkRange(http.StatusPartialContent), nil},
	{"range-suffix", "a suffix longer than the file is the whole file, -0 is nothing, --5 is malformed", checkSuffix, nil},
	{"range-unit", "the unit ignores case, and other units are ignored", checkRange(200, 206), func(string) []*vector {
		return []*vector{
			wantRange(madeVector("upper", getRequest("/", "Range: Bytes=1-2"), recordedStep{Op: "send_file", Path: bytesValue("alpha.txt")}), "bytes 1-2/26", "bc"),
			madeVector("items", getRequest("/", "Range: items=1-2"), recordedStep{Op: "send_file", Path: bytesValue("alpha.txt")}),
		}
	}},
	{"weak-etag", "If-None-Match compares weakly (RFC 9110 section 13.1.2)", checkStatus(304, 412), func(string) []*vector {
		return []*vector{madeVector("weak", getRequest("/", `If-None-Match: W/"1a-52d9b780"`), recordedStep{Op: "send_file", Path: bytesValue("alpha.txt")})}
	}},
	{"inm-precedence", "If-None-Match alone decides when it is there", checkStatus(200), nil},
	{"cond-method", "If-Modified-Since is for GET and HEAD, If-None-Match is 412 for other methods", checkStatus(200, 412), nil},
	{"if-match", "If-Match and If-Unmodified-Since that fail are 412", checkStatus(412), nil},
	{"own-etag", "conditions are compared with the validators that are sent", checkStatus(200, 206, 304, 412), nil},
	{"xs-outside", "a path outside of the root is not told to the proxy", checkOutside, nil},
	{"xs-dots", "only a .. component leaves the root", checkDots, func(base string) []*vector {
		v := madeVector("dots", getRequest("/"), recordedStep{Op: "send_file", Path: bytesValue(filepath.Join(base, "root", "..dots.txt"))})
		v.Server.FileRoot = filepath.Join(base, "root")
		v.Server.Sendfile = recordedValue{kind: kindBytes, text: "X-Sendfile"}
		v.Server.SendfilePrefix = "/p/"
		return []*vector{v}
	}},
}

// alsoLeft are the parts that a fix changes besides those that the vectors name.
var alsoLeft = map[string][]string{
	"absolute-form": {"seen.url"}, // URL is the origin form, so that it can be joined with Host
}

const partsType = "multipart/form-data; boundary=BB"

// partRequest is a request with one part.
func partRequest(disposition, content string) string {
	return postRequest(partsType, "--BB\r\nContent-Disposition: "+disposition+"\r\n\r\n"+content+"\r\n--BB--\r\n")
}

// wantPost says what the fields of the form are: names and values in turn.
func wantPost(v *vector, fields ...string) *vector {
	post := recordedValue{kind: kindList}
	for i := 0; i+1 < len(fields); i += 2 {
		post.list = append(post.list, recordedValue{kind: kindList, list: []recordedValue{bytesValue(fields[i]), bytesValue(fields[i+1])}})
	}
	v.Want = &wantedInstead{Post: &post}
	return v
}

func wantRange(v *vector, contentRange, body string) *vector {
	content := bytesValue(body)
	v.Want = &wantedInstead{Status: http.StatusPartialContent, ContentRange: contentRange, Body: &content}
	return v
}
