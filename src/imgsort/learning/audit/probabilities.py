"""Says how probable each class is for each row, by heads that never saw the row."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from imgsort.grouping.directions import unit_rows
from imgsort.images.stream import core_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# benchmarks/audit_quality.py tries other numbers: more dimensions find no more.
_STRENGTH = 10.0
_DIMENSIONS = 256
_TOLERANCE = 1e-4
_MOST_ITERATIONS = 300
# If fewer of a class are trusted, its own images could not speak for it any more.
_LEAST_TRUSTED = 0.5


def out_of_fold(
    rows: "NDArray[np.float32]", labels: "NDArray[np.intp]", parts: "NDArray[np.intp]", trusted: "NDArray[np.bool_]"
) -> "NDArray[np.float64]":
    """Return the probability of each class for each row, float64 (n, classes), classes being 0 to the largest label.

    `rows` is float32 (n, d), as `coordinates` returns them. `parts` is intp (n,): a row is judged by a logistic
    regression on the rows of all other parts. Of these, only `trusted` rows are learned from, bool (n,), but all rows
    of a class of which fewer than half are trusted.
    """
    import warnings

    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    classes = int(labels.max()) + 1
    shares = np.bincount(labels, trusted, minlength=classes) / np.maximum(np.bincount(labels, minlength=classes), 1)
    usable = trusted | (shares < _LEAST_TRUSTED)[labels]
    probabilities = np.zeros((len(labels), classes))

    def judge(part: int) -> None:
        asked = parts == part
        learned = ~asked & usable
        there = np.unique(labels[learned])
        probabilities[np.ix_(asked, there)] = _told(rows[learned], labels[learned], rows[asked])

    # One thread a part is several times as fast as several threads in one fit, whose matrices are small.
    with warnings.catch_warnings(), threadpool_limits(1), ThreadPoolExecutor(core_count()) as pool:
        warnings.simplefilter("ignore", ConvergenceWarning)
        list(pool.map(judge, np.unique(parts).tolist()))
    return probabilities


def coordinates(features: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the directions of features, (n, d), centred, scaled to a mean square of 1, in at most 256 dimensions.

    These are the ones in which the rows differ most. The labels play no part in it.
    """
    import numpy as np

    rows = unit_rows(features.astype(np.float32))
    rows = rows - rows.mean(axis=0)
    rows /= max(float(np.sqrt(np.square(rows).sum(axis=1, dtype=np.float64).mean())), 1e-6)
    return in_main_axes(rows)


def in_main_axes(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return rows, (n, d), in the at most 256 dimensions in which they reach farthest: float32 (n, at most 256)."""
    import numpy as np

    return np.ascontiguousarray(rows @ _main_axes(rows, _DIMENSIONS), dtype=np.float32)


def _main_axes(rows: "NDArray[np.float32]", most: int) -> "NDArray[np.float32]":
    """Return the axes along which rows, (n, d), reach farthest, the first one most: float32 (d, at most `most`)."""
    import numpy as np
    from scipy.linalg import eigh

    n, width = rows.shape
    most = min(most, n, width)
    if n < width:
        values, vectors = eigh(rows @ rows.T, subset_by_index=(n - most, n - 1))
        axes = rows.T @ vectors / np.sqrt(np.maximum(values, 1e-12))
    else:
        axes = eigh(rows.T @ rows, subset_by_index=(width - most, width - 1))[1]
    return np.asarray(axes[:, ::-1], dtype=np.float32)


def _told(
    rows: "NDArray[np.float32]", labels: "NDArray[np.intp]", asked: "NDArray[np.float32]"
) -> "NDArray[np.float64]":
    """Fit a head on `rows` and return the probabilities of their classes, in order, for the rows `asked`."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) == 1:
        return np.ones((len(asked), 1))
    model = LogisticRegression(C=_STRENGTH, tol=_TOLERANCE, max_iter=_MOST_ITERATIONS).fit(rows, labels)
    return np.asarray(model.predict_proba(asked), dtype=np.float64)
