"""Says where the parts of a dataset lie. A folder is one place; an object store is another."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from imgsort.content import open_regular
from imgsort.temporary import PART, new_file

_ABANDONED_SECONDS = 3600.0


class Place(Protocol):
    """Where the parts of a dataset lie. It can be pickled. Its methods raise OSError."""

    def names(self) -> list[str]:
        """Return the names of the files here, in order. A place that does not exist yet has none."""

    def opened(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]:
        """Open a file for reading, with `seek`. It is no link and no pipe."""

    def put_new(self, name: str, data: bytes) -> bool:
        """Make a file that is there as a whole or not at all; return False if the name is taken."""

    def __str__(self) -> str:
        """Return the address for messages, without credentials."""


@dataclass(frozen=True)
class FolderPlace:
    """A folder of this machine."""

    folder: Path

    def names(self) -> list[str]:
        """Return the names of the files in the folder, in order. Hidden files are left out."""
        try:
            return sorted(name for name in os.listdir(self.folder) if not name.startswith("."))
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """Open a regular file for reading."""
        with open(open_regular(self.folder / name), "rb") as handle:
            yield handle

    def put_new(self, name: str, data: bytes) -> bool:
        """Write the file under a temporary name, and give it its own. The folder is made if need be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with new_file(self.folder / name) as handle:
                handle.write(data)
        except FileExistsError:
            return False
        return True

    def remove_unfinished(self) -> None:
        """Remove what runs have left that were killed while they wrote. Another run may write at this very moment."""
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(self.folder)):
                if entry.name.startswith(".") and entry.name.endswith(PART) and entry.is_file(follow_symlinks=False):
                    is_old = time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_SECONDS
                    if is_old:
                        os.unlink(entry.path)

    def __str__(self) -> str:
        return str(self.folder)
