# The demos of the tour as they were for Pants 1.0 on Python 2, without the page around them.
#
#   PYTHONPATH=/path/to/pants python2.7 tour.py 8081 /path/to/files
import json
import sys
from hashlib import sha256

from pants import Engine
from pants.http import HTTPServer
from pants.web import Application

app = Application()


def send_json(request, value):
    text = json.dumps(value)
    request.send_response(text, content_type="application/json")


@app.route("/who")
def who(request):
    # With xheaders=True: X-Real-IP, or the leftmost entry
    # of X-Forwarded-For, whoever wrote it.
    request.auto_finish = False
    request.send_response("%s %s %s\n" % (
        request.remote_ip, request.scheme, request.host))


@app.route("/form", methods=["GET", "POST"])
def form(request):
    request.auto_finish = False
    send_json(request, {
        "method": request.method,
        "get": request.get,
        "post": request.post,
    })


@app.route("/upload", methods=["POST"])
def upload(request):
    # A body over max_request does not get here.
    request.auto_finish = False
    seen = []
    for document in request.files.get("document", []):
        seen.append({
            "name": document["filename"],
            "type": document["content_type"],
            "size": len(document["body"]),
            "sha256": sha256(document["body"]).hexdigest(),
        })
    send_json(request, seen)


@app.route("/cookies/login", methods=["POST"])
def login(request):
    request.auto_finish = False
    name = request.post["name"]
    request.set_secure_cookie("visitor", name, path="/")
    request.send_response("Hello.\n")


@app.route("/cookies")
def visitor(request):
    request.auto_finish = False
    # None: no cookie, or one that somebody has changed.
    name = request.get_secure_cookie("visitor")
    request.send_response("%s\n" % name)


@app.route("/cookies/logout", methods=["POST"])
def logout(request):
    request.auto_finish = False
    over = {"expires": 0, "path": "/"}
    request.set_secure_cookie("visitor", "", **over)
    request.send_response("Bye.\n")


@app.route("/files/<name>")
def file(request, name):
    request.auto_finish = False
    request.send_file(name)


said = []
waiting = []


@app.route("/chat/say", methods=["POST"])
def say(request):
    request.auto_finish = False
    name, text = request.post["name"], request.post["text"]
    said.append({"name": name, "text": text})
    while waiting:
        answer(waiting.pop())
    request.send_response("Said.\n")


@app.route("/chat/lines")
def lines(request):
    request.auto_finish = False
    request.after = int(request.get.get("after", 0))
    if len(said) > request.after:
        answer(request)
    else:
        # This function returns, the request stays open.
        waiting.append(request)


def answer(request):
    if request.connection.connected:
        send_json(request, said[request.after:])


def serve(port, root):
    HTTPServer(
        app,
        file_root=root,
        sendfile="X-Accel-Redirect",
        sendfile_prefix="/protected/",
        max_request=4 << 20,
        cookie_secret="a secret that only the app knows",
        xheaders=True,
    ).listen(("127.0.0.1", port))
    Engine.instance().start()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
