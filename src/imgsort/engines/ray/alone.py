"""Reads images in a process of their own, after a worker died over their block: an image that ends it is then known.

Run as a program, this module is that process. It takes a `Task` from stdin and gives to stdout a result for each image,
as it comes. If nobody reads them any more, it ends.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgsort.engines.ray.blocks import Block, block_of
from imgsort.features.engine import ImageReader
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.decoding.letterbox import Square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Read = tuple[SeenImage, NDArray[np.uint8] | None]

_TRIES = 2


@dataclass(frozen=True)
class Task:
    """Images to read, and how."""

    block: Block
    settings: ReadSettings
    square: Square

    def results(self) -> "Iterator[Read]":
        """Yield the result for each image, and its square of pixels, uint8 (size_px, size_px, 3), if it has one."""
        reader = ImageReader(self.block.images, self.settings, self.square)
        for place, number in enumerate(self.block.numbers):
            squares: dict[int, NDArray[np.uint8]] = {}
            seen = reader.read(place, squares)
            yield replace(seen, number=number), squares.get(place)

    def results_alone(self) -> "Iterator[Read]":
        """Yield the same, from a process for the images. An image that ends it several times has that as its reason."""
        place, tries = 0, 0
        while place < len(self.block.numbers):
            left = replace(self, block=block_of(self.block, place))
            ended = 0
            with _process() as process:
                for read in _results_of(process, left):
                    place, tries = place + 1, 0
                    yield read
                ended = process.wait()
            if place == len(self.block.numbers):
                return
            tries += 1
            if tries == _TRIES:
                yield SeenImage(self.block.numbers[place], reason=_reason(ended)), None
                place, tries = place + 1, 0


def _results_of(process: "subprocess.Popen[bytes]", task: Task) -> "Iterator[Read]":
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it died before it had read the task: its code says how
        pickle.dump(task, process.stdin)
        process.stdin.close()
    while True:
        try:
            yield pickle.load(process.stdout)
        except (EOFError, pickle.UnpicklingError):
            return


@contextlib.contextmanager
def _process() -> "Iterator[subprocess.Popen[bytes]]":
    """Start the process, and end it with the block."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def _reason(ended: int) -> str:
    """Return the reason for an image over which a process ended with this code."""
    try:
        how = f"by {signal.Signals(-ended).name}" if ended < 0 else f"with code {ended}"
    except ValueError:
        how = f"by signal {-ended}"
    memory = ", perhaps because the memory is too small" if ended == -9 else ""
    return f"ends the process that decodes it, each time, {how}{memory}"


def _main() -> None:
    stdout = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # decoders print there
    task = pickle.load(sys.stdin.buffer)
    for read in task.results():
        pickle.dump(read, stdout)
        stdout.flush()


if __name__ == "__main__":
    _main()
