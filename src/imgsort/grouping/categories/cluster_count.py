"""Chooses the number of categories: of the numbers whose silhouette is nearly the best, it takes a stable one.

Silhouette: Rousseeuw (1987). It uses the cosine distance, because images of one kind agree in direction. Stability
under resampling: Ben-Hur, Elisseeff & Guyon (2002). Here it is the agreement of K-Means models that are fitted on parts
of the rows. Silhouette alone, stability alone, and the largest of several numbers were also tried: see
benchmarks/README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_CLUSTERS, MAX_CLUSTERS = 2, 15

# Above this number, only a part of the rows is used, because the silhouette compares every row with every other.
_MOST_ROWS = 4000
_SUBSAMPLES, _SHARE_OF_ROWS, _STARTS = 6, 0.8, 3
# If a silhouette is this near the best one, the difference between them says less than resampling does. If a stability
# is this near the best one, the larger number is right more often: it is common that two similar classes are taken for
# one, and less common that one class is taken for two.
_NEARLY_AS_GOOD = 0.97
_NEARLY_AS_STABLE = 0.05


@dataclass(frozen=True)
class Candidate:
    """A number of clusters, and how good it is.

    `silhouette`: -1 to 1, of K-Means with this number of clusters. `stability`: the mean adjusted Rand index between
    the clusterings that K-Means learns from parts of the rows; 1 means that all are the same.
    """

    clusters: int
    silhouette: float
    stability: float


def candidates(
    rows: "NDArray[np.floating]", smallest: int = MIN_CLUSTERS, largest: int = MAX_CLUSTERS, *, random_state: int = 0
) -> tuple[Candidate, ...]:
    """Judge every number of clusters from `smallest`, at least 2, to `largest` for `rows`, (n, k).

    Numbers for which there are not enough different rows are left out, so the result may be empty. The order of the
    rows matters if there are more than 4000.
    """
    asked = rows[:: max(1, -(-len(rows) // _MOST_ROWS))]
    parts = _parts(len(asked), random_state)
    # The silhouette needs at least one cluster of two rows.
    most = min(largest, distinct_count(asked), len(asked) - 1)
    return tuple(_judged(asked, clusters, parts, random_state) for clusters in range(smallest, most + 1))


def distinct_count(rows: "NDArray[np.floating]") -> int:
    """Return how many different rows there are in `rows`, (n, k). Rounding errors of the reduction do not count."""
    import numpy as np

    return len(np.unique(without_rounding_errors(rows, rows), axis=0)) if len(rows) else 0


def without_rounding_errors(points: "NDArray[np.floating]", rows: "NDArray[np.floating]") -> "NDArray[np.floating]":
    """Return points among `rows`, both (·, k), such that points are equal if they differ by rounding errors alone."""
    import numpy as np

    scale = float(np.abs(rows).max()) or 1.0
    # Adding 0 turns -0 into 0, so that both count as the same number.
    rounded: NDArray[np.floating] = np.round(points / scale, 9) + 0.0
    return rounded


def best(judged: Sequence[Candidate]) -> Candidate:
    """Return the best candidate.

    First, take the candidates whose silhouette is nearly the best. Of these, take the candidates that are nearly the
    most stable. Of these, return the one with the most clusters.
    """
    clearest = max(candidate.silhouette for candidate in judged)
    # If the best silhouette is negative, 0.97 times this value is higher, and no candidate reaches it.
    clear = [each for each in judged if each.silhouette >= min(clearest, _NEARLY_AS_GOOD * clearest)]
    stable = max(candidate.stability for candidate in clear) - _NEARLY_AS_STABLE
    return max((each for each in clear if each.stability >= stable), key=lambda each: each.clusters)


def _parts(rows: int, random_state: int) -> "list[NDArray[np.intp]]":
    import numpy as np

    random = np.random.default_rng(random_state)
    return [random.permutation(rows)[: max(1, round(_SHARE_OF_ROWS * rows))] for _ in range(_SUBSAMPLES)]


def _judged(
    rows: "NDArray[np.floating]", clusters: int, parts: "Sequence[NDArray[np.intp]]", random_state: int
) -> Candidate:
    import numpy as np
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    from imgsort.grouping.kmeans import fitted_kmeans

    labels = fitted_kmeans(rows, clusters, random_state).labels_
    answers = [
        fitted_kmeans(rows[part], min(clusters, len(part)), random_state + number, starts=_STARTS).predict(rows)
        for number, part in enumerate(parts)
    ]
    silhouette = silhouette_score(rows, labels, metric="cosine") if len(np.unique(labels)) > 1 else -1.0
    stability = np.mean([adjusted_rand_score(one, other) for one, other in combinations(answers, 2)])
    return Candidate(clusters, round(float(silhouette), 4), round(float(stability), 4))
