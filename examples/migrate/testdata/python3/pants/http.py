import base64
import email.parser
import email.policy
import hashlib
import hmac
import http.cookies
import http.server
import mimetypes
import os
import threading
import time
import urllib.parse

from . import Engine


class HTTPServer:
    def __init__(self, handler, **options):
        self.handler, self.options = handler, options

    def listen(self, address):
        options, handler = self.options, self.handler

        class Connection(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                request = Request(self, options)
                handler(request)
                request.done.wait(30)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = handle_any

            def log_message(self, *_):
                pass

        Engine.instance().servers.append(http.server.ThreadingHTTPServer(address, Connection))


class Request:
    def __init__(self, connection, options):
        self.connection, self.options = connection, options
        self.method, self.url = connection.command, connection.path
        self.path, _, self.query = self.url.partition("?")
        self.headers = connection.headers
        self.host = self.headers.get("Host", "127.0.0.1")
        self.scheme, self.remote_ip = "http", connection.client_address[0]
        if options.get("xheaders"):
            forwarded = self.headers.get("X-Forwarded-For", "").split(",")[0].strip()
            self.remote_ip = self.headers.get("X-Real-IP") or forwarded or self.remote_ip
            self.scheme = self.headers.get("X-Forwarded-Proto", self.scheme)
        self.body = connection.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.post, self.files = {}, {}
        if self.method in ("POST", "PUT"):
            self.read_form(self.headers.get("Content-Type", ""))
        self.cookies = http.cookies.SimpleCookie(self.headers.get("Cookie", ""))
        self.cookies_out = http.cookies.SimpleCookie()
        self.done = threading.Event()
        self.started = False

    def read_form(self, content_type):
        if content_type.startswith("application/x-www-form-urlencoded"):
            self.post.update(urllib.parse.parse_qsl(self.body.decode("utf-8")))
        if not content_type.startswith("multipart/form-data"):
            return
        text = b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + self.body
        for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text).iter_parts():
            name, content = part.get_param("name", header="Content-Disposition"), part.get_payload(decode=True)
            if part.get_filename() is None:
                self.post.setdefault(name, []).append(content.decode("utf-8"))
            else:
                self.files.setdefault(name, []).append(
                    {"filename": part.get_filename(), "body": content, "content_type": part.get_content_type()})

    # Secure cookies, as vectors/README.md of the kit describes the format.
    def sign(self, payload, expires, now):
        signed = str(expires) + str(now) + base64.b64encode(payload.encode("latin-1")).decode()
        return hmac.new(self.options["cookie_secret"].encode(), signed.encode(), hashlib.sha1).hexdigest()

    def set_secure_cookie(self, name, value, expires=2592000, **attributes):
        payload, now = "s" + value, int(time.time())
        self.cookies_out[name] = "|".join([payload, str(expires), str(now), self.sign(payload, expires, now)])
        self.cookies_out[name]["httponly"] = True
        self.cookies_out[name]["expires"] = expires
        for key, attribute in attributes.items():
            self.cookies_out[name][key] = attribute

    def get_secure_cookie(self, name):
        if name not in self.cookies:
            return None
        payload, expires, now, signature = self.cookies[name].value.rsplit("|", 3)
        fresh = int(now) + int(expires) >= time.time()
        good = hmac.compare_digest(self.sign(payload, int(expires), int(now)), signature)
        return payload[1:] if good and fresh else None

    def send_status(self, code=200):
        self.started = True
        self.connection.send_response_only(code)

    def send_headers(self, headers):
        for morsel in self.cookies_out.values():
            self.connection.send_header("Set-Cookie", morsel.OutputString())
        for name, value in headers.items():
            self.connection.send_header(name, str(value))
        self.connection.send_header("Server", "a stand-in for Pants")
        self.connection.send_header("Date", self.connection.date_time_string())
        self.connection.end_headers()

    def send(self, data):
        self.connection.wfile.write(data if isinstance(data, bytes) else data.encode("utf-8"))

    def finish(self):
        self.done.set()

    def send_response(self, content, code=200, content_type="text/plain"):
        self.send_status(code)
        self.send_headers({"Content-Type": content_type, "Content-Length": len(content.encode("utf-8"))})
        if self.method != "HEAD":
            self.send(content)
        self.finish()

    def send_file(self, path, filename=None, guess_mime=True, headers=None):
        root = self.options["file_root"]
        full = os.path.join(root, path)
        kind = guess_mime and mimetypes.guess_type(path)[0] or "application/octet-stream"
        out = {"Content-Type": kind}
        if filename:
            out["Content-Disposition"] = 'attachment; filename="%s"' % filename
        header = self.options.get("sendfile")
        if header:
            out.update({header: os.path.join(self.options["sendfile_prefix"], path), "Content-Length": 0})
            self.send_status(200)
            self.send_headers(out)
            return self.finish()
        try:
            with open(full, "rb") as file:
                content = file.read()
        except OSError:
            self.connection.close_connection = True  # as Pants: no answer at all
            return self.finish()
        modified = int(os.stat(full).st_mtime)
        out.update({
            "Content-Length": len(content), "Accept-Ranges": "bytes", "Cache-Control": "max-age=604800",
            "ETag": '"%x-%x"' % (len(content), modified),
            "Last-Modified": self.connection.date_time_string(modified),
            "Expires": self.connection.date_time_string(time.time() + 604800),
        })
        self.send_status(200)
        self.send_headers(out)
        if self.method != "HEAD":
            self.send(content)
        self.finish()
