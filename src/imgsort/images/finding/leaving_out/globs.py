"""Turns gitignore's wildcards into regular expressions, as git reads them.

pathspec has a translation of its own. It is not used, because a pattern may come from a stranger: pathspec's expression
for `*a*a*a*a*a*b` looks at a long name for hours. It also reads some patterns otherwise than git, for example
`[[:digit:]]`, `[^a]` before a slash, and `a/**/`. The expressions made here never go back over what an asterisk has
matched, except for the last one, so the time grows with the length of the name times that of the pattern.
"""

import re
import string
from collections.abc import Iterator, Sequence

SLASH, STAR = "/", "*"

_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "digit": string.digits,
    "graph": string.ascii_letters + string.digits + string.punctuation,
    "lower": string.ascii_lowercase,
    "print": string.ascii_letters + string.digits + string.punctuation + " ",
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}
# One member of a set such as `[a-z_[:digit:]]`: a class, a range or a character.
_MEMBER = re.compile(r"\[:(?P<name>[^]]*):]|(?P<low>\\.|[^\\])(?:-(?P<high>\\.|[^]\\]))?", re.DOTALL)


def tokens_of(pattern: str) -> Iterator[str]:
    """Yield the tokens of a pattern: SLASH, STAR, or a regular expression for one character.

    Raises ValueError if the pattern is not complete.
    """
    position = 0
    while position < len(pattern):
        token, position = _token(pattern, position)
        yield token


def _token(pattern: str, start: int) -> tuple[str, int]:
    """Return the token that begins at `start`, and the position after it."""
    character, after = pattern[start], start + 1
    if character == "\\":
        if after == len(pattern):
            raise ValueError("it ends with a backslash, which must stand before another character")
        return re.escape(pattern[after]), after + 1
    if character == "?":
        return "[^/]", after
    if character == "[":
        return _set(pattern, after)
    return character if character in (SLASH, STAR) else re.escape(character), after


def _set(pattern: str, start: int) -> tuple[str, int]:
    """Return the expression for the set that begins before `start`, and the position after it."""
    is_negated = pattern[start : start + 1] in ("!", "^")
    position = start + is_negated
    members, is_first = "", True
    while is_first or pattern[position : position + 1] != "]":  # a bracket that comes first is a member
        found = _MEMBER.match(pattern, position)
        if found is None:
            raise ValueError("it has a `[` without its `]`. Write `\\[` for the character itself")
        members += _members(found["name"], found["low"], found["high"])
        position, is_first = found.end(), False
    if is_negated:
        return f"[^/{members}]", position + 1
    if not members:
        raise ValueError(f"no character is in the set `[{pattern[start : position + 1]}`")
    return f"(?!/)[{members}]", position + 1


def _members(name: str | None, low: str | None, high: str | None) -> str:
    """Return what stands for a class, a range or a character in a regular expression's set."""
    if name is not None:
        if name not in _CLASSES:
            raise ValueError(f"there is no class `[:{name}:]`; there are {', '.join(_CLASSES)}")
        return re.escape(_CLASSES[name])
    first = (low or "")[-1]
    if high is None:
        return re.escape(first)
    return f"{re.escape(first)}-{re.escape(high[-1])}" if first <= high[-1] else ""


def name_expression(tokens: Sequence[str]) -> str:
    """Return the expression for one name, from tokens without a slash. A slash or the end must follow."""
    chunks = [""]
    for token in tokens:
        if token == STAR:
            chunks.append("")
        else:
            chunks[-1] += token
    first, *others = chunks
    if not others:
        return first
    *middle, last = others
    # The first place where a chunk fits leaves the most room for the rest, so no other place need be tried.
    inner = "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk)
    return f"(?=[^/]){first}{inner}[^/]*{last}"


def longest_text(tokens: Sequence[str]) -> str:
    """Return the longest text that every name holds which matches the tokens. It may be empty."""
    runs: list[list[str]] = [[]]
    for token in tokens:
        if token != STAR and len(token.removeprefix("\\")) == 1:
            runs[-1].append(token[-1])
        else:
            runs.append([])
    return max(map("".join, runs), key=len)
