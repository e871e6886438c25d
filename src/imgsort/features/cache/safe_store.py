"""Asks a store so that trouble with its file makes a run slower, but never makes it fail."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from imgsort.features.cache.feature_store import UNUSABLE, FeatureStore

Answer = TypeVar("Answer")


class SafeStore:
    """The store in the file that `place` names, or no store after the first trouble. Several threads may ask it.

    `place` may raise OSError. `trouble`: told once, with the file and the error, if something is wrong with the store.
    `opened`: opens the store in a file.
    """

    def __init__(
        self,
        place: Callable[[], Path],
        trouble: Callable[[Path, Exception], None],
        opened: Callable[[Path], FeatureStore] = FeatureStore,
    ) -> None:
        self._place = place
        self._trouble = trouble
        self._lock = threading.RLock()
        self._store: FeatureStore | None = None
        try:
            self._store = opened(place())
        except UNUSABLE as error:
            self._give_up(error)

    def ask(self, question: Callable[[FeatureStore], Answer], otherwise: Answer) -> Answer:
        """Return the store's answer, or `otherwise` if there is no store or it has failed.

        Only one thread at a time asks the store.
        """
        with self._lock:
            if self._store is not None:
                try:
                    return question(self._store)
                except UNUSABLE as error:
                    with contextlib.suppress(sqlite3.Error):
                        self._store.close()
                    self._store = None
                    self._give_up(error)
            return otherwise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _give_up(self, error: Exception) -> None:
        with contextlib.suppress(OSError):  # there is no place for the file, and `tell_if_temporary` says so
            self._trouble(self._place(), error)
