"""Decides every move and every name. Looks at the disk, touches nothing.

The plan is the thing that is shown, saved, applied and undone: nothing is decided after it.
"""

import os
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from imgsort.content import file_content_hash
from imgsort.errors import UsageError
from imgsort.filing.paths import (
    STATE_FOLDER,
    exists,
    has_link_on_the_way,
    is_at_or_above,
    is_safe_relative,
    join,
    name_of,
    parent_of,
    with_ancestors,
)
from imgsort.filing.planning.names import FolderNames, free_name
from imgsort.name_key import name_key


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
class Follower:
    """A file that goes wherever an image goes: its sidecar. It lies in the image's folder."""

    source: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Placement:
    """An image and the folder that it belongs in. `folder` is a name, not yet a place on disk.

    `source` is relative to the collection; `size`, `mtime_ns` and `content` say what was judged;
    `distance` is how odd the image is there, higher = odder, and `score` what else its command has to say of it.
    It and its `followers` are one unit.
    """

    source: str
    size: int
    mtime_ns: int
    content: str
    folder: str
    distance: float | None = None
    followers: tuple[Follower, ...] = ()
    score: float | None = None


@dataclass(frozen=True)
class Move:
    """One file's way: `source` relative to the collection, `target` to the destination.

    `follows`: for a sidecar, the `source` of the image that it goes with.
    """

    source: str
    target: str
    size: int
    mtime_ns: int
    content: str
    distance: float | None = None
    follows: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A file that a plan, a run or an undo leaves as it is, and why. `path` is relative to its root."""

    path: str
    reason: str


@dataclass(frozen=True)
class FolderCount:
    """A folder of the result and how many of the placed images it will hold, moved or not."""

    name: str
    count: int


@dataclass(frozen=True)
class Plan:
    """All that a run will do. `made` are the folders to make, parents first; `categories` those that are categories.

    A unit's image comes first among `moves` and its followers right after it. `kept` are images that stay
    because a follower of theirs cannot be read: nothing a run does, so its file does not tell of them.
    """

    site: Site
    made: tuple[str, ...]
    categories: tuple[str, ...]
    moves: tuple[Move, ...]
    folders: tuple[FolderCount, ...]
    kept: tuple[Refusal, ...] = ()


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
    site: Site,
    placements: Sequence[Placement],
    *,
    own_folders: Set[str] = frozenset(),
    shared: Set[str] = frozenset(),
) -> Plan:
    """Choose a place for every image and what follows it.

    The folders are categories: a name that something foreign has is left alone and `name (2)` taken, and
    `own_folders` (relative to the destination) are those that imgsort made before. But of the names in `shared`
    (`Outlayers`) a folder that is there is used. Images already in their folder stay, with what follows
    them. Followers that move are read, for the hash of their content.
    Raises UsageError where a name that must be a folder is something else.
    """
    names = list(dict.fromkeys(placement.folder for placement in placements))
    chooser = _FolderChooser(site, own_folders)
    paths = {name: chooser.shared(name) if name in shared else chooser.own(name) for name in names}
    moves: list[Move] = []
    kept: list[Refusal] = []
    counts = dict.fromkeys(names, 0)
    taken = {path: FolderNames(_names_in(site.destination / path)) for path in paths.values()}
    for placement in placements:
        folder = paths[placement.folder]
        if site.collection / parent_of(placement.source) != site.destination / folder:
            unit = _unit_moves(site, placement, folder, taken[folder])
            if isinstance(unit, Refusal):
                kept.append(unit)
                continue
            moves += unit
        counts[placement.folder] += 1
    used = {parent_of(move.target) for move in moves}
    return Plan(
        site=site,
        made=tuple(path for path in chooser.missing if any(is_at_or_above(path, folder) for folder in used)),
        categories=tuple(path for name, path in paths.items() if name not in shared),
        moves=tuple(moves),
        folders=tuple(FolderCount(name_of(paths[name]), counts[name]) for name in names),
        kept=tuple(kept),
    )


def _unit_moves(site: Site, placement: Placement, folder: str, taken: FolderNames) -> list[Move] | Refusal:
    """Choose names in `folder` for an image and its followers; or say why they stay.

    A follower that cannot be read could not be copied, nor told from another one by an undo.
    """
    contents = {
        follower.source: content
        for follower in placement.followers
        if (content := file_content_hash(site.collection / follower.source)) is not None
    }
    unread = [follower.source for follower in placement.followers if follower.source not in contents]
    if unread:
        return Refusal(placement.source, f"stays with its sidecar {name_of(unread[0])!r}, which cannot be read")
    sources = [placement.source, *contents]
    names = taken.take([name_of(source) for source in sources], parent_of(placement.source))
    image, *followers = [join(folder, name) for name in names]
    return [
        Move(placement.source, image, placement.size, placement.mtime_ns, placement.content, placement.distance),
        *(
            Move(f.source, target, f.size, f.mtime_ns, contents[f.source], follows=placement.source)
            for f, target in zip(placement.followers, followers, strict=True)
        ),
    ]


class _FolderChooser:
    """Finds a path for each folder name; remembers which are yet to be made, parents first."""

    def __init__(self, site: Site, own_folders: Set[str]) -> None:
        self.site = site
        self.own_folders = {name_key(path): path for path in own_folders}
        self.missing: list[str] = []
        self._taken = {name_key(name) for name in _names_in(site.output)}
        self._miss(with_ancestors(site.prefix))

    def own(self, name: str) -> str:
        """Return the path of a category's folder: one that imgsort made, or one that nothing has yet."""
        number_taken: set[str] = set()
        while True:
            candidate = free_name(name, number_taken)
            path = join(self.site.prefix, candidate)
            if name_key(path) in self.own_folders:
                return self.own_folders[name_key(path)]
            if name_key(candidate) not in self._taken:
                return self._new(candidate)
            number_taken.add(name_key(candidate))

    def shared(self, name: str) -> str:
        """Return the path of a folder that anyone may have made; `name` may be a path itself.

        Raises UsageError where it is no folder.
        """
        path = join(self.site.prefix, name)
        is_taken = name_key(name) in self._taken if "/" not in name else exists(self.site.destination / path)
        if not is_taken:
            return self._new(name)
        folder = self.site.destination / path
        if folder.is_symlink() or not folder.is_dir() or has_link_on_the_way(self.site.destination, path):
            raise UsageError(f"{folder}: imgsort needs a folder of this name, and this is none. Rename it.")
        return path

    def _new(self, name: str) -> str:
        path = join(self.site.prefix, name)
        if not is_safe_relative(path):
            raise UsageError(f"{path!r}: this cannot be the name of a folder.")
        self._taken.add(name_key(name))
        self._miss(with_ancestors(parent_of(path)))
        self.missing.append(path)
        return path

    def _miss(self, folders: Sequence[str]) -> None:
        """Note which of the folders are not there."""
        for folder in folders:
            if folder not in self.missing and not (self.site.destination / folder).is_dir():
                self.missing.append(folder)


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
