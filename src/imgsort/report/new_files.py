"""Makes new folders that are complete when they appear, and that replace nothing."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgsort.temporary import PART, allow_as_usual


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill. It gets its name at the end, if nothing was raised.

    Raises FileExistsError if the name is taken by then, and OSError.
    """
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".", suffix=PART))
    try:
        yield temporary
        allow_as_usual(temporary, 0o777)
        _give_folder_name(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _give_folder_name(temporary: Path, path: Path) -> None:
    if os.name != "nt":  # here a folder may replace an empty one, so it may only replace the one that was just made
        path.mkdir()
    try:
        temporary.rename(path)
    except OSError:
        if os.name != "nt":
            path.rmdir()
        raise
