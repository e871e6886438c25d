"""Runs `imgsort watch` for tests: as the real command in a process of its own, or as the function in a thread."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imgsort
from imgsort.jobs.listener import Listener
from imgsort.jobs.watch.inbox.bell import Bell

SETTLE_SECONDS = 0.15


def until(is_so: Callable[[], object], what: str = "what was expected", seconds: float = 60) -> None:
    """Wait until something is so. Raises AssertionError if it does not become so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.02)


class WatchProcess:
    """The real command at work, with JSON lines. `before`: a program and its arguments that start it."""

    def __init__(self, inbox: Path, *options: object, errors: Path, before: tuple[str, ...] = ()) -> None:
        self.inbox, self.errors = inbox, errors
        command = [*before, sys.executable, "-m", "imgsort", "watch", str(inbox), *map(str, options), "--json"]
        command.append(f"--settle={SETTLE_SECONDS}")
        with errors.open("ab") as stream:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True)
        self.results: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.results.extend(json.loads(line) for line in lines)

    @property
    def filed(self) -> list[str]:
        """The names of the images that the results so far name as filed."""
        return [move["source"] for result in list(self.results) for move in result.get("moves", ())]

    def said(self) -> str:
        """Return what the command wrote to stderr."""
        return self.errors.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(10)
        return code

    def kill_if_alive(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        self._reader.join(10)


class _Notices(Listener):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


class WatchThread:
    """The function at work in a thread of the test."""

    def __init__(self, inbox: Path, **options: Any) -> None:
        self.bell, self.hearing, self.results = Bell(), _Notices(), []
        self.error: Exception | None = None
        given = {"settle": SETTLE_SECONDS, **options}
        self._batches = imgsort.watch(inbox, bell=self.bell, listener=self.hearing, **given)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            for result in self._batches:
                self.results.append(result)
        except Exception as error:  # noqa: BLE001  # the test raises it
            self.error = error

    @property
    def notices(self) -> str:
        """All notices so far, a line each."""
        return "\n".join(self.hearing.texts)

    def end(self) -> None:
        """End it after the current batch."""
        self.bell.end()
        self._thread.join(60)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def watching(inbox: Path, **options: Any) -> Iterator[WatchThread]:
    """Let a watch work in a thread, and end it. An error that ended it is raised here."""
    watch = WatchThread(inbox, **options)
    try:
        yield watch
    finally:
        watch.end()
    if watch.error is not None:
        raise watch.error


def images_in(*folders: Path) -> list[str]:
    """Return the names of the files in the folders and their subfolders, sorted. Hidden ones are left out."""
    found: list[str] = []
    for folder in folders:
        for place, subfolders, files in os.walk(folder):
            subfolders[:] = [name for name in subfolders if not name.startswith(".")]
            found += [name for name in files if not name.startswith(".") and os.path.exists(os.path.join(place, name))]
    return sorted(found)
