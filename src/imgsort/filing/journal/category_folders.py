"""Records which folders of a collection imgsort made as categories, and recognises them later.

`.imgsort/categories.json` keeps each folder's path, the path under which it was made, its device, its inode and the
content hashes of its members. A folder that a person renamed is recognised by its inode and a member, or by most
of its members. A link is never recognised, even if it has the name of a category.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imgsort.content import file_content_hash
from imgsort.errors import JournalError
from imgsort.filing.journal.foreign import NONSENSE, checked_integer, checked_relative, checked_text
from imgsort.filing.journal.state import (
    json_line,
    make_state_folder,
    parsed_json,
    read_bounded,
    state_folder,
    write_atomically,
)
from imgsort.filing.paths import has_link_on_the_way, join, parent_of

MAX_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class CategoryFolder:
    """A folder that imgsort made for a category. `path` is relative to the collection.

    `inode` is 0 where inode numbers follow the paths, as on sshfs: there, a number proves nothing.
    `made_as` is the path under which a run made the folder or last sorted into it. A run knows the category by
    this path, even if a person renamed the folder since then.
    """

    path: str
    device: int
    inode: int
    members: frozenset[str]
    made_as: str


@dataclass(frozen=True)
class Changes:
    """What a run or its undo did to the folders of a collection.

    `has_inodes`: whether inode numbers tell one file from another here.
    `made` maps the path of each folder that was made to its `made_as`. `removed` are the paths of folders that were
    removed. `lost` and `gained` are files as (path, content hash): `lost` went to other folders, `gained` came from
    other folders.
    """

    has_inodes: bool = True
    made: Mapping[str, str] = field(default_factory=dict)
    removed: Iterable[str] = ()
    lost: Iterable[tuple[str, str]] = ()
    gained: Iterable[tuple[str, str]] = ()


def known_folders(root: Path) -> tuple[CategoryFolder, ...]:
    """Return the category folders that exist now, under the names that they have now.

    Raises JournalError for a file that imgsort did not write.
    """
    recorded = _read(root)
    missing = []
    found: dict[str, CategoryFolder] = {}
    hashes: dict[str, str | None] = {}
    for folder in recorded:
        status = _folder_status(root, folder.path)
        if status is None or not _is_still(root / folder.path, folder, status, hashes):
            missing.append(folder)
        else:
            found[folder.path] = _seen(folder, folder.path, status)
    for folder in missing:
        renamed = _find_renamed(root, folder, set(found), hashes)
        if renamed is not None:
            found[renamed.path] = renamed
    return tuple(found.values())


def refresh(root: Path) -> tuple[CategoryFolder, ...]:
    """Return `known_folders` and record their present names; folders that are gone leave the record."""
    folders = known_folders(root)
    write(root, folders)
    return folders


def record(root: Path, changes: Changes) -> None:
    """Record what a run or its undo did to the category folders of `root`.

    A folder that is no longer at its path stays in the record, because a person may have renamed it.
    """
    folders = {folder.path: folder for folder in _read(root)}
    for path, made_as in changes.made.items():
        status = _folder_status(root, path)
        if path in folders:
            folders[path] = replace(folders[path], made_as=made_as)
        elif status is not None:
            device, inode = (status.st_dev, status.st_ino) if changes.has_inodes else (0, 0)
            folders[path] = CategoryFolder(path, device, inode, frozenset(), made_as)
    for path in changes.removed:
        folders.pop(path, None)
    members = {path: set(folder.members) for path, folder in folders.items()}
    for path, content in changes.lost:
        members.get(parent_of(path), set()).discard(content)
    for path, content in changes.gained:
        members.get(parent_of(path), set()).add(content)
    write(root, [replace(folders[path], members=frozenset(members[path])) for path in sorted(folders)])


def origins(root: Path) -> dict[str, str]:
    """Return the `made_as` of each recorded folder by its path. Raises JournalError."""
    return {folder.path: folder.made_as for folder in _read(root)}


def write(root: Path, folders: Iterable[CategoryFolder]) -> None:
    """Replace the record of `root`'s category folders, if it changes."""
    record = {
        "version": 1,
        "folders": [
            {
                "path": f.path,
                "device": f.device,
                "inode": f.inode,
                "members": sorted(f.members),
                **({} if f.made_as == f.path else {"made_as": f.made_as}),
            }
            for f in folders
        ],
    }
    data = json_line(record)
    path = make_state_folder(root) / "categories.json"
    if read_bounded(path, MAX_BYTES) != data and (record["folders"] or path.exists()):
        write_atomically(path, data)


def _is_still(place: Path, folder: CategoryFolder, status: os.stat_result, hashes: dict[str, str | None]) -> bool:
    """Say whether the folder that has a category's name is the one that imgsort made, or a copy of it.

    A person may have renamed the category's folder and made a new one with the old name. The new folder then has
    another inode and none of the members.
    """
    if (status.st_dev, status.st_ino) == (folder.device, folder.inode) or not folder.members:
        return True
    return _holds(place, folder.members, 1, hashes)


def _find_renamed(
    root: Path, folder: CategoryFolder, taken: set[str], hashes: dict[str, str | None]
) -> CategoryFolder | None:
    """Find the folder, beside its old place, that has its inode and one member, or most of its members."""
    parent = parent_of(folder.path)
    for name in sorted(_subfolders(root / parent)):
        path = join(parent, name)
        status = _folder_status(root, path)
        if status is None or path in taken:
            continue
        has_inode = (status.st_dev, status.st_ino) == (folder.device, folder.inode)
        # An inode alone proves nothing: the file system may reuse the inode of a removed folder.
        needed = 1 if has_inode else len(folder.members) // 2 + 1
        if folder.members and _holds(root / path, folder.members, needed, hashes):
            return _seen(folder, path, status)
    return None


def _seen(folder: CategoryFolder, path: str, status: os.stat_result) -> CategoryFolder:
    """Return what is recorded of a folder that was seen at `path`."""
    if not folder.inode:
        return replace(folder, path=path)
    return replace(folder, path=path, device=status.st_dev, inode=status.st_ino)


def _holds(folder: Path, members: frozenset[str], needed: int, hashes: dict[str, str | None]) -> bool:
    """Say whether at least `needed` of the members lie in `folder`. `hashes` keeps hashes that are known already."""
    try:
        files = [entry.path for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    except OSError:
        return False
    if len(files) < needed:
        return False
    missing_allowed = len(files) - needed
    seen: set[str] = set()
    for number, path in enumerate(sorted(files)):
        if path not in hashes:
            hashes[path] = file_content_hash(path)
        content = hashes[path]
        if content in members:
            seen.add(content)
        if len(seen) >= needed:
            return True
        if number - len(seen) > missing_allowed:
            return False
    return False


def _subfolders(folder: Path) -> list[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    return [e.name for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)]


def _folder_status(root: Path, path: str) -> os.stat_result | None:
    """Return the status of the folder at `path`; None if it is no folder, is a link, or has a link on the way."""
    if has_link_on_the_way(root, path):
        return None
    try:
        status = os.lstat(root / path)
    except OSError:
        return None
    return status if stat.S_ISDIR(status.st_mode) else None


def _read(root: Path) -> list[CategoryFolder]:
    path = state_folder(root) / "categories.json"
    data = read_bounded(path, MAX_BYTES)
    if data is None:
        return []
    try:
        record = parsed_json(data)
        if record["version"] != 1:
            raise ValueError(f"version {record['version']!r}")
        return [_folder(value) for value in record["folders"]]
    except NONSENSE as error:
        raise JournalError(
            f"{path}: this is not what imgsort wrote there ({error}). Remove the file to go on without it; "
            "imgsort then takes its category folders for your own folders."
        ) from error


def _folder(value: Any) -> CategoryFolder:
    path = checked_relative(value["path"])
    return CategoryFolder(
        path,
        checked_integer(value["device"]),
        checked_integer(value["inode"]),
        frozenset(checked_text(member) for member in value["members"]),
        checked_relative(value.get("made_as", path)),
    )
