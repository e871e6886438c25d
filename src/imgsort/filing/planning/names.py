"""Chooses new names that are free: for one file or folder, or for a unit (an image with its followers).

A unit keeps its common stem: if `x.jpg` becomes `x (2).jpg`, then `x.xmp` becomes `x (2).xmp`. Only the stem
shows everybody, and the next run too, that these files belong together.
"""

import os
from collections.abc import Callable, Container, Iterable, Sequence, Set

from imgsort.filing.planning.unit_names import UnitNames, suffix_of
from imgsort.name_key import name_key
from imgsort.sidecar_names.front import Part
from imgsort.sidecar_names.kinds import is_raw
from imgsort.sidecar_names.owners import find_owners
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules, image_keys
from imgsort.sidecar_names.takeout import beginnings

__all__ = ["FolderNames", "free_name", "free_names", "names_beside", "suffix_of"]


class FolderNames:
    """Knows the names in one folder, on disk and planned, and which names point to which unit.

    Files from different folders must not become a unit by chance. For example, `x.heic` is not put beside a
    foreign `x.jpg` and its `x.aae`: it would take the `x.aae` along next time. Files from one folder may keep a
    common stem.
    """

    def __init__(self, on_disk: Iterable[str], rules: SidecarRules = BUILT_IN) -> None:
        names = list(on_disk)
        self._rules = rules
        self._keys = {name_key(name) for name in names}
        # What the names point to, and the folder that these names come from. None means files on disk, several
        # folders, or a new stem.
        self._origins: dict[str, str | None] = {}
        self._unit_origins: dict[str, str | None] = {}
        self._keep_names_on_disk(names)

    def take(self, names: Sequence[str], origin: str) -> list[str]:
        """Choose names for a unit from the folder `origin`, its image first, and remember them as taken."""

        def own(candidates: Sequence[str]) -> str | None:
            # No file in `origin` has the stem with the number, so no file from there belongs to it.
            return origin if candidates[0] == names[0] else None

        def has_new_stem(candidates: Sequence[str]) -> bool:
            return _stem_key(candidates[0]) not in self._others(candidates)

        chosen = free_names(
            names, lambda candidates: self._are_free(candidates, own(candidates)), has_new_stem, self._rules
        )
        self._keys.update(name_key(name) for name in chosen)
        unit = UnitNames(chosen, self._rules)
        self._keep(_keys_of(unit) | _beginning_keys(unit.image), own(chosen), is_unit=_has_company(chosen))
        return chosen

    def _keep_names_on_disk(self, names: Sequence[str]) -> None:
        images = [name for name in names if not BUILT_IN.may_be_sidecar(name)]
        for image in images:
            self._keep(image_keys(image) | _beginning_keys(image), None, is_unit=False)
        sidecars = [name for name in names if self._rules.may_be_sidecar(name)]
        owners = find_owners(images, sidecars, self._rules)
        for name in sidecars:
            match = owners.get(name)
            fronts = self._rules.fronts(name) if match is None else match.fronts
            keys = {front.key for front in fronts}
            self._keep(
                keys if match is None else keys | image_keys(match.image),
                None,
                is_unit=match is not None or is_raw(name),
            )

    def _keep(self, keys: Iterable[str], origin: str | None, *, is_unit: bool) -> None:
        for key in keys:
            self._origins[key] = origin if self._origins.get(key, origin) == origin else None
            if is_unit:
                self._unit_origins[key] = self._origins[key]

    def _are_free(self, candidates: Sequence[str], origin: str | None) -> bool:
        if not self._keys.isdisjoint(map(name_key, candidates)):
            return False
        unit, others = UnitNames(candidates, self._rules), self._others(candidates)
        # The sidecar `x.jpg.xmp` of an image `x.jpg.png` would look like the sidecar of an existing `x.jpg`.
        whole_names = (name_key(front.text) for front in unit.fronts if front.part is Part.NAME)
        return self._keys.isdisjoint(whole_names) and all(
            key not in others or (origin is not None and others[key] == origin) for key in _keys_of(unit)
        )

    def _others(self, candidates: Sequence[str]) -> dict[str, str | None]:
        return self._origins if _has_company(candidates) else self._unit_origins


def _has_company(names: Sequence[str]) -> bool:
    """Say whether the stem of a unit may not be another unit's: a RAW file alone would belong to the other's image."""
    return len(names) > 1 or is_raw(names[0])


def _keys_of(unit: UnitNames) -> Set[str]:
    """Return the keys of the unit's image, and of all that its followers point to."""
    return image_keys(unit.image) | {front.key for front in unit.fronts}


def _beginning_keys(image: str) -> set[str]:
    """Return the keys of the fronts that point to an image with a long name by its beginning.

    A number at the end of the image's name does not change them, so no image is asked to have new ones.
    """
    return {name_key(beginning) for beginning in beginnings(image)}


def free_name(name: str, taken: Container[str]) -> str:
    """Return the first of `name`, `stem (2).suffix`, `stem (3).suffix`… whose key is not in `taken`."""
    return free_names([name], lambda candidates: name_key(candidates[0]) not in taken)[0]


def _any_stem(_: Sequence[str]) -> bool:
    return True


def free_names(
    names: Sequence[str],
    are_free: Callable[[Sequence[str]], bool],
    has_new_stem: Callable[[Sequence[str]], bool] = _any_stem,
    rules: SidecarRules = BUILT_IN,
) -> list[str]:
    """Return the names of a unit, its image first: unchanged, or all with the first number that is free.

    The number follows the image's stem. The name of each follower is made from the new name of the image. A long stem
    is cut so that the longest name still fits 255 bytes with its number. All names that are returned are different.

    `has_new_stem`: whether numbered names have a stem that no other unit has. If not, the dots of the image's name
    become underscores: `a.very long text without a suffix (2)` has the stem `a` with every number, but
    `a_very long text without a suffix (2)` has a stem of its own.
    """
    if _are_distinct(names) and are_free(names):
        return list(names)
    unit = UnitNames(names, rules)
    number = 1
    while True:
        number += 1
        candidates = unit.numbered(number)
        if not has_new_stem(candidates):
            candidates = unit.numbered(number, without_dots=True)
        if _are_distinct(candidates) and are_free(candidates):
            return candidates


def _are_distinct(names: Sequence[str]) -> bool:
    return len({name_key(name) for name in names}) == len(names)


def names_beside(old: str, new: str, followers: Sequence[str], rules: SidecarRules = BUILT_IN) -> list[str]:
    """Return the new names of an image's followers when the image is renamed from `old` to `new`.

    Each follower's name is made from the new name as it was made from the old one.
    """
    suffix = suffix_of(new)
    return UnitNames([old, *followers], rules).renamed(new.removesuffix(suffix), suffix)[1:]


def _stem_key(name: str) -> str:
    return name_key(os.path.splitext(name)[0])
