"""Reads a `.pth` file in torch's old format without torch, and runs nothing in it.

torch/serialization.py, `_legacy_save`, defines the format. First come four pickles: a magic number, a protocol version,
system info, and a state dict whose tensors are persistent ids into storages. Then comes a pickled list of storage keys.
Then comes each storage, as an 8-byte count and raw little-endian numbers. The unpickler here knows an ordered dict, a
tensor and two kinds of storage, and nothing else.
"""

import collections
import io
import math
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from imgsort.errors import WeightsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MAX_TENSOR_NUMBERS = 2**28
_NONSENSE = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    MemoryError,
    OverflowError,
)
_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _NumbersOnly(pickle.Unpickler):
    """Allows what a state dict of plain tensors needs, and refuses everything else that the pickle names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage, key, _device, count, _view = pid
        if kind != "storage" or storage not in _DTYPES:
            raise pickle.UnpicklingError(f"it refers to {pid!r}")
        return _Storage(str(key), _DTYPES[storage], int(count))


def _rebuild_tensor(storage: Any, offset: int, shape: Any, strides: Any, *_grad_and_hooks: Any) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def read_state_dict(data: bytes) -> "dict[str, NDArray[np.generic]]":
    """Return the tensors in the bytes of a `.pth` file, by name: float32 or int64, in torch's axis order.

    Raises WeightsError for anything that is not such a file. Nothing in the file runs.
    """
    try:
        return _read(io.BytesIO(data))
    except _NONSENSE as error:
        raise WeightsError(f"not a file of plain tensors in torch's old format: {error}") from error


def _read(stream: BinaryIO) -> "dict[str, NDArray[np.generic]]":
    import numpy as np

    magic, protocol, _system = (_NumbersOnly(stream).load() for _ in range(3))
    if (magic, protocol) != (_MAGIC, _PROTOCOL):
        raise ValueError("its first number is not the one that torch writes")
    tensors = _NumbersOnly(stream).load()
    storages = {}
    expected = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    for key in _NumbersOnly(stream).load():
        storage = expected[key]
        count = int.from_bytes(stream.read(8), "little")
        raw = stream.read(count * np.dtype(storage.dtype).itemsize) if count == storage.count else b""
        storages[key] = np.frombuffer(raw, storage.dtype)
        if count != storage.count or len(storages[key]) != count:
            raise ValueError(f"storage {key} is cut short")
    return {name: _view(storages[tensor.storage.key], tensor) for name, tensor in tensors.items()}


def _view(numbers: "NDArray[np.generic]", tensor: _Tensor) -> "NDArray[np.generic]":
    """Return a copy of the tensor's numbers.

    Torch may store them in another axis order, which the strides describe.
    """
    import numpy as np

    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.offset, *tensor.shape, *tensor.strides, 0) < 0 or last >= len(numbers) or 0 in tensor.shape:
        raise ValueError("a tensor that reaches out of its storage")
    if math.prod(tensor.shape) > _MAX_TENSOR_NUMBERS:
        raise ValueError("a tensor larger than any model's")
    strides = tuple(step * numbers.itemsize for step in tensor.strides)
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides).copy()
