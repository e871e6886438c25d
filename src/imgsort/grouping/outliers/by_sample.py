"""Finds outliers among more rows than can be compared with each other.

The nearest rows of a sample are never nearer than the nearest rows of all. So a row that is near enough to a sample is
no outlier, and only the others are compared with all rows: as in Bay & Schwabacher, "Mining distance-based outliers in
near linear time with randomization and a simple pruning rule" (KDD 2003).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsort.grouping.directions import unit_rows
from imgsort.grouping.outliers.all_rows import nearest_of_all
from imgsort.grouping.streams.cells import Cells
from imgsort.grouping.streams.rows import MatrixRows, RowSource, gathered, numbered_parts
from imgsort.grouping.streams.sample import MOST_AT_ONCE, drawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # Says how odd rows are, float64 (q,), from the distances to their nearest rows, float64 (q, count).
    Oddness = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# From so many rows drawn by chance, a quartile is known to one in a hundred.
_TYPICAL = 4096
# Comparing so many rows of 1280 numbers with ten million takes about as long as making the features of 50,000 images.
_AT_A_TIME, _MOST_COMPARED = 4096, 16_384
# A sample of wide rows has fewer of them: half a gigabyte of memory is enough.
_MOST_NUMBERS = 2**27


@dataclass(eq=False)
class SampledNeighbours:
    """How odd each row is, as far as it is known.

    `distances`: float64 (n,), exact for the rows that were compared with all, and never too small. `nearest`: int (n,),
    the nearest row that was seen. `compared`: the numbers of the rows that were compared, the oddest by the sample
    first. `typical`: float64 (m,), the exact distances of rows drawn by chance. `left`: how many rows may be as odd as
    an outlier, and were not compared because they are too many.
    """

    distances: "NDArray[np.float64]"
    nearest: "NDArray[np.intp]"
    typical: "NDArray[np.float64]"
    compared: "NDArray[np.intp]"
    left: int = 0


def look_by_sample(
    rows: RowSource,
    count: int,
    oddness: "Oddness",
    limit: "Callable[[NDArray[np.float64], NDArray[np.float64]], float]",
    *,
    random_state: int = 0,
    order: "NDArray[np.intp] | None" = None,
) -> SampledNeighbours:
    """Find out how odd rows are, by their `count` nearest rows, exactly for all that may be outliers.

    `limit`: says from the distances of typical rows and of those compared so far which distance an outlier exceeds; it
    is negative while too few are compared to say so. `order`: int (n,); the samples depend on a row's place in it, by
    default its number.
    """
    import numpy as np

    some = drawn(len(rows), min(len(rows), _TYPICAL), random_state, order)
    typical = oddness(nearest_of_all(gathered(rows, some), some, rows, count)[0])
    distances, nearest = _from_sample(rows, count, oddness, random_state, order)
    oddest_first = np.argsort(-distances, kind="stable")
    bounds, done = distances[oddest_first], 0
    while done < len(rows):
        cut = limit(typical, distances[oddest_first[:done]])
        if bounds[done] <= cut or (done >= _MOST_COMPARED and cut >= 0):
            break
        asked = oddest_first[done : done + _AT_A_TIME]
        exact, their_nearest = nearest_of_all(gathered(rows, asked), asked, rows, count)
        distances[asked], nearest[asked] = oddness(exact), their_nearest[:, 0]
        done += len(asked)
    compared = oddest_first[:done]
    left = int((bounds[done:] > limit(typical, distances[compared])).sum())
    return SampledNeighbours(distances, nearest, typical, compared, left)


def _from_sample(
    rows: RowSource, count: int, oddness: "Oddness", random_state: int, order: "NDArray[np.intp] | None"
) -> "tuple[NDArray[np.float64], NDArray[np.intp]]":
    """Return how odd each row is beside the rows of a sample, and the nearest of these that is not the row itself."""
    import numpy as np

    most = max(count + 1, min(MOST_AT_ONCE, _MOST_NUMBERS // rows.width))
    numbers = drawn(len(rows), min(len(rows), most), random_state, order)
    sample = gathered(rows, numbers)
    for part in MatrixRows(sample).parts():
        part[:] = unit_rows(part)
    cells = Cells(sample, random_state)
    distances, nearest = np.empty(len(rows)), np.empty(len(rows), dtype=np.intp)
    for place, part in numbered_parts(rows):
        units = unit_rows(part).astype(np.float32, copy=False)
        found = cells.nearest(units, count + 1)
        is_own = numbers[found] == np.arange(place.start, place.stop)[:, None]
        is_own[~is_own.any(axis=1), -1] = True
        others = found[~is_own].reshape(len(part), count)
        between = np.array(
            [np.square(sample[of] - unit).sum(axis=1) / 2 for of, unit in zip(others, units, strict=True)]
        )
        distances[place], nearest[place] = oddness(between.astype(np.float64)), numbers[others[:, 0]]
    return distances, nearest
