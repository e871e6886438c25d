"""Chooses a key for the copy of every image and of its followers."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from imgsort.errors import UsageError
from imgsort.filing.objects.plan import ObjectCopy, ObjectPlan, ObjectSite
from imgsort.filing.paths import is_safe_relative, join, name_of, parent_of
from imgsort.filing.planning.names import FolderNames, free_name
from imgsort.filing.planning.plan import FolderCount, Placement, Refusal
from imgsort.name_key import name_key
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules
from imgsort.storage.keys import MAX_KEY_BYTES
from imgsort.storage.objects import MAX_COPIED_BYTES


@dataclass(frozen=True)
class Surroundings:
    """What lies at the destination already: the names directly in it, and the names in one of its folders."""

    names: Iterable[str]
    names_in: Callable[[str], Sequence[str]]


def make_object_plan(
    site: ObjectSite,
    placements: Sequence[Placement],
    marks: Mapping[str, str],
    there: Surroundings,
    *,
    shared: Set[str] = frozenset(),
    rules: SidecarRules = BUILT_IN,
) -> ObjectPlan:
    """Choose a key for the copy of every image and of its followers.

    `marks`: of each object that may be copied, by its path. A category whose name is taken gets `name (2)`; the
    folders in `shared` are used whoever made them. Raises UsageError for a folder name that cannot be part of a key.
    """
    names = list(dict.fromkeys(placement.folder for placement in placements))
    paths = _folders(names, there, shared)
    taken = {path: FolderNames(there.names_in(path) if name in shared else (), rules) for name, path in paths.items()}
    copies: list[ObjectCopy] = []
    kept: list[Refusal] = []
    counts = dict.fromkeys(names, 0)
    for placement in placements:
        folder = paths[placement.folder]
        unit = _unit(placement, folder, taken[folder], marks)
        wrong = next((reason for copy in unit if (reason := why_not(site, copy))), None)
        if wrong is not None:
            kept.append(Refusal(placement.source, wrong))
            continue
        copies += unit
        counts[placement.folder] += 1
    folders = tuple(FolderCount(paths[name], count) for name, count in counts.items())
    return ObjectPlan(site, tuple(copies), folders, tuple(kept))


def why_not(site: ObjectSite, copy: ObjectCopy) -> str | None:
    """Return why an object cannot be copied to its new key, or None if it can."""
    if copy.size > MAX_COPIED_BYTES:
        return f"is larger than {MAX_COPIED_BYTES // 1024**3} GiB, and a store copies no such object in one piece"
    if len(site.destination.key_of(copy.target).encode()) > MAX_KEY_BYTES:
        return f"its copy would have a key of more than {MAX_KEY_BYTES} bytes"
    return None


def _folders(names: Sequence[str], there: Surroundings, shared: Set[str]) -> dict[str, str]:
    """Return the path of each folder name."""
    taken = {name_key(name) for name in there.names}
    paths = {}
    for name in names:
        if not is_safe_relative(name):
            raise UsageError(f"{name!r}: this cannot be the name of a folder.")
        paths[name] = name if name in shared else free_name(name, taken)
        taken.add(name_key(paths[name]))
    return paths


def _unit(placement: Placement, folder: str, taken: FolderNames, marks: Mapping[str, str]) -> list[ObjectCopy]:
    followers = placement.followers
    old = [name_of(placement.source), *(name_of(follower.source) for follower in followers)]
    image, *others = (join(folder, name) for name in taken.take(old, parent_of(placement.source)))
    return [
        ObjectCopy(
            placement.source,
            image,
            placement.size,
            placement.mtime_ns,
            placement.content,
            placement.distance,
            mark=marks[placement.source],
        ),
        *(
            ObjectCopy(
                follower.source,
                target,
                follower.size,
                follower.mtime_ns,
                "",
                follows=placement.source,
                mark=marks[follower.source],
            )
            for follower, target in zip(followers, others, strict=True)
        ),
    ]
