"""Takes a name with an empty file and then replaces that file, for file systems without links."""

import os
import sys
from pathlib import Path
from typing import Protocol

from imgsort.filing.moving.one_file.checks import Refused, regular_status
from imgsort.filing.planning.plan import Move


class Announcer(Protocol):
    """Writes to the journal, before it happens, what a later command cannot see on the disk."""

    def placeholder(self) -> None:
        """Record that an empty file will be made under the new name."""

    def copy(self, mode: int) -> None:
        """Record that this run itself will write the new name, as a copy of a file with this mode."""


def remove_placeholder(path: Path, move: Move) -> None:
    """Remove the file at `path` if it is a placeholder: empty, and not the moved file itself.

    No image is empty, but a sidecar may be. A sidecar has the time in its move; a placeholder has the time when it
    was made.
    """
    status = regular_status(path)
    if status is None or status.st_size > 0 or (move.size == 0 and status.st_mtime_ns == move.mtime_ns):
        return
    os.unlink(path)


def replace_placeholder(source: Path, target: Path, move: Move, announcer: Announcer) -> None:
    """Give the file at `source` the name `target`, which an empty file takes first.

    Raises Refused if the target is taken. Raises OSError.
    """
    try:
        if sys.platform == "win32":
            os.rename(source, target)
            return
        announcer.placeholder()
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError as error:
        raise Refused("its new name was taken meanwhile") from error
    try:
        os.replace(source, target)
    except OSError:
        remove_placeholder(target, move)  # if this fails too, the run stops, and settling removes the placeholder
        raise
