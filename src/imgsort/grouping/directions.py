"""Turns features into directions: subtracts half of what all rows have in common and scales to unit length.

A direction keeps what the features say and leaves out how strongly they say it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# If nothing is subtracted, the part that all rows share hides the rest. If the whole mean is subtracted, the rows lose
# what makes them a photograph. benchmarks/README.md has the table.
_SHARE_OF_MEAN = 0.5


def unit_rows(rows: "NDArray[np.floating]") -> "NDArray[np.floating]":
    """Return rows, (n, d), each divided by its length, in their dtype. A row of zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.floating] = rows / np.where(lengths == 0, 1, lengths)
    return scaled


class Directions:
    """Subtracts half of the mean from every row and scales the row to unit length. Learned: `mean_`, float64 (d,)."""

    def fit_parts(self, parts: "Iterable[NDArray[np.floating]]") -> Self:
        """Learn from parts of (m, d) rows each. All parts together must have at least one row."""
        total, count = 0.0, 0
        for rows in parts:
            total = total + rows.sum(axis=0, dtype="float64")
            count += len(rows)
        self.mean_: NDArray[np.float64] = total / count  # type: ignore[assignment]
        return self

    def transform(self, rows: "NDArray[np.floating]") -> "NDArray[np.float32]":
        """Return the rows, (m, d), as directions, float32 (m, d)."""
        import numpy as np

        return unit_rows(rows - _SHARE_OF_MEAN * self.mean_).astype(np.float32)
