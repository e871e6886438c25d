"""Compares rows with all rows, a part at a time: the nearest ones are found exactly, whatever fits in memory."""

from typing import TYPE_CHECKING

from imgsort.grouping.directions import unit_rows
from imgsort.grouping.streams.rows import RowSource, numbered_parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def nearest_of_all(
    asked: "NDArray[np.floating]", numbers: "NDArray[np.intp]", rows: RowSource, count: int
) -> "tuple[NDArray[np.float64], NDArray[np.intp]]":
    """Return the cosine distances to the `count` nearest of `rows`, float64 (q, count), and their numbers.

    The nearest comes first. `asked`: (q, d), rows of which `numbers`, int (q,), are the numbers in `rows`. A row is no
    neighbour of its own; there must be more than `count` rows. Products are float32: a distance may be off by 1e-6.
    """
    import numpy as np

    asked = unit_rows(asked).astype(np.float32, copy=False)
    order = np.argsort(numbers, kind="stable")
    in_order = numbers[order]
    best = np.full((len(asked), count), -np.inf, dtype=np.float32)
    nearest = np.zeros((len(asked), count), dtype=np.intp)
    for place, part in numbered_parts(rows):
        units = unit_rows(part)
        # Between unit rows, half the square of the Euclidean distance is the cosine distance. Zeros have one too.
        likeness = asked @ units.T
        likeness -= _half_squares(units)
        first, last = np.searchsorted(in_order, (place.start, place.stop))
        likeness[order[first:last], in_order[first:last] - place.start] = -np.inf
        # After the first parts, few rows still find nearer ones.
        better = np.flatnonzero(likeness.max(axis=1) > best.min(axis=1))
        values = np.hstack([best[better], likeness[better]])
        chosen = np.argpartition(values, -count, axis=1)[:, -count:]
        best[better] = np.take_along_axis(values, chosen, axis=1)
        known = np.take_along_axis(nearest[better], np.minimum(chosen, count - 1), axis=1)
        nearest[better] = np.where(chosen < count, known, chosen - count + place.start)
    nearest_first = np.argsort(-best, axis=1, kind="stable")
    distances = _half_squares(asked)[:, None].astype(np.float64) - np.take_along_axis(best, nearest_first, axis=1)
    return distances.clip(min=0), np.take_along_axis(nearest, nearest_first, axis=1)


def _half_squares(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    import numpy as np

    halves: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows) / np.float32(2)
    return halves
