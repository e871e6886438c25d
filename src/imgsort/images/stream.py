"""Reads images in threads, a bounded number ahead of whoever takes them, and gives them in order."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.images.decode import read_image
from imgsort.images.find import ImageFile, Unreadable
from imgsort.images.letterbox import letterbox

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SquareImage:
    """An image ready for a model. `pixels`: uint8 (size, size, 3), RGB. `content`: hash of the file's bytes."""

    file: ImageFile
    pixels: "NDArray[np.uint8]"
    content: str


def stream_squares(
    root: Path, files: Sequence[ImageFile], size_px: int, ahead: int
) -> Iterator[SquareImage | Unreadable]:
    """Yield every file in order, letterboxed to `size_px`, or the reason why it cannot be read.

    At most `ahead` images wait to be taken, so memory does not grow with the number of files.
    """

    def load(file: ImageFile) -> SquareImage | Unreadable:
        try:
            image = read_image(root, file)
        except UnreadableImageError as error:
            return Unreadable(file.path, str(error))
        return SquareImage(file, letterbox(image.pixels, size_px), image.content)

    upcoming = iter(files)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="imgsort-read") as pool:
        waiting: deque[Future[SquareImage | Unreadable]] = deque()
        waiting.extend(pool.submit(load, file) for file in islice(upcoming, ahead))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(load, file) for file in islice(upcoming, 1))
        finally:
            for future in waiting:
                future.cancel()
