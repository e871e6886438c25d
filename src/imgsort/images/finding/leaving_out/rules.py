"""What a person asked to leave out and to take in: `--exclude`, `--include` and the file `.imgsortignore`."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgsort.content import read_regular
from imgsort.errors import CollectionError, UsageError
from imgsort.images.finding.leaving_out.patterns import Pattern, pattern_of

IGNORE_FILE = ".imgsortignore"

# The file may come from a stranger. Each name is compared with all of its patterns.
_MAX_BYTES = 64 * 1024
_MAX_PATTERNS = 1000


@dataclass(frozen=True)
class Rules:
    """Patterns of gitignore, relative to the collection.

    `exclude`: what is left out, in addition to what `.imgsortignore` names. Raises UsageError for a wrong pattern.
    `include`: what is not left out, whatever else says so.
    `follow_links`: take links to image files.
    """

    exclude: Sequence[str] = ()
    include: Sequence[str] = ()
    follow_links: bool = False

    def __post_init__(self) -> None:
        for name in ("exclude", "include"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        self.excluded()
        self.included()

    def excluded(self) -> list[Pattern]:
        """Return the translated patterns of `exclude`."""
        return [_translated(text, "--exclude", f"--exclude {text!r}") for text in self.exclude]

    def included(self) -> list[Pattern]:
        """Return the translated patterns of `include`."""
        return [_translated(text, "--include", f"--include {text!r}") for text in self.include]


DEFAULT_RULES = Rules()


def ignored_in(root: Path) -> list[Pattern]:
    """Return the patterns of the file `.imgsortignore` directly in `root`, or none if there is no such file.

    As in git, lines that begin with `#` are comments, and spaces at the end of a line count only after a backslash.
    Raises CollectionError if the file cannot be read, and UsageError for a wrong pattern.
    """
    path = root / IGNORE_FILE
    patterns = []
    for number, line in enumerate(_lines(path), start=1):
        text = _without_spaces_at_end(line)
        if text and not text.startswith("#"):
            patterns.append(_translated(text, IGNORE_FILE, f"{path}, line {number}: {text!r}"))
        if len(patterns) > _MAX_PATTERNS:
            raise CollectionError(f"{path}: more than {_MAX_PATTERNS} patterns. Put patterns together with wildcards.")
    return patterns


def _translated(text: str, source: str, what: str) -> Pattern:
    try:
        return pattern_of(text, source)
    except ValueError as error:
        raise UsageError(f"{what}: this pattern can match nothing: {error}.") from error


def _lines(path: Path) -> list[str]:
    """Return the lines of the file. Names in it that are not UTF-8 are surrogate escapes, as in paths."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise CollectionError(f"{path}: this is not a file with lines, but a link, a folder or a pipe. Rename it.")
        data = read_regular(path, _MAX_BYTES)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CollectionError(f"{path}: this file cannot be read ({error.strerror or error}).") from error
    if b"\0" in data:
        raise CollectionError(f"{path}: this is not text in UTF-8. Save it as UTF-8.")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _without_spaces_at_end(line: str) -> str:
    """Return the line without spaces at its end. A space after a backslash stays."""
    bare = line.rstrip(" ")
    is_escaped = (len(bare) - len(bare.rstrip("\\"))) % 2 == 1
    return line[: len(bare) + 1] if is_escaped else bare
