"""Finds a name for each category: the thing that it shows most and that the other categories show least."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def telling_columns(seen: "NDArray[np.floating]", labels: "NDArray[np.intp]") -> "list[int | None]":
    """Return for each category the column that tells it from the others. No column appears twice.

    `seen`: (n, c), how much each row shows of each of c things, for example as probabilities; `labels`: int (n,), 0 to
    k - 1, or -1 for rows without a category. The worth of a column is its mean in the category minus its largest mean
    in another category. The columns are chosen so that the sum of their worths is as large as possible (the assignment
    problem: Kuhn, 1955). A category without rows gets None, and so does a category for which no column is left.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    count = int(labels.max()) + 1 if len(labels) else 0
    members = [labels == label for label in range(count)]
    means = np.array([seen[rows].mean(axis=0) if rows.any() else np.zeros(seen.shape[1]) for rows in members])
    if count < 2:
        return [int(row.argmax()) for row in means]
    largest_two = np.sort(means, axis=0)[-2:]
    elsewhere = np.where(means == largest_two[1], largest_two[0], largest_two[1])
    chosen: list[int | None] = [None] * count
    for category, column in zip(*linear_sum_assignment(elsewhere - means), strict=True):
        if members[category].any():
            chosen[category] = int(column)
    return chosen
