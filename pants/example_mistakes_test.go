package pants_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// quiet is a server that keeps what it thinks of its handlers to itself.
func quiet() *pants.Server {
	server, err := pants.New(pants.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	return server
}

// impatient waits 20 ms for a response, and keeps quiet as well.
func impatient() *pants.Server {
	server, err := pants.New(pants.Config{FinishTimeout: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	return server
}

// A panic in a plain goroutine ends the process, and with it every other client's download. One in Request.Go is a 500 for its
// own client.
func ExampleRequest_Go_incorrect() {
	profile := func() string { panic("no profile") }
	show(impatient().Handler(func(r *pants.Request) {
		end := make(chan any)
		go func() {
			defer func() { end <- recover() }() // stands for what Go does: it ends the process
			r.SendResponse(profile())
		}()
		fmt.Println("the process ends:", <-end)
	}), "GET", "/wrong", "")

	server := quiet()
	show(server.Handler(func(r *pants.Request) {
		r.Go(func() { r.SendResponse(profile()) })
	}), "GET", "/right", "")
	// Output:
	// the process ends: no profile
	// 504 text/plain 504 Gateway Timeout
	// 500 text/plain 500 Internal Server Error
}

// Under Wrap, as in net/http, the response is over when the handler returns. A later write is ErrFinished; on bare net/http it
// would land in the next response on the connection, which may be another client's. Handlers that answer later are for
// Server.Handler, with Request.Go.
func ExampleServer_Wrap_incorrect() {
	var server pants.Server
	returned, late := make(chan struct{}), make(chan error)
	wrong := server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		go func() {
			<-returned
			_, err := fmt.Fprint(w, "your bank balance")
			late <- err
		}()
	}))
	w := httptest.NewRecorder()
	wrong.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	close(returned)
	fmt.Println(<-late, w.Body.Len())

	show(server.Handler(func(r *pants.Request) {
		r.Go(func() { r.SendResponse("your bank balance") })
	}), "GET", "/", "")
	// Output:
	// pants: response already finished 0
	// 200 text/plain your bank balance
}

// A response that nobody finishes keeps its client waiting until FinishTimeout, and is a 504 then. The way out that returns
// without a word is easily overlooked: defer the Finish, or give each way its SendResponse.
func ExampleRequest_Finish_incorrect() {
	server := impatient()
	show(server.Handler(func(r *pants.Request) {
		if r.Get().Get("name") == "" {
			return
		}
		r.SendResponse("hello")
	}), "GET", "/wrong", "")
	show(server.Handler(func(r *pants.Request) {
		defer r.Finish()
		if name := r.Get().Get("name"); name != "" {
			r.Send("hello " + name)
		}
	}), "GET", "/right?name=Ada", "")
	// Output:
	// 504 text/plain 504 Gateway Timeout
	// 200  hello Ada
}

// SendResponse does not leave the handler. Without a return what was refused is done all the same; that the second answer is
// ErrFinished helps nobody.
func ExampleRequest_SendResponse_incorrect() {
	var server pants.Server
	show(server.Handler(func(r *pants.Request) {
		if r.RemoteIP() != "203.0.113.9" {
			r.SendResponse("not for you", pants.Code(403)) // and here return
		}
		fmt.Println("entry 7 is deleted")
		fmt.Println(r.SendResponse("deleted"))
	}), "DELETE", "/entry/7", "")
	// Output:
	// entry 7 is deleted
	// pants: response already finished
	// 403 text/plain not for you
}

// Secure cookies are signed, not encrypted: the client cannot change what it can read. What it must not read stays on the server,
// and the cookie is the key to it.
func ExampleRequest_SetSecureCookie_incorrect() {
	server := withSecret()
	_, value, _ := strings.Cut(cookieOf(server.Handler(func(r *pants.Request) {
		r.SetSecureCookie(&http.Cookie{Name: "user"}, map[string]string{"iban": "DE89 3704"})
		r.SendResponse("welcome")
	})), "=")
	text, _ := base64.RawURLEncoding.DecodeString(value)
	parts := strings.Split(string(text), "|") // when, what, signature
	payload, _ := base64.URLEncoding.DecodeString(parts[1])
	_, readable, _ := strings.Cut(string(payload), "|j") // behind the time it ends, and the kind of value
	fmt.Println(readable)
	// Output: {"iban":"DE89 3704"}
}

// A cookie that comes after the first byte of content cannot be sent: set cookies first, and look at the error.
func ExampleRequest_SetSecureCookie_late_incorrect() {
	server := withSecret()
	show(server.Handler(func(r *pants.Request) {
		r.Send("welcome")
		err := r.SetSecureCookie(&http.Cookie{Name: "user"}, "ada")
		fmt.Println(errors.Is(err, pants.ErrHeadersSent))
		r.Finish()
	}), "POST", "/login", "")
	// Output:
	// true
	// 200  welcome
}

// The format of Pants 1.0 does not sign the cookie's name: whoever may choose the value of one cookie has chosen that of every
// other. List in Names which cookies of the Python app are read; the kit's own format signs the name.
func ExampleLegacyCookies_incorrect() {
	secret := []byte("the cookie_secret")
	read := func(c pants.LegacyCookies, cookie string) {
		server, err := pants.New(pants.Config{LegacyCookies: c})
		if err != nil {
			panic(err)
		}
		show(server.Handler(func(r *pants.Request) {
			var user string
			if err := r.SecureCookie("user", &user); err != nil {
				r.SendResponse(err.Error(), pants.Code(403))
				return
			}
			r.SendResponse("welcome, " + user)
		}), "GET", "/", "", "Cookie", cookie)
	}
	app, err := pants.New(pants.Config{LegacyCookies: pants.LegacyCookies{Secret: secret, Write: true}})
	if err != nil {
		panic(err)
	}
	theme := cookieOf(app.Handler(func(r *pants.Request) { // the client has chosen the theme "admin"
		r.SetSecureCookie(&http.Cookie{Name: "theme"}, "admin")
		r.SendResponse("a fine theme")
	}))
	forged := strings.Replace(theme, "theme=", "user=", 1)

	read(pants.LegacyCookies{Secret: secret}, forged)
	read(pants.LegacyCookies{Secret: secret, Names: []string{"cart"}}, forged)
	// Output:
	// 200 text/plain welcome, admin
	// 403 text/plain pants: no cookie secret configured
}

// Behind a proxy everybody comes from the proxy's address: r.HTTP.RemoteAddr makes every client the machine's own. RemoteIP is the
// client's address, or "".
func ExampleRequest_RemoteIP_incorrect() {
	server := behindProxy()
	const proxy = "192.0.2.1"
	show(server.Handler(func(r *pants.Request) {
		if strings.HasPrefix(r.HTTP.RemoteAddr, proxy+":") {
			r.SendResponse("welcome, admin")
		}
	}), "GET", "/wrong", "", "X-Forwarded-For", "203.0.113.9")
	show(server.Handler(func(r *pants.Request) {
		if r.RemoteIP() != proxy {
			r.SendResponse("not for "+r.RemoteIP(), pants.Code(403))
		}
	}), "GET", "/right", "", "X-Forwarded-For", "203.0.113.9")
	// Output:
	// 200 text/plain welcome, admin
	// 403 text/plain not for 203.0.113.9
}

// The client writes the Host header: a link made of it leads wherever the client wants, and in a mail to somebody else that is his
// password. Such a link begins with a constant of the app.
func ExampleRequest_FullURL_incorrect() {
	const site = "https://shop.example"
	var server pants.Server
	h := server.Handler(func(r *pants.Request) {
		fmt.Println("wrong:", r.FullURL()+"?token=9f86d081")
		fmt.Println("right:", site+r.Path()+"?token=9f86d081")
		r.SendResponse("see your mail")
	})
	show(h, "POST", "http://evil.example/reset", "")
	// Output:
	// wrong: http://evil.example/reset?token=9f86d081
	// right: https://shop.example/reset?token=9f86d081
	// 200 text/plain see your mail
}

// A path that is made of the client's text may lead anywhere: an absolute one is sent, wherever it is. Give SendFile the text as
// it is, which does not leave Config.Sendfile.Root.
func ExampleRequest_SendFile_incorrect() {
	dir, err := os.MkdirTemp("", "app") // a secret beside the folder of files
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root := filepath.Join(dir, "files")
	if err := errors.Join(os.Mkdir(root, 0o755), os.WriteFile(filepath.Join(dir, "secret"), []byte("the key"), 0o600)); err != nil {
		panic(err)
	}
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Root: root}})
	if err != nil {
		panic(err)
	}
	show(server.Handler(func(r *pants.Request) {
		r.SendFile(filepath.Join(root, r.Get().Get("name")), nil)
	}), "GET", "/wrong?name=../secret", "")
	show(server.Handler(func(r *pants.Request) {
		r.SendFile(r.Get().Get("name"), nil)
	}), "GET", "/right?name=../secret", "")
	// Output:
	// 200 application/octet-stream the key
	// 404 text/plain 404 Not Found
}

// The name of an upload is the client's. It has no folders, but it may be that of a file which the web server obeys. Choose the
// name yourself, and keep theirs as a text.
func ExampleFile_SaveTo_incorrect() {
	public, err := os.MkdirTemp("", "public")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(public)
	var server pants.Server
	show(server.Handler(func(r *pants.Request) {
		f := r.Files()["document"][0]
		if err := f.SaveTo(filepath.Join(public, f.Filename)); err != nil { // right: filepath.Join(uploads, id)
			r.SendResponse("not saved", pants.Code(500))
			return
		}
		r.SendResponse("saved " + f.Filename)
	}), "POST", "/", strings.Replace(uploadBody, "notes.txt", "../../.htaccess", 1), "Content-Type", uploadType)
	// Output: 200 text/plain saved .htaccess
}

// http.MaxBytesReader bounds the body, but below an HTTPServer it cannot tell net/http to close the connection: the client may send
// all the rest. Config.MaxRequest does both; under Wrap it is ParseBody that reads.
func ExampleServer_HTTPServer_incorrect() {
	server, err := pants.New(pants.Config{MaxRequest: 10, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	wrong := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		hr.Body = http.MaxBytesReader(w, hr.Body, 10)
		if err := hr.ParseForm(); err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		}
	})
	right := server.Wrap(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		if err := pants.FromContext(hr.Context()).ParseBody(); errors.Is(err, pants.ErrTooLarge) {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		}
	}))
	for _, h := range []http.Handler{wrong, right} {
		front := httptest.NewUnstartedServer(nil)
		front.Config = server.HTTPServer(h)
		front.Start()
		res, err := http.Post(front.URL, "application/x-www-form-urlencoded", strings.NewReader("name=Ada+Lovelace"))
		if err != nil {
			panic(err)
		}
		res.Body.Close()
		fmt.Println(res.StatusCode, "closed:", res.Close)
		front.Close()
	}
	// Output:
	// 413 closed: false
	// 413 closed: true
}
