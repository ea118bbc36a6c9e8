"""What app.py needs of Pants, on Python 3's standard library: a stand-in for tests on machines without Python 2.

It answers as Pants 1.0.1 does where that matters to a proxy: a body is what Content-Length says and chunks are not understood,
headers are those of Pants, and no answer has more framing than its handler gave it.
"""
import threading


class Engine:
    """Timers in threads in place of Pants' loop."""

    _instance = None

    @classmethod
    def instance(cls):
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance

    def __init__(self):
        self.servers = []

    def defer(self, seconds, function, *arguments):
        threading.Timer(seconds, function, arguments).start()

    def start(self):
        for server in self.servers:
            server.serve_forever()
