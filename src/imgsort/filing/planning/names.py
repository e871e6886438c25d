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

        chosen = free_names(names, lambda candidates: self._are_free(candidates, own(candidates)))
        self._keep(chosen, own(chosen))
        return chosen

    def _keep(self, names: Sequence[str], origin: str | None) -> None:
        self._keys.update(name_key(name) for name in names)
        for stem in {stem for name in names for stem in _stems(name)}:
            self._origins[stem] = origin if self._origins.get(stem, origin) == origin else None
            if len(names) > 1:
                self._unit_origins[stem] = self._origins[stem]

    def _are_free(self, candidates: Sequence[str], origin: str | None) -> bool:
        others = self._origins if len(candidates) > 1 else self._unit_origins
        stem = _stem_key(candidates[0])
        has_own_stem = stem not in others or (origin is not None and others[stem] == origin)
        # The sidecar `x.jpg.xmp` of an image `x.jpg.png` would look like the sidecar of an existing `x.jpg`. A name
        # whose last dot is within the stem, as `a.b (2)` of an image `a.b (2).jpg`, does not continue the stem.
        least = len(os.path.splitext(candidates[0])[0])
        fronts = (os.path.splitext(name)[0] for name in candidates[1:])
        continued = [front for front in fronts if len(front) >= least]
        return has_own_stem and self._keys.isdisjoint(name_key(name) for name in [*candidates, *continued])


def free_name(name: str, taken: Container[str]) -> str:
    """Return the first of `name`, `stem (2).suffix`, `stem (3).suffix`… whose key is not in `taken`."""
    return free_names([name], lambda candidates: name_key(candidates[0]) not in taken)[0]


def free_names(names: Sequence[str], are_free: Callable[[Sequence[str]], bool]) -> list[str]:
    """Return the names of a unit, its image first: unchanged, or all with the first number that is free.

    The number follows the image's stem. Every name then begins with this stem and number; the rest of each name
    stays. A long stem is cut so that the longest name still fits 255 bytes with its number. All names that are
    returned are different.
    """
    if _are_distinct(names) and are_free(names):
        return list(names)
    splits = _splits(names)
    number = 1
    while True:
        number += 1
        for stem, rests in splits:
            candidates = _numbered(stem, rests, number)
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


def _splits(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the ways to split the names of a unit at which a number may stand, the better looking first.

    A number at the end of `a.very long text without a suffix` looks better than one before the dot. But sidecars are
    assigned by what stands before the last dot, here `a`. If another unit has this stem, only a number before the dot
    makes a new one. The text after the dot is then cut to the length of a suffix.
    """
    stem, suffix = os.path.splitext(names[0])
    if _byte_length(suffix) <= _MAX_SUFFIX_BYTES:
        return [_split(names)]
    while _byte_length(suffix) > _MAX_SUFFIX_BYTES:
        suffix = suffix[:-1]
    return [_split(names), _split([stem + suffix.rstrip(" ."), *names[1:]])]


def _split(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the stem of a unit's image, and what comes after the stem in each name of the unit."""
    stem, suffix = os.path.splitext(names[0])
    if _byte_length(suffix) > _MAX_SUFFIX_BYTES:
        stem, suffix = names[0], ""
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
    suffix = os.path.splitext(name)[1]
    return suffix if _byte_length(suffix) <= _MAX_SUFFIX_BYTES else ""


def _numbered(stem: str, rests: Sequence[str], number: int) -> list[str]:
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
