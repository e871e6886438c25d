"""Groups the moves of a plan into units (an image and its followers), and units into batches."""

from collections.abc import Sequence

from imgsort.filing.planning.plan import Move

# About this many files may have both names for a short time. Each batch costs one sync for each folder.
BATCH_MOVES = 256


def units(moves: Sequence[Move], numbers: range) -> list[range]:
    """Split `numbers` into one range for each unit: an image with its followers."""
    starts = [number for number in numbers if number == numbers.start or moves[number].follows is None]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], numbers.stop], strict=False)]


def batches(moves: Sequence[Move]) -> list[range]:
    """Return the numbers of all moves, in ranges of about BATCH_MOVES numbers; no range divides a unit."""
    found: list[range] = []
    for unit in units(moves, range(len(moves))):
        if found and len(found[-1]) + len(unit) <= BATCH_MOVES:
            found[-1] = range(found[-1].start, unit.stop)
        else:
            found.append(unit)
    return found
