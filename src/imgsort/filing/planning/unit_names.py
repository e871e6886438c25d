"""Makes the names of a unit (an image with its followers) when its image gets another name."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imgsort.filing.paths import MAX_NAME_BYTES
from imgsort.name_key import name_key
from imgsort.sidecar_names.forms import filled
from imgsort.sidecar_names.front import Front
from imgsort.sidecar_names.owners import find_owners
from imgsort.sidecar_names.rules import SidecarRules

# A longer ending is not a suffix. It is a part of the name that has a dot before it.
_MAX_SUFFIX_BYTES = 32


@dataclass(frozen=True)
class _Form:
    """How a follower's name is made: `form`, see `Front`, and `rest`, which stays as it is.

    `is_plain`: the follower's present name is made so.
    """

    form: str
    rest: str
    is_plain: bool


class UnitNames:
    """The names of an image and its followers. `fronts` are all images that the followers' names point to."""

    def __init__(self, names: Sequence[str], rules: SidecarRules) -> None:
        self.image, *self.followers = names
        self._suffix = suffix_of(self.image)
        self._stem = self.image.removesuffix(self._suffix)
        self.fronts: list[Front] = []
        matches = find_owners([self.image], self.followers, rules)
        self._forms: list[_Form] = []
        for name in self.followers:
            match = matches.get(name)
            self.fronts += rules.fronts(name) if match is None else match.fronts
            self._forms.append(self._form_by_rest(name) if match is None else self._form(name, match.form))

    def numbered(self, number: int, *, without_dots: bool = False) -> list[str]:
        """Return the unit's names with a number after the image's stem, the image first.

        A long stem is cut so that every name fits. `without_dots`: the stem's dots become underscores.
        """
        stem = self._stem.replace(".", "_") if without_dots else self._stem
        tail = f" ({number})"
        names = self.renamed(stem + tail, self._suffix)
        while stem and max(map(_byte_length, names)) > MAX_NAME_BYTES:
            stem = stem[:-1]
            names = self.renamed(stem + tail, self._suffix)
        return names

    def renamed(self, stem: str, suffix: str) -> list[str]:
        """Return the unit's names when its image is called `stem` + `suffix`, the image first."""
        if stem + suffix == self.image:
            return [self.image, *self.followers]
        # With another suffix, the image may take the name of a follower. An edited plan names that as an error.
        taken = {name_key(stem + self._suffix)}
        keys = Counter(map(name_key, self.followers))
        chosen = dict.fromkeys(range(len(self.followers)), "")
        # A follower whose name was made in this way already has the first right to its new name.
        for number in sorted(chosen, key=lambda number: not self._forms[number].is_plain):
            form = self._forms[number]
            first = filled(form.form, stem, suffix) + form.rest
            is_confusable = keys[name_key(self.followers[number])] > 1
            spellings = _spellings(first, stem + suffix, is_confusable=is_confusable)
            chosen[number] = next(new for new in spellings if name_key(new) not in taken)
            taken.add(name_key(chosen[number]))
        return [stem + suffix, *chosen.values()]

    def _form(self, name: str, form: str) -> _Form:
        return _Form(form, "", name_key(filled(form, self._stem, self._suffix)) == name_key(name))

    def _form_by_rest(self, name: str) -> _Form:
        """Return the form of a follower that no rule knows: what comes after the stem stays as it is."""
        rest = self._rest(name, name_key(self._stem))
        if self._suffix and rest.lower().startswith(f"{self._suffix.lower()}."):
            return _Form("{name}", rest[len(self._suffix) :], is_plain=True)
        return _Form("{stem}", rest, is_plain=True)

    def _rest(self, name: str, stem_key: str) -> str:
        """Return what follows the stem in `name`.

        The stem may have another length in `name`: `ß` has the key `ss`, and `é` may be two characters.
        """
        for start in (position for position, character in enumerate(name) if character == "."):
            if name_key(name[:start]) == stem_key and _byte_length(name[start:]) <= 2 * _MAX_SUFFIX_BYTES:
                return name[start:]
        return suffix_of(name)


def _spellings(first: str, image: str, *, is_confusable: bool) -> Iterator[str]:
    """Yield the new name `first` of a follower, and other names for it if another follower takes the first.

    `is_confusable`: some file system takes the follower's present name for that of another follower. If not, the next
    run knows the names that follow as names of sidecars of `image`.
    """
    yield first
    number = 1
    while True:
        number += 1
        yield f"{first} ({number})" if is_confusable else f"{image}.{number}{suffix_of(first)}"


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name, with its dot, or nothing if the name has none."""
    suffix = os.path.splitext(name)[1]
    return suffix if _byte_length(suffix) <= _MAX_SUFFIX_BYTES else ""


def _byte_length(text: str) -> int:
    return len(os.fsencode(text))
