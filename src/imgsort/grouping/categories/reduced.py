"""Makes what an algorithm groups of features: their principal components, of all rows or of a sample."""

from typing import TYPE_CHECKING

from imgsort.grouping.reduce import reduce_features
from imgsort.grouping.streams.rows import MatrixRows
from imgsort.grouping.streams.sample import drawn
from imgsort.grouping.streams.sampled import SampledRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgsort.grouping.categories.group import Algorithm

# A few components hold the variance of groups that differ very much. In so few dimensions, each group looks as if it
# could be cut in two.
_GRAPH_COMPONENTS = 64


def sampled_rows(
    features: "NDArray[np.float32]",
    size: int,
    variance: float,
    order: "NDArray[np.intp] | None",
    algorithm: "Algorithm",
    *,
    directions: bool,
    random_state: int,
) -> SampledRows:
    """Return a sample of `size` rows, to be grouped in the place of all. `group_rows` has the other parameters."""
    numbers = drawn(len(features), size, random_state, order)
    return SampledRows(
        MatrixRows(features),
        numbers,
        variance,
        directions=_needs_directions(algorithm, directions),
        least_components=_least_components(algorithm),
        random_state=random_state,
    )


def reduced_rows(
    features: "NDArray[np.float32]",
    variance: float,
    order: "NDArray[np.intp] | None",
    algorithm: "Algorithm",
    *,
    directions: bool,
) -> "NDArray[np.float64]":
    """Return what the algorithm groups: float64 (n, k), with the rows in `order`. `group_rows` has the parameters."""
    from threadpoolctl import ThreadpoolController

    # The import of scikit-learn takes a second, and it may still go on in another thread. One core is left for it.
    blas = ThreadpoolController().select(user_api="blas")
    threads = max((library["num_threads"] for library in blas.info()), default=1)
    with blas.limit(limits=max(1, threads - 1)):
        return reduce_features(
            features,
            variance,
            order,
            directions=_needs_directions(algorithm, directions),
            least_components=_least_components(algorithm),
        )


def _needs_directions(algorithm: "Algorithm", directions: bool) -> bool:
    return directions or algorithm in ("graph", "hdbscan")


def _least_components(algorithm: "Algorithm") -> int:
    return _GRAPH_COMPONENTS if algorithm == "graph" else 1
