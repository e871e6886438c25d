"""Talks over real sockets to a server in a thread of its own."""

import socket
import threading
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from imgsort.review.serving import patience
from imgsort.review.serving.patience import PatientProtocol
from imgsort.review.serving.server import listening


async def answer(request):
    return Response(await request.body())


@pytest.fixture
def address():
    """The address of a server that answers each POST with what it was sent."""
    bound = listening(0)
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, http=PatientProtocol, ws="none", lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield bound.getsockname()
    server.should_exit = True
    thread.join()
    bound.close()


def is_closed(connection):
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def ask(connection, body=b""):
    connection.settimeout(5)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    found = b""
    while not found.endswith(body) or b"\r\n\r\n" not in found:
        part = connection.recv(1000)
        assert part, found
        found += part
    return found


def test_of_too_many_connections_those_that_wait_longest_are_closed(address):
    """The page is still answered, however many connections somebody leaves open."""
    idle = [socket.create_connection(address) for _ in range(patience.MOST_CONNECTIONS + 20)]
    with socket.create_connection(address) as mine:
        assert ask(mine, b"hello").endswith(b"hello")
    assert all(is_closed(connection) for connection in idle[:20])
    for connection in idle:
        connection.close()


@pytest.mark.parametrize("begin", [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nx"])
def test_a_connection_without_a_whole_request_is_closed_in_time(address, monkeypatch, begin):
    """Also the second request of a connection must be whole; a whole one is answered."""
    monkeypatch.setattr(patience, "SECONDS_FOR_A_REQUEST", 0.3)
    with socket.create_connection(address) as first, socket.create_connection(address) as second:
        first.sendall(begin)
        assert ask(second, b"hello").endswith(b"hello")
        second.sendall(begin or b"P")
        assert is_closed(first) and is_closed(second)
