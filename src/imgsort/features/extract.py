"""Images to a matrix of features: one row an image, streamed in batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from imgsort.features.choose import ChosenModel
from imgsort.features.runtime import Device, choose_device, import_keras
from imgsort.images.decode import DEFAULTS, ReadSettings
from imgsort.images.find import ImageFile, Unreadable
from imgsort.images.stream import SquareImage, stream_squares

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pooling = Literal["avg", "max", "none"]

_BATCH_PIXELS = 32 * 224 * 224
_MAX_BATCH = 32


class Extractor(Protocol):
    """Whatever turns pixels into features; engines for other places fulfil this."""

    size_px: int
    batch_size: int
    width: int

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size, size, 3) RGB, n at most `batch_size`, into float32 (n, width)."""


@dataclass(frozen=True)
class Features:
    """`matrix`: float32 (n, d), a row for each of `files`; `contents`: the hash of each file's bytes."""

    files: tuple[ImageFile, ...]
    contents: tuple[str, ...]
    matrix: "NDArray[np.float32]"
    unreadable: tuple[Unreadable, ...]

    @property
    def content_order(self) -> "NDArray[np.intp]":
        """The rows in the order of their files' content, int (n,).

        Clustering depends on the order of its rows. In this one neither names nor places matter: were it
        by path, sorting a sorted folder again would move images about.
        """
        import numpy as np

        return np.array(sorted(range(len(self.contents)), key=self.contents.__getitem__), dtype=np.intp)


class KerasExtractor:
    """Runs a backbone with TensorFlow in this process. `device_name` says where.

    Raises WeightsError for weights that do not fit and DeviceError for a device that is not there.
    """

    def __init__(
        self,
        model: ChosenModel,
        *,
        size_px: int | None = None,
        pooling: Pooling = "avg",
        batch_size: int | None = None,
        device: Device = "auto",
    ) -> None:
        keras = import_keras()
        import tensorflow as tf

        self.device_name = choose_device(device)
        self.size_px = size_px or model.backbone.size_px
        self.batch_size = batch_size or default_batch_size(self.size_px)
        self._prepare = model.backbone.prepare
        base = model.backbone.build(self.size_px)
        model.load(base, model.weights_file)
        pool = {
            "avg": keras.layers.GlobalAveragePooling2D,
            "max": keras.layers.GlobalMaxPooling2D,
            "none": keras.layers.Flatten,
        }[pooling]
        pooled = keras.Model(base.input, pool()(base.output))
        self.width = int(pooled.output_shape[-1])
        shape = (self.batch_size, self.size_px, self.size_px, 3)
        self._run = tf.function(
            lambda batch: pooled(batch, training=False), input_signature=[tf.TensorSpec(shape, tf.float32)]
        )

    def extract(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Turn uint8 (n, size, size, 3) RGB, n at most `batch_size`, into float32 (n, width)."""
        import numpy as np

        prepared = self._prepare(pixels)
        short = self.batch_size - len(prepared)
        if short:  # one shape for every batch, so that the graph is traced once
            prepared = np.concatenate([prepared, np.zeros((short, *prepared.shape[1:]), np.float32)])
        features: NDArray[np.float32] = self._run(prepared).numpy()[: len(pixels)]
        return features


def default_batch_size(size_px: int) -> int:
    """Return how many images of `size_px` squared go through a model at a time."""
    return max(1, min(_MAX_BATCH, _BATCH_PIXELS // size_px**2))


def extract_rows(
    root: Path,
    files: Sequence[ImageFile],
    extractor: Extractor,
    progress: Callable[[int, int], None],
    settings: ReadSettings = DEFAULTS,
) -> Features:
    """Read every file and extract its features; those that cannot be read are named instead.

    Memory holds a few batches of pixels and the matrix. `progress` is called with (done, total).
    """
    import numpy as np

    matrix = np.empty((len(files), extractor.width), dtype=np.float32)
    read: list[SquareImage] = []
    unreadable: list[Unreadable] = []
    rows: list[tuple[ImageFile, str]] = []

    def flush() -> None:
        if read:
            matrix[len(rows) : len(rows) + len(read)] = extractor.extract(np.stack([image.pixels for image in read]))
            rows.extend((image.file, image.content) for image in read)
            read.clear()

    stream = stream_squares(root, files, extractor.size_px, ahead=2 * extractor.batch_size, settings=settings)
    for number, item in enumerate(stream, start=1):
        if isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            read.append(item)
        if len(read) == extractor.batch_size:
            flush()
        progress(number, len(files))
    flush()
    return Features(
        files=tuple(file for file, _ in rows),
        contents=tuple(content for _, content in rows),
        matrix=matrix[: len(rows)],
        unreadable=tuple(unreadable),
    )
