"""Makes a plan for an object store from rows that a person edited, and says which rows are wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from imgsort.filing.objects.plan import ObjectCopy, ObjectPlan, ObjectSite
from imgsort.filing.objects.planning import why_not
from imgsort.filing.paths import is_hidden, is_safe_relative, join, name_of, parent_of
from imgsort.filing.planning.edited import EditedRow, RowError
from imgsort.filing.planning.names import names_beside
from imgsort.filing.planning.plan import FolderCount
from imgsort.name_key import name_key
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules
from imgsort.storage.keys import why_unsafe
from imgsort.storage.objects import StoredObject


@dataclass(frozen=True)
class Present:
    """The objects that lie in the folders that the rows name, by their paths.

    `has_bytes_of`: says whether the bytes under the key of a copy are those that it would have. It is asked only if the
    store does not tell it: two objects of the same bytes may have different digests.
    """

    objects: Mapping[str, StoredObject]
    has_bytes_of: Callable[[ObjectCopy], bool]

    def is_copy(self, copy: ObjectCopy, digest: str) -> bool:
        """Say whether the copy is there already: the same bytes under the very same key."""
        found = self.objects.get(copy.target)
        if found is None or found.size != copy.size:
            return False
        return (bool(digest) and found.digest == digest) or self.has_bytes_of(copy)


def object_plan_of_rows(
    site: ObjectSite,
    rows: Sequence[EditedRow],
    originals: Mapping[str, StoredObject],
    present: Present,
    rules: SidecarRules = BUILT_IN,
) -> tuple[ObjectPlan, list[RowError], int]:
    """Return the plan that copies every row's object to its target, the wrong rows, and how many copies are there.

    A copy that is there already, of the same bytes, is not made again. If there are wrong rows, the plan must not be
    used. `originals`: the objects that may be copied, by their paths.
    """
    checker = _Checker(site, originals, present, rules)
    copies: list[ObjectCopy] = []
    for row in rows:
        copies += checker.copies_of(row)
    counts: dict[str, int] = {}
    for copy in copies:
        if copy.follows is None:
            counts[parent_of(copy.target)] = counts.get(parent_of(copy.target), 0) + 1
    folders = tuple(FolderCount(folder or ".", count) for folder, count in counts.items())
    return ObjectPlan(site, tuple(copies), folders), checker.errors, checker.there


class _Checker:
    """Checks rows one by one and remembers the keys that they take."""

    def __init__(
        self, site: ObjectSite, originals: Mapping[str, StoredObject], present: Present, rules: SidecarRules
    ) -> None:
        self.site, self.originals, self.present, self.rules = site, originals, present, rules
        self.errors: list[RowError] = []
        self.there = 0
        self._sources: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._present = {name_key(path) for path in (*present.objects, *site.sources_as_targets(originals))}

    def copies_of(self, row: EditedRow) -> list[ObjectCopy]:
        """Return the copies of a row's object and its followers; none if they are there or the row is wrong."""
        unit = self._unit(row)
        going = [copy for copy in unit if not self.present.is_copy(copy, self.originals[copy.source].digest)]
        wrong = self._wrong_with(row) or self._taken_by(row.line, unit, going)
        if wrong is not None:
            self.errors.append(RowError(row.line, wrong))
            return []
        self.there += len(unit) - len(going)
        return going

    def _unit(self, row: EditedRow) -> list[ObjectCopy]:
        image, followers = row.placement, row.placement.followers
        olds = [name_of(follower.source) for follower in followers]
        news = names_beside(name_of(image.source), name_of(row.target), olds, self.rules)
        first = self._copy(image.source, row.target, row.placement.content, row.placement.distance)
        others = (
            self._copy(follower.source, join(parent_of(row.target), name))
            for follower, name in zip(followers, news, strict=True)
        )
        return [first, *(replace(copy, follows=image.source) for copy in others)]

    def _copy(self, source: str, target: str, content: str = "", distance: float | None = None) -> ObjectCopy:
        found = self.originals[source]
        return ObjectCopy(source, target, found.size, found.mtime_ns, content, distance, mark=found.mark)

    def _wrong_with(self, row: EditedRow) -> str | None:
        target = row.target
        first = self._sources.setdefault(row.placement.source, row.line)
        if first != row.line:
            return f"line {first} has the file {row.placement.source!r} already"
        if not is_safe_relative(target):
            return f"the target {target!r} does not lie below {self.site.destination}"
        reason = why_unsafe(target)
        if reason is not None:
            return f"the target {target!r} cannot be used: {reason}"
        if is_hidden(target):
            return f"the target {target!r} is hidden, and imgsort does not hide files"
        return None

    def _taken_by(self, line: int, unit: Sequence[ObjectCopy], going: Sequence[ObjectCopy]) -> str | None:
        """Take the keys of a unit, or say which one is taken, or not possible."""
        for copy in unit:
            reason = why_not(self.site, copy)
            if reason is not None:
                return f"the file {copy.source!r} {reason}"
            first = self._taken.setdefault(name_key(copy.target), line)
            if first != line:
                return f"line {first} has the target {copy.target!r} already"
        taken = next((copy.target for copy in going if name_key(copy.target) in self._present), None)
        return None if taken is None else f"there is another object {taken!r} already"
