package pants_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pants/kit/pants"
)

// The debug picture shows what came, but nothing that proves who somebody is, and no markup.
func TestDebugPicture(t *testing.T) {
	body := "--b\r\nContent-Disposition: form-data; name=f; filename=\"<i>.txt\"\r\n\r\nsecretcontent\r\n--b\r\nContent-Disposition: form-data; name=q\r\n\r\n<b>&\"\r\n--b--\r\n"
	hr := httptest.NewRequest(http.MethodPost, "/p?x=<script>", strings.NewReader(body))
	hr.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	hr.Header.Set("Cookie", "sid=secretsession; other=secretother")
	hr.Header.Add("Cookie", "more=secretmore")
	hr.Header.Set("Authorization", "Bearer secrettoken")
	hr.Header.Set("Proxy-Authorization", "Basic secretproxy")
	var s pants.Server
	var text, html string
	s.Handler(func(r *pants.Request) {
		text, html = r.String(), r.HTML()
		_ = r.Finish()
	}).ServeHTTP(httptest.NewRecorder(), hr)
	for _, want := range []string{`"POST"`, `"/p?x=<script>"`, `"192.0.2.1"`, `"example.com"`, `"sid": "***"`, `"more": "***"`, `"Authorization": "***"`, `"q": "<b>&\""`, `<i>.txt (application/unknown, 13 bytes)`} {
		if !strings.Contains(text, want) {
			t.Errorf("String does not show %s:\n%s", want, text)
		}
	}
	for _, picture := range []string{text, html} {
		if strings.Contains(picture, "secret") {
			t.Errorf("a secret is shown:\n%s", picture)
		}
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(html, "<pre>"), "</pre>"); strings.ContainsAny(inner, "<>\"") || !strings.Contains(inner, "&lt;script&gt;") {
		t.Errorf("HTML is not escaped:\n%s", html)
	}
}

// Under Wrap the picture reads no body that nobody asked for.
func TestDebugPictureReadsNoBody(t *testing.T) {
	var s pants.Server
	hr := httptest.NewRequest(http.MethodPost, "/", failing{})
	s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		if text := pants.FromContext(hr.Context()).String(); !strings.Contains(text, "post      = {}") {
			t.Errorf("got %s", text)
		}
	})).ServeHTTP(httptest.NewRecorder(), hr)
}

// logged collects what a Server logs.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// A head that a proxy's default buffer does not hold is logged, once for each cookie name; what a client may read is in no log
// text, and what the log says is in no answer.
func TestTwoTexts(t *testing.T) {
	log := new(logged)
	s := newServer(t, pants.Config{Log: slog.New(slog.NewTextHandler(log, nil)), FinishTimeout: 10 * time.Millisecond})
	for range 3 {
		w := respond(s, http.MethodGet, func(r *pants.Request) {
			r.CookiesOut().Set("big", strings.Repeat("x", 4000))
			_ = r.SendResponse("ok")
		})
		if w.Code != 200 || len(w.Header().Get("Set-Cookie")) < 4000 {
			t.Errorf("the cookie was not sent: %d", w.Code)
		}
	}
	waitFor(t, func() bool { return log.count("cookie=big") == 1 })
	w := respond(s, http.MethodGet, func(*pants.Request) { panic("inner detail") })
	if w.Body.String() != "500 Internal Server Error" || log.count("inner detail") == 0 || log.count("debug_test.go") == 0 {
		t.Errorf("panic: the client reads %q", w.Body)
	}
	w = respond(s, http.MethodGet, func(*pants.Request) {})
	if w.Code != 504 || log.count("TestTwoTexts") == 0 || log.count("path=/") == 0 {
		t.Errorf("time-out: %d; the log names no handler", w.Code)
	}
	w = respond(s, http.MethodGet, func(r *pants.Request) { _ = r.SendHeaders(http.Header{"X-Inner": {"a\nb"}}) })
	if w.Code != 500 || log.count("X-Inner") == 0 || strings.Contains(w.Body.String(), "Inner") {
		t.Errorf("refused: %d %q", w.Code, w.Body)
	}
}

// HTTPServer has limits for what net/http leaves open.
func TestHTTPServer(t *testing.T) {
	srv := newServer(t, pants.Config{}).HTTPServer(http.NotFoundHandler())
	if srv.ReadHeaderTimeout != 10*time.Second || srv.IdleTimeout != 75*time.Second || srv.MaxHeaderBytes != 64<<10 || srv.WriteTimeout != 0 || srv.ErrorLog == nil || !srv.DisableGeneralOptionsHandler {
		t.Errorf("%+v", srv)
	}
}
