"""Relative paths that may come from a stranger's file, and names that no file system confuses.

A relative path is a str with `/` between its parts on every system; "" is the root itself. Bytes that
are not UTF-8 are surrogate escapes, as everywhere in Python.
"""

import os
import stat
from pathlib import Path

from imgsort.name_key import name_key

STATE_FOLDER = ".imgsort"
MAX_NAME_BYTES = 255


def is_safe_relative(path: str) -> bool:
    """Say whether `path` stays inside the folder it is joined to and out of imgsort's own state.

    Absolute paths, `.`, `..`, empty parts, NUL, and (on Windows) drives and backslashes are not safe.
    Links on the way are for `has_link_on_the_way` to find: they are on disk, not in the name.
    """
    parts = path.split("/")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        return False
    # The state itself, and the names of temporary files, which are removed without asking.
    if any(name_key(part) == STATE_FOLDER or name_key(part).startswith(f"{STATE_FOLDER}-") for part in parts):
        return False
    return not (os.sep == "\\" and ("\\" in path or ":" in path))


def has_link_on_the_way(root: Path, path: str) -> bool:
    """Say whether a folder on the way from `root` to `path` is a link or no folder. The end may be anything."""
    folder = os.fspath(root)
    for part in path.split("/")[:-1]:
        folder = os.path.join(folder, part)
        try:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                return True
        except FileNotFoundError:
            return False
    return False


def exists(path: Path) -> bool:
    """Say whether anything, a dangling link too, has this name. Raises OSError where that cannot be told.

    `os.path.lexists` takes every error for a no, and so would an undo that may not look into a folder.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_hidden(path: str) -> bool:
    """Say whether the path, or a folder on the way to it, has a name that begins with a dot."""
    return any(part.startswith(".") for part in path.split("/"))


def is_at_or_above(path: str, folder: str) -> bool:
    """Say whether `folder` is `path` or lies in it."""
    return folder == path or folder.startswith(path + "/")


def with_ancestors(folder: str) -> list[str]:
    """Return the folders above `folder`, the uppermost first, and then itself; none for the root."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def parent_of(path: str) -> str:
    """Return the path without its last part; "" for a path of one part."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the last part of the path."""
    return path.rpartition("/")[2]


def join(folder: str, name: str) -> str:
    """Return the path of `name` in `folder`, where `folder` may be ""."""
    return f"{folder}/{name}" if folder else name
