"""Makes folders from dicts, and reads folders back into dicts."""

import os
import stat
from pathlib import Path

from imgsort.filing.paths import STATE_FOLDER

FileFacts = tuple[bytes, int, int]


def make_tree(root: Path, tree: dict[str, bytes | None]) -> None:
    """Make files with the given contents, and folders where the content is None.

    The times of the files are unusual numbers.
    """
    for number, (path, content) in enumerate(tree.items()):
        place = root / path
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        os.utime(place, ns=(10**18 + 7 * number, 10**18 + 123_456_789 * number))


def read_tree(root: Path) -> dict[str, FileFacts | int | str]:
    """Return {path: facts} of everything in a folder, without `.imgsort`.

    The facts of a file are (bytes, mode, mtime_ns). Those of a folder are its mode, and those of a link are its target.
    """
    found: dict[str, FileFacts | int | str] = {}
    pending = [""]
    while pending:
        folder = pending.pop()
        for name in os.listdir(root / folder):
            path = f"{folder}/{name}" if folder else name
            status = os.lstat(root / path)
            if name == STATE_FOLDER:
                continue
            if stat.S_ISDIR(status.st_mode):
                found[path] = stat.S_IMODE(status.st_mode)
                pending.append(path)
            elif stat.S_ISLNK(status.st_mode):
                found[path] = os.readlink(root / path)
            elif not stat.S_ISREG(status.st_mode):
                found[path] = "neither file nor folder"
            else:
                found[path] = ((root / path).read_bytes(), stat.S_IMODE(status.st_mode), status.st_mtime_ns)
    return found


def names(root: Path) -> dict[str, bytes]:
    """Return {path: content} of every file, to compare with a tree that is stated as a dict."""
    return {path: facts[0] for path, facts in read_tree(root).items() if isinstance(facts, tuple)}


def files_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder and its subfolders, sorted."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
