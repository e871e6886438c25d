"""Gives up connections that send nothing, so that they cannot use up what the page needs."""

import asyncio
from math import inf

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# A browser opens six connections to one address.
MOST_CONNECTIONS = 100
SECONDS_FOR_A_REQUEST = 30.0


class PatientProtocol(H11Protocol):
    """HTTP that waits for a whole request, but not for ever. Of too many connections, the one that waits longest goes.

    Between two requests, the server itself closes a connection after a few seconds.
    """

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            others = [other for other in self.connections if isinstance(other, PatientProtocol)]
            first = min(others, key=PatientProtocol._end_of_waiting)
            first._stop_waiting()  # so that the next one that is too many does not choose it again
            first.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, and wait for the rest only if there is one."""
        if self._limit is None:
            self._wait()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()

    def _wait(self) -> None:
        self._limit = self.loop.call_later(SECONDS_FOR_A_REQUEST, self.transport.abort)

    def _end_of_waiting(self) -> float:
        return inf if self._limit is None else self._limit.when()

    def _stop_waiting(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
