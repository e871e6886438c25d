"""Writes torch's old file format without torch (torch/serialization.py, `_legacy_save`)."""

import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}

_KINDS = {"<f4": "FloatStorage", "<i8": "LongStorage", "<f8": "DoubleStorage"}


@dataclass(frozen=True)
class Storage:
    """A flat array of numbers. `claimed` is a false count for the pickle to state, or None for the true count."""

    key: str
    numbers: np.ndarray
    claimed: int | None = None


@dataclass(frozen=True)
class Tensor:
    """A window on a storage. The offset and the strides count numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def old_format(tensors: dict[str, Tensor], *, cut: int = 0) -> bytes:
    """Return the bytes of a file of `tensors`, without the last `cut` bytes."""
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    data = b"".join(
        [
            *(pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, SYSTEM)),
            _pickle_tensors(tensors),
            pickle.dumps(list(storages), 2),
            *(struct.pack("<Q", len(each.numbers)) + each.numbers.tobytes() for each in storages.values()),
        ]
    )
    return data[: len(data) - cut]


def _pickle_tensors(tensors: dict[str, Tensor]) -> bytes:
    with _stand_in_for_torch() as torch:

        class Pickler(pickle.Pickler):
            def persistent_id(self, item: Any) -> Any:
                if not isinstance(item, Storage):
                    return None
                kind = getattr(torch, _KINDS[item.numbers.dtype.newbyteorder("<").str])
                count = len(item.numbers) if item.claimed is None else item.claimed
                return ("storage", kind, item.key, "cpu", count, None)

            def reducer_override(self, item: Any) -> Any:
                if not isinstance(item, Tensor):
                    return NotImplemented
                arguments = (item.storage, item.offset, item.shape, item.strides, False, OrderedDict())
                return sys.modules["torch._utils"]._rebuild_tensor_v2, arguments

        buffer = io.BytesIO()
        Pickler(buffer, 2).dump(OrderedDict(tensors))
    return buffer.getvalue()


@contextmanager
def _stand_in_for_torch() -> Iterator[types.ModuleType]:
    """Put modules with torch's names in place of torch. The pickler only looks for these names."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch._utils = utils
    for name in _KINDS.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    utils._rebuild_tensor_v2 = types.FunctionType((lambda *_: None).__code__, {}, "_rebuild_tensor_v2")
    utils._rebuild_tensor_v2.__module__ = "torch._utils"
    utils._rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    with patch.dict(sys.modules, {"torch": torch, "torch._utils": utils}):
        yield torch
