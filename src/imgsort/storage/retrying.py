"""Tries a request again where a server is busy or a connection breaks: with growing pauses, and not for ever."""

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from imgsort.errors import StorageError
from imgsort.storage.objects import Unanswered, Unmet

ATTEMPTS = 8
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0
# After so many requests without an answer, one after the other, the store is down, and not only one object of it.
_MOST_UNANSWERED = 3

Answer = TypeVar("Answer")


class Busy(Exception):
    """The server is busy, or the connection broke. The request may have been carried out all the same."""


class Patience:
    """Asks one store again and again, and gives up if it never answers. Several threads may use it at once."""

    def __init__(self, store: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._store, self._pause = store, pause
        self._lock = threading.Lock()
        self._unanswered = 0

    def answer(self, request: Callable[[], Answer]) -> Answer:
        """Return what `request` returns. It raises Busy to be called again.

        Raises Unanswered, and StorageError if nothing is answered any more.
        """
        for attempt in range(ATTEMPTS):
            try:
                answer = request()
            except Busy as error:
                reason = str(error)
                if attempt + 1 < ATTEMPTS:
                    self._pause(pause_seconds(attempt))
                continue
            except Unmet as error:
                error.was_retried = attempt > 0
                raise
            with self._lock:
                self._unanswered = 0
            return answer
        with self._lock:
            self._unanswered += 1
            is_down = self._unanswered >= _MOST_UNANSWERED
        if is_down:
            raise StorageError(f"{self._store}: the store does not answer ({reason}). Try again later.")
        raise Unanswered(f"the store did not answer, asked {ATTEMPTS} times ({reason})")


def pause_seconds(attempt: int) -> float:
    """Return how long to wait after this attempt, the first being 0: twice as long each time, and a little random.

    Many clients that were refused at once must not come back at once.
    """
    longest: float = min(_FIRST_PAUSE_SECONDS * 2.0**attempt, _LONGEST_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1.0)
