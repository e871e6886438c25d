"""Finds rows by what their images hold."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ContentIndex:
    """Finds the last row with a content. A dictionary of ten million contents would take gigabytes.

    A content is found by a number of 64 bits that is made of it with random factors. So nobody can make contents
    beforehand that have the same number, which would have to be tried one after the other.
    """

    def __init__(self, contents: "NDArray[np.uint8]") -> None:
        import numpy as np

        self._factors = np.random.default_rng().integers(0, 2**63, 4, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._contents = contents
        numbers = self._numbers(contents)
        self._order = np.argsort(numbers, kind="stable")
        self._in_order = numbers[self._order]

    def find(self, wanted: "NDArray[np.uint8]") -> "NDArray[np.intp]":
        """Return the row of each of `wanted`, uint8 (m, 32), or -1."""
        import numpy as np

        found = np.full(len(wanted), -1, np.intp)
        numbers = self._numbers(wanted)
        first = np.searchsorted(self._in_order, numbers, "left")
        place = np.searchsorted(self._in_order, numbers, "right") - 1
        left = np.flatnonzero(place >= first)
        while len(left):
            rows = self._order[place[left]]
            same = (self._contents[rows] == wanted[left]).all(axis=1)
            found[left[same]] = rows[same]
            left = left[~same]
            place[left] -= 1
            left = left[place[left] >= first[left]]
        return found

    def _numbers(self, contents: "NDArray[np.uint8]") -> "NDArray[np.uint64]":
        import numpy as np

        words: NDArray[np.uint64] = np.ascontiguousarray(contents).view("<u8")
        numbers: NDArray[np.uint64] = (words * self._factors).sum(axis=1, dtype=np.uint64)
        return numbers
