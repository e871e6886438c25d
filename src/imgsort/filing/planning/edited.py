"""Makes a plan from rows that a person edited.

The person chooses every name. imgsort checks every row before it moves any file.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from imgsort.content import file_content_hash
from imgsort.filing.paths import (
    MAX_NAME_BYTES,
    exists,
    has_link_on_the_way,
    is_at_or_above,
    is_hidden,
    is_safe_relative,
    join,
    name_of,
    parent_of,
    with_ancestors,
)
from imgsort.filing.planning.names import names_beside
from imgsort.filing.planning.plan import FolderCount, Move, Placement, Plan
from imgsort.filing.planning.site import Site
from imgsort.name_key import name_key
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules


@dataclass(frozen=True)
class EditedRow:
    """An image and the place that a person wants for it.

    `target` is the new place, relative to the destination. `line` is the number of the line where the person
    wrote it.
    """

    line: int
    placement: Placement
    target: str


@dataclass(frozen=True)
class RowError:
    """An error in one line, and its reason."""

    line: int
    reason: str


def plan_of_rows(
    site: Site, rows: Sequence[EditedRow], *, no_categories: Collection[str], rules: SidecarRules = BUILT_IN
) -> tuple[Plan, list[RowError]]:
    """Return the plan that brings every row's file to its target, and the errors in the rows.

    If there are errors, the plan must not be used. The plan makes missing folders. These are categories unless
    they are, or lie in, one of `no_categories`. Existing folders are used and stay what they are: a category or
    not. The followers of an image go with it and get names made from its new name, by `rules`.
    """
    checker = _Checker(site, rules)
    moves: list[Move] = []
    for row in rows:
        moves += checker.moves_of(row)
    folders = sorted({parent_of(move.target) for move in moves})
    made = _missing(site, folders)
    new = set(made)
    return (
        Plan(
            site=site,
            made=made,
            categories=tuple(
                folder
                for folder in folders
                if folder in new and not any(is_at_or_above(other, folder) for other in no_categories)
            ),
            moves=tuple(moves),
            folders=tuple(FolderCount(folder or ".", count) for folder, count in _counts(moves).items()),
        ),
        checker.errors,
    )


class _Checker:
    """Checks rows one by one and remembers the names that they take."""

    def __init__(self, site: Site, rules: SidecarRules) -> None:
        self.site = site
        self.rules = rules
        self.errors: list[RowError] = []
        self._sources: dict[str, int] = {}
        # Both map the key of a path to the line that takes it: as a file, or as a folder on the way to a file.
        self._files: dict[str, int] = {}
        self._folders: dict[str, int] = {}

    def moves_of(self, row: EditedRow) -> list[Move]:
        """Return the moves of a row's file and its followers; no moves if the file stays or the row has an error."""
        placement = row.placement
        if self.site.is_within and row.target == placement.source:
            return []
        try:
            unit = self._unit(row)
            wrong = self._wrong_with(row) or self._taken(row.line, [move.target for move in unit])
        except OSError as error:  # the file system does not accept the name
            unit, wrong = [], f"the target {row.target[:80]!r} is not possible ({error.strerror})"
        unread = next((move.source for move in unit if not move.content), None)
        if wrong is None and unread is not None:
            wrong = f"its sidecar {unread!r} cannot be read"
        if wrong is None:
            return unit
        self.errors.append(RowError(row.line, wrong))
        return []

    def _unit(self, row: EditedRow) -> list[Move]:
        """Return the moves of a row's image and of each follower that gets another name or folder."""
        image, followers = row.placement, row.placement.followers
        old, new = name_of(image.source), name_of(row.target)
        names = names_beside(old, new, [name_of(follower.source) for follower in followers], self.rules)
        targets = [join(parent_of(row.target), name) for name in names]
        moves = [
            Move(image.source, row.target, image.size, image.mtime_ns, image.content, image.distance, link=image.link)
        ]
        for follower, target in zip(followers, targets, strict=True):
            if not (self.site.is_within and follower.source == target):
                content = file_content_hash(self.site.collection / follower.source) or ""
                moves.append(
                    Move(follower.source, target, follower.size, follower.mtime_ns, content, follows=image.source)
                )
        return moves

    def _wrong_with(self, row: EditedRow) -> str | None:
        target = row.target
        first = self._sources.setdefault(row.placement.source, row.line)
        if first != row.line:
            return f"line {first} has the file {row.placement.source!r} already"
        if not is_safe_relative(target):
            return f"the target {target!r} does not lie in {self.site.destination}"
        if is_hidden(target):
            return f"the target {target!r} is hidden, and imgsort does not hide files"
        if "\\" in target and "\\" not in row.placement.source:
            return f"the target {target!r} has a backslash: folders are separated by /"
        if has_link_on_the_way(self.site.destination, target):
            return f"a link or a file is on the way to the target {target!r}"
        return None

    def _taken(self, line: int, targets: Sequence[str]) -> str | None:
        """Take the names of `targets`, or say which name is taken on disk, by another line or by this line."""
        files: dict[str, int] = {}
        for target in targets:
            if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in target.split("/")):
                return f"the target {target[:80]!r}… has a name of more than {MAX_NAME_BYTES} bytes"
            key = name_key(target)
            first = self._files.get(key) or self._folders.get(key) or files.get(key)
            if first:
                return f"line {first} has the target {target!r} already"
            place = self.site.destination / target
            if exists(place):
                hint = f": for a file in it, write {target + '/'!r}" if place.is_dir() else ""
                return f"there is a {'folder' if hint else 'file'} {target!r} already{hint}"
            files[key] = line
        folders = dict.fromkeys(map(name_key, with_ancestors(parent_of(targets[0]))), line)
        in_the_way = next((key for key in folders if key in self._files or key in files), None)
        if in_the_way is not None:
            return f"line {self._files.get(in_the_way, line)} makes a file where the target {targets[0]!r} has a folder"
        self._files |= files
        self._folders |= folders
        return None


def _missing(site: Site, folders: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that must be made so that all `folders` exist, parents first."""
    wanted: dict[str, None] = {}
    for folder in folders:
        wanted.update(dict.fromkeys(with_ancestors(folder)))
    return tuple(folder for folder in wanted if not (site.destination / folder).is_dir())


def _counts(moves: Iterable[Move]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for move in moves:
        if move.follows is None:
            counts[parent_of(move.target)] = counts.get(parent_of(move.target), 0) + 1
    return counts
