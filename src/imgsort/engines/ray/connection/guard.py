"""Ends what is left of a Ray of our own, and removes its folder, even if the process that started it is killed.

Ray's agents would live on for a minute after `kill -9`, and the folder for ever. Run as a program, this file waits
until the process that started it closes the pipe to it, or is gone. It needs nothing but Python.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_PROCESSES = Path("/proc")
_ALIVE = b"alive"
_TRIES, _SECONDS_BETWEEN = 50, 0.1


@contextlib.contextmanager
def guarded(folder: Path, private: Path) -> Iterator[None]:
    """End the processes that write to files below `folder`, and remove it, when the block or this process ends.

    `private`: a folder of this process, which is removed only if the process is gone. Raises OSError.
    """
    line = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(folder), str(private)]
    # A session of its own: Ctrl-C is not for it.
    guard = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        with contextlib.suppress(BrokenPipeError):  # somebody ended the guard
            guard.communicate(_ALIVE)
        guard.wait()


def _main(parent: int, folder: Path, private: Path) -> None:
    # A process closes its pipes before it is gone: only what it says tells that it lives.
    is_alive = sys.stdin.buffer.read() == _ALIVE
    for _ in range(_TRIES):
        left = [process for process in _processes_of(folder) if not (is_alive and process == parent)]
        if not left:
            break
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_SECONDS_BETWEEN)
    shutil.rmtree(folder, ignore_errors=True)
    if not is_alive:
        shutil.rmtree(private, ignore_errors=True)


def _processes_of(folder: Path) -> Iterator[int]:
    """Yield the processes of this user that write to a file below `folder`. Linux says which, other systems do not."""
    for entry in os.listdir(_PROCESSES) if _PROCESSES.is_dir() else []:
        if entry.isdigit():
            with contextlib.suppress(OSError):  # it has ended, or is somebody else's
                if any(_written(_PROCESSES / entry, folder)):
                    yield int(entry)


def _written(process: Path, folder: Path) -> Iterator[str]:
    """Yield the descriptors by which a process writes below `folder`. One that only reads may be a person's `tail`."""
    for descriptor in os.listdir(process / "fd"):
        if os.readlink(process / "fd" / descriptor).startswith(f"{folder}{os.sep}"):
            flags = re.search(r"^flags:\s*(\d+)", (process / "fdinfo" / descriptor).read_text(), re.MULTILINE)
            if flags and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY:
                yield descriptor


if __name__ == "__main__":
    _main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
