"""Loads a Keras network from a file that may come from anywhere, after checking all of it.

Keras' safe mode refuses code. This module refuses more: layers that imgsort's networks do not have (some of them read
or fetch files), numbers that lie elsewhere, and everything else that an archive may hold. Keras would unpack it.
"""

import contextlib
import io
import json
import lzma
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from imgsort.features.keras_backend import import_keras
from imgsort.features.weights.formats.hdf5_weights import name_of_reference

_MAX_WEIGHTS_BYTES = 2 * 1024**3
_MAX_CONFIG_BYTES = 64 * 1024**2
_NETWORK = {
    "config.json": _MAX_CONFIG_BYTES,
    "metadata.json": _MAX_CONFIG_BYTES,
    "model.weights.h5": _MAX_WEIGHTS_BYTES,
}

# The networks of `networks.py` and Keras' own backbones consist of these.
_LAYERS = frozenset(
    "Activation Add AveragePooling2D BatchNormalization Concatenate Conv2D Dense DepthwiseConv2D Dropout Flatten "
    "GlobalAveragePooling2D Identity InputLayer MaxPooling2D ReLU Rescaling ZeroPadding2D".split()
)
_MODULES = frozenset(
    ["keras", "keras.layers", "keras.initializers", "keras.src.models.functional", "keras.regularizers", "builtins"]
)
_OTHER_CLASSES = frozenset(
    "Functional DTypePolicy GlorotUniform HeNormal RandomNormal VarianceScaling Zeros Ones __tuple__ __list__ "
    "__keras_tensor__".split()
)


# Reading a file that imgsort did not write may raise these errors.
NONSENSE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    EOFError,
    OSError,
    ImportError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


def load_foreign_network(data: bytes, others: Collection[str]) -> Any:
    """Return the network of the `.keras` file that has these bytes.

    Besides the members of the network, the file may have the members `others` and no more. Raises an error of NONSENSE,
    MemoryError, or an error of TensorFlow.
    """
    members = _network_members(data, others)
    require_known_layers(json.loads(members["config.json"]))
    _require_plain_numbers(members["model.weights.h5"])
    with _as_archive(members) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras also raises an error for everything that it warns about here
        return import_keras().models.load_model(file, compile=False, safe_mode=True)


def member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a member of the archive. Raises ValueError if it is missing or far too large."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ValueError(f"it has no {name}") from None
    if info.file_size > most:
        raise ValueError(f"{name} is of {info.file_size} bytes")
    return archive.read(info)


def require_known_layers(config: Any) -> None:
    """Raise ValueError if the network's description names anything that imgsort's networks do not use.

    `config` is the network's `config.json`, parsed.
    """
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            name, module = value.get("class_name", "Functional"), value.get("module") or "keras"
            is_known = isinstance(name, str) and name in _LAYERS | _OTHER_CLASSES
            if not is_known or module not in _MODULES or value.get("registered_name") not in (None, name):
                raise ValueError(f"its network has a {module}.{name}")
            pending += value.values()


def _require_plain_numbers(data: bytes) -> None:
    """Raise ValueError if the HDF5 file links to other files or places, or its numbers are elsewhere."""
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        reference = name_of_reference(file)
        if reference is not None:
            raise ValueError(f"{reference!r} keeps its numbers in another place, or holds far too many")


def _network_members(data: bytes, others: Collection[str]) -> dict[str, bytes]:
    """Return the members that Keras reads.

    Raises ValueError if a member is missing, or if there are members that imgsort does not write.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        more = set(archive.namelist()) - {*_NETWORK, *others}
        if more:
            raise ValueError(f"it holds {sorted(more)[0][:100]!r} too")
        return {name: member(archive, name, most) for name, most in _NETWORK.items()}


@contextlib.contextmanager
def _as_archive(members: dict[str, bytes]) -> Iterator[Path]:
    """Give a file with only these members, so that Keras loads exactly what was checked."""
    with tempfile.TemporaryDirectory(prefix="imgsort-") as folder:
        file = Path(folder, "network.keras")
        with zipfile.ZipFile(file, "x") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        yield file
