"""Ends a batch of moves, for a run or an undo: waits until the new names are on disk, then removes the old ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from imgsort.filing.journal.run import Run
from imgsort.filing.journal.state import sync_folder
from imgsort.filing.moving.checks import Refused
from imgsort.filing.moving.one_file import Brought, drop_old_name
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


def drop_old_names(run: Run, brought: Mapping[int, Brought], direction: Direction) -> dict[int, str]:
    """Wait until the new names of a batch are on disk, then remove the old ones. Raises OSError.

    `brought` says how each file got its new name, by the number of its move. Returns, also by number, the reasons
    why some files were left as they are.
    """
    site, moves = run.plan.site, run.plan.moves
    ends = {number: direction(site, moves[number]) for number in brought}
    for folder in {each.new.parent for each in ends.values()}:
        sync_folder(folder)
    reasons: dict[int, str] = {}
    for number, how in brought.items():
        try:
            drop_old_name(ends[number].old, ends[number].new, moves[number], how)
        except Refused as refusal:
            reasons[number] = str(refusal)
    return reasons
