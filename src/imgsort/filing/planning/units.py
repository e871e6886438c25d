"""An image and its followers among the moves of a plan: carried out together, or not at all as far as can be told."""

from collections.abc import Sequence

from imgsort.filing.journal.runs import Run
from imgsort.filing.moving.one_file import Refused, require_unchanged
from imgsort.filing.paths import exists, has_link_on_the_way, name_of, parent_of
from imgsort.filing.planning.plan import Move

# So many files may have both names for an instant; each batch costs one sync a folder.
BATCH_MOVES = 256


def units(moves: Sequence[Move], numbers: range) -> list[range]:
    """Split `numbers` into the numbers of each image with its followers."""
    starts = [number for number in numbers if number == numbers.start or moves[number].follows is None]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], numbers.stop], strict=False)]


def batches(moves: Sequence[Move]) -> list[range]:
    """Return ranges of about BATCH_MOVES numbers that together count the moves; none divides a unit."""
    found: list[range] = []
    for unit in units(moves, range(len(moves))):
        if found and len(found[-1]) + len(unit) <= BATCH_MOVES:
            found[-1] = range(found[-1].start, unit.stop)
        else:
            found.append(unit)
    return found


def require_ready(run: Run, number: int) -> None:
    """Raise Refused where the file of a move is not what the plan was made for, or may not go there."""
    site, move = run.plan.site, run.plan.moves[number]
    if parent_of(move.target) in run.foreign_folders:
        raise Refused("someone else made a folder of its category's name meanwhile")
    if has_link_on_the_way(site.collection, move.source) or has_link_on_the_way(site.destination, move.target):
        raise Refused("a link, or no folder, lies on the way")
    require_unchanged(site.collection / move.source, move)


def refusals_beforehand(run: Run, unit: range) -> dict[int, str]:
    """Return, by number, why files of a unit cannot be moved, as far as that can be told before the first is."""
    reasons: dict[int, str] = {}
    for number in unit:
        try:
            require_ready(run, number)
            if exists(run.plan.site.destination / run.plan.moves[number].target):
                raise Refused("its new name was taken meanwhile")
        except Refused as refusal:
            reasons[number] = str(refusal)
    return reasons


def spread(run: Run, unit: range, reasons: dict[int, str]) -> dict[int, str]:
    """Return a reason for every file of a unit that stays as a whole: its own, or the one that keeps it."""
    kept_by = min(reasons)
    shared = f"stays with {name_of(run.plan.moves[kept_by].source)!r} ({reasons[kept_by]})"
    return {number: reasons.get(number, shared) for number in unit}
