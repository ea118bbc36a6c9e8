package legacy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-pants/kit/adapter/legacy"
)

// A client of HTTP/2 over TLS: the app hears HTTP/1.1, a length, one Cookie line and the scheme.
func TestHTTP2(t *testing.T) {
	app := newStandIn(t)
	ts := httptest.NewUnstartedServer(newProxy(t, legacy.Config{Backend: app.url()}))
	ts.EnableHTTP2 = true
	ts.StartTLS()
	defer ts.Close()
	r, err := http.NewRequest(http.MethodPost, ts.URL+"/a%2Fb?c;d", io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header["Cookie"] = []string{"a=b; c=d"}
	res, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if content, err := io.ReadAll(res.Body); err != nil || res.ProtoMajor != 2 || !strings.HasPrefix(string(content), "POST /a%2Fb?c;d\n") {
		t.Errorf("got %s %s, %v", res.Proto, content, err)
	}
	got := app.last()
	if got.line != "POST /a%2Fb?c;d HTTP/1.1" || got.body != "hello" || got.get("content-length") != "5" || got.get("x-forwarded-proto") != "https" ||
		got.get("cookie") != "a=b; c=d" || got.get("host") != strings.TrimPrefix(ts.URL, "https://") {
		t.Errorf("the app got %+v", got)
	}
}
