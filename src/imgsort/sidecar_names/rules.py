"""All rules by which a name belongs to an image: those that imgsort knows, and a user's own patterns."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imgsort.name_key import name_key
from imgsort.sidecar_names import fronts, takeout
from imgsort.sidecar_names.front import Front, original_key
from imgsort.sidecar_names.kinds import Kind, kind_of
from imgsort.sidecar_names.patterns import Pattern, parse_patterns, pattern_fronts


@dataclass(frozen=True)
class SidecarRules:
    """The rules by which a name belongs to an image. `patterns` are the user's own."""

    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "SidecarRules":
        """Return the rules with these patterns. Raises UsageError for a text that is no pattern."""
        return cls(parse_patterns(patterns))

    def fronts(self, name: str) -> Iterator[Front]:
        """Yield each image that `name` points to, the likeliest first: a user's own pattern goes before all others."""
        yield from pattern_fronts(self.patterns, name)
        yield from fronts.fronts(name)

    def may_be_sidecar(self, name: str) -> bool:
        """Say whether a file of this name is a sidecar if there is a matching image."""
        return kind_of(name) is not None or self.is_own(name)

    def is_own(self, name: str) -> bool:
        """Say whether a pattern of the user fits the name."""
        return any(pattern.front(name) is not None for pattern in self.patterns)

    def may_have_sidecars(self, name: str) -> bool:
        """Say whether a sidecar of this name may have sidecars itself, as `x.nef` has `x.nef.xmp`."""
        kind = kind_of(name)
        return kind is not Kind.NOTE and (kind is not None or self.is_own(name))


BUILT_IN = SidecarRules()


def image_keys(name: str) -> set[str]:
    """Return the keys of the fronts that point to an image of this name. CUT is left out: a number changes nothing."""
    keys = {name_key(name), name_key(os.path.splitext(name)[0])}
    original = takeout.original_stem(name)
    return keys if original is None else keys | {original_key(original)}
