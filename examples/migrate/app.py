# A small guest book for Pants 1.0 on Python 2: what the Go program beside it takes over, route by route.
#
#   PYTHONPATH=/path/to/pants python2.7 app.py 8081
import json
import os
import sys

from pants import Engine
from pants.http import HTTPServer
from pants.web import Application

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.environ.get("GUESTBOOK_FILES", os.path.join(HERE, "files"))
DATA = os.environ.get("GUESTBOOK_DATA", os.path.join(HERE, "entries.jsonl"))
SECRET = "a secret that both programs know"

app = Application()


def entries():
    """The guest book, a line of JSON each: either program reads and writes it."""
    with open(DATA) as book:
        return [json.loads(line) for line in book]


@app.route("/")
def index(request):
    visits = 1
    if "visits" in request.cookies:
        visits += int(request.cookies["visits"].value)
    request.cookies_out["visits"] = str(visits)
    request.cookies_out["visits"]["path"] = "/"
    user = request.get_secure_cookie("user") or "stranger"
    return "Welcome, %s. Visit %d. %d entries.\n" % (user, visits, len(entries())), 200, {"Content-Type": "text/plain"}


@app.route("/login", methods=["POST"])
def login(request):
    request.auto_finish = False
    name = request.post.get("name", "")
    if not name:
        request.send_response("Who are you?\n", 400)
        return
    request.set_secure_cookie("user", name, path="/")
    request.send_status(303)
    request.send_headers({"Location": "/", "Content-Length": 0})
    request.finish()


@app.route("/logout", methods=["POST"])
def logout(request):
    request.auto_finish = False
    request.set_secure_cookie("user", "", expires=0, path="/")
    request.send_response("Bye.\n")


@app.route("/entry/<int:id>")
def entry(request, id):
    request.auto_finish = False
    for one in entries():
        if one["id"] == id:
            request.send_response(json.dumps(one, sort_keys=True), content_type="application/json")
            return
    request.send_response("No such entry.\n", 404)


@app.route("/sign", methods=["POST"])
def sign(request):
    request.auto_finish = False
    user = request.get_secure_cookie("user")
    if not user:
        request.send_response("Log in first.\n", 403)
        return
    new = json.dumps({"id": len(entries()) + 1, "name": user, "text": request.post.get("text", "")}, sort_keys=True)
    with open(DATA, "a") as book:
        book.write(new + "\n")
    request.send_response(new, 201, "application/json")


@app.route("/upload", methods=["POST"])
def upload(request):
    request.auto_finish = False
    if "picture" not in request.files:
        request.send_response("No picture.\n", 400)
        return
    picture = request.files["picture"][0]
    request.send_response(json.dumps({
        "filename": picture["filename"], "type": picture["content_type"], "bytes": len(picture["body"]),
        "caption": request.post.get("caption", [""])[0],
    }, sort_keys=True), content_type="application/json")


@app.route("/files/<path:name>")
def files(request, name):
    request.auto_finish = False
    request.send_file(name)


@app.route("/download/<path:name>")
def download(request, name):
    request.auto_finish = False
    request.send_file(name, filename="guestbook-" + os.path.basename(name))


@app.route("/later")
def later(request):
    request.auto_finish = False
    Engine.instance().defer(0.2, request.send_response, "Later.\n")


@app.route("/whoami")
def whoami(request):
    request.auto_finish = False
    request.send_response("%s %s %s\n" % (request.remote_ip, request.scheme, request.host))


if __name__ == "__main__":
    options = {"cookie_secret": SECRET, "file_root": FILES, "xheaders": True}
    if os.environ.get("GUESTBOOK_SENDFILE"):
        options.update(sendfile="X-Accel-Redirect", sendfile_prefix="/protected/")
    HTTPServer(app, **options).listen(("127.0.0.1", int(sys.argv[1])))
    Engine.instance().start()
