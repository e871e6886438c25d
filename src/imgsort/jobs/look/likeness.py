"""Finds images that look alike, and parts a group in two, from features that are made already."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgsort.grouping.directions import Directions
from imgsort.grouping.kmeans import fitted_kmeans
from imgsort.jobs.session.placing import rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Likeness:
    """Compares images by the directions of their features, the rows of a float32 (n, d) matrix with n > 0."""

    def __init__(self, matrix: "NDArray[np.float32]") -> None:
        self._rows = Directions().fit_parts([matrix]).transform(matrix)

    def most_alike(self, number: int, most: int) -> list[int]:
        """Return the numbers of at most `most` other images, those that are most like image `number` first."""
        import numpy as np

        likeness = self._rows @ self._rows[number]
        order = np.argsort(-likeness, kind="stable")
        return [int(other) for other in order if other != number][:most]

    def distances(self, groups: Sequence[int]) -> list[float]:
        """Return how far each image is from the centre of its group. `groups`: for each image any number of a group."""
        import numpy as np

        _, labels, counts = np.unique(groups, return_inverse=True, return_counts=True)
        sums = np.zeros((len(counts), self._rows.shape[1]))
        np.add.at(sums, labels, self._rows)
        centres = (sums / counts[:, None]).astype(np.float32)
        return [rounded(value) for value in np.linalg.norm(self._rows - centres[labels], axis=1)]

    def halves(self, numbers: Sequence[int]) -> tuple[list[int], list[int]]:
        """Part at least two images in two halves by K-Means, the larger half first.

        The second half is empty if the images do not differ.
        """
        labels = fitted_kmeans(self._rows[list(numbers)], 2, 0).labels_
        halves = [[number for number, label in zip(numbers, labels, strict=True) if label == half] for half in (0, 1)]
        first, second = sorted(halves, key=lambda half: (-len(half), half))
        return first, second
