"""Images in blocks that travel to the workers, and results that travel back as columns."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.features.engine import Images
from imgsort.features.seen import SeenImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Columns = Mapping[str, NDArray[Any]]
    NewColumns = dict[str, NDArray[Any]]

# The names of the columns.
BLOCK, NUMBER, CONTENT, REASON, FAILURE = "block", "number", "content", "reason", "failure"
FILE, SQUARE, FEATURES = "file", "square", "features"
# The pixels of a block: large enough that handing it over costs little, small enough for many of them in the store.
_MOST_BYTES = 12 * 1024**2
_MOST_IMAGES = 128


@dataclass(frozen=True)
class Block:
    """Some images, and the number that each of them has among all images."""

    images: Images
    numbers: tuple[int, ...]


def images_in_block(size_px: int) -> int:
    """Return how many images a block holds if the model sees squares of this side."""
    return max(1, min(_MOST_IMAGES, _MOST_BYTES // (3 * size_px**2)))


def blocks_of(images: Images, numbers: Sequence[int], size: int) -> Iterator[bytes]:
    """Yield these images in blocks of `size`, in a form that travels."""
    for start in range(0, len(numbers), size):
        part = tuple(numbers[start : start + size])
        yield pickle.dumps(Block(images.only(part), part))


def block_of(block: Block, start: int) -> Block:
    """Return the part of a block from the image at this place on."""
    return Block(block.images.only(range(start, len(block.numbers))), block.numbers[start:])


def block_from(data: bytes) -> Block:
    """Return a block that has travelled. Only the driver makes such bytes."""
    block = pickle.loads(data)
    assert isinstance(block, Block)
    return block


def columns_of(results: Sequence[SeenImage]) -> "NewColumns":
    """Return results as columns, without features. Texts travel as bytes, because names may be no text."""
    import numpy as np

    return {
        NUMBER: np.array([seen.number for seen in results], np.int64),
        CONTENT: bytes_column([_bytes(seen.content) for seen in results]),
        REASON: bytes_column([_bytes(seen.reason) for seen in results]),
        FAILURE: bytes_column([b""] * len(results)),
    }


def failure_columns(error: Exception, rows: int) -> "NewColumns":
    """Return columns that tell the driver which error ends the work."""
    return {FAILURE: bytes_column([pickle.dumps(error)] * rows)}


def has_pixels(columns: "Columns") -> "NDArray[np.intp]":
    """Return the places of the rows whose images could be read."""
    import numpy as np

    return np.array([place for place, reason in enumerate(columns[REASON]) if not reason], np.intp)


def results_from(columns: "Columns") -> list[SeenImage]:
    """Return results that have travelled. Raises the error of a worker that could not do its work."""
    failure = next((failure for failure in columns[FAILURE] if failure), None)
    if failure is not None:
        error = pickle.loads(bytes(failure))
        assert isinstance(error, Exception)
        raise error
    features = columns.get(FEATURES)
    results = []
    for row, number in enumerate(columns[NUMBER]):
        content, reason = _text(columns[CONTENT][row]), _text(columns[REASON][row])
        own = None if features is None or reason else features[row]
        results.append(SeenImage(int(number), content, own, reason))
    return results


def bytes_column(values: Sequence[bytes]) -> "NDArray[Any]":
    """Return a column of bytes. NumPy's own type for them would drop zeros at their ends."""
    import numpy as np

    column = np.empty(len(values), object)
    column[:] = values
    return column


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return bytes(data).decode("utf-8", "surrogateescape")
