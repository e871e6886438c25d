"""Makes new files and folders that are complete when they appear, and that replace nothing."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from imgsort.temporary import give_name

_PART = ".imgsort-part"


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to. It gets its name at the end, if nothing was raised.

    Raises FileExistsError if the name is taken by then, and OSError.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_PART)
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        _allow_as_usual(temporary, 0o666)
        give_name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill. It gets its name at the end, if nothing was raised.

    Raises FileExistsError if the name is taken by then, and OSError.
    """
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".", suffix=_PART))
    try:
        yield temporary
        _allow_as_usual(temporary, 0o777)
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


def _allow_as_usual(path: Path, mode: int) -> None:
    """Temporary files belong to one user alone; a report may be read by whoever may read other new files."""
    mask = os.umask(0)
    os.umask(mask)
    try:
        path.chmod(mode & ~mask)
    except OSError:
        return  # a share that knows no modes
