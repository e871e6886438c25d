"""An image and its followers among the moves of a plan, and batches that divide none of these units."""

from collections.abc import Sequence

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
