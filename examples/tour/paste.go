package main

// What a reader pastes into an app of their own. The test compiles them.
const (
	pasteWho = `proxies, err := xheaders.New(xheaders.Config{Trust: []string{"loopback"}})
handler = proxies.Wrap(handler) // then: info, _ := xheaders.FromContext(r.Context()); info.ClientIP()`

	pasteForm = `http.Handle("/form", server.Handler(func(r *pants.Request) { r.SendResponse("Hello, " + r.Post().Get("name")) }))`

	pasteUpload = `server, err := pants.New(pants.Config{MaxRequest: 100 << 20}) // then: file := r.Files()["document"][0]; file.SaveTo(path)`

	pasteCookies = `err := r.SetSecureCookie(&http.Cookie{Name: "user", Path: "/"}, name) // then: err := r.SecureCookie("user", &name)`

	pasteFiles = `files, err := sendfile.New(sendfile.Config{Proxy: sendfile.Nginx, Root: "/srv/files", Prefix: "/protected/"})
text, err := files.Snippet("127.0.0.1:8080") // what nginx needs; then: files.Send(w, r, "report.txt", nil)`

	pasteChat = `r.Go(func() { r.SendResponse(<-news) }) // the handler returns, the response comes later`
)
