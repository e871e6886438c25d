"""New names that nothing has: for one file or folder, and for an image together with the files that follow it.

A unit keeps its common stem: where `x.jpg` becomes `x (2).jpg`, `x.xmp` becomes `x (2).xmp`, for by their
stems alone is anybody, the next run too, able to tell that they belong together.
"""

import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence

from imgsort.filing.paths import MAX_NAME_BYTES
from imgsort.name_key import name_key

# A longer one is no suffix but a part of the name with a dot before it.
_MAX_SUFFIX_BYTES = 32


class FolderNames:
    """The names in one folder, on disk and planned, and which of their stems are a unit's.

    Two files of different folders must not become a unit by chance: `x.heic` is not put beside a foreign
    `x.jpg` and its `x.aae`, where it would take the `x.aae` along next time. Those of one folder may stay so.
    """

    def __init__(self, on_disk: Iterable[str]) -> None:
        names = list(on_disk)
        stems = Counter(stem for name in names for stem in _stems(name))
        self._keys = {name_key(name) for name in names}
        # Where the files of a stem come from; None for the disk, several folders, or a new stem.
        self._origins: dict[str, str | None] = dict.fromkeys(stems)
        self._unit_origins: dict[str, str | None] = dict.fromkeys(stem for stem in stems if stems[stem] > 1)

    def take(self, names: Sequence[str], origin: str) -> list[str]:
        """Choose names for a unit that comes from the folder `origin`, its image first, and keep them."""

        def own(candidates: Sequence[str]) -> str | None:
            # A number makes a stem that was nobody's in `origin`: nothing from there belongs to it.
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
        # `x.jpg.xmp`, although of an image `x.jpg.png`, would be taken for that of an `x.jpg` that is there.
        continued = [os.path.splitext(name)[0] for name in candidates[1:]]
        return has_own_stem and self._keys.isdisjoint(name_key(name) for name in [*candidates, *continued])


def free_name(name: str, taken: Container[str]) -> str:
    """Return `name`, or `stem (2).suffix`, `stem (3).suffix`… : the first whose key is not in `taken`."""
    return free_names([name], lambda candidates: name_key(candidates[0]) not in taken)[0]


def free_names(names: Sequence[str], are_free: Callable[[Sequence[str]], bool]) -> list[str]:
    """Return the names of a unit, its image first, as they are or all with the first number that is free.

    A number follows the image's stem, which then stands in every name; what came after it stays. A long
    stem is cut so that the longest name still fits 255 bytes with its number. No two names come out alike.
    """
    candidates, number = list(names), 1
    stem, rests = _split(names)
    while len({name_key(name) for name in candidates}) < len(candidates) or not are_free(candidates):
        number += 1
        candidates = _numbered(stem, rests, number)
    return candidates


def names_beside(old: str, new: str, followers: Sequence[str]) -> list[str]:
    """Return names for what follows an image that gets the name `new` for `old`: its new stem, and what came after."""
    _, (old_suffix, *rests) = _split([old, *followers])
    stem, (new_suffix, *_) = _split([new])
    return [stem + _with_suffix(rest, old_suffix, new_suffix) for rest in rests]


def _with_suffix(rest: str, old_suffix: str, new_suffix: str) -> str:
    """Return `.jpg.xmp` for `.png.xmp` where the image's suffix changes so: by the whole name it is known."""
    if old_suffix and rest.lower().startswith(f"{old_suffix.lower()}."):
        return new_suffix + rest[len(old_suffix) :]
    return rest


def _split(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the stem of a unit's image, and what comes after it in each of the unit's names."""
    stem, suffix = os.path.splitext(names[0])
    if _byte_length(suffix) > _MAX_SUFFIX_BYTES:
        stem, suffix = names[0], ""
    rests = [suffix]
    for name in names[1:]:
        rest = _rest(name, name_key(stem))
        taken = {name_key(other) for other in rests}
        while name_key(rest) in taken:  # files whose names some file system confuses
            rest += f" ({len(rests)})"
        rests.append(rest)
    return stem, rests


def _rest(name: str, stem_key: str) -> str:
    """Return what follows the stem in `name`. The stem's length may differ: `ß` is `ss`, `é` may be two characters."""
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
    """Return the keys of the stems by which a file may belong to a unit: `x` and `x.jpg` for `x.jpg.xmp`."""
    stem = os.path.splitext(name)[0]
    return {name_key(stem), _stem_key(stem)}


def _stem_key(name: str) -> str:
    return name_key(os.path.splitext(name)[0])


def _byte_length(text: str) -> int:
    return len(os.fsencode(text))
