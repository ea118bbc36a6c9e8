# The demos of the tour as they were for Pants 1.0 on Python 2, without the page around them.
#
#   PYTHONPATH=/path/to/pants python2.7 tour.py 8081
import hashlib
import json
import os
import sys

from pants import Engine
from pants.http import HTTPServer
from pants.web import Application

app = Application()


@app.route("/who")
def who(request):
    # xheaders=True: X-Real-IP, or the leftmost entry of X-Forwarded-For, whoever wrote it.
    return "%s %s %s\n" % (request.remote_ip, request.scheme, request.host), 200, {"Content-Type": "text/plain"}


@app.route("/form", methods=["GET", "POST"])
def form(request):
    request.auto_finish = False
    request.send_response(json.dumps({
        "method": request.method,
        "get": request.get,
        "post": request.post,
    }), content_type="application/json")


@app.route("/upload", methods=["POST"])
def upload(request):
    # A body over max_request never gets here: Pants closes the connection.
    request.auto_finish = False
    seen = []
    for document in request.files.get("document", []):
        seen.append({
            "name": document["filename"],
            "type": document["content_type"],
            "size": len(document["body"]),
            "sha256": hashlib.sha256(document["body"]).hexdigest(),
        })
    request.send_response(json.dumps(seen), content_type="application/json")


@app.route("/cookies/login", methods=["POST"])
def login(request):
    request.auto_finish = False
    request.set_secure_cookie("visitor", request.post["name"], path="/")
    request.send_response("Hello.\n")


@app.route("/cookies")
def visitor(request):
    request.auto_finish = False
    # None: no cookie, or one that somebody has changed.
    request.send_response("%s\n" % request.get_secure_cookie("visitor"))


@app.route("/cookies/logout", methods=["POST"])
def logout(request):
    request.auto_finish = False
    request.set_secure_cookie("visitor", "", expires=0, path="/")
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
    said.append({"name": request.post["name"], "text": request.post["text"]})
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
        waiting.append(request)  # the function returns, the request stays open


def answer(request):
    if request.connection.connected:
        request.send_response(json.dumps(said[request.after:]), content_type="application/json")


if __name__ == "__main__":
    HTTPServer(
        app,
        xheaders=True,
        max_request=4 << 20,
        cookie_secret="a secret that only the app knows",
        file_root=os.environ.get("TOUR_FILES", "."),
        sendfile=os.environ.get("TOUR_SENDFILE", False),
        sendfile_prefix="/protected/",
    ).listen(("127.0.0.1", int(sys.argv[1])))
    Engine.instance().start()
