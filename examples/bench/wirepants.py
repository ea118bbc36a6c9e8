# Real Pants 1.0.1 at the wire rows: python2.7 -B -c SCRIPT PANTS_HOME. It says its port in its first line.
import logging
import sys

sys.path.insert(0, sys.argv[1])

from pants import Engine
from pants.http import HTTPServer

logging.disable(logging.CRITICAL)  # as without a log


def hello(request):
    request.send_response("Hello World.\n")


def param(request):
    request.send_response("Hello %s.\n" % request.path[len("/hello/"):])


def fields(request):
    n = 0
    for i in range(10):
        n += len(request.get["query%d" % i]) + len(request.post["field%d" % i])
    request.send_response(str(n))


def cookies(request):
    for name, value in (("seen", "1"), ("theme", "dark")):
        request.cookies_out[name] = value
        request.cookies_out[name]["path"] = "/"
        request.cookies_out[name]["httponly"] = True
    request.send_response(request.cookies["session"].value)


def deferred(request):
    Engine.instance().callback(request.send_response, "later\n")


def handler(request):
    routes.get(request.path, param)(request)


routes = {"/hello": hello, "/fields": fields, "/cookies": cookies, "/deferred": deferred}

server = HTTPServer(handler)
server.listen(("127.0.0.1", 0))
sys.stdout.write("%d\n" % server.local_address[1])
sys.stdout.flush()
Engine.instance().start()
