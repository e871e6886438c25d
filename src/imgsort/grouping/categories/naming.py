"""Finds a name for each category: the thing that it shows most and that the other categories show least."""

from imgsort.grouping.sums import ClusterSums


def telling_columns(seen: ClusterSums) -> "list[int | None]":
    """Return for each of k categories the column that tells it from the others. No column appears twice.

    `seen`: the sums of how much each row shows of each of c things, for example as probabilities. The worth of a column
    is its mean in the category minus its largest mean in another category. The columns are chosen so that the sum of
    their worths is as large as possible (the assignment problem: Kuhn, 1955). A category without rows gets None, and so
    does a category for which no column is left.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    count = len(seen.counts)
    means = seen.means(otherwise=np.zeros_like(seen.totals))
    if count < 2:
        return [int(row.argmax()) for row in means]
    largest_two = np.sort(means, axis=0)[-2:]
    elsewhere = np.where(means == largest_two[1], largest_two[0], largest_two[1])
    chosen: list[int | None] = [None] * count
    for category, column in zip(*linear_sum_assignment(elsewhere - means), strict=True):
        if seen.counts[category]:
            chosen[category] = int(column)
    return chosen
