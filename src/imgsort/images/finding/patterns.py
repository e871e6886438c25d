"""Gitignore's patterns: which of them matches a file or a folder last.

A pattern is asked about each file and folder by itself. What lies in a folder that is left out is never asked about, so
nothing there can be taken back in.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from imgsort.images.finding.globs import SLASH, STAR, name_expression, tokens_of

if TYPE_CHECKING:
    from pathspec import PathSpec
    from pathspec.pattern import RegexPattern

Matcher = Callable[[str], re.Match[str] | None]


@dataclass(frozen=True)
class Pattern:
    """A pattern of gitignore, translated.

    `source`: where it was written: `--exclude`, `--include` or `.imgsortignore`.
    `is_negated`: it begins with `!`, and takes back in what a pattern before it left out.
    `name`: a regular expression for the name, if the pattern has no slash and so fits at any depth.
    `path`: a regular expression for the path. A `/` follows the path of a folder.
    """

    source: str
    is_negated: bool
    name: str | None
    path: str


def pattern_of(text: str, source: str) -> Pattern:
    """Translate a pattern. Raises ValueError if it can match nothing."""
    is_negated = text.startswith("!")
    glob = unicodedata.normalize("NFC", text[is_negated:])
    is_for_folders, glob = glob.endswith("/"), glob.removesuffix("/")
    if not glob:
        raise ValueError("it names nothing")
    end = r"/\Z" if is_for_folders else r"/?\Z"
    tokens = list(tokens_of(glob.removeprefix("/")))
    if "/" not in glob:
        name = name_expression(tokens)
        return Pattern(source, is_negated, name, rf"\A(?s:.*/)?{name}{end}")
    return Pattern(source, is_negated, None, rf"\A{_path_expression(tokens)}{end}")


def _path_expression(tokens: Sequence[str]) -> str:
    """Return the expression for a path from the top of the collection."""
    names = [list(group) for is_slash, group in groupby(tokens, SLASH.__eq__) if not is_slash]
    if tokens.count(SLASH) != len(names) - 1:
        raise ValueError("no name is empty, so `//` matches nothing")
    # `**` between slashes stands for any folders. The names between two of them are a block.
    blocks: list[list[str]] = [[]]
    for name in names:
        if len(name) > 1 and set(name) == {STAR}:
            blocks.append([])
        else:
            blocks[-1].append(name_expression(name))
    first, *others = blocks
    if not others:
        return SLASH.join(first)
    *middle, last = others
    # As with chunks of a name, only the first place where a block fits need be tried.
    inner = "".join(f"(?>(?:[^/]+/)*?{SLASH.join(block)}/)" for block in middle if block)
    start = "".join(f"{name}/" for name in first)
    return f"{start}{inner}(?:[^/]+/)*{SLASH.join(last) or '[^/]+'}"


class PatternList:
    """Patterns in their order. The last one that matches decides."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._spec = _spec_of(patterns) if patterns else None
        self._names = _any_of([each.name for each in patterns if each.name is not None])
        self._paths = _any_of([each.path for each in patterns if each.name is None])

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def last_match(self, path: str, name: str, *, is_folder: bool) -> Pattern | None:
        """Return the last pattern that matches the file or folder at `path`, whose name is `name`, or None."""
        if self._spec is None:
            return None
        if not path.isascii():
            path, name = unicodedata.normalize("NFC", path), unicodedata.normalize("NFC", name)
        # Most names match nothing. These two expressions find that out much faster than pathspec.
        end = "/" if is_folder else ""
        if not (self._names and self._names(name)) and not (self._paths and self._paths(path + end)):
            return None
        number = self._spec.check_file(path + end, separators=()).index
        return None if number is None else self._patterns[number]


def _spec_of(patterns: Sequence[Pattern]) -> "PathSpec[RegexPattern]":
    from pathspec import PathSpec
    from pathspec.pattern import RegexPattern

    compiled = [RegexPattern(re.compile(each.path), not each.is_negated) for each in patterns]
    # Other back ends of pathspec, where they are installed, would translate the expressions once more.
    return PathSpec(compiled, backend="simple")


def _any_of(expressions: Sequence[str]) -> Matcher | None:
    return re.compile(rf"(?:{'|'.join(expressions)})/?\Z").match if expressions else None
