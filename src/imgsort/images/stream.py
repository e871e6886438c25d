"""Reads images in threads, a bounded number ahead of whoever takes them, and gives them in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from imgsort.errors import UnreadableImageError
from imgsort.images.decode import DEFAULTS, ReadSettings, read_image
from imgsort.images.find import ImageFile, Unreadable
from imgsort.images.letterbox import letterbox

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Item = TypeVar("Item")


@dataclass(frozen=True)
class SquareImage:
    """An image ready for a model. `pixels`: uint8 (size, size, 3), RGB. `content`: hash of the file's bytes."""

    file: ImageFile
    pixels: "NDArray[np.uint8]"
    content: str


def stream(files: Iterable[ImageFile], load: Callable[[ImageFile], Item], ahead: int) -> Iterator[Item]:
    """Yield `load(file)` for every file, in order, loaded in threads.

    At most `ahead` items wait to be taken, so memory does not grow with the number of files.
    """
    upcoming = iter(files)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="imgsort-read") as pool:
        waiting: deque[Future[Item]] = deque()
        waiting.extend(pool.submit(load, file) for file in islice(upcoming, ahead))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(load, file) for file in islice(upcoming, 1))
        finally:
            for future in waiting:
                future.cancel()


def stream_squares(
    root: Path, files: Iterable[ImageFile], size_px: int, ahead: int, settings: ReadSettings = DEFAULTS
) -> Iterator[SquareImage | Unreadable]:
    """Yield every file in order, letterboxed to `size_px`, or the reason why it cannot be read."""

    def load(file: ImageFile) -> SquareImage | Unreadable:
        try:
            image = read_image(root, file, settings, fit_px=size_px)
        except UnreadableImageError as error:
            return Unreadable(file.path, str(error))
        return SquareImage(file, letterbox(image.pixels, size_px), image.content)

    return stream(files, load, ahead)
