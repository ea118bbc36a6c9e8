package sendfile_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-pants/kit/examples/e2e/proxy"
	"github.com/go-pants/kit/sendfile"
)

// TestSelfTest: what each server does with a wrong configuration is told apart.
func TestSelfTest(t *testing.T) {
	for _, front := range servers {
		t.Run(front.name, func(t *testing.T) {
			root, other := folder(t), folder(t)
			// Another preset's header, which this server does not act on.
			foreign := sendfile.Config{Proxy: sendfile.Nginx, Prefix: "/protected/"}
			if front.conf.Proxy == sendfile.Nginx || front.conf.Proxy == sendfile.Caddy {
				foreign = sendfile.Config{Proxy: sendfile.Apache}
			}
			// How the server is brought to swallow the header and send nothing, and what is said about a wrong folder.
			swallow, folderHint := map[string]func(string) string{
				"nginx":    swap("location / {\n", "location / {\n    proxy_ignore_headers X-Accel-Redirect;\n", ""),
				"apache":   swap("XSendFile on", "XSendFile off\n    Header unset X-Sendfile", ""),
				"lighttpd": swap(`"x-sendfile" => "enable"`, `"x-sendfile" => "disable"`, ""),
				"caddy": func(text string) string {
					head, _, _ := strings.Cut(text, "\t@sendfile header")
					return head + "\theader_down -X-Accel-Redirect\n}\n"
				},
			}[front.name], map[string]string{
				"nginx":    "its alias is not Root",
				"apache":   "XSendFilePath does not contain Root",
				"lighttpd": "x-sendfile-docroot does not contain Root",
				"caddy":    "root or strip_prefix in handle_response do not match",
			}[front.name]

			tests := []struct {
				title string
				sends sendfile.Config
				edit  func(snippet string) string
				app   func(s *sendfile.Sender) http.Handler
				wrong string
			}{
				{"working", front.conf, nil, (*sendfile.Sender).Files, ""},
				{"header leaked", foreign, nil, (*sendfile.Sender).Files, "the proxy does not act on this header"},
				{"empty 200", front.conf, swallow, (*sendfile.Sender).Files, "answers 200 without content"},
				{"wrong root", front.conf, swap(root, other, "X-Accel-Mapping"), (*sendfile.Sender).Files, folderHint},
				{"not reached", front.conf, nil, func(*sendfile.Sender) http.Handler { return http.NotFoundHandler() }, "did not reach this Sender"},
			}
			for _, tt := range tests {
				t.Run(tt.title, func(t *testing.T) {
					s := newSender(t, tt.sends, root)
					base := behind(t, front, newSender(t, front.conf, root), tt.app(s), tt.edit)
					err := s.SelfTest(t.Context(), base)
					if tt.wrong == "" && err != nil || tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
						t.Errorf("SelfTest = %v, want %q", err, tt.wrong)
					}
					if left, _ := filepath.Glob(root + "/*"); len(left) != 0 {
						t.Errorf("left behind: %q", left)
					}
				})
			}
		})
	}
}

// swap replaces from by to in each line that does not contain but.
func swap(from, to, but string) func(string) string {
	return func(text string) string {
		if but == "" {
			return strings.ReplaceAll(text, from, to)
		}
		lines := strings.SplitAfter(text, "\n")
		for i, line := range lines {
			if !strings.Contains(line, but) {
				lines[i] = strings.ReplaceAll(line, from, to)
			}
		}
		return strings.Join(lines, "")
	}
}

// TestUsualRewrite: the line that Caddy's documentation shows decodes the value in newer versions only. SelfTest finds that.
func TestUsualRewrite(t *testing.T) {
	front := servers[slices.IndexFunc(servers, func(s server) bool { return s.name == "caddy" })]
	out, err := exec.Command(proxy.Need(t, "caddy"), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := newSender(t, front.conf, folder(t))
	err = s.SelfTest(t.Context(), behind(t, front, s, s.Files(), swap("uri path_regexp ^.*", "rewrite *", "")))
	old := strings.HasPrefix(strings.TrimPrefix(string(out), "v"), "2.6.")
	if old != (err != nil) || err != nil && !strings.Contains(err.Error(), "plain names work, but others do not") {
		t.Errorf("Caddy %s: SelfTest = %v", out, err)
	}
}
