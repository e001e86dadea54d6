"""An HTTP endpoint of the test: keeps what it gets, answers as it is told, and confirms subscriptions if asked to."""

import http.server
import json
import threading
import urllib.parse
import urllib.request

from support.waiting import eventually


class Received:
    """One request."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def kind(self):
        return self.headers.get("x-amz-sns-message-type")


class Endpoint:
    """A server on its own thread. `answers` are statuses for the next requests, `status` for all after them."""

    def __init__(self):
        self.received = []
        self.answers = []
        self.status = 200
        self.headers = {}
        self.gate = threading.Event()
        self.gate.set()
        self.lock = threading.Lock()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                with endpoint.lock:
                    endpoint.received.append(Received(self.path, self.headers, body))
                    status = endpoint.answers.pop(0) if endpoint.answers else endpoint.status
                endpoint.gate.wait(60)
                try:
                    self.send_response(status)
                    for name, value in endpoint.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.http.server_address[1]

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path):
        with self.lock:
            return [one for one in self.received if one.path == path]

    def of_kind(self, kind, path="/hook"):
        return [one for one in self.at(path) if one.kind == kind]

    def wait(self, count=1, path="/hook", within=20):
        """The requests at a path, once there are so many."""
        return eventually(
            lambda: self.at(path) if len(self.at(path)) >= count else None, within=within, what=f"{count} requests"
        )

    def wait_kind(self, kind, count=1, path="/hook", within=20):
        """The messages of SNS of one type, once there are so many."""
        found = lambda: self.of_kind(kind, path)  # noqa: E731
        return eventually(lambda: found() if len(found()) >= count else None, within=within, what=f"{count} {kind}")

    def close(self):
        self.gate.set()
        self.http.shutdown()
        self.http.server_close()


def visit(url):
    """What a subscriber does with a URL in a message: an unsigned GET."""
    assert urllib.parse.urlsplit(url).scheme in ("http", "https")
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()
