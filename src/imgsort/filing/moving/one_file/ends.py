"""The two ends of a move, in both directions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.filing.planning.plan import Move
from imgsort.filing.planning.site import Site


@dataclass(frozen=True)
class Ends:
    """The place that a file leaves, and the place that it goes to."""

    old: Path
    new: Path


Direction = Callable[[Site, Move], Ends]


def forth(site: Site, move: Move) -> Ends:
    """Return the ends of a move as a run makes it."""
    return Ends(site.collection / move.source, site.destination / move.target)


def back(site: Site, move: Move) -> Ends:
    """Return the ends of a move as an undo takes it back."""
    return Ends(site.destination / move.target, site.collection / move.source)
