"""Knows what a dataset that is continued holds already: an image by its place, and features by what a file holds."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imgsort.errors import DatasetError
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import stamp
from imgsort.features.dataset.place import Place
from imgsort.features.dataset.reader import Dataset
from imgsort.features.engine import Images
from imgsort.features.seen import SeenImage
from imgsort.images.stream import core_count, stream
from imgsort.jobs.session.ready_features import hashed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Images that were renamed or touched come about in the order of their rows. A part is 32 MB, in a mapped file.
_MOST_PARTS = 8


@dataclass(frozen=True)
class Said:
    """What a dataset says of images: the numbers of the unchanged ones, and why some of these have no features.

    `others`: how many further paths have rows.
    """

    unchanged: frozenset[int] = frozenset()
    reasons: dict[int, str] = field(default_factory=dict)
    others: int = 0


@dataclass(frozen=True)
class Earlier:
    """The dataset that a run of `embed` continues. `features_of` answers several threads.

    `reused`: the contents whose features it has given.
    """

    dataset: Dataset
    reused: set[str] = field(default_factory=set)
    _parts: "OrderedDict[int, NDArray[np.float32]]" = field(default_factory=OrderedDict)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def opened(cls, place: Place, head: DatasetHead) -> "Earlier | None":
        """Open the dataset that is there. None: there is none yet. Raises DatasetError for one of another kind."""
        if not place.names():
            return None
        dataset = Dataset.opened(place)
        if dataset.head.recipe != head.recipe:
            made, now = (
                f"{str(each.model.get('name'))[:100]} in {str(each.model.get('precision'))[:100]}"
                for each in (dataset.head, head)
            )
            raise DatasetError(
                f"{place}: the features there were made in another way (by {made}) than {now} makes them here, or by "
                "other versions. Give the options of then, or another --output."
            )
        return cls(dataset)

    def said_of(self, images: Images, source: str, *, verify: bool) -> "Said":
        """Return what the dataset says of the images of this source. `verify`: no image counts as unchanged.

        A file that could not be opened has no content there, and is tried again.
        """
        dataset = self.dataset
        rows = dataset.rows_of_paths([file.path for file in images.files])
        same = dataset.is_unchanged(rows, images.files, source)
        unchanged = {
            number: row
            for number, row in enumerate(rows.tolist())
            if same[number] and not verify and dataset.contents[row].any()
        }
        reasons = {number: dataset.reasons[row] for number, row in unchanged.items() if row in dataset.reasons}
        return Said(frozenset(unchanged), reasons, dataset.path_count - int((rows >= 0).sum()))

    def moved(self, images: Images, numbers: Sequence[int]) -> Iterator[SeenImage]:
        """Yield the results for those of these images that were only renamed or touched. They are hashed for that.

        An engine on other machines asks for no features that are known here.
        """
        perhaps = self._perhaps_moved(images, numbers)
        for number, content, _ in stream(perhaps, lambda number: hashed(images, number), 4 * core_count()):
            features = self.features_of(content) if content else None
            if features is not None:
                yield SeenImage(number, content, features, is_known=True)

    def _perhaps_moved(self, images: Images, numbers: Sequence[int]) -> list[int]:
        """Return the images whose path, or else whose time, has a row with their size."""
        import numpy as np

        files = [images.files[number] for number in numbers]
        sizes = np.array([file.size for file in files], np.int64)
        times = np.array([stamp(file.mtime_ns) for file in files], np.int64)
        rows = self.dataset.rows_of_paths([file.path for file in files])
        perhaps = np.isin(_mixed(sizes, times), _mixed(self.dataset.sizes, self.dataset.mtimes_ns))
        there = np.flatnonzero(rows >= 0)
        perhaps[there] |= self.dataset.sizes[rows[there]] == sizes[there]
        return [number for number, is_so in zip(numbers, perhaps.tolist(), strict=True) if is_so]

    def features_of(self, content: str) -> "NDArray[np.float32] | None":
        """Return the features, float32 (width,), of the images with this content, or None. Raises DatasetError."""
        with self._one_at_a_time:
            row = int(self.dataset.rows_of([content])[0])
            if row < 0 or row in self.dataset.reasons:
                return None
            self.reused.add(content)
            return self._features_at(row)

    def _features_at(self, row: int) -> "NDArray[np.float32]":
        import numpy as np

        start, end = self.dataset.part_with(row)
        if start in self._parts:
            self._parts.move_to_end(start)
        else:
            self._parts[start] = self.dataset.matrix(np.arange(start, end))
        if len(self._parts) > _MOST_PARTS:
            self._parts.popitem(last=False)
        features: NDArray[np.float32] = self._parts[start][row - start].copy()
        return features


def _mixed(sizes: "NDArray[np.int64]", times: "NDArray[np.int64]") -> "NDArray[np.uint64]":
    """Return a number for each size and time, uint64 (n,). Others rarely have the same: such a file is hashed in vain.

    A set of pairs would take a gigabyte for ten million rows.
    """
    import numpy as np

    mixed: NDArray[np.uint64] = times.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + sizes.astype(np.uint64)
    return mixed
