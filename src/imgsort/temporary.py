"""Gives this process a temporary folder of its own, and to what was made under a temporary name its final one."""

import atexit
import contextlib
import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".imgsort-part"

_one_at_a_time = threading.Lock()
_made: dict[int, Path] = {}


def private_folder() -> Path:
    """Return an empty folder at first, later the same one. Only this user may enter it; it is removed at the end.

    Its name cannot be guessed: in a shared folder such as `/tmp`, a stranger could prepare a name that is known
    beforehand. Raises OSError if there is no place for temporary files.
    """
    process = os.getpid()  # a forked process needs its own, because the first one may end earlier
    with _one_at_a_time:
        if process not in _made or not _made[process].is_dir():
            _made[process] = Path(tempfile.mkdtemp(prefix="imgsort-")).absolute()
            atexit.register(_remove, process)
        return _made[process]


@contextlib.contextmanager
def folder_for_a_while() -> Iterator[Path]:
    """Give a new, empty folder in the temporary folder of this process, and remove it afterwards. Raises OSError."""
    folder = Path(tempfile.mkdtemp(dir=private_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_private(path: Path) -> bool:
    """Say whether `path` lies in the temporary folder of this process, and so is gone when the process ends."""
    folder = _made.get(os.getpid())
    return folder is not None and path.is_relative_to(folder)


def _remove(process: int) -> None:
    if process == os.getpid():
        shutil.rmtree(_made[process], ignore_errors=True)


def can_write(folder: Path) -> bool:
    """Say whether files can be made in `folder`, or whether `folder` can be made first."""
    try:
        folder = folder.absolute()
        while not os.path.lexists(folder):
            if folder.parent == folder:
                return False
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def give_name(temporary: Path, path: Path) -> None:
    """Give the whole file `temporary` the name `path` too. Raises FileExistsError if the name is taken, and OSError."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the copy is not complete at once, but it replaces nothing
        with open(path, "xb") as handle:
            try:
                handle.write(temporary.read_bytes())
            except OSError:
                path.unlink()
                raise


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to. It gets its name at the end, if nothing was raised.

    Raises FileExistsError if the name is taken by then, and OSError.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=PART)
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        allow_as_usual(temporary, 0o666)
        give_name(temporary, path)
    except OSError as error:  # a full disk names no file, and nobody knows the temporary name
        if error.errno in (None, errno.EEXIST) or error.filename not in (None, name):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def allow_as_usual(path: Path, mode: int) -> None:
    """Temporary files belong to one user alone; a result may be read by whoever may read other new files."""
    mask = os.umask(0)
    os.umask(mask)
    try:
        path.chmod(mode & ~mask)
    except OSError:
        return  # a share that knows no modes
