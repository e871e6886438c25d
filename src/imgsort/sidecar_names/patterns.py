"""The patterns of a user's own sidecars, such as `{stem}_mask.png`."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imgsort.errors import UsageError
from imgsort.name_key import name_key
from imgsort.sidecar_names.front import Front, Part

# So a number and an image's suffix still fit into a name of 255 bytes.
_MOST_BYTES = 100
_HELP = (
    "Write {stem} for the image's name without its suffix, or {name} for the whole name, for example '{stem}_mask.png'."
)


@dataclass(frozen=True)
class Pattern:
    """Says how the name of a sidecar is made: `before`, then a part of the image's name, then `after`."""

    before: str
    part: Part
    after: str

    def front(self, name: str) -> Front | None:
        """Return the image that `name` points to by this pattern, or None. Case and composition do not count."""
        placeholder = f"{{{self.part.value}}}"
        end = len(name) - len(self.after)
        text = name[len(self.before) : end]
        if text and name.startswith(self.before) and name.endswith(self.after):
            return Front(self.part, text, self.before + placeholder + self.after)
        key, before, after = name_key(name), name_key(self.before), name_key(self.after)
        text = key[len(before) : len(key) - len(after)]
        if not text or not key.startswith(before) or not key.endswith(after):
            return None
        return Front(self.part, text, self.before + placeholder + self.after)


def parse_patterns(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """Return the patterns that a user wrote. Raises UsageError for a text that is no pattern."""
    return tuple(_parsed(text) for text in dict.fromkeys(texts))


def pattern_fronts(patterns: Iterable[Pattern], name: str) -> Iterator[Front]:
    """Yield each image that `name` points to by one of the patterns."""
    for pattern in patterns:
        if (front := pattern.front(name)) is not None:
            yield front


def _parsed(text: str) -> Pattern:
    parts = [part for part in (Part.STEM, Part.NAME) for _ in range(text.count(f"{{{part.value}}}"))]
    if len(parts) != 1:
        raise UsageError(f"--sidecar {text!r}: it must hold {{stem}} or {{name}} exactly once. {_HELP}")
    before, _, after = text.partition(f"{{{parts[0].value}}}")
    if any(character in before + after for character in "/\\\0{}*?"):
        raise UsageError(
            f"--sidecar {text!r}: it is the name of a file beside the image, without a slash, * or ?, and without "
            f"other braces. {_HELP}"
        )
    if (parts[0] is Part.NAME and not before + after) or before.startswith("."):
        what = "a hidden file, and those stay" if before else "the image itself"
        raise UsageError(f"--sidecar {text!r}: this is {what}. {_HELP}")
    if len(os.fsencode(before + after)) > _MOST_BYTES:
        raise UsageError(f"--sidecar {text[:40]!r}…: it must have at most {_MOST_BYTES} bytes. {_HELP}")
    return Pattern(before, parts[0], after)
