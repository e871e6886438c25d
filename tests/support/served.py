"""Runs the real `imgsort review` in a process of its own, and asks it as a browser does."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass
class Served:
    """A running review: its process, and the address of its page without the token."""

    process: subprocess.Popen
    address: str
    token: str

    def ask(self, path: str, body: Any = None, token: str | None = None) -> tuple[int, bytes]:
        """Return status and body of the answer to a GET, or with `body` to a POST of JSON."""
        headers = {"X-Imgsort-Token": self.token if token is None else token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path: str) -> Any:
        """Return the JSON of a GET that succeeds."""
        status, body = self.ask(path)
        assert status == 200, (status, body)
        return json.loads(body)

    def correct(self, **correction: Any) -> Any:
        """Make a correction, and return the state after it."""
        revision = self.get("/api/state")["revision"]
        status, body = self.ask("/api/correct", {"revision": revision, "correction": correction})
        assert status == 200, (status, body)
        return json.loads(body)

    def finish(self) -> Any:
        """Wait until the work has ended, and return what is told of it."""
        while (progress := self.get("/api/progress"))["state"] == "working":
            time.sleep(0.05)
        return progress

    def kill(self) -> None:
        """Kill the process as `kill -9` does."""
        self.process.kill()
        self.process.communicate()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """End the process by a signal, as Ctrl-C does. Return its exit code and what it said to stderr."""
        self.process.send_signal(number)
        _, told = self.process.communicate(timeout=60)
        return self.process.returncode, told


class Reviews:
    """Starts reviews. Each that a test leaves running is killed in the end."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen] = []

    def start(self, *arguments: object, **environment: str) -> Served:
        """Run `imgsort review --no-browser` with these arguments, and wait until it serves."""
        process = self.run(*arguments, "--no-browser", **environment)
        line = process.stdout.readline().strip()
        if "#token=" not in line:
            raise AssertionError(process.communicate())
        address, _, token = line.partition("/#token=")
        return Served(process, address, token)

    def run(self, *arguments: object, **environment: str) -> subprocess.Popen:
        """Begin `imgsort review` with these arguments."""
        process = subprocess.Popen(
            [sys.executable, "-m", "imgsort", "review", *map(str, arguments)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
        )
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Kill what is still running."""
        for process in self._processes:
            with process:
                process.kill()
