# -*- coding: utf-8 -*-
"""Asks pants.web.Application of Pants 1.0.1 (Python 2.7, no server, no network) where requests lead.

A line of standard input is an object with "rules" and "requests", see README.md; the same line with Pants' answers put in goes
to standard output. PYTHONPATH names the Pants checkout.
"""
import base64
import json
import logging
import signal
import sys
from collections import OrderedDict

from pants.http.server import HTTPRequest
from pants.web import application

logging.disable(logging.CRITICAL)


class Slow(BaseException):
    """Python's re takes exponential time for some rules and paths."""


def too_slow(*_):
    raise Slow


signal.signal(signal.SIGALRM, too_slow)


class Server(object):
    xheaders = False
    cookie_secret = "secret"


class Connection(object):
    server = Server()
    remote_address = ("127.0.0.1", 1)


class Called(object):
    """What a handler returns, so that it cannot be taken for an answer of Pants' own."""
    def __init__(self, index, values):
        self.index, self.values = index, values


def add(app, index, rule):
    keywords = {"name": "rule%d" % index}
    if "methods" in rule:
        keywords["methods"] = [m.encode("ascii") for m in rule["methods"]]
    app.route(rule["rule"].encode("utf-8"), func=lambda request, *values: Called(index, values), **keywords)


def pack(value):
    if isinstance(value, str):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value)}
    if isinstance(value, bool):
        return {"python": repr(value)}
    if isinstance(value, (int, long)):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    return {"python": repr(value)}


def ask(app, question):
    host = question.get("host", "example.com").encode("utf-8")
    request = HTTPRequest(Connection(), question.get("method", "GET").encode("ascii"), question["target"].encode("utf-8"),
                          "HTTP/1.1", {"Host": host})
    request.auto_finish = True
    application.Application.current_app, app.request = app, request
    answer = OrderedDict()
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        result = app.route_request(request)
    except Slow:
        answer["status"] = 0
        return answer
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if isinstance(result, Called):
        answer["status"] = 200
        answer["rule"] = result.index
        answer["values"] = [pack(v) for v in result.values]
        return answer
    _, status, headers = result
    answer["status"] = status
    if status == 400:
        answer["rule"] = int(request.route_name[len("rule"):])
    if "Allow" in headers:
        answer["allow"] = sorted(headers["Allow"].split(", "))
    return answer


def main():
    for line in iter(sys.stdin.readline, ""):
        case = json.loads(line, object_pairs_hook=OrderedDict)
        app = application.Application()
        for index, rule in enumerate(case["rules"]):
            rule.pop("error", None)
            try:
                add(application.Application(), index, rule)
            except Exception as err:
                rule["error"] = type(err).__name__
            else:
                add(app, index, rule)
        for question in case.get("requests", ()):
            for key in ("status", "rule", "values", "allow"):
                question.pop(key, None)
            question.update(ask(app, question))
        sys.stdout.write(json.dumps(case, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + "\n")
        sys.stdout.flush()


main()
