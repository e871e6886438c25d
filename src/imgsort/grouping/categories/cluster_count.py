"""How many categories there are: what the silhouette says, and of answers nearly as good a stable one.

Silhouette: Rousseeuw (1987), by cosine, for it is directions in which images of a kind agree. Stability under
resampling: Ben-Hur, Elisseeff & Guyon (2002), here the agreement of K-Means fitted on parts of the rows. Either
alone, and the largest of several, were tried: benchmarks/README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_CLUSTERS, MAX_CLUSTERS = 2, 15

# Beyond so many rows a part of them is asked: the silhouette compares every row with every other.
_MOST_ROWS = 4000
_SUBSAMPLES, _SHARE_OF_ROWS, _STARTS = 6, 0.8, 3
# So near the best silhouette the difference says less than resampling does; and so near the best stability
# the larger number is right more often: two classes that are alike are taken for one before one is for two.
_NEARLY_AS_GOOD = 0.97
_NEARLY_AS_STABLE = 0.05


@dataclass(frozen=True)
class Candidate:
    """A number of clusters: `silhouette`, -1 to 1, of K-Means with so many; `stability`, the mean adjusted Rand
    index between what K-Means makes of parts of the rows, 1 for always the same.
    """

    clusters: int
    silhouette: float
    stability: float


def candidates(
    rows: "NDArray[np.floating]", smallest: int = MIN_CLUSTERS, largest: int = MAX_CLUSTERS, *, random_state: int = 0
) -> tuple[Candidate, ...]:
    """Judge every number of clusters from `smallest`, at least 2, to `largest` for rows, (n, k).

    Numbers for which there are not enough different rows are left out: none may be left. The order of the rows
    matters where there are more than 4000.
    """
    asked = rows[:: max(1, -(-len(rows) // _MOST_ROWS))]
    parts = _parts(len(asked), random_state)
    # The silhouette needs a cluster of two rows.
    most = min(largest, distinct_count(asked), len(asked) - 1)
    return tuple(_judged(asked, clusters, parts, random_state) for clusters in range(smallest, most + 1))


def distinct_count(rows: "NDArray[np.floating]") -> int:
    """Return how many different rows there are among (n, k), but for the rounding that reduction leaves."""
    import numpy as np

    if not len(rows):
        return 0
    scale = float(np.abs(rows).max()) or 1.0
    # Adding 0 makes one number of -0 and 0.
    return len(np.unique(np.round(rows / scale, 9) + 0.0, axis=0))


def best(judged: Sequence[Candidate]) -> Candidate:
    """Return the largest of those that are nearly the most stable among those whose silhouette is nearly the best."""
    clearest = max(candidate.silhouette for candidate in judged)
    # Below 0 no candidate is as good as its own share of the best.
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
