"""What the workers of Ray do with blocks of images. All of it runs in processes that Ray has started.

None of it asks the network, and TensorFlow is imported only where it is the runtime, as on GPUs. An expected error
travels back as a column, and the driver raises it: an exception would come out of Ray in a form of its own.
"""

import os
import pickle
import platform
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.engines.ray.alone import Task
from imgsort.engines.ray.blocks import (
    BLOCK,
    FEATURES,
    FILE,
    NUMBER,
    SQUARE,
    Block,
    block_from,
    bytes_column,
    columns_of,
    failure_columns,
    has_pixels,
    results_from,
)
from imgsort.errors import DeviceError, EngineError, ImgsortError
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import Row, write_part
from imgsort.features.dataset.place import Place
from imgsort.features.engine import finite
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.decoding.letterbox import Square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgsort.engines.ray.alone import Read
    from imgsort.features.runtimes.interface import Extractor

    Columns = Mapping[str, NDArray[Any]]
    NewColumns = dict[str, NDArray[Any]]

# A worker may die for reasons of its own: its machine goes, or has too little memory for a while.
_MOST_BEGINNINGS = 8


@dataclass(frozen=True)
class ReadBlocks:
    """Reads and decodes the images of blocks.

    `witness`: the actor that knows what was begun before.
    """

    settings: ReadSettings
    square: Square
    witness: Any

    def read(self, rows: "Columns") -> "NewColumns":
        """Return a row for each image, with its square of pixels; zeros where there is none."""
        import numpy as np

        blocks = [block_from(bytes(data)) for data in rows[BLOCK]]
        results: list[SeenImage] = []
        count = sum(len(block.numbers) for block in blocks)
        pixels = np.zeros((count, self.square.size_px, self.square.size_px, 3), np.uint8)
        for block in blocks:
            for seen, square in self._results(block):
                if square is not None:
                    pixels[len(results)] = square
                results.append(seen)
        files = [pickle.dumps(file) for block in blocks for file in block.images.files]
        return {**columns_of(results), FILE: bytes_column(files), SQUARE: pixels}

    def _results(self, block: Block) -> "Iterator[Read]":
        """Yield the results of a block. If a worker died over it, its images are read in a process of their own."""
        task, work = Task(block, self.settings, self.square), f"read {block.numbers[0]}"
        yield from task.results() if _begin(self.witness, work) == 1 else task.results_alone()
        self.witness.end.remote(work)


def _begin(witness: Any, work: str) -> int:
    import ray

    return int(ray.get(witness.begin.remote(work)))


class Extract:
    """An actor: it holds the model, and turns squares of pixels into features with several threads.

    `model`: the extractor in the store of objects, which brings it to each machine once. `made_of`: what the extractor
    must be made of, so that its features equal those of the other workers. `threads`: how many cores it may use.
    `witness`: the actor that knows what was begun before.
    """

    def __init__(self, model: Any, made_of: str, threads: int, witness: Any) -> None:
        import ray

        # Runtimes lay themselves out for this many cores. joblib and TensorFlow read the variables.
        os.environ |= {"LOKY_MAX_CPU_COUNT": str(threads), "TF_NUM_INTRAOP_THREADS": str(threads)}
        self._pool = ThreadPoolExecutor(threads)
        self._trouble: ImgsortError | None = None
        self._extractor: Extractor = ray.get(model)
        self._width = 1
        self._witness = witness
        work = f"begin on {ray.get_runtime_context().get_node_id()}"
        try:
            if _begin(witness, work) > _MOST_BEGINNINGS:
                raise EngineError(f"{platform.node()}, a machine of the Ray cluster: the model ends its worker there.")
            self._be_ready(made_of)
        except ImportError as error:
            self._trouble = EngineError(f"{platform.node()}, a machine of the Ray cluster, lacks a package: {error}.")
        except DeviceError as error:
            self._trouble = DeviceError(f"{platform.node()}, a machine of the Ray cluster: {error}")
        except ImgsortError as error:  # an actor that does not begin would be started again and again
            self._trouble = error
        witness.end.remote(work)

    def _be_ready(self, made_of: str) -> None:
        """Compile the model and run it once. Raises EngineError and DeviceError."""
        import numpy as np

        here = self._extractor.made_of
        if here != made_of:
            raise EngineError(
                f"a machine of the Ray cluster has {here!r}, and this one {made_of!r}: the features would differ. "
                "Install the same versions everywhere."
            )
        size_px = self._extractor.size_px
        self._width = self._extractor.extract(np.zeros((1, size_px, size_px, 3), np.uint8)).shape[1]

    def __call__(self, rows: "Columns") -> "NewColumns":
        """Return the rows with features in place of the squares; zeros for rows without a picture."""
        import numpy as np

        count, there = len(rows[NUMBER]), has_pixels(rows)
        features = np.zeros((count, self._width), np.float32)
        columns = {name: column for name, column in rows.items() if name != SQUARE}
        try:
            if self._trouble is not None:
                raise self._trouble
            work = f"extract {rows[NUMBER][0]}"
            if _begin(self._witness, work) > _MOST_BEGINNINGS:
                raise EngineError("the Ray workers died each time that the model looked at some of the images.")
            features[there] = self._features(rows[SQUARE], there)
            self._witness.end.remote(work)
        except ImgsortError as error:
            columns |= failure_columns(error, count)
        return {**columns, FEATURES: features}

    def _features(self, squares: "NDArray[np.uint8]", there: "NDArray[np.intp]") -> "NDArray[np.float32]":
        import numpy as np

        size = self._extractor.batch_size
        batches = [there[start : start + size] for start in range(0, len(there), size)]
        found = self._pool.map(lambda batch: self._extractor.extract(squares[batch]), batches)
        return finite(np.concatenate([np.empty((0, self._width), np.float32), *found]))


@dataclass(frozen=True)
class WritePart:
    """Writes rows of features as a part of a dataset, where all machines see it."""

    place: Place
    head: DatasetHead

    def write(self, rows: "Columns") -> "NewColumns":
        """Return the rows without their features. A part that is written a second time stays one file."""
        columns = {name: column for name, column in rows.items() if name not in (FEATURES, FILE)}
        try:
            results = results_from(rows)
            files = [pickle.loads(bytes(data)) for data in rows[FILE]]
            said = [Row.of(file, seen) for file, seen in zip(files, results, strict=True)]
            write_part(self.place, self.head, said, rows[FEATURES].shape[1])
        except (ImgsortError, OSError) as error:
            columns |= failure_columns(error, len(rows[FILE]))
        return columns
