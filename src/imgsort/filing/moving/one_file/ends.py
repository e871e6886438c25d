"""The two ends of a move, in both directions."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.filing.planning.plan import Move
from imgsort.filing.planning.site import Site


@dataclass(frozen=True)
class Ends:
    """The place that a file leaves, and the place that it goes to.

    If the file is a link, `old_text` and `new_text` are its texts there: both lead to the same file.
    """

    old: Path
    new: Path
    old_text: str | None = None
    new_text: str | None = None


Direction = Callable[[Site, Move], Ends]


def forth(site: Site, move: Move) -> Ends:
    """Return the ends of a move as a run makes it."""
    old, new = site.collection / move.source, site.destination / move.target
    return Ends(old, new) if move.link is None else Ends(old, new, move.link, _moved_text(move.link, old, new))


def back(site: Site, move: Move) -> Ends:
    """Return the ends of a move as an undo takes it back."""
    ends = forth(site, move)
    return Ends(ends.new, ends.old, ends.new_text, ends.old_text)


def _moved_text(text: str, old: Path, new: Path) -> str:
    """Return the text of a link after it is moved from `old` to `new`. A relative text begins at the link's folder.

    Only `..` at the beginning are taken together with the folder, which has no links on its way. What comes later
    may lead through links, and stays as it is.
    """
    if os.path.isabs(text):
        return text
    folder, parts = str(old.parent), text.split("/")
    while parts[0] in ("..", "."):
        folder = os.path.dirname(folder) if parts[0] == ".." else folder
        parts = parts[1:] or ["."]
        if parts == ["."]:
            break
    return os.path.join(os.path.relpath(folder, new.parent), *parts)
