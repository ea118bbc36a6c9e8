import re
import urllib.parse

CONVERTERS = {"int": (r"([+-]?\d+)", int), "path": (r"(.+?)", str)}


class Application:
    def __init__(self):
        self.rules = []

    def route(self, rule, methods=("GET", "HEAD")):
        names, pattern = [], ""
        for text, kind, name in re.findall(r"([^<]+)|<(?:(\w+):)?(\w+)>", rule):
            if text:
                pattern += re.escape(text)
                continue
            expression, convert = CONVERTERS[kind]
            pattern += expression
            names.append((name, convert))

        def register(function):
            self.rules.append((re.compile(pattern + r"\Z"), names, methods, function))
            return function

        return register

    def __call__(self, request):
        request.auto_finish = True
        path, allowed = urllib.parse.unquote_plus(request.path), set()
        for pattern, names, methods, function in self.rules:
            match = pattern.match(path)
            if not match:
                continue
            if request.method not in methods:
                allowed.update(methods)
                continue
            values = {name: convert(text) for (name, convert), text in zip(names, match.groups())}
            out = function(request, **values)
            if request.auto_finish:
                content, code, headers = out
                request.send_status(code)
                request.send_headers(dict(headers, **{"Content-Length": len(content)}))
                if request.method != "HEAD":
                    request.send(content)
                request.finish()
            return
        code = 405 if allowed else 404
        request.send_response("<h1>%d</h1>" % code, code, "text/html; charset=UTF-8")
