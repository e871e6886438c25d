"""Chooses new names that are free: for one file or folder, or for a unit (an image with its followers).

A unit keeps its common stem: if `x.jpg` becomes `x (2).jpg`, then `x.xmp` becomes `x (2).xmp`. Only the stem
shows everybody, and the next run too, that these files belong together.
"""

import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence

from imgsort.filing.paths import MAX_NAME_BYTES
from imgsort.name_key import name_key

# A longer ending is not a suffix. It is a part of the name that has a dot before it.
_MAX_SUFFIX_BYTES = 32


class FolderNames:
    """Knows the names in one folder, on disk and planned, and which stems belong to a unit.

    Files from different folders must not become a unit by chance. For example, `x.heic` is not put beside a
    foreign `x.jpg` and its `x.aae`: it would take the `x.aae` along next time. Files from one folder may keep a
    common stem.
    """

    def __init__(self, on_disk: Iterable[str]) -> None:
        names = list(on_disk)
        stems = Counter(stem for name in names for stem in _stems(name))
        self._keys = {name_key(name) for name in names}
        # The folder that a stem's files come from. None means files on disk, several folders, or a new stem.
        self._origins: dict[str, str | None] = dict.fromkeys(stems)
        self._unit_origins: dict[str, str | None] = dict.fromkeys(stem for stem in stems if stems[stem] > 1)

    def take(self, names: Sequence[str], origin: str) -> list[str]:
        """Choose names for a unit from the folder `origin`, its image first, and remember them as taken."""

        def own(candidates: Sequence[str]) -> str | None:
            # No file in `origin` has the stem with the number, so no file from there belongs to it.
            return origin if candidates[0] == names[0] else None

        def has_new_stem(candidates: Sequence[str]) -> bool:
            return self._is_own_stem(candidates, None)

        chosen = free_names(names, lambda candidates: self._are_free(candidates, own(candidates)), has_new_stem)
        self._keep(chosen, own(chosen))
        return chosen

    def _keep(self, names: Sequence[str], origin: str | None) -> None:
        self._keys.update(name_key(name) for name in names)
        for stem in {stem for name in names for stem in _stems(name)}:
            self._origins[stem] = origin if self._origins.get(stem, origin) == origin else None
            if len(names) > 1:
                self._unit_origins[stem] = self._origins[stem]

    def _are_free(self, candidates: Sequence[str], origin: str | None) -> bool:
        # The sidecar `x.jpg.xmp` of an image `x.jpg.png` would look like the sidecar of an existing `x.jpg`. A name
        # whose last dot is within the stem, as `a.b (2)` of an image `a.b (2).jpg`, does not continue the stem.
        least = len(os.path.splitext(candidates[0])[0])
        fronts = (os.path.splitext(name)[0] for name in candidates[1:])
        continued = [front for front in fronts if len(front) >= least]
        is_free = self._keys.isdisjoint(name_key(name) for name in [*candidates, *continued])
        return is_free and self._is_own_stem(candidates, origin)

    def _is_own_stem(self, candidates: Sequence[str], origin: str | None) -> bool:
        others = self._origins if len(candidates) > 1 else self._unit_origins
        stem = _stem_key(candidates[0])
        return stem not in others or (origin is not None and others[stem] == origin)


def free_name(name: str, taken: Container[str]) -> str:
    """Return the first of `name`, `stem (2).suffix`, `stem (3).suffix`… whose key is not in `taken`."""
    return free_names([name], lambda candidates: name_key(candidates[0]) not in taken)[0]


def _any_stem(_: Sequence[str]) -> bool:
    return True


def free_names(
    names: Sequence[str],
    are_free: Callable[[Sequence[str]], bool],
    has_new_stem: Callable[[Sequence[str]], bool] = _any_stem,
) -> list[str]:
    """Return the names of a unit, its image first: unchanged, or all with the first number that is free.

    The number follows the image's stem. Every name then begins with this stem and number; the rest of each name
    stays. A long stem is cut so that the longest name still fits 255 bytes with its number. All names that are
    returned are different.

    `has_new_stem`: whether numbered names have a stem that no other unit has. If not, the dots of the image's name
    become underscores: `a.very long text without a suffix (2)` has the stem `a` with every number, but
    `a_very long text without a suffix (2)` has a stem of its own.
    """
    if _are_distinct(names) and are_free(names):
        return list(names)
    number = 1
    while True:
        number += 1
        candidates = _numbered(names, number)
        if not has_new_stem(candidates):
            candidates = _numbered([_without_dots(names[0]), *names[1:]], number)
        if _are_distinct(candidates) and are_free(candidates):
            return candidates


def _are_distinct(names: Sequence[str]) -> bool:
    return len({name_key(name) for name in names}) == len(names)


def names_beside(old: str, new: str, followers: Sequence[str]) -> list[str]:
    """Return the new names of an image's followers when the image is renamed from `old` to `new`.

    Each follower gets the new stem and keeps what came after the old stem.
    """
    _, (old_suffix, *rests) = _split([old, *followers])
    stem, (new_suffix, *_) = _split([new])
    return [stem + _with_suffix(rest, old_suffix, new_suffix) for rest in rests]


def _with_suffix(rest: str, old_suffix: str, new_suffix: str) -> str:
    """Return `.jpg.xmp` for `.png.xmp` if the image's suffix changes from `.png` to `.jpg`.

    Such a sidecar is recognised by the whole name of its image.
    """
    if old_suffix and rest.lower().startswith(f"{old_suffix.lower()}."):
        return new_suffix + rest[len(old_suffix) :]
    return rest


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name, with its dot, or nothing if the name has none."""
    suffix = os.path.splitext(name)[1]
    return suffix if _byte_length(suffix) <= _MAX_SUFFIX_BYTES else ""


def _without_dots(name: str) -> str:
    """Return the name with underscores for all dots that do not begin a suffix."""
    suffix = suffix_of(name)
    return name.removesuffix(suffix).replace(".", "_") + suffix


def _split(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the stem of a unit's image, and what comes after the stem in each name of the unit."""
    suffix = suffix_of(names[0])
    stem = names[0].removesuffix(suffix)
    rests = [suffix]
    for name in names[1:]:
        rest = _rest(name, name_key(stem))
        taken = {name_key(other) for other in rests}
        while name_key(rest) in taken:  # some file system takes these names for the same
            rest += f" ({len(rests)})"
        rests.append(rest)
    return stem, rests


def _rest(name: str, stem_key: str) -> str:
    """Return what follows the stem in `name`.

    The stem may have another length in `name`: `ß` has the key `ss`, and `é` may be two characters.
    """
    for start in (position for position, character in enumerate(name) if character == "."):
        if name_key(name[:start]) == stem_key and _byte_length(name[start:]) <= 2 * _MAX_SUFFIX_BYTES:
            return name[start:]
    return suffix_of(name)


def _numbered(names: Sequence[str], number: int) -> list[str]:
    stem, rests = _split(names)
    tail = f" ({number})"
    room = MAX_NAME_BYTES - len(tail) - max(_byte_length(rest) for rest in rests)
    while _byte_length(stem) > room:
        stem = stem[:-1]
    return [stem + tail + rest for rest in rests]


def _stems(name: str) -> set[str]:
    """Return the keys of the stems that can link a file to a unit: `x` and `x.jpg` for `x.jpg.xmp`."""
    stem = os.path.splitext(name)[0]
    return {name_key(stem), _stem_key(stem)}


def _stem_key(name: str) -> str:
    return name_key(os.path.splitext(name)[0])


def _byte_length(text: str) -> int:
    return len(os.fsencode(text))
