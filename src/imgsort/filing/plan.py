"""Decides every move and every name. Looks at the disk, touches nothing.

The plan is the thing that is shown, saved, applied and undone: nothing is decided after it.
"""

import os
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from imgsort.errors import UsageError
from imgsort.filing.paths import STATE_FOLDER, free_name, is_safe_relative, join, name_key, name_of, parent_of


class Mode(StrEnum):
    """How an image gets to its folder."""

    MOVE = "move"
    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


@dataclass(frozen=True)
class Site:
    """Where a run takes files from, where it puts them, and how.

    Sources are relative to `collection`, targets to `destination`. Both are absolute, without links.
    `destination` is the collection itself unless files go outside it; an output folder inside the
    collection is the `prefix` of every target.
    """

    collection: Path
    destination: Path
    mode: Mode = Mode.MOVE
    prefix: str = ""

    @property
    def is_within(self) -> bool:
        """Whether sources and targets lie under one root."""
        return self.collection == self.destination

    @property
    def output(self) -> Path:
        """The folder in which category folders appear."""
        return self.destination / self.prefix

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders whose `.imgsort` holds this run's file and lock."""
        if self.is_within:
            return (self.collection,)
        return (self.collection, self.destination) if self.mode is Mode.MOVE else (self.destination,)


@dataclass(frozen=True)
class Placement:
    """A file and the folder that it belongs in. `folder` is a name, not yet a place on disk.

    `source` is relative to the collection; `size`, `mtime_ns` and `content` say what was judged;
    `distance` is how odd the file is there, higher = odder.
    """

    source: str
    size: int
    mtime_ns: int
    content: str
    folder: str
    distance: float | None = None


@dataclass(frozen=True)
class Move:
    """One file's way: `source` relative to the collection, `target` to the destination."""

    source: str
    target: str
    size: int
    mtime_ns: int
    content: str
    distance: float | None = None


@dataclass(frozen=True)
class FolderCount:
    """A folder of the result and how many of the placed files it will hold, moved or not."""

    name: str
    count: int


@dataclass(frozen=True)
class Plan:
    """All that a run will do. `made` are the folders to make, parents first; `categories` those that are categories."""

    site: Site
    made: tuple[str, ...]
    categories: tuple[str, ...]
    moves: tuple[Move, ...]
    folders: tuple[FolderCount, ...]


def site_of(collection: Path, output: Path | None = None, mode: Mode = Mode.MOVE) -> Site:
    """Say where files go. `collection` has no links in it. Raises UsageError for an output that will not do."""
    if output is None:
        if mode is not Mode.MOVE:
            raise UsageError(f"--{mode} needs --output: a folder outside {collection} for the new files.")
        return Site(collection, collection)
    try:
        output = output.resolve()
    except (OSError, RuntimeError) as error:  # a loop of links, before Python 3.13
        raise UsageError(f"{output}: this --output cannot be followed to its end ({error}).") from error
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: --output is a file, and a folder is due.")
    if STATE_FOLDER in output.parts:
        raise UsageError(f"{output}: --output lies in a folder that imgsort keeps for itself.")
    if not output.is_relative_to(collection):
        return Site(collection, output, mode)
    if mode is not Mode.MOVE:
        raise UsageError(f"{output}: with --{mode}, --output must lie outside the collection {collection}.")
    prefix = output.relative_to(collection).as_posix()
    return Site(collection, collection, mode, "" if prefix == "." else prefix)


def make_plan(
    site: Site, placements: Sequence[Placement], *, own_folders: Set[str] = frozenset(), categories: bool = True
) -> Plan:
    """Choose a place for every file.

    With `categories` the folders are categories: a name that something foreign has is left alone and
    `name (2)` taken, and `own_folders` (relative to the destination) are those that imgsort made before.
    Otherwise (`Outlayers`) a folder that is there is used. Files already in their folder stay.
    Raises UsageError where a name that must be a folder is something else.
    """
    names = list(dict.fromkeys(placement.folder for placement in placements))
    chooser = _FolderChooser(site, own_folders if categories else None)
    paths = {name: chooser.path_for(name) for name in names}
    moves = []
    counts = dict.fromkeys(names, 0)
    taken = {path: _keys_in(site.destination / path) for path in paths.values()}
    for placement in placements:
        folder = paths[placement.folder]
        counts[placement.folder] += 1
        if site.collection / parent_of(placement.source) == site.destination / folder:
            continue
        name = free_name(name_of(placement.source), taken[folder])
        taken[folder].add(name_key(name))
        moves.append(
            Move(
                placement.source,
                join(folder, name),
                placement.size,
                placement.mtime_ns,
                placement.content,
                placement.distance,
            )
        )
    used = {parent_of(move.target) for move in moves}
    return Plan(
        site=site,
        made=tuple(path for path in chooser.missing if any(_is_at_or_above(path, folder) for folder in used)),
        categories=tuple(paths.values()) if categories else (),
        moves=tuple(moves),
        folders=tuple(FolderCount(name_of(paths[name]), counts[name]) for name in names),
    )


class _FolderChooser:
    """Finds a path for each folder name; remembers which are yet to be made, parents first."""

    def __init__(self, site: Site, own_folders: Set[str] | None) -> None:
        self.site = site
        self.own_folders = None if own_folders is None else {name_key(path): path for path in own_folders}
        self.missing: list[str] = []
        self._taken = _keys_in(site.output)
        parts = site.prefix.split("/") if site.prefix else []
        for depth in range(1, len(parts) + 1):
            ancestor = "/".join(parts[:depth])
            if not (site.destination / ancestor).is_dir():
                self.missing.append(ancestor)

    def path_for(self, name: str) -> str:
        if self.own_folders is None:
            return self._shared(name)
        number_taken: set[str] = set()
        while True:
            candidate = free_name(name, number_taken)
            path = join(self.site.prefix, candidate)
            if name_key(path) in self.own_folders:
                return self.own_folders[name_key(path)]
            if name_key(candidate) not in self._taken:
                return self._new(candidate)
            number_taken.add(name_key(candidate))

    def _shared(self, name: str) -> str:
        path = join(self.site.prefix, name)
        if name_key(name) not in self._taken:
            return self._new(name)
        folder = self.site.destination / path
        if folder.is_symlink() or not folder.is_dir():
            raise UsageError(f"{folder}: imgsort needs a folder of this name, and this is none. Rename it.")
        return path

    def _new(self, name: str) -> str:
        path = join(self.site.prefix, name)
        if not is_safe_relative(path):
            raise UsageError(f"{path!r}: this cannot be the name of a folder.")
        self._taken.add(name_key(name))
        self.missing.append(path)
        return path


def _keys_in(folder: Path) -> set[str]:
    try:
        return {name_key(name) for name in os.listdir(folder)}
    except FileNotFoundError:
        return set()


def _is_at_or_above(path: str, folder: str) -> bool:
    return folder == path or folder.startswith(path + "/")
