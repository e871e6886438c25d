"""Checks and splits relative paths, which may come from an untrusted file.

A relative path is a str with `/` between its parts on every system. "" is the root itself. Bytes that
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
    This function does not find links, because they are on disk, not in the name: see `has_link_on_the_way`.
    """
    parts = path.split("/")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        return False
    # These are the names of the state folder and of temporary files. imgsort removes temporary files without asking.
    if any(name_key(part) == STATE_FOLDER or name_key(part).startswith(f"{STATE_FOLDER}-") for part in parts):
        return False
    return not (os.sep == "\\" and ("\\" in path or ":" in path))


def has_link_on_the_way(root: Path, path: str) -> bool:
    """Say whether a part on the way from `root` to `path` is a link or not a folder.

    The last part of `path` may be anything.
    """
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
    """Say whether anything has this name, even a dangling link. Raises OSError if the system cannot tell.

    `os.path.lexists` answers False on every error. An undo that has no right to look into a folder would
    then think that the file is missing.
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
    """Return the folders above `folder`, the uppermost first, and then `folder` itself; an empty list for the root."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def parent_of(path: str) -> str:
    """Return the path without its last part; "" for a path of one part."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the last part of the path."""
    return path.rpartition("/")[2]


def join(folder: str, name: str) -> str:
    """Return the path of `name` in `folder`; `folder` may be ""."""
    return f"{folder}/{name}" if folder else name
