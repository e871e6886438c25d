"""Gitignore's patterns: which of them matches a file or a folder last.

A pattern is asked about each file and folder by itself. What lies in a folder that is left out is never asked about, so
nothing there can be taken back in.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from imgsort.images.finding.leaving_out.globs import SLASH, STAR, longest_text, name_expression, tokens_of

if TYPE_CHECKING:
    from pathspec import PathSpec
    from pathspec.pattern import RegexPattern

_ANY_NAME = "[^/]+"
_ANY_FOLDERS = "(?:[^/]+/)*"


@dataclass(frozen=True)
class Pattern:
    """A pattern of gitignore, translated.

    `source`: where it was written: `--exclude`, `--include` or `.imgsortignore`.
    `is_negated`: it begins with `!`, and takes back in what a pattern before it left out.
    `is_for_folders`: it ends with `/`, and so matches no file.
    `above`: a regular expression for the folders above, each with a `/` after it.
    `name`: a regular expression for the name.
    `text`: every name that matches holds this text, which may be empty.
    """

    source: str
    is_negated: bool
    is_for_folders: bool
    above: str
    name: str
    text: str

    def compiled(self) -> re.Pattern[str]:
        """Return the expression for a whole path. A `/` follows the path of a folder."""
        return re.compile(rf"\A{self.above}{self.name}{'/' if self.is_for_folders else '/?'}\Z")


def pattern_of(text: str, source: str) -> Pattern:
    """Translate a pattern. Raises ValueError if it can match nothing."""
    is_negated = text.startswith("!")
    glob = unicodedata.normalize("NFC", text[is_negated:])
    is_for_folders, glob = glob.endswith("/"), glob.removesuffix("/")
    if not glob:
        raise ValueError("it names nothing")
    tokens = list(tokens_of(glob.removeprefix("/")))
    names = [list(group) for is_slash, group in groupby(tokens, SLASH.__eq__) if not is_slash]
    if tokens.count(SLASH) != len(names) - 1:
        raise ValueError("no name is empty, so `//` matches nothing")
    if "/" not in glob:  # such a pattern fits at any depth, and each `**` in it is as `*`
        above, name = _ANY_FOLDERS, name_expression(tokens)
    else:
        above, name = _expressions(names)
    return Pattern(source, is_negated, is_for_folders, above, name, longest_text(names[-1]))


def _expressions(names: Iterable[Sequence[str]]) -> tuple[str, str]:
    """Return the expressions for the folders above and for the name, from the names of a path, as tokens."""
    # `**` between slashes stands for any folders. The names between two of them are a block.
    blocks: list[list[str]] = [[]]
    for name in names:
        if len(name) > 1 and set(name) == {STAR}:
            blocks.append([])
        else:
            blocks[-1].append(name_expression(name))
    if len(blocks) == 1:
        return _joined(blocks[0][:-1]), blocks[0][-1]
    first, *middle, last = blocks
    # As with the chunks of a name, only the first place where a block fits need be tried.
    inner = "".join(f"(?>{_ANY_FOLDERS}?{_joined(block)})" for block in middle if block)
    return f"{_joined(first)}{inner}{_ANY_FOLDERS}{_joined(last[:-1])}", last[-1] if last else _ANY_NAME


def _joined(names: Iterable[str]) -> str:
    return "".join(f"{name}/" for name in names)


class PatternList:
    """Patterns in their order. The last one that matches decides."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._spec = _spec_of(patterns) if patterns else None
        self._for_files = [_FilePattern(each) for each in patterns if not each.is_for_folders]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def last_match(self, path: str, *, is_folder: bool) -> Pattern | None:
        """Return the last pattern that matches the file or folder at `path`, or None."""
        if self._spec is None:
            return None
        composed = unicodedata.normalize("NFC", path)
        number = self._spec.check_file(f"{composed}/" if is_folder else composed, separators=()).index
        return None if number is None else self._patterns[number]

    def last_matches(self, folder: str, names: Sequence[str]) -> dict[str, Pattern]:
        """Return the last pattern that matches a file, for those of the `names` of files in a folder that match any.

        `folder`: the path of the folder with a `/` at the end, or "". This is many times faster than asking for the
        last match of each file, because most names match nothing.
        """
        above = unicodedata.normalize("NFC", folder)
        composed = _Names(names)
        found: dict[str, Pattern] = {}
        for each in self._for_files:
            if each.above.fullmatch(above):
                found.update((names[number], each.pattern) for number in each.matches(composed))
        return found


def _spec_of(patterns: Sequence[Pattern]) -> "PathSpec[RegexPattern]":
    from pathspec import PathSpec
    from pathspec.pattern import RegexPattern

    compiled = [RegexPattern(each.compiled(), not each.is_negated) for each in patterns]
    # Other back ends of pathspec, where they are installed, would translate the expressions once more.
    return PathSpec(compiled, backend="simple")


class _Names:
    """The names of the files of one folder, in composed form, and all of them in one text."""

    def __init__(self, names: Sequence[str]) -> None:
        text = SLASH.join(names)
        self.text = text if text.isascii() else unicodedata.normalize("NFC", text)
        self.names = names if self.text is text else self.text.split(SLASH)
        self._starts: list[int] = []

    def number_at(self, position: int) -> int:
        """Return the number of the name that lies at a position of the text."""
        if not self._starts:
            self._starts = [0, *accumulate(len(name) + 1 for name in self.names)]
        return bisect_right(self._starts, position) - 1

    def after(self, number: int) -> int:
        """Return the position behind a name."""
        return self._starts[number + 1]


class _FilePattern:
    """A pattern that may match files."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.above = re.compile(pattern.above)
        self._name = re.compile(pattern.name)
        self._text = pattern.text

    def matches(self, names: _Names) -> list[int]:
        """Return the numbers of the names that match."""
        matches = self._name.fullmatch
        # Searching the text of all names is much faster than matching each name, unless the text is in many of them.
        if not self._text or names.text.count(self._text) > len(names.names) // 8:
            found = list(map(matches, names.names))
            return [number for number, match in enumerate(found) if match is not None] if any(found) else []
        return [number for number in self._holding(names) if matches(names.names[number])]

    def _holding(self, names: _Names) -> Iterable[int]:
        """Yield the numbers of the names that hold the pattern's text."""
        position = names.text.find(self._text)
        while position >= 0:
            number = names.number_at(position)
            yield number
            position = names.text.find(self._text, names.after(number))
