"""The stand-in's paths as an app of real Pants 1.0.1, for Python 2.7: python2.7 app.py PANTS_HOME FILE_ROOT"""
import hashlib
import logging
import sys

sys.path.insert(0, sys.argv[1])
from pants import Engine
from pants.http import HTTPServer
from pants.http.websocket import WebSocket

logging.disable(logging.CRITICAL)
engine = Engine.instance()


def echo(request):
    out = '%s %s\n' % (request.method, request.url)
    for name, values in sorted((n.lower(), v) for n, v in request.headers.items()):
        for value in values if isinstance(values, list) else [values]:
            out += '%s: %s\n' % (name, value)
    body = request.body
    out += '\nremote_ip %s\nbody %d %s\n' % (request.remote_ip, len(body), hashlib.sha256(body).hexdigest())
    request.send_response(out)


def head(request, length=None, content_type='text/plain'):
    headers = {'Content-Type': content_type}
    if length is not None:
        headers['Content-Length'] = length
    request.send_status()
    request.send_headers(headers)


def no_length(request):
    head(request)
    request.send('no length')
    request.finish()


def half(request):
    head(request, 1000)
    request.send('0123456789')
    request.connection.close()


def events(request):
    head(request, content_type='text/event-stream')
    for i in range(3):
        engine.defer(0.01 + 0.3 * i, request.send, 'data: %d\n\n' % i)
    engine.defer(0.7, request.finish)


def drip(request):
    head(request, 3)
    for i in range(3):
        engine.defer(0.01 + 0.2 * i, request.send, str(i))
    engine.defer(0.5, request.finish)


def twice(request):
    request.send_status()
    request.send_headers({'Content-Type': 'text/plain', 'Content-Length': 2, 'X-Dup': ['a', 'b'], 'Set-Cookie': ['a=b', 'c=d']})
    request.send('ok')
    request.finish()


def no_type(request):
    request.send_status()
    request.send_headers({'Content-Length': 15})
    request.send('<html>no type</')
    request.finish()


def raises(request):
    raise ValueError('as apps do')


def silent(request):
    request.send_status()
    raise ValueError('as send_file does for a file that is missing')


class Upper(WebSocket):
    def on_read(self, data):
        self.write(data.upper())


paths = {
    '/nolength': no_length,
    '/notype': no_type,
    '/silent': silent,
    '/garbage': lambda r: (r.connection.write('this is no HTTP\r\n\r\n'), r.connection.close()),
    '/204': lambda r: r.send_response('late', 204),
    '/304': lambda r: r.send_response('late', 304),
    '/500': raises,
    '/twice': twice,
    '/big': lambda r: r.send_response('0123456789abcdef' * (int(r.query) // 16)),
    '/sendfile': lambda r: r.send_file(r.query),
    '/half': half,
    '/slow': lambda r: engine.defer(float(r.query), r.send_response, 'slow'),
    '/events': events,
    '/drip': drip,
    '/websocket': Upper,
}

server = HTTPServer(lambda r: paths.get(r.path, echo)(r), xheaders=True, sendfile=True, file_root=sys.argv[2])
server.listen(('127.0.0.1', 0))
sys.stdout.write('%d\n' % server.local_address[1])
sys.stdout.flush()
engine.start()
