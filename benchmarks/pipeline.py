"""Times the model alone, reading and decoding alone, and both together, in this process."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from imgsort.features.engine import FolderImages
from imgsort.features.extract import extract_rows
from imgsort.features.extraction import Extraction
from imgsort.images.decoding import decode
from imgsort.images.finding.find import ImageFile, find_images
from imgsort.images.stream import core_count, stream

LEAST = 40


class Pipeline:
    """Times the images under a folder, repeated until every core has work. Figures are seconds an image."""

    def __init__(self, folder: Path, extraction: Extraction) -> None:
        self._folder = folder
        self._extraction = extraction
        self._extractor = extractor = extraction.extractor
        found = list(find_images(folder, recursive=True).files)
        least = LEAST * max(core_count(), extractor.batch_size)
        self.files = found * -(-least // len(found))
        squares = np.stack([self._square(file) for file in self.files[: extractor.batch_size]])
        self._batch = squares
        extractor.extract(squares)

    def seconds_to_compute(self) -> float:
        """Time the model alone, on all cores."""
        batches = -(-len(self.files) // self._extractor.batch_size)
        seconds = _seconds(self._extractor.extract, [self._batch] * batches)
        return seconds / (batches * self._extractor.batch_size)

    def seconds_to_read(self) -> float:
        """Time reading, decoding and letterboxing alone, on all cores."""
        return _seconds(self._square, self.files) / len(self.files)

    def seconds_together(self) -> float:
        """Time the whole way from files to features."""
        begun = time.perf_counter()
        extract_rows(FolderImages(self._folder, self.files), self._extraction, lambda done, total: None)
        return (time.perf_counter() - begun) / len(self.files)

    def _square(self, file: ImageFile) -> np.ndarray:
        square = self._extraction.model.square
        return square.fill(decode.read_image(self._folder, file, square=square).pixels)


def _seconds(work: Callable, items: Sequence) -> float:
    begun = time.perf_counter()
    for _ in stream(items, work, 2 * core_count()):
        pass
    return time.perf_counter() - begun
