package main

// What a reader pastes into an app of their own. The test compiles them.
const (
	pasteWho = `proxies, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
handler = proxies.Wrap(handler) // in it: info, _ := xheaders.FromContext(r.Context()); info.ClientIP()`

	pasteForm = `http.Handle("/form", server.Handler(func(r *pants.Request) {
	r.SendResponse("Hello, " + r.Post().Get("name"))
}))`

	pasteUpload = `server, err := pants.New(pants.Config{MaxRequest: 100 << 20})
// in a handler: err := r.Files()["document"][0].SaveTo(path)`

	pasteCookies = `err := r.SetSecureCookie(&http.Cookie{Name: "user", Path: "/"}, name)
// and later: err := r.SecureCookie("user", &name)`

	pasteFiles = `files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: "/srv/files", Prefix: "/protected/"})
text, err := files.Snippet("127.0.0.1:8080") // the lines for nginx
// in a handler: err := files.Send(w, r, "report.txt", nil)`

	pasteChat = `r.Go(func() { r.SendResponse(<-news) }) // the handler returns now, the response comes later`
)
