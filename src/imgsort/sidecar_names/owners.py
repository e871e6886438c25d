"""Finds the image of each sidecar among the images of one folder."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from imgsort.name_key import name_key
from imgsort.sidecar_names import takeout
from imgsort.sidecar_names.forms import filled
from imgsort.sidecar_names.front import Front, Part
from imgsort.sidecar_names.patterns import pattern_fronts
from imgsort.sidecar_names.rules import SidecarRules


@dataclass(frozen=True, slots=True)
class Match:
    """The image that a sidecar belongs to.

    `form`: the name of the sidecar when the image gets another name, see `Front`.
    `fronts`: all that the sidecar's name points to, up to this image.
    """

    image: str
    form: str
    fronts: tuple[Front, ...]


def find_owners(images: Iterable[str], others: Iterable[str], rules: SidecarRules) -> dict[str, Match]:
    """Return the match of each of the `others` that belongs to one of the `images`. All are names in one folder.

    If several images have the same stem, the first by name gets the files that have only the stem.
    """
    candidates = [name for name in others if rules.may_be_sidecar(name)]
    if not candidates:
        return {}
    owners = _Owners(images, rules)
    found = owners.find_all(name for name in candidates if rules.may_have_sidecars(name))
    owners.add(found)
    return found | owners.find_all(name for name in candidates if name not in found)


def images_that_are_sidecars(images: Iterable[str], rules: SidecarRules) -> set[str]:
    """Return those of the `images` that go with another one, because a pattern of the user says so.

    Such an image has no image of its own: of `x.jpg`, `x_mask.png` and `x_mask_mask.png`, the last is no sidecar.
    """
    if not rules.patterns:
        return set()
    names = sorted(images)
    owners = _Owners(names, rules)
    is_sidecar: dict[str, bool] = {}

    def judge(name: str) -> bool:
        if name not in is_sidecar:
            is_sidecar[name] = True  # two images that point to each other: the first by name is the sidecar
            is_sidecar[name] = any(not judge(owner) for owner in owners.own(name))
        return is_sidecar[name]

    return {name for name in names if judge(name)}


class _Owners:
    """Finds images by what a sidecar's name points to."""

    def __init__(self, images: Iterable[str], rules: SidecarRules) -> None:
        ordered = sorted(images)
        self._rules = rules
        # The cut name of a JSON file is the original's, and not the edited picture's nor that of a name with a number
        # that imgsort added.
        long = [name for name in ordered if len(os.fsencode(name)) > takeout.CUT]
        long.sort(key=lambda name: (takeout.is_edited(name), len(name)))
        self._found_by = {
            Part.NAME: _Index((name, name) for name in ordered),
            Part.STEM: _Index((os.path.splitext(name)[0], name) for name in ordered),
            Part.ORIGINAL: _Index(
                (original, name) for name in ordered if (original := takeout.original_stem(name)) is not None
            ),
            Part.CUT: _Index((cut, name) for name in long for cut in takeout.beginnings(name)),
        }
        self._with_sidecars = _Index(())
        self._matches: Mapping[str, Match] = {}

    def add(self, matches: Mapping[str, Match]) -> None:
        """Add sidecars that may have sidecars themselves, and what they belong to."""
        self._with_sidecars = _Index((name, name) for name in sorted(matches))
        self._matches = matches

    def find_all(self, names: Iterable[str]) -> dict[str, Match]:
        """Return the match of each of the sidecars that has one."""
        return {name: match for name in names if (match := self.find(name)) is not None}

    def find(self, name: str) -> Match | None:
        """Return the match of a sidecar, or None."""
        passed = []
        for front in self._rules.fronts(name):
            passed.append(front)
            image = self._found_by[front.part].find(front.text, other_than=name)
            if image is not None:
                return Match(image, front.form, tuple(passed))
            between = self._with_sidecars.find(front.text, other_than=name) if front.part is Part.NAME else None
            if between is not None:
                match = self._matches[between]
                return Match(match.image, filled(front.form, *os.path.splitext(match.form)), tuple(passed))
        return None

    def own(self, name: str) -> Iterator[str]:
        """Yield the images that `name` belongs to by a pattern of the user."""
        for front in pattern_fronts(self._rules.patterns, name):
            image = self._found_by[front.part].find(front.text, other_than=name)
            if image is not None:
                yield image


class _Index:
    """Finds an image by a part of its name. An exact spelling comes first, then an equal `name_key`."""

    def __init__(self, parts: Iterable[tuple[str, str]]) -> None:
        self._spelled: dict[str, str] = {}
        self._compared: dict[str, str] = {}
        # The second image of each part, which is the answer if the first one asks for itself.
        self._second: dict[str, str] = {}
        for part, image in parts:
            self._spelled.setdefault(part, image)
            key = name_key(part)
            if self._compared.setdefault(key, image) != image:
                self._second.setdefault(key, image)

    def find(self, part: str, other_than: str | None = None) -> str | None:
        """Return the first image, by name, that has this part, or None."""
        found = self._spelled.get(part) or self._compared.get(name_key(part))
        if found is None or found != other_than:
            return found
        key = name_key(part)
        first = self._compared[key]
        return first if first != other_than else self._second.get(key)
