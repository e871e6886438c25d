"""Describes a sorting under review, and the corrections that a person makes to it. Knows numbers and names only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from imgsort.errors import CorrectionError
from imgsort.name_key import name_key
from imgsort.report.page_data import GroupKind
from imgsort.review.sorting.folder_names import checked_name

# Groups that a person can put images into, but not rename. They stay even if they are empty.
FIXED_KINDS: tuple[GroupKind, ...] = ("outliers", "unsorted", "unsure", "rejected", "stays")
# The title of the group of images that stay where they are.
STAYS = "Stays where it is"


@dataclass(frozen=True)
class SortedGroup:
    """A group of images. `id` stays the same as long as the group exists; no other group ever gets it.

    `name`: the folder, relative to the output; for `stays` only a title. `is_named`: a person gave the name.
    """

    id: int
    name: str
    kind: GroupKind
    is_named: bool = False


@dataclass(frozen=True)
class Sorting:
    """Which image belongs to which group.

    `images`: for each image the id of its group. `held`: the numbers of images that a person put where they are.
    `clusters`: the number of categories that was asked for, or None. `next_id`: the id of the next group.
    `distances`: for each image how odd it is in its group; None if a person put it there, or if nobody knows. Empty if
    nobody knows any.
    """

    groups: tuple[SortedGroup, ...]
    images: tuple[int, ...]
    held: frozenset[int] = frozenset()
    clusters: int | None = None
    next_id: int = 0
    distances: tuple[float | None, ...] = ()

    def group(self, number: int) -> SortedGroup:
        """Return the group with this id. Raises CorrectionError."""
        for group in self.groups:
            if group.id == number:
                return group
        raise CorrectionError(f"there is no group {number}. Reload the page.")

    def members(self, *groups: int) -> list[int]:
        """Return the numbers of the images in these groups."""
        return [number for number, group in enumerate(self.images) if group in groups]

    def first_of(self, kind: GroupKind) -> SortedGroup:
        """Return the first group of a kind. Raises CorrectionError."""
        for group in self.groups:
            if group.kind == kind:
                return group
        raise CorrectionError(f"this review has no group for images that are {kind}.")


@dataclass(frozen=True)
class Move:
    """Images go to another group."""

    images: tuple[int, ...]
    to: int
    do: Literal["move"] = "move"

    def apply(self, sorting: Sorting) -> Sorting:
        """Return the sorting after the correction. Raises CorrectionError."""
        _require_open(sorting.group(self.to))
        require_images(sorting, self.images)
        return _with_images(sorting, self.images, self.to)

    def words(self, sorting: Sorting) -> str:
        """Say what the correction does to `sorting`."""
        return f"moving {_counted(self.images)} to {sorting.group(self.to).name}"


@dataclass(frozen=True)
class Rename:
    """A group gets another name."""

    group: int
    name: str
    do: Literal["rename"] = "rename"

    def apply(self, sorting: Sorting) -> Sorting:
        """Return the sorting after the correction. Raises CorrectionError."""
        old = sorting.group(self.group)
        if old.kind in FIXED_KINDS:
            raise CorrectionError(f"{old.name!r} has a fixed name. Move its images to a group of your own.")
        name = _free(sorting, self.name, but=old.id)
        if name == old.name:
            return sorting
        new = replace(old, name=name, is_named=True)
        return replace(sorting, groups=tuple(new if group.id == old.id else group for group in sorting.groups))

    def words(self, sorting: Sorting) -> str:
        """Say what the correction does to `sorting`."""
        return f"renaming {sorting.group(self.group).name} to {checked_name(self.name)}"


@dataclass(frozen=True)
class Merge:
    """All images of some groups go to another one. Categories that are empty then are gone."""

    groups: tuple[int, ...]
    into: int
    do: Literal["merge"] = "merge"

    def apply(self, sorting: Sorting) -> Sorting:
        """Return the sorting after the correction. Raises CorrectionError."""
        into = sorting.group(self.into)
        others = {sorting.group(number).id for number in self.groups} - {into.id}
        if not others:
            raise CorrectionError("a merge needs two different groups.")
        _require_open(into)
        members = sorting.members(into.id, *others)
        merged = _with_images(sorting, members, into.id) if members else sorting
        kept = tuple(group for group in merged.groups if group.id not in others or group.kind in FIXED_KINDS)
        return replace(merged, groups=kept)

    def words(self, sorting: Sorting) -> str:
        """Say what the correction does to `sorting`."""
        others = [number for number in dict.fromkeys(self.groups) if number != self.into]
        what = sorting.group(others[0]).name if len(others) == 1 else f"{len(others)} groups"
        return f"merging {what} into {sorting.group(self.into).name}"


@dataclass(frozen=True)
class Create:
    """A new group with images in it. There may be none."""

    name: str
    images: tuple[int, ...]
    do: Literal["create"] = "create"

    def apply(self, sorting: Sorting) -> Sorting:
        """Return the sorting after the correction. Raises CorrectionError."""
        group = SortedGroup(sorting.next_id, _free(sorting, self.name), "category", is_named=True)
        created = replace(sorting, groups=placed(sorting.groups, [group]), next_id=sorting.next_id + 1)
        if not self.images:
            return created
        require_images(sorting, self.images)
        return _with_images(created, self.images, group.id)

    def words(self, _: Sorting) -> str:
        """Say what the correction does."""
        return f"making {checked_name(self.name)}"


@dataclass(frozen=True)
class Regroup:
    """The images are grouped into another number of categories. `labels` are made by `Study.regroup`."""

    clusters: int
    do: Literal["regroup"] = "regroup"

    def words(self, _: Sorting) -> str:
        """Say what the correction does."""
        return f"grouping into {self.clusters}"


Correction = Move | Rename | Merge | Create | Regroup


def placed(groups: Sequence[SortedGroup], new: Iterable[SortedGroup]) -> tuple[SortedGroup, ...]:
    """Return the groups with the new ones before those that cannot be renamed, as the page shows them."""
    fixed = [group for group in groups if group.kind in FIXED_KINDS]
    return (*(group for group in groups if group.kind not in FIXED_KINDS), *new, *fixed)


def require_images(sorting: Sorting, numbers: Sequence[int]) -> None:
    """Raise CorrectionError if there are no numbers, or if one of them belongs to no image."""
    if not numbers:
        raise CorrectionError("no image is chosen.")
    wrong = next((number for number in numbers if not 0 <= number < len(sorting.images)), None)
    if wrong is not None:
        raise CorrectionError(f"there is no image {wrong}. Reload the page.")


def _require_open(group: SortedGroup) -> None:
    """Raise CorrectionError if no image can be put into the group: a saved plan gives each of its files a name."""
    if group.name == ".":
        raise CorrectionError("the images of this group go directly into the folder, each under a name of its own.")


def _with_images(sorting: Sorting, numbers: Sequence[int], group: int) -> Sorting:
    """Return the sorting with these images in the group, where they are held."""
    images, distances = list(sorting.images), list(sorting.distances)
    for number in numbers:
        images[number] = group
        if distances:
            distances[number] = None
    held = sorting.held | frozenset(numbers)
    return replace(sorting, images=tuple(images), held=held, distances=tuple(distances))


def _free(sorting: Sorting, name: str, but: int | None = None) -> str:
    """Return the name as it can be given to a group. Raises CorrectionError."""
    name = checked_name(name)
    for group in sorting.groups:
        if group.id != but and name_key(group.name) == name_key(name):
            raise CorrectionError(f"there is a group {group.name!r} already. Give another name, or merge the two.")
    return name


def _counted(images: Sequence[int]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"
