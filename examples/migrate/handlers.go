package main

import (
	"fmt"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/go-pants/kit/adapter"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
)

// Each handler does what the function of the same name in app.py does.

func (g *guestbook) index(r *pants.Request) {
	visits, _ := strconv.Atoi(r.Cookies().Get("visits"))
	r.CookiesOut().Set("visits", strconv.Itoa(visits+1)).Path = "/"
	user := g.user(r)
	if user == "" {
		user = "stranger"
	}
	entries, err := g.entries()
	if err != nil {
		g.fail(r, err)
		return
	}
	r.SendResponse(fmt.Sprintf("Welcome, %s. Visit %d. %d entries.\n", user, visits+1, len(entries)))
}

// user is who is logged in; nobody if the cookie is missing, forged or over. Whether Python or Go has signed it does not matter.
func (g *guestbook) user(r *pants.Request) string {
	var user string
	_ = r.SecureCookie("user", &user)
	return user
}

func (g *guestbook) login(r *pants.Request) {
	name := r.Post().Get("name")
	if name == "" {
		r.SendResponse("Who are you?\n", pants.Code(http.StatusBadRequest))
		return
	}
	// A byte string, as request.post gave Python: text would be another kind of cookie.
	if err := r.SetSecureCookie(&http.Cookie{Name: "user", Path: "/"}, []byte(name)); err != nil {
		g.fail(r, err)
		return
	}
	r.SendStatus(http.StatusSeeOther)
	r.SendHeaders(http.Header{"Location": {"/"}, "Content-Length": {"0"}})
	r.Finish()
}

func (g *guestbook) logout(r *pants.Request) {
	if err := r.SetSecureCookie(&http.Cookie{Name: "user", Path: "/", MaxAge: -1}, []byte{}); err != nil {
		g.fail(r, err)
		return
	}
	r.SendResponse("Bye.\n")
}

func (g *guestbook) entry(r *pants.Request) {
	id, _ := adapter.Value[int](r, "id")
	entries, err := g.entries()
	if err != nil {
		g.fail(r, err)
		return
	}
	for _, e := range entries {
		if e.ID == id {
			sendJSON(r, http.StatusOK, e)
			return
		}
	}
	r.SendResponse("No such entry.\n", pants.Code(http.StatusNotFound))
}

func (g *guestbook) sign(r *pants.Request) {
	user := g.user(r)
	if user == "" {
		r.SendResponse("Log in first.\n", pants.Code(http.StatusForbidden))
		return
	}
	e, err := g.add(user, r.Post().Get("text"))
	if err != nil {
		g.fail(r, err)
		return
	}
	sendJSON(r, http.StatusCreated, e)
}

func (g *guestbook) upload(r *pants.Request) {
	files := r.Files()["picture"]
	if len(files) == 0 {
		r.SendResponse("No picture.\n", pants.Code(http.StatusBadRequest))
		return
	}
	sendJSON(r, http.StatusOK, map[string]any{
		"filename": files[0].Filename, "type": files[0].ContentType, "bytes": files[0].Size, "caption": r.Post().Get("caption"),
	})
}

// below keeps what a client named in the folder of the files. SendFile takes an absolute path as it is, as Pants did, and
// "/files//etc/passwd" has one.
func below(name string) string { return "./" + name }

func (g *guestbook) file(r *pants.Request) {
	r.SendFile(below(adapter.Param(r, "name")), nil)
}

func (g *guestbook) download(r *pants.Request) {
	name := adapter.Param(r, "name")
	r.SendFile(below(name), &sendfile.Options{Filename: "guestbook-" + path.Base(name)})
}

func (g *guestbook) later(r *pants.Request) {
	r.Go(func() {
		time.Sleep(200 * time.Millisecond)
		r.SendResponse("Later.\n")
	})
}

func (g *guestbook) whoami(r *pants.Request) {
	r.SendResponse(fmt.Sprintf("%s %s %s\n", r.RemoteIP(), r.Scheme(), r.Host()))
}
