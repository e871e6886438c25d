"""Names the folder for everything that imgsort can make again: features, converted models, and weights."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from imgsort.homes import home_folder
from imgsort.temporary import can_write, private_folder

# Files with this suffix are not whole: a process was killed while it wrote one, or is about to rename it.
PART = ".part"

_NO_HOME = "there is no home folder for it"


def named_cache_folder() -> Path:
    """Return the folder that is meant for the cache: IMGSORT_CACHE_DIR, or the user's own folder for caches.

    The folder need not exist, and perhaps nothing can be written there. Raises OSError if the user has no home folder.
    """
    named = os.environ.get("IMGSORT_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    with contextlib.suppress(RuntimeError):
        folder = Path(platformdirs.user_cache_dir("imgsort", appauthor=False))
        if folder.is_absolute():
            return folder
        # The standard of XDG_CACHE_HOME says that a relative path counts as if it were not there.
        home = home_folder()
        if home is not None:
            return home / ".cache" / "imgsort"
    raise OSError(errno.ENOENT, f"{_NO_HOME}; name a folder with IMGSORT_CACHE_DIR")


def cache_folder() -> Path:
    """Return the folder in which this process keeps what it makes.

    It is the named one, or a temporary one of this process if nothing can be written to the named one. It need not
    exist. Raises OSError if there is no place for temporary files either.
    """
    with contextlib.suppress(OSError):
        if can_write(named_cache_folder()):
            return named_cache_folder()
    return private_folder() / "cache"


def cache_folders() -> list[Path]:
    """Return the folders in which something may be kept: the one to write to, and a named one that is read-only."""
    folders = []
    with contextlib.suppress(OSError):
        folders.append(cache_folder())
    with contextlib.suppress(OSError):
        folders.append(named_cache_folder())
    return list(dict.fromkeys(folders))


def tell_if_temporary(notice: Callable[[str], None]) -> None:
    """Say with `notice` that the cache lies in a temporary folder, and why, if this is so."""
    try:
        named = named_cache_folder()
        if can_write(named):
            return
        reason = f"{named}: the cache cannot be kept there"
    except OSError:
        reason = f"the cache cannot be kept: {_NO_HOME}"
    where = "lies in a temporary folder until this command ends"
    try:
        private_folder()
    except OSError:
        where = "is left out, because there is no temporary folder either"
    notice(f"{reason}. It {where}, and the next command starts without it. IMGSORT_CACHE_DIR names another folder.")


def write_whole(file: Path, data: bytes) -> None:
    """Write `data` to a temporary file in the same folder, which is made if needed, and rename it to `file`.

    So another process sees the whole file or nothing. Raises OSError; then no part is left.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, suffix=PART)
    try:
        with open(descriptor, "wb") as handle:
            handle.write(data)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
