"""Stands between imgsort and an S3 server, and misbehaves as real servers do."""

import http.client
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CUT = -1
_NOT_PASSED_ON = ("connection", "transfer-encoding", "keep-alive", "content-length", "date", "server")


@dataclass
class Behaviour:
    """How the proxy misbehaves.

    `busy`: of so many requests one is answered 500 or 503, in turns, half of them after it was carried out; 0 for none.
    `ignores_conditions`: the store does not know If-Match and If-None-Match.
    `knows_copy_conditions`: it knows them for copies too, which moto does not.
    `page`: how many keys a page of a listing has.
    `before`: is called with the method and the path of each request; what it returns is the answer, a
    status or a body; CUT ends the connection without one.
    """

    busy: int = 0
    ignores_conditions: bool = False
    knows_copy_conditions: bool = False
    page: int = 0
    before: Callable[[str, str], int | bytes | None] = lambda method, path: None
    seen: list[tuple[str, str]] = field(default_factory=list)


class Proxy:
    """A proxy before the server on `port`. `url` is where it listens."""

    def __init__(self, port: int) -> None:
        self._lock = threading.Lock()
        self.behave()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.handle(self, port)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def behave(self) -> None:
        """Misbehave no longer."""
        self.behaviour, self._counter = Behaviour(), itertools.count(1)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def handle(self, request: BaseHTTPRequestHandler, port: int) -> None:
        """Answer one request, by the server or in its place."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        behaviour = self.behaviour
        with self._lock:
            behaviour.seen.append((request.command, request.path))
            number = next(self._counter)
        status = behaviour.before(request.command, request.path)
        turn = number // behaviour.busy if behaviour.busy and number % behaviour.busy == 0 else 0
        if status is None and turn and turn % 2:
            status = 503
        if status == CUT:
            request.close_connection = True
            return
        if isinstance(status, bytes):
            _answer(request, 200, [], status)
            return
        if status is not None:
            _answer(request, status, [], b"")
            return
        headers = dict(request.headers.items())
        if behaviour.ignores_conditions:
            headers = {name: value for name, value in headers.items() if "-match" not in name.lower()}
        if behaviour.knows_copy_conditions and self._is_unmet(request, headers, port):
            _answer(request, 412, [("Content-Type", "application/xml")], _PRECONDITION)
            return
        path = request.path
        if behaviour.page and "list-type=2" in path:
            path += f"&max-keys={behaviour.page}"
        answer, content = ask(port, request.command, path, body, headers)
        if turn:  # carried out, and then the answer is lost
            _answer(request, 500, [], b"")
            return
        passed = [(name, value) for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_ON]
        _answer(request, answer.status, passed, content, length=answer.getheader("Content-Length"))

    def _is_unmet(self, request: BaseHTTPRequestHandler, headers: dict[str, str], port: int) -> bool:
        given = {name.lower(): value for name, value in headers.items()}
        source = given.get("x-amz-copy-source")
        if source is None:
            return False
        if given.get("if-none-match") == "*" and ask(port, "HEAD", request.path, b"", {})[0].status == 200:
            return True
        wanted = given.get("x-amz-copy-source-if-match")
        found = ask(port, "HEAD", "/" + source.lstrip("/"), b"", {})[0].getheader("ETag")
        return wanted is not None and found is not None and found.strip('"') != wanted.strip('"')


# moto takes any signature, but lets nobody without one change an object.
_SIGNED = "AWS4-HMAC-SHA256 Credential=made-up/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
_PRECONDITION = b"<Error><Code>PreconditionFailed</Code><Message>not met</Message></Error>"


def ask(port, method, path, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body, headers={"Authorization": _SIGNED, **headers})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def _answer(request, status, headers, body, length=None):
    try:
        request.send_response_only(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", length if request.command == "HEAD" and length else str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)
    except OSError:
        request.close_connection = True  # the client was killed
