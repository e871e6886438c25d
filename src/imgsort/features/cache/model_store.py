"""Keeps converted models in the cache folder, so that TensorFlow is imported for a conversion only once.

Models that OpenVINO has compiled are kept beside them. They have the same suffix, and another key.
"""

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import ConversionError
from imgsort.features.cache.folder import PART, cache_folder, cache_folders, write_whole

_SUFFIX = ".tflite"
_MODELS = "models"


@dataclass(frozen=True)
class ConvertedModel:
    """A model in the format of LiteRT, or compiled by OpenVINO.

    `sha256` is the hash of the bytes of its file. `read` returns these bytes.
    """

    sha256: str
    read: Callable[[], bytes]

    @classmethod
    def of(cls, data: bytes) -> "ConvertedModel":
        """Return the model whose file has these bytes."""
        return cls(hashlib.sha256(data).hexdigest(), lambda: data)

    @functools.cached_property
    def data(self) -> bytes:
        """The bytes of its file. Raises ConversionError if they are damaged and another model was made instead."""
        return self.read()


def models_folder() -> Path:
    """Return the folder that converted models are written to. It need not exist. Raises OSError."""
    return cache_folder() / _MODELS


def kept_models() -> list[Path]:
    """Return the files of all kept models."""
    return _files(_SUFFIX)


def abandoned_files() -> list[Path]:
    """Return the temporary files of models.

    Either a process was killed while it kept a model, or a process is about to rename the file.
    """
    return _files(PART)


def stored_or_made(key: str, make: Callable[[], bytes], notice: Callable[[str], None]) -> ConvertedModel:
    """Return the model kept under `key`, or make it with `make` and keep it for the next time.

    The name of a model's file contains the hash of its bytes. So a damaged file is noticed, and the model is made
    again. If the model cannot be kept, `notice` says so and the work goes on.
    """
    prefix = _prefix(key)
    for file in _with_prefix(prefix):
        kept = _whole(file)
        if kept is not None:
            return kept
    model = ConvertedModel.of(make())
    try:
        write_whole(models_folder() / f"{prefix}-{model.sha256}{_SUFFIX}", model.data)
    except OSError as error:
        notice(
            f"the converted model cannot be kept ({error}) and is made again each time. Name a folder for it with "
            "IMGSORT_CACHE_DIR."
        )
    return model


def known_or_made(key: str, make: Callable[[], bytes], notice: Callable[[str], None]) -> ConvertedModel:
    """Return the same as `stored_or_made`, but read the bytes of a kept model only when they are needed.

    Often they are not: if the features of all images are kept, the hash of the model is enough to find them.
    """
    files = _with_prefix(_prefix(key))
    if not files:
        return stored_or_made(key, make, notice)
    known = _hash_in_name(files[0])

    def read() -> bytes:
        model = stored_or_made(key, make, notice)
        if model.sha256 != known:
            raise ConversionError(f"{files[0]}: was damaged, and another model was made. Run the command again.")
        return model.data

    _touch(files[0])
    return ConvertedModel(known, read)


def is_stored(key: str) -> bool:
    """Say whether a model is kept under `key`. Whether it is damaged is noticed when it is read."""
    return bool(_with_prefix(_prefix(key)))


def _prefix(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _with_prefix(prefix: str) -> list[Path]:
    return [file for file in kept_models() if file.name.startswith(f"{prefix}-")]


def _files(suffix: str) -> list[Path]:
    """Return the files with this suffix. A folder that cannot be read has none."""
    files: list[Path] = []
    for folder in cache_folders():
        with contextlib.suppress(OSError):
            files += sorted(file for file in (folder / _MODELS).iterdir() if file.suffix == suffix)
    return files


def _hash_in_name(file: Path) -> str:
    return file.stem.rpartition("-")[2]


def _touch(file: Path) -> None:
    """Note that a model is used. `cache prune` first removes the models that were not used for the longest time."""
    with contextlib.suppress(OSError):  # a read-only cache is still useful
        os.utime(file)


def _whole(file: Path) -> ConvertedModel | None:
    """Return the model in `file`, or None if it cannot be read or does not have the hash in its name."""
    try:
        model = ConvertedModel.of(file.read_bytes())
        if model.sha256 != _hash_in_name(file):
            file.unlink()
            return None
    except OSError:
        return None
    _touch(file)
    return model
