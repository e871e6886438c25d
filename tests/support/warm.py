"""Runs commands in forks of a process that has imported imgsort already: a start takes longer than a short command.

    python -m tests.support.warm

The program reads one JSON object a line, {"arguments": […], "environment": {…}, "stdout": FILE, "stderr": FILE}, and
answers each with the exit code. A command is the whole of `imgsort` in a process of its own: it may be killed.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class WarmCommand:
    """The command `imgsort`, ready to run. Use it as a context manager."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm"],
            cwd=Path(__file__).parents[2],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `imgsort` with arguments in an environment, to which the server's own belongs."""
        stdout, stderr = self._folder / "stdout", self._folder / "stderr"
        asked = {"arguments": arguments, "environment": dict(environment), "stdout": str(stdout), "stderr": str(stderr)}
        assert self._server.stdin is not None and self._server.stdout is not None
        print(json.dumps(asked), file=self._server.stdin, flush=True)
        code = int(self._server.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, stdout.read_text(), stderr.read_text())

    def __enter__(self) -> "WarmCommand":
        return self

    def __exit__(self, *_: object) -> None:
        with self._server:
            assert self._server.stdin is not None
            self._server.stdin.close()


def _become(asked: dict) -> None:
    """Make this process the one that was asked for."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["imgsort", *asked["arguments"]]
    for descriptor, file in ((0, os.devnull), (1, asked["stdout"]), (2, asked["stderr"])):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)


def serve() -> None:
    """Answer what is asked on stdin until it ends. Each fork returns from here as `imgsort` itself."""
    import filelock  # noqa: F401
    import joblib  # noqa: F401

    import imgsort.cli.terminal
    import imgsort.jobs.organize.apply
    import imgsort.jobs.organize.undo

    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
            imgsort.cli.main()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
