"""Defines a file of weights on this machine, and hashes files and the numbers in them."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imgsort.errors import WeightsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Source = Literal["keras", "package index", "package", "own file"]


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights.

    `source` says who gave it: Keras' host, by way of Keras' own cache; the package index; an installed package; or the
    user. `numbers_sha256` is the hash that the numbers in the file must have, or None if it is not known.

    It travels to another process, perhaps of another machine, with its bytes: `data`, None where the file lies.
    """

    path: Path
    source: Source
    numbers_sha256: str | None = None
    data: bytes | None = field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with the bytes. Raises WeightsError if the file cannot be read."""
        return WeightsFile, (self.path, self.source, self.numbers_sha256, self._bytes())

    def _bytes(self) -> bytes:
        if self.data is not None:
            return self.data
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise _unreadable(self.path, error) from error

    @contextlib.contextmanager
    def at_hand(self) -> Iterator[Path]:
        """Give the file while the block runs. Raises WeightsError if there is no place for what has travelled."""
        if self.data is None:
            yield self.path
            return
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="imgsort-"))
                file = Path(folder, f"weights{self.path.suffix}")
                file.write_bytes(self.data)
            except OSError as error:
                raise WeightsError(
                    f"the weights cannot be written to a folder for temporary files ({error.strerror}). TMPDIR names "
                    "another one."
                ) from error
            yield file

    @cached_property
    def sha256(self) -> str:
        """The hash that says which weights these are.

        It is the hash of the numbers, so that it is the same for every source. If that is not known, it is the hash of
        the file. Raises WeightsError if the file cannot be read.
        """
        if self.data is not None:
            return self.numbers_sha256 or hashlib.sha256(self.data).hexdigest()
        return self.numbers_sha256 or file_sha256(self.path)

    def is_known_as(self, sha256: str) -> bool:
        """Say whether this is the hash of these weights.

        Imgsort once took the hash of the file for all weights, so that is right too. Raises WeightsError.
        """
        return sha256 == self.numbers_sha256 or sha256 == file_sha256(self.path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file of weights at `path`. Raises WeightsError if it cannot be read."""
    return hash_file(path, "sha256")


def hash_file(path: Path, algorithm: str) -> str:
    """Return the hash of the file at `path`, in hex digits. Raises WeightsError if it cannot be read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, algorithm).hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(f"{path}: the file of weights cannot be read ({error.strerror}).")


def numbers_sha256(arrays: "Iterable[NDArray[np.float32]]") -> str:
    """Return the SHA-256 of the numbers in arrays of float32, one array after the other.

    With the arrays of `model.get_weights()` of a Keras model, this is the hash in the table of backbones. The numbers
    are little-endian, and the last axis runs first.
    """
    import numpy as np

    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype="<f4").data)
    return digest.hexdigest()
