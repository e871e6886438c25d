"""Serves an application on this machine only, until Ctrl-C or another signal ends it."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from imgsort.errors import UsageError
from imgsort.review.serving.ending import ending, silent
from imgsort.review.serving.patience import PatientProtocol

_HOST = "127.0.0.1"
_SECONDS_TO_CLOSE = 3


def listening(port: int) -> socket.socket:
    """Return a socket that is bound to this port of 127.0.0.1, or to any free one if it is 0. Raises UsageError."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # After a review that was killed, its port would stay taken for a minute. On Windows the same option would let
    # several programs have one port, and another one forbids that.
    option = getattr(socket, "SO_EXCLUSIVEADDRUSE", None) if os.name == "nt" else socket.SO_REUSEADDR
    if option is not None:
        bound.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        bound.bind((_HOST, port))
        bound.listen()  # at once: until then, another program could bind the port too
    except (OSError, OverflowError) as error:
        bound.close()
        raise UsageError(
            f"--port {port}: nothing can be served there ({error}). Give another port, or none."
        ) from error
    return bound


def serve(
    app: ASGIApp, bound: socket.socket, when_started: Callable[[], object], when_ending: Callable[[], object]
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP.

    `when_started` is called once requests are answered, in a thread of its own. `when_ending` is called by the signal.
    """
    server = _Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_CLOSE,
        )
    )
    server.when_started = when_started

    def end(_: int, __: FrameType | None) -> None:
        server.should_exit = True
        when_ending()

    with ending(end), silent():
        server.run(sockets=[bound])


class _Server(uvicorn.Server):
    """A server that leaves the signals to `serve`, which ends it without raising them again."""

    when_started: Callable[[], object]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        threading.Thread(target=self.when_started, name="imgsort opening", daemon=True).start()
